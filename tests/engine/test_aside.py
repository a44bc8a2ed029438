"""A series that cannot be judged holds up nobody else, is seen, and comes back; a lost standing is judged again."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import Round, evaluate, retry
from alerting.sweep import sweep
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import marks
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0}, "invented", None)
RULEBOOK = Rulebook(
    Network(
        stations={
            name: Station(name, Names(name), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(LIMITS,))
            for name in "ABC"
        }
    )
)
FLOOD = (50.0, 60, 72, 85, 104)


async def bring(conn: AsyncConnection, names: str, levels: Sequence[float], first: int = 0) -> None:
    batch = [
        Reading(name, Quantity.LEVEL, T0 + (first + i) * STEP, v, v, "cm")
        for name in names
        for i, v in enumerate(levels)
    ]
    now = batch[-1].observed_at
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)


async def run(conn: AsyncConnection) -> Round:
    return await evaluate(conn, RULEBOOK, T0, exercise=False)


async def again(conn: AsyncConnection) -> Round:
    return await retry(conn, RULEBOOK, T0, exercise=False)


async def rows(conn: AsyncConnection, statement: str, *values: object) -> list[tuple[object, ...]]:
    async with conn.transaction():
        cursor = await conn.execute(statement.encode(), values or None)
        return await cursor.fetchall() if cursor.description is not None else []


SPOIL = "UPDATE series SET quantity = 'nonsense' WHERE station_id = 'B'"
REPAIR = "UPDATE series SET quantity = 'level' WHERE station_id = 'B'"
EVENTS = "SELECT station_id, to_degree FROM event ORDER BY station_id, event_id"


async def test_one_series_that_cannot_be_judged_holds_up_nobody(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    async with pool.connection() as conn:
        await bring(conn, "ABC", FLOOD)
        await rows(conn, SPOIL)
        with caplog.at_level(logging.WARNING, "hladina.engine"):
            assert await run(conn) == Round(claimed=3, judged=10, events=4, aside=1)
            assert await rows(conn, EVENTS) == [("A", 1), ("A", 2), ("C", 1), ("C", 2)]
            assert await rows(conn, "SELECT series_id, reason, failures FROM aside") == [
                (2, "ValueError: 'nonsense' is not a valid Quantity", 1)
            ]
            assert await rows(conn, "SELECT series_id FROM dirty") == [(2,)]  # seen in every count of the backlog
            await bring(conn, "A", [105.0], first=5)
            assert await run(conn) == Round(claimed=1, judged=1)  # the others judge together again
            assert await again(conn) == Round(claimed=1, aside=1)
            assert await rows(conn, "SELECT failures FROM aside") == [(2,)]
        assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_series_put_aside_comes_back_with_all_its_readings(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    async with pool.connection() as conn:
        await bring(conn, "B", FLOOD[:3])
        await rows(conn, SPOIL)
        assert (await run(conn)).aside == 1
        await rows(conn, REPAIR)
        await bring(conn, "B", FLOOD[3:], first=3)
        assert await run(conn) == Round()  # waits for its retry
        assert await again(conn) == Round(claimed=1, judged=5, events=2)
        assert await rows(conn, "SELECT count(*) FROM aside") == [(0,)]
        assert await rows(conn, "SELECT count(*) FROM dirty") == [(0,)]
        assert "series 1 is judged again" in caplog.text
        await bring(conn, "B", [104.0], first=5)
        assert await run(conn) == Round(claimed=1, judged=1)


@pytest.mark.parametrize("spoilt", ['{"life": 5}', "{}", '{"life": {"degree": 9}}', "[]", "null"])
@pytest.mark.parametrize("engine", ["1", "0"])
async def test_a_standing_that_cannot_be_read_is_judged_again_from_the_record(
    pool: Pool, spoilt: str, engine: str
) -> None:
    async with pool.connection() as conn:
        await bring(conn, "AB", FLOOD)
        assert (await run(conn)).events == 4
        await rows(conn, "UPDATE series_state SET lifecycle = %s WHERE series_id = 2", spoilt)
        await rows(conn, "UPDATE rule_version SET rules = jsonb_set(rules, '{engine}', %s)", engine)
        await bring(conn, "AB", [106.0], first=5)
        assert await run(conn) == Round(claimed=2, judged=2)
        one, two = await rows(conn, "SELECT lifecycle, degree, trend_per_hour FROM series_state ORDER BY series_id")
        assert one == two
        assert await rows(conn, "SELECT count(*) FROM aside") == [(0,)]


async def test_a_rebuilt_standing_keeps_the_degree_people_were_told_of(pool: Pool) -> None:
    lower = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 60.0}, "invented", None)
    station = Station("A", Names("A"), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(lower,))
    async with pool.connection() as conn:
        await bring(conn, "A", FLOOD[:3])
        assert (await run(conn)).events == 0
        await rows(conn, "UPDATE series_state SET lifecycle = '[]'")
        await rows(conn, "UPDATE rule_version SET rules = jsonb_set(rules, '{engine}', '0')")
        await bring(conn, "A", [73.0], first=3)
        done = await evaluate(conn, Rulebook(Network(stations={"A": station})), T0, exercise=False)
        assert done.events == 1  # the limit was lowered under the water: told, not lost
        assert await rows(conn, EVENTS) == [("A", 1)]


async def test_a_standing_that_cannot_be_read_blinds_the_sweep_to_no_other(pool: Pool) -> None:
    late = T0 + timedelta(hours=2)
    async with pool.connection() as conn:
        await bring(conn, "AB", FLOOD)
        await run(conn)
        await rows(conn, "UPDATE series_state SET lifecycle = '[]' WHERE series_id = 1")
        assert await sweep(conn, RULEBOOK, late, exercise=False) == 1
        assert await rows(conn, "SELECT series_id FROM aside") == [(1,)]
        assert await again(conn) == Round(claimed=1)
        assert await sweep(conn, RULEBOOK, late, exercise=False) == 1
        silent = "SELECT station_id, to_degree FROM event WHERE kind = 'silence' ORDER BY event_id"
        assert await rows(conn, silent) == [("B", 2), ("A", 2)]


async def test_a_series_put_aside_in_a_flood_is_found_silent(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, "A", FLOOD)
        await run(conn)
        await bring(conn, "A", [106.0], first=5)
        late = T0 + timedelta(hours=2)
        assert await sweep(conn, RULEBOOK, late, exercise=False) == 0  # its sample waits to be judged
        async with conn.transaction():
            await marks.put_aside(conn, 1, "of its own\x00\ud800")
        assert await sweep(conn, RULEBOOK, late, exercise=False) == 1
