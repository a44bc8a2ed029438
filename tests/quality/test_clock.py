"""A logger whose clock goes an hour wrong, through the store: behind it contradicts itself or is late, ahead it waits.

Steps are of ten minutes. The river stands at 60 cm and a little; the clock goes wrong with step 12.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from floodcore.freshness import freshness
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.ingest import Stored, store
from floodcore.words import Degree, Flag, Freshness, Quantity, Reading

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = Limits(Quantity.LEVEL, {Degree(1): 80.0, Degree(2): 100.0, Degree(3): 120.0}, "invented", None)
STATION = Station("A", Names("A"), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(LIMITS,))
RULEBOOK = Rulebook(Network(stations={"A": STATION}))
WRONG_FROM = 12
CALM = [60.0 + n % 3 for n in range(WRONG_FROM)]
FLOOD = [64.0, 75.0, 90.0, 106.0, 115.0, 125.0]
FALL = [112.0, 96.0, 84.0, 76.0, 70.0, 66.0]


async def live(conn: AsyncConnection, levels: Sequence[float], first: int = 0, off: timedelta = timedelta(0)) -> Stored:
    """One reading a step, each stored and judged when it was taken; the stamps are wrong by `off`."""
    done = Stored()
    for step, level in enumerate(levels, start=first):
        now = T0 + step * STEP
        reading = Reading("A", Quantity.LEVEL, now + off, level, level, "cm")
        one = await store(conn, at_the_door([reading], now), "test", now)
        pairs = zip(_counts(done), _counts(one), strict=True)
        done = Stored(*(before + new for before, new in pairs))
        while (await evaluate(conn, RULEBOOK, now, exercise=False)).claimed:
            pass
    return done


def _counts(stored: Stored) -> tuple[int, int, int, int, int]:
    return stored.new, stored.repeated, stored.contradictory, stored.late, stored.refused


async def degrees(conn: AsyncConnection) -> list[tuple[int, int]]:
    cursor = await conn.execute("SELECT from_degree, to_degree FROM event WHERE kind = 'reached' ORDER BY event_id")
    return await cursor.fetchall()


async def shown(conn: AsyncConnection, now: datetime) -> tuple[float, Freshness]:
    cursor = await conn.execute("SELECT value, observed_at, degree, flag FROM series_state")
    row = await cursor.fetchone()
    assert row is not None
    value, observed_at, degree, flag = row
    return value, freshness(observed_at, STEP, Degree(degree), now, Flag(flag))


@pytest.mark.parametrize("behind", [timedelta(hours=1), timedelta(days=1)])
async def test_a_clock_behind_by_whole_steps_contradicts_itself_and_judges_nothing(
    pool: Pool, behind: timedelta
) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        long_ago = -int(timedelta(days=1) / STEP)
        assert (await live(conn, CALM, long_ago)).new == WRONG_FROM
        assert (await live(conn, CALM)).new == WRONG_FROM
        wrong = await live(conn, FLOOD, WRONG_FROM if behind < timedelta(days=1) else 0, -behind)
        assert wrong == Stored(contradictory=6)
        kept = await conn.execute("SELECT count(*) FROM observation WHERE value >= 64")
        assert await kept.fetchone() == (0,), "the first value stands"
        noted = await conn.execute("SELECT offered FROM contradiction ORDER BY observed_at")
        assert [value for (value,) in await noted.fetchall()] == FLOOD
        assert await degrees(conn) == []


async def test_while_its_clock_is_behind_a_gauge_is_silent_and_not_calm(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await live(conn, CALM)
        await live(conn, FLOOD, WRONG_FROM, -timedelta(hours=1))
        value, fresh = await shown(conn, T0 + (WRONG_FROM + 5) * STEP)
        assert (value, fresh) == (CALM[-1], Freshness.SILENT)


@pytest.mark.parametrize(("minutes", "late"), [(55, 5), (57, 5), (63, 6)])
async def test_a_clock_behind_by_other_than_whole_steps_is_late_and_lowers_nothing(
    pool: Pool, minutes: int, late: int
) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await live(conn, [*CALM[:6], 70.0, 85.0, 102.0, 121.0, 121.5, 121.0])
        told = await degrees(conn)
        assert told[-1][1] == 3
        wrong = await live(conn, FALL, WRONG_FROM, -timedelta(minutes=minutes))
        assert (wrong.late, wrong.contradictory) == (late, 0)
        assert await degrees(conn) == told
        _, fresh = await shown(conn, T0 + (WRONG_FROM + 5) * STEP)
        assert fresh is not Freshness.FRESH


async def test_a_lone_flood_among_the_calm_of_an_hour_ago_is_no_flood(pool: Pool) -> None:
    """Levels of now between those of an hour ago, to and fro by a metre: doubted, and no degree."""
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await live(conn, CALM)
        await live(conn, [165.0, 166.0, 164.0, 165.0], WRONG_FROM, -timedelta(minutes=55))
        assert await degrees(conn) == []
        doubted = await conn.execute("SELECT count(*) FROM verdict WHERE flag > 1")
        assert await doubted.fetchone() == (4,)


async def test_a_clock_ahead_by_an_hour_is_refused_until_it_is_set_right(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await live(conn, CALM)
        assert await live(conn, FLOOD, WRONG_FROM, timedelta(hours=1)) == Stored(refused=6)
        assert await degrees(conn) == []
        assert (await live(conn, [126.0, 127.0], WRONG_FROM + 6)).new == 2
        assert (await degrees(conn))[-1][1] == 3
