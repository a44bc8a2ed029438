"""Foreseeing on a real PostgreSQL: however the readings came, the same is expected, and as a hindcast says."""

import csv
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import Round, foresee
from alerting.foresee_fold import _contradicts, due, points
from alerting.foresee_load import PATIENCE
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import book
from floodcore.store.connect import Pool
from floodcore.store.foresight import LimitOutlook, foresights
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from hladina.hindcast import main as hindcast
from tests.rows import rows

T0 = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
SPA = {Degree.VIGILANCE: 80.0, Degree.READINESS: 110.0, Degree.EMERGENCY: 140.0}
EXPECTED = """
    SELECT at, from_degree, to_degree, reason, value, limit_value, chain, probability, horizon_min, expected_at,
           earliest_at, latest_at
    FROM event JOIN expectation USING (event_id) WHERE kind = 'expected' AND station_id = 'A' ORDER BY at"""


def station(name: str, upstream: tuple[str, ...] = (), scheme: str = "spa") -> Station:
    limits = Limits(Quantity.LEVEL, SPA, "invented", None, scheme)
    return Station(name, Names(name), None, "CZ", "test", (Quantity.LEVEL,), STEP, limits=(limits,), upstream=upstream)


NETWORK = Network(stations={"A": station("A"), "S": station("S", scheme="alarmstufe")})
COUPLED = Network(stations={"A": station("A", ("U",)), "U": station("U", ("V",)), "V": station("V")})


def wave(start: float, peak: float, rise: int, seed: int = 1) -> list[float]:
    """Still water, a rise that steepens and rounds off, a slow fall; centimetres of noise."""
    rng = random.Random(seed)
    still = [float(start)] * 12
    up = [start + (peak - start) * (3 * (i / rise) ** 2 - 2 * (i / rise) ** 3) for i in range(1, rise + 1)]
    down = [peak - (peak - start) * min(1.0, i / 60) for i in range(1, 40)]
    return [round(float(level) + rng.choice((-1, 0, 0, 0, 1)), 1) for level in (*still, *up, *down)]


def readings(name: str, levels: Sequence[float], start: datetime = T0) -> list[Reading]:
    return [Reading(name, Quantity.LEVEL, start + i * STEP, v, v, "cm") for i, v in enumerate(levels)]


async def bring(conn: AsyncConnection, batch: Sequence[Reading], now: datetime | None = None) -> None:
    now = max(reading.observed_at for reading in batch) if now is None else now
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)


async def run(conn: AsyncConnection, now: datetime, network: Network = NETWORK) -> Round:
    await evaluate(conn, Rulebook(network), now, exercise=False)
    return await foresee(conn, Rulebook(network), now, exercise=False)


async def test_a_rise_is_expected_before_it_is_reached_and_then_fulfilled(pool: Pool) -> None:
    levels = wave(40, 125, 24)
    async with pool.connection() as conn:
        for reading in readings("A", levels):
            await bring(conn, [reading])
            await run(conn, reading.observed_at)
        events = await rows(conn, EXPECTED)
        reached = await rows(conn, "SELECT at, to_degree, chain FROM event WHERE kind = 'reached' ORDER BY at")
        first = {degree: at for at, degree, _ in reversed(reached)}
        raised = {row[2]: row[0] for row in reversed(events) if row[3] == "expected"}
        assert raised[1] < first[1]
        assert raised[2] < first[2]
        assert [row[3] for row in events][-1] in {"fulfilled", "withdrawn"}
        for _, _, to, reason, _, limit, _, chance, horizon, at, early, late in events:
            if reason in {"expected", "changed"}:
                assert limit == SPA[Degree(to)]
                assert 0.5 <= chance <= 1.0
                assert horizon == 240
                assert early <= at <= late
        told = await rows(
            conn,
            "SELECT reason, count(*) FILTER (WHERE channel = 'sms'), count(*) FILTER (WHERE channel = 'cap')"
            " FROM event LEFT JOIN announcement USING (event_id) WHERE kind = 'expected' GROUP BY event_id, reason",
        )
        assert all((sms, cap) == ((0, 0) if reason == "fulfilled" else (1, 1)) for reason, sms, cap in told)
        assert (await book.verify(conn)).entries == len(events) + len(reached)
        (view,) = await foresights(conn)
        assert view.told is None
        assert view.outlook is not None


