"""Claim, load, assess, step, compose, commit on a real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.judge import Folded, Judgement, with_trends
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import Round, evaluate
from alerting.sweep import sweep
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import book
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from tests.rows import rows

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
SPA = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0}


def station(name: str, scheme: str = "spa") -> Station:
    limits = Limits(Quantity.LEVEL, SPA, "invented", None, scheme)
    return Station(name, Names(name), None, "CZ", "test", (Quantity.LEVEL,), STEP, limits=(limits,))


NETWORK = Network(stations={name: station(name) for name in ("A", "B", "C")} | {"S": station("S", "alarmstufe")})


def readings(name: str, levels: Sequence[float | None], start: datetime = T0) -> list[Reading]:
    return [Reading(name, Quantity.LEVEL, start + i * STEP, v, v, "cm") for i, v in enumerate(levels)]


async def bring(conn: AsyncConnection, batch: Sequence[Reading]) -> None:
    now = max(reading.observed_at for reading in batch)
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)


async def run(conn: AsyncConnection, now: datetime = T0, limit: int = 500) -> Round:
    return await evaluate(conn, Rulebook(NETWORK), now, exercise=False, limit=limit)


EVENTS = "SELECT station_id, at, from_degree, to_degree, reason, value, limit_value, trend FROM event ORDER BY event_id"


async def test_from_readings_to_event_announcements_and_flood_book(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 55, 62, 70, 85]))
        assert await run(conn) == Round(claimed=1, judged=5, events=1)
        (event,) = await rows(conn, EVENTS)
        assert event == ("A", T0 + 4 * STEP, 0, 1, "reached", 85.0, 80.0, "rising")
        told = await rows(conn, "SELECT channel, priority, valid_until, done_at FROM announcement ORDER BY channel")
        until = T0 + 4 * STEP + timedelta(minutes=30)
        assert told == [("cap", 1, until, None), ("sms", 1, until, None)]
        assert await rows(conn, "SELECT degree, value, observed_at, trend, flag FROM series_state") == [
            (1, 85.0, T0 + 4 * STEP, "rising", 1)
        ]
        assert await rows(conn, "SELECT chain FROM event") == [("CZ-LK-A-20260601T124000Z",)]
        assert (await book.verify(conn)).entries == 1
        assert await rows(conn, "SELECT count(*) FROM dirty") == [(0,)]


async def test_a_second_round_finds_nothing_and_tells_nothing(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [70, 75, 85]))
        assert (await run(conn)).events == 1
        assert await run(conn) == Round()
        await bring(conn, readings("A", [70, 75, 85]))  # the sender repeats itself
        assert (await run(conn)).events == 0


async def test_one_sample_at_a_time_is_as_all_at_once(pool: Pool) -> None:
    levels = [50.0, 60, 75, 90, 104, 125, 118, 90, 70, 60, 55, 52, 50, 50.5]
    async with pool.connection() as conn:
        for reading_a in readings("A", levels):
            await bring(conn, [reading_a])
            await run(conn)
        await bring(conn, readings("B", levels))
        await run(conn)
        both = await rows(conn, "SELECT station_id, at, from_degree, to_degree, reason, trend_per_hour FROM event")
        one = [row[1:] for row in both if row[0] == "A"]
        assert [row[1:] for row in both if row[0] == "B"] == one
        assert [(row[1], row[2]) for row in one] == [(0, 1), (1, 2), (2, 3), (3, 1), (1, 0)]
        standings = await rows(conn, "SELECT lifecycle::text, judged_until FROM series_state")
        assert standings[0] == standings[1]


async def test_late_data_change_nothing(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 52, 54]))
        await run(conn)
        before = await rows(conn, "SELECT * FROM series_state")
        await bring(conn, readings("A", [130.0, 131.0], T0 + timedelta(minutes=2)))
        assert await rows(conn, "SELECT count(*) FROM observation WHERE late") == [(2,)]
        assert (await run(conn)).events == 0
        await bring(conn, readings("A", [55], T0 + 3 * STEP))
        assert await run(conn) == Round(claimed=1, judged=1, events=0)
        after = await rows(conn, "SELECT * FROM series_state")
        assert before != after
        assert await rows(conn, "SELECT degree, value FROM series_state") == [(0, 55.0)]


async def test_a_single_bad_sample_raises_nothing_and_is_flagged(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 51, 400, 52, 53]))
        assert (await run(conn)).events == 0
        assert await rows(conn, "SELECT observed_at, flag, test FROM verdict WHERE flag > 1") == [
            (T0 + 2 * STEP, 4, "spike")
        ]


async def test_a_scheme_that_is_not_spa_is_recorded_and_not_told(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("S", [70, 75, 85]))
        assert (await run(conn)).events == 1
        assert await rows(conn, "SELECT count(*) FROM announcement") == [(0,)]
        assert (await book.verify(conn)).entries == 1


async def test_a_series_without_limits_has_a_state_and_no_degree(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [Reading("A", Quantity.RAIN, T0, 12.0, 12.0, "mm")])
        await bring(conn, readings("unknown", [10, 11]))
        assert (await run(conn)).events == 0
        assert await rows(conn, "SELECT degree, value FROM series_state ORDER BY value") == [(None, 11.0), (None, 12.0)]


async def test_two_engines_at_once_claim_disjoint_work(pool: Pool) -> None:
    async with pool.connection() as conn:
        for name in ("A", "B", "C", "S"):
            await bring(conn, readings(name, [70, 75, 85]))

    async def engine() -> list[Round]:
        done = []
        async with pool.connection() as conn:
            for _ in range(4):
                done.append(await run(conn, limit=1))
                await asyncio.sleep(0)
        return done

    rounds = [done for engine_rounds in await asyncio.gather(engine(), engine()) for done in engine_rounds]
    assert sum(done.claimed for done in rounds) == 4
    assert sum(done.events for done in rounds) == 4
    async with pool.connection() as conn:
        assert await rows(conn, "SELECT count(*), count(DISTINCT station_id) FROM event") == [(4, 4)]
        assert (await book.verify(conn)).entries == 4


async def test_a_round_that_dies_is_done_again_with_the_same_outcome(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [70, 75, 85]))
        async with conn.transaction(force_rollback=True):
            assert (await run(conn)).events == 1
        assert await rows(conn, "SELECT count(*) FROM event") == [(0,)]
        assert (await run(conn)).events == 1


async def test_a_backlog_longer_than_a_round_is_judged_in_several(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerting.evaluate.SAMPLES", 3)
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 55, 60, 65, 70, 75, 85]))
        rounds = [await run(conn) for _ in range(4)]
        assert [done.judged for done in rounds] == [3, 3, 1, 0]
        assert [done.events for done in rounds] == [0, 0, 1, 0]


async def test_a_round_shares_its_samples_evenly_and_loses_none(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [50.0, 60, 75, 90, 104, 125, 118, 90, 70]
    async with pool.connection() as conn:
        await bring(conn, [reading for name in ("A", "B") for reading in readings(name, levels)])
        await run(conn)
        whole = await rows(conn, "SELECT lifecycle::text, judged_until FROM series_state")
        monkeypatch.setattr("alerting.evaluate.ROUND", 5)
        await bring(conn, [*readings("C", levels), *readings("S", levels[:2])])
        rounds = [await run(conn) for _ in range(5)]
        assert [done.judged for done in rounds] == [4, 2, 5, 0, 0]
        assert [done.claimed for done in rounds] == [2, 2, 1, 1, 0]
        assert await rows(conn, "SELECT count(*) FROM dirty") == [(0,)]
        assert await rows(
            conn, "SELECT lifecycle::text, judged_until FROM series_state WHERE value = 70 AND series_id = 3"
        ) == [whole[0]]
        events = await rows(conn, "SELECT station_id, count(*) FROM event GROUP BY 1 ORDER BY 1")
        assert events == [("A", 3), ("B", 3), ("C", 3)]


async def test_while_a_backlog_is_judged_the_others_of_the_process_have_their_turn(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, seen = 0, list[tuple[int, int]]()

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def watched(folded: Sequence[Folded]) -> list[Judgement]:
        seen.append((turns, len(folded)))
        return with_trends(folded)

    monkeypatch.setattr("alerting.evaluate.with_trends", watched)
    monkeypatch.setattr("alerting.evaluate.CHUNK", 20)
    async with pool.connection() as conn:
        await bring(conn, [r for name in ("A", "B", "C", "S") for r in readings(name, [50.0, 51, 52] * 3)])
        task = asyncio.create_task(other())
        assert (await run(conn)).judged == 36
        task.cancel()
    assert [series for _, series in seen] == [2, 2]
    assert seen[0][0] < seen[1][0]


async def test_late_samples_weigh_as_much_as_is_folded_again_for_them(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two late deliveries after ten samples: twelve samples folded twice are more than one goes without a pause."""
    seen = list[int]()

    def watched(folded: Sequence[Folded]) -> list[Judgement]:
        seen.append(len(folded))
        return with_trends(folded)

    names = ("A", "B", "C", "S")
    every = {name: readings(name, [50.0 + i % 3 for i in range(12)]) for name in names}
    monkeypatch.setattr("alerting.evaluate.with_trends", watched)
    monkeypatch.setattr("alerting.evaluate.CHUNK", 20)
    async with pool.connection() as conn:
        await bring(conn, [each for name in names for i, each in enumerate(every[name]) if i not in {8, 9}])
        await run(conn)
        seen.clear()
        await bring(conn, [every[name][9] for name in names])
        await bring(conn, [every[name][8] for name in names])
        assert (await run(conn)).judged == 8
        assert seen == [1, 1, 1, 1]


