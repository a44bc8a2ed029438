"""Degrees of rain through the store: events with their sum, late readings, silence, rebuild, and a fault on the way."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate, retry
from alerting.rebuild import rebuild
from alerting.sweep import sweep
from floodcore.network.model import Names, Network, Station
from floodcore.network.rain import RainDegrees, RainLimit, Saturation
from floodcore.quality.door import at_the_door
from floodcore.store import rain
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
HOUR = RainLimit(timedelta(hours=1), {Degree(1): 10.0, Degree(2): 20.0}, {}, "invented")
DAY = RainLimit(timedelta(hours=24), {Degree(1): 35.0, Degree(2): 45.0}, {Degree(1): 25.0, Degree(2): 30.0}, "invented")
DEGREES = RainDegrees((HOUR, DAY), Saturation(50.0, 10, 25.0, 5, "invented"))


def ruled(degrees: RainDegrees = DEGREES) -> Rulebook:
    named = (Station(x, Names(x), None, "CZ", "t", (Quantity.RAIN,), STEP, rain_degrees=degrees) for x in "RST")
    return Rulebook(Network(stations={station.id: station for station in named}))


RULEBOOK = ruled()


async def bring(conn: AsyncConnection, rain_mm: Sequence[tuple[int, float | None]], name: str = "R") -> None:
    """Store one delivery of (step, mm)."""
    readings = [Reading(name, Quantity.RAIN, T0 + i * STEP, mm, mm, "mm") for i, mm in rain_mm]
    now = T0 + timedelta(days=30)
    await store(conn, at_the_door(readings, now), "test", now)


async def judge(conn: AsyncConnection, rulebook: Rulebook = RULEBOOK) -> None:
    while (await evaluate(conn, rulebook, T0, exercise=False)).claimed:
        pass


async def told(conn: AsyncConnection) -> list[tuple[int, int, int, float, float, int]]:
    cursor = await conn.execute(
        "SELECT at, from_degree, to_degree, value, limit_value, window_min"
        " FROM event JOIN event_rain USING (event_id) ORDER BY event_id"
    )
    return [((at - T0) // STEP, *rest) for at, *rest in await cursor.fetchall()]


async def is_sound(conn: AsyncConnection) -> bool:
    return (await rebuild(conn, 1, T0 - timedelta(days=1), T0 + timedelta(days=40))).sound


async def test_a_shower_is_told_with_its_sum_its_window_and_its_limit(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 0.0) for i in range(10)])
        await judge(conn)
        await bring(conn, [(10, 4.0), (11, 5.0), (12, 2.0)])
        await judge(conn)
        await bring(conn, [(13, 12.0)])
        await judge(conn)
        assert await told(conn) == [(12, 0, 1, 11.0, 10.0, 60), (13, 1, 2, 23.0, 20.0, 60)]
        row = await (await conn.execute("SELECT chain, unit FROM event LIMIT 1")).fetchone()
        assert row == ("CZ-LK-R-20260601T020000Z-rain", "mm")
        cursor = await conn.execute("SELECT channel, count(*) FROM announcement GROUP BY channel ORDER BY channel")
        assert await cursor.fetchall() == [("cap", 2), ("sms", 2)]
        (book, *_) = await (await conn.execute("SELECT entry FROM flood_book ORDER BY number LIMIT 1")).fetchone() or ()
        assert (book["value"], book["limit"], book["window_min"], book["ground"]) == (11.0, 10.0, 60, "ordinary")
        assert await is_sound(conn)


async def test_the_degree_ends_when_the_sums_have_been_low_for_an_hour(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 12.0 if i == 150 else 0.0) for i in range(170)])
        await judge(conn)
        # Out of the hour's window at step 156, calm an hour later.
        assert [each[:3] for each in await told(conn)] == [(150, 0, 1), (162, 1, 0)]
        assert await is_sound(conn)


async def test_a_gap_in_the_window_keeps_the_degree(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 12.0 if i == 150 else 0.0) for i in range(152)])
        await bring(conn, [(i, 0.0) for i in range(160, 290)])
        await judge(conn)
        assert [each[:3] for each in await told(conn)] == [(150, 0, 1)]
        await bring(conn, [(i, 0.0) for i in range(290, 320)])
        await judge(conn)
        # The gap ends with the reading of step 159 missing; a day later the long window knows all of itself.
        assert [each[:3] for each in await told(conn)] == [(150, 0, 1), (309, 1, 0)]


async def test_missing_is_no_rain_of_zero(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 12.0 if i == 150 else 0.0) for i in range(151)])
        await bring(conn, [(i, None) for i in range(151, 290)])
        await judge(conn)
        assert [each[:3] for each in await told(conn)] == [(150, 0, 1)]


async def test_late_readings_fall_where_they_belong_and_raise_at_once(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 0.0) for i in range(20)])
        await bring(conn, [(24, 0.0)])
        await judge(conn)
        await bring(conn, [(21, 6.0), (20, 6.0)])
        await bring(conn, [(23, 0.0), (22, 0.0)])
        await judge(conn)
        assert await told(conn) == [(24, 0, 1, 12.0, 10.0, 60)]
        (rows,) = [await rain.of_station(conn, "R")]
        assert [(row.window_min, row.heard_mm, row.most_mm) for row in rows] == [(60, 12.0, 12.0), (1440, 12.0, None)]
        assert await is_sound(conn)


async def test_samples_in_any_order_end_in_the_same_standing(pool: Pool) -> None:
    story = [(i, float((i * 7) % 5)) for i in range(36)]
    async with pool.connection() as conn:
        for name, order in (
            ("R", story),
            ("S", story[:10] + story[20:] + story[10:20]),
            ("T", story[:1] + story[:0:-1]),
        ):
            for one in order:
                await bring(conn, [one], name)
                await judge(conn)
        cursor = await conn.execute(
            "SELECT DISTINCT lifecycle -> 'rain', lifecycle -> 'life' -> 'degree' FROM series_state"
        )
        assert len(await cursor.fetchall()) == 1
        assert (await (await conn.execute("SELECT count(*) FROM series_state")).fetchone()) == (3,)
        assert all([(await rebuild(conn, n, T0 - STEP, T0 + timedelta(days=1))).sound for n in (1, 2, 3)])


async def test_a_rain_gauge_lost_at_a_degree_is_told_and_keeps_it(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 12.0 if i == 9 else 0.0) for i in range(10)])
        await judge(conn)
        assert await sweep(conn, RULEBOOK, T0 + 30 * STEP, exercise=False) == 1
        row = await (await conn.execute("SELECT reason, to_degree FROM event WHERE kind = 'silence'")).fetchone()
        assert row == ("lost_in_flood", 1)
        assert await (await conn.execute("SELECT degree FROM series_state")).fetchone() == (1,)


async def test_a_dry_gauge_that_falls_silent_is_no_event(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 0.0) for i in range(10)])
        await judge(conn)
        assert await sweep(conn, RULEBOOK, T0 + 300 * STEP, exercise=False) == 0


async def test_a_window_that_lost_its_limit_is_not_shown_on(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 0.0) for i in range(10)])
        await judge(conn)
        assert [row.window_min for row in await rain.of_station(conn, "R")] == [60, 1440]
        await bring(conn, [(10, 0.0)])
        await judge(conn, ruled(RainDegrees((HOUR,))))
        assert [row.window_min for row in await rain.of_station(conn, "R")] == [60]


async def test_a_fault_where_the_sums_are_written_takes_the_whole_round_back(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE event_rain ADD CONSTRAINT broken CHECK (window_min < 0)")
        await bring(conn, [(i, 12.0 if i == 9 else 0.0) for i in range(10)])
        done = await evaluate(conn, RULEBOOK, T0, exercise=False)
        assert (done.aside, done.events) == (1, 0)
        for table in ("event", "announcement", "flood_book", "series_state", "rain_sum"):
            assert await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchone() == (0,)  # noqa: S608  # names above
        await conn.execute("ALTER TABLE event_rain DROP CONSTRAINT broken")
        assert (await retry(conn, RULEBOOK, T0, exercise=False)).events == 1
        assert await told(conn) == [(9, 0, 1, 12.0, 10.0, 60)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event_rain SET window_min = 1440",
        "UPDATE event_rain SET saturated = NOT saturated",
        "UPDATE event_rain SET scheme = 'spa'",
        "DELETE FROM event_rain",
        "UPDATE rain_sum SET heard_mm = heard_mm + 0.1",
        "DELETE FROM rain_sum WHERE window_min = 60",
    ],
)
async def test_what_the_readings_do_not_say_of_the_rain_is_found(pool: Pool, change: LiteralString) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(i, 4.0 if i > 10 else 0.0) for i in range(18)])
        await judge(conn)
        assert len(await told(conn)) == 2
        assert await is_sound(conn)
        await conn.execute("ALTER TABLE event_rain DISABLE TRIGGER USER")
        await conn.execute(change)
        assert not await is_sound(conn)