async def test_however_the_readings_came_the_same_is_expected(pool: Pool) -> None:
    levels = wave(40, 125, 24)
    network = Network(stations={name: station(name) for name in "ABCDEF"})
    async with pool.connection() as conn:
        for seed, name in enumerate(network.stations):
            rng, waiting, done = random.Random(seed), readings(name, levels), 0
            while done < len(waiting):
                size = len(waiting) if name == "A" else rng.choice([1, 1, 3, 20])
                batch = waiting[done : done + size] + rng.sample(waiting[:done], min(done, 3))
                rng.shuffle(batch)
                await bring(conn, batch, waiting[-1].observed_at)
                done += size
                if rng.random() < 0.6:
                    await evaluate(conn, Rulebook(network), T0, exercise=False)
                if rng.random() < 0.6:
                    await foresee(conn, Rulebook(network), T0, exercise=False)
            await run(conn, T0, network)
        state = (
            "SELECT foreseen_until, issued_at, memory::text, outlook::text FROM foresight JOIN series USING (series_id)"
        )
        outcomes = [
            (
                await rows(conn, EXPECTED.replace("'A'", f"'{name}'").replace("chain, ", "")),
                await rows(conn, f"{state} WHERE station_id = '{name}'"),
            )
            for name in network.stations
        ]
    assert len(outcomes[0][0]) >= 3
    assert all(outcome == outcomes[0] for outcome in outcomes)