async def test_a_gauge_lost_while_rising_calls_the_officers_once_and_keeps_its_degree(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 60, 70, 85, 90]))
        await run(conn)
        newest = T0 + 4 * STEP
        rulebook = Rulebook(NETWORK)
        allowed = timedelta(minutes=20)  # SPA 1
        assert await sweep(conn, rulebook, newest + allowed, exercise=False) == 0
        assert await sweep(conn, rulebook, newest + allowed + timedelta(seconds=1), exercise=False) == 1
        assert await sweep(conn, rulebook, newest + timedelta(hours=5), exercise=False) == 0
        silent = await rows(conn, "SELECT at, from_degree, to_degree, reason, chain FROM event WHERE kind = 'silence'")
        assert silent == [(newest + allowed, 1, 1, "lost_rising", "CZ-LK-A-20260601T123000Z")]
        assert await rows(conn, "SELECT degree FROM series_state") == [(1,)]
        channels = await rows(
            conn, "SELECT channel FROM announcement JOIN event USING (event_id) WHERE kind = 'silence'"
        )
        assert channels == [("sms",)]


async def test_a_calm_gauge_that_falls_silent_calls_nobody(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [50, 50, 51, 50, 50]))
        await run(conn)
        assert await sweep(conn, Rulebook(NETWORK), T0 + timedelta(days=1), exercise=False) == 0


async def test_a_gauge_silent_below_one_at_a_degree_calls_the_officers(pool: Pool) -> None:
    below = Network(stations={**NETWORK.stations, "B": replace(NETWORK.stations["B"], upstream=("A",))})
    async with pool.connection() as conn:
        await bring(conn, [*readings("A", [50, 60, 70, 85, 90]), *readings("B", [50, 50, 51, 50, 50])])
        await run(conn)
        await bring(conn, readings("A", [90, 91, 92, 91, 92, 91], T0 + 5 * STEP))
        await run(conn)
        later = T0 + 10 * STEP
        assert await sweep(conn, Rulebook(NETWORK), later, exercise=False) == 0
        assert await sweep(conn, Rulebook(below), later, exercise=False) == 1
        assert await sweep(conn, Rulebook(below), later, exercise=False) == 0
        silent = await rows(conn, "SELECT station_id, to_degree, reason FROM event WHERE kind = 'silence'")
        assert silent == [("B", 0, "lost_below_flood")]