async def test_live_and_hindcast_decide_alike(pool: Pool, tmp_path: Path) -> None:
    stories = {"A": wave(40, 150, 20, 3), "U": wave(40, 160, 14, 5), "V": wave(30, 100, 12, 7)}
    async with pool.connection() as conn:
        for pair in zip(*(readings(name, stories[name]) for name in ("V", "U", "A")), strict=False):
            await bring(conn, pair)
            await run(conn, pair[0].observed_at, COUPLED)
        events = await rows(conn, EXPECTED)
    (tmp_path / "s.yaml").write_text(
        "- {id: A, quantity: level, unit: cm, thresholds: {1: 80, 2: 110, 3: 140}, upstream: [U]}\n"
        "- {id: U, quantity: level, unit: cm, thresholds: {1: 80, 2: 110, 3: 140}, upstream: [V]}\n"
        "- {id: V, quantity: level, unit: cm, thresholds: {1: 80, 2: 110, 3: 140}}\n"
    )
    lines = ["station_id,timestamp,value,unit,role"]
    lines += [
        f"{name},{(T0 + i * STEP):%Y-%m-%dT%H:%M:%SZ},{level},cm,level"
        for name, levels in stories.items()
        for i, level in enumerate(levels[: min(map(len, stories.values()))])
    ]
    (tmp_path / "r.csv").write_text("\n".join(lines) + "\n")
    arguments = ["--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
    assert hindcast([*arguments, "--out", str(tmp_path / "out")]) == 0
    warned: dict[datetime, int] = {}
    with (tmp_path / "out/forecasts.csv").open() as file:
        for row in csv.DictReader(file):
            if row["warn"] == "1" and row["station_id"] == "A":
                at = datetime.fromisoformat(row["issued_at"])
                warned[at] = max(warned.get(at, 0), int(row["degree"]))
    with (tmp_path / "out/degrees.csv").open() as file:
        changes = [
            (datetime.fromisoformat(r["at"]), int(r["to"])) for r in csv.DictReader(file) if r["station_id"] == "A"
        ]
    raised, told = [], 0
    by_time = {row[0]: row for row in events}
    for i in range(len(stories["A"])):
        at = T0 + i * STEP
        held = next((to for when, to in reversed(changes) if when <= at), 0)
        highest = warned.get(at, 0)
        if highest > max(held, told):
            raised.append((at, highest))
            told = highest
        elif at in by_time:
            told = int(str(by_time[at][2])) if by_time[at][3] in {"changed", "lowered"} else 0
    assert [(row[0], row[2]) for row in events if row[3] == "expected"] == raised
    assert len(raised) >= 3


async def test_a_reading_waits_for_the_gauge_above_it_but_not_for_ever(pool: Pool) -> None:
    levels = wave(40, 150, 20, 3)
    async with pool.connection() as conn:
        await bring(conn, [*readings("U", levels[:9]), *readings("A", levels[:10])])
        now = T0 + 9 * STEP
        assert (await run(conn, now, COUPLED)).claimed == 2
        until = "SELECT foreseen_until FROM foresight JOIN series USING (series_id) WHERE station_id = 'A'"
        assert await rows(conn, until) == [(T0 + 8 * STEP,)]
        issued = await rows(
            conn, "SELECT issued_at FROM foresight JOIN series USING (series_id) WHERE station_id = 'A'"
        )
        assert issued == [(T0 + 8 * STEP,)], "what waits is not foreseen"
        await run(conn, now + PATIENCE, COUPLED)
        assert await rows(conn, until) == [(now,)]
        await bring(conn, readings("A", levels[10:11], now + STEP))
        await run(conn, now + STEP, COUPLED)
        assert await rows(conn, until) == [(now,)]
        await bring(conn, readings("U", levels[9:11], now))
        await run(conn, now + STEP, COUPLED)
        assert await rows(conn, until) == [(now + STEP,)]


async def test_another_scheme_and_a_silent_or_doubtful_gauge_expect_nothing_new(pool: Pool) -> None:
    levels = wave(40, 125, 24)[:26]
    async with pool.connection() as conn:
        await bring(conn, [*readings("S", levels), *readings("A", levels)])
        await run(conn, T0)
        before = await rows(conn, EXPECTED)
        assert {row[0] for row in await rows(conn, "SELECT station_id FROM event WHERE kind = 'expected'")} == {"A"}
        for wrong in (900.0, None, 0.0, 901.0):
            await bring(conn, readings("A", [wrong], T0 + (len(levels) + 1) * STEP))  # type: ignore[list-item]
            await run(conn, T0)
        assert await rows(conn, EXPECTED) == before
        (view,) = await foresights(conn)
        assert view.told is not None
        assert view.issued_at == T0 + 25 * STEP


async def test_a_series_that_cannot_be_foreseen_holds_up_nobody(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    levels = wave(40, 125, 24)[:26]
    network = Network(stations={"A": station("A"), "B": station("B")})
    async with pool.connection() as conn:
        await bring(conn, [*readings("B", levels[:12]), *readings("A", levels)])
        await run(conn, T0, network)
        await conn.execute(
            "UPDATE foresight SET memory = '{\"since\": [[1]]}' FROM series s"
            " WHERE s.series_id = foresight.series_id AND station_id = 'B'"
        )
        batch = [*readings("B", levels[12:14], T0 + 12 * STEP), *readings("A", levels[-1:], T0 + 26 * STEP)]
        await bring(conn, batch)
        await run(conn, T0, network)
        until = await rows(conn, "SELECT foreseen_until FROM foresight ORDER BY 1")
        assert until == [(T0 + 11 * STEP,), (T0 + 26 * STEP,)]
        assert "cannot be foreseen" in caplog.text
        assert await rows(conn, "SELECT count(*) FROM foresight_mark") == [(0,)]


async def test_still_water_has_a_forecast_of_every_limit_and_a_reached_one_has_none(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, readings("A", [40.0, 41.0] * 8))
        await run(conn, T0)
        (view,) = await foresights(conn)
        assert view.outlook is not None
        assert [limit.degree for limit in view.outlook.limits] == [1, 2, 3]
        assert all(limit.probability[-1] < 0.1 and not limit.warned for limit in view.outlook.limits)
        assert len(view.outlook.level) == 4
        await bring(conn, readings("A", [50.0, 65.0, 84.0], T0 + 16 * STEP))
        await run(conn, T0)
        (view,) = await foresights(conn)
        assert view.outlook is not None
        assert [limit.degree for limit in view.outlook.limits] == [2, 3]
        for limit in view.outlook.limits:
            assert list(limit.probability) == sorted(limit.probability)
            assert limit.earliest_at <= limit.expected_at <= limit.latest_at


def test_a_forecast_needs_three_values_over_a_third_of_the_trend_window() -> None:
    rules = Rulebook(NETWORK).of("A", Quantity.LEVEL, T0).rules

    def at(*minutes: int) -> list[bool]:
        found = points(rules, [60.0 * m for m in minutes], [50.0] * len(minutes), [False] * len(minutes))
        assert found is not None
        return [bool(flag) for flag in due(rules, found, found.moments)]

    assert at(0, 10, 20, 30) == [False, False, True, True]
    assert at(0, 1, 2, 3, 19, 20) == [False, False, False, False, False, True], (
        "three values say little of so short a time"
    )
    assert at(0, 30, 59) == [False, False, True]
    assert at(0, 30, 61) == [False, False, False], "the first is out of the window"
    assert at(0, 10, 20, 140, 150, 160) == [False, False, True, False, False, True]


def test_a_level_that_contradicts_the_chances_is_left_out() -> None:
    soon = LimitOutlook(1, 80.0, (0.6, 0.7, 0.8, 0.9, 0.9), T0, T0, T0, warned=True)
    level = np.array([[70.0, 60.0, 79.0], [75.0, 60.0, 82.0], [81.0, 60.0, 90.0], [70.0, 50.0, 90.0]])
    assert _contradicts([soon], level), "nine tenths stay below at 30 min"
    level[0, 2] = 80.0
    assert not _contradicts([soon], level), "the middle has been there at 120 min"
    level[2, 0] = 79.0
    assert _contradicts([soon], level)
