"""Late and doubled samples through the store: the laws of `tests/engine/test_order.py`, with all that is kept."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace
from psycopg import AsyncConnection

from alerting.engine.judge import Job, Standing, decode, encode, fold
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.rebuild import rebuild
from alerting.sweep import sweep
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door, of_value
from floodcore.quality.window import Sample
from floodcore.store import marks
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
ALWAYS = (T0 - timedelta(days=1), T0 + timedelta(days=30))


def ruled(first: float = 80.0) -> Rulebook:
    limits = Limits(Quantity.LEVEL, {Degree(1): first, Degree(2): 100.0, Degree(3): 120.0}, "invented", None)
    station = Station("A", Names("A"), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(limits,))
    return Rulebook(Network(stations={"A": station}))


RULEBOOK = ruled()


async def bring(conn: AsyncConnection, levels: Sequence[tuple[int, float]], *, history: bool = False) -> None:
    """Store one delivery of (step, level)."""
    readings = [Reading("A", Quantity.LEVEL, T0 + i * STEP, v, v, "cm", history) for i, v in levels]
    now = T0 + timedelta(days=3)
    await store(conn, at_the_door(readings, now), "test", now)


async def judge(conn: AsyncConnection, rulebook: Rulebook = RULEBOOK) -> None:
    while (await evaluate(conn, rulebook, T0, exercise=False)).claimed:
        pass


async def told(conn: AsyncConnection) -> list[tuple[int, int, int]]:
    cursor = await conn.execute("SELECT at, from_degree, to_degree FROM event ORDER BY event_id")
    return [((at - T0) // STEP, before, after) for at, before, after in await cursor.fetchall()]


async def standing(conn: AsyncConnection) -> Standing:
    row = await (await conn.execute("SELECT lifecycle::text FROM series_state")).fetchone()
    assert row is not None
    return decode(row[0])


async def is_sound(conn: AsyncConnection) -> bool:
    return (await rebuild(conn, 1, *ALWAYS)).sound


async def test_a_memory_emptied_newest_first_raises_the_alarm(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61)])
        await judge(conn)
        for i, level in ((6, 70), (5, 82), (4, 95), (3, 85), (2, 72)):
            await bring(conn, [(i, level)])
            await judge(conn)
        assert await told(conn) == [(6, 0, 1)]
        assert await is_sound(conn)


async def test_what_has_come_and_waits_to_be_judged_makes_no_difference(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61), (5, 62)])
        await judge(conn)
        await bring(conn, [(3, 85), (4, 86)])
        assert await is_sound(conn)
        await judge(conn)
        assert await told(conn) == [(5, 0, 1)]
        assert await is_sound(conn)


async def test_too_late_or_out_of_memory_is_only_recorded(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61), (50, 60), (51, 61)])
        await judge(conn)
        await bring(conn, [(13, 90), (14, 95), (15, 92)])  # six hours and more before step 51
        await bring(conn, [(45, 90), (46, 95), (47, 92)], history=True)
        assert await (await conn.execute("SELECT count(*) FROM dirty")).fetchone() == (0,)
        await judge(conn)
        assert await told(conn) == []
        await bring(conn, [(48, 90), (49, 95)])  # this counts
        await judge(conn)
        assert await told(conn) == [(51, 0, 1)]
        assert await is_sound(conn)


async def test_new_rules_do_not_judge_what_lies_before_them(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61), (2, 62), (4, 64)])
        await judge(conn)
        sharper = ruled(70.0)
        await bring(conn, [(5, 65)])
        await judge(conn, sharper)
        await bring(conn, [(3, 75)])  # of the time of the old rules
        await judge(conn, sharper)
        assert await told(conn) == []
        await bring(conn, [(7, 66)])
        await bring(conn, [(6, 75)])
        await judge(conn, sharper)
        assert await told(conn) == [(7, 0, 1)]
        assert await is_sound(conn)


async def test_a_late_sample_committed_while_its_series_is_claimed_is_not_passed_over(pool: Pool) -> None:
    async with pool.connection() as conn, pool.connection() as collector:
        await bring(conn, [(0, 60), (1, 61), (5, 62)])
        await judge(conn)
        await bring(conn, [(6, 63)])
        await conn.commit()
        claim = marks.claim

        async def claimed_and_then(engine: AsyncConnection, limit: int) -> marks.Marks:
            seen = await claim(engine, limit)
            if seen:
                await bring(collector, [(2, 75), (3, 85), (4, 84), (7, 64)])
                await collector.commit()
            return seen

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(marks, "claim", claimed_and_then)
            await evaluate(conn, RULEBOOK, T0, exercise=False)
        await judge(conn)
        assert [(before, after) for _, before, after in await told(conn)] == [(0, 1)]
        assert await is_sound(conn)


async def test_a_checkpoint_that_cannot_be_read_is_forgotten(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61), (2, 62), (4, 64)])
        await judge(conn)
        await conn.execute("""UPDATE checkpoint SET standing = '{"memory": 5}'""")
        await bring(conn, [(3, 63)])
        await evaluate(conn, RULEBOOK, T0, exercise=False)
        await bring(conn, [(5, 75), (6, 85), (7, 86)])
        await judge(conn)
        assert [(before, after) for _, before, after in await told(conn)] == [(0, 1)]
        assert await (await conn.execute("SELECT count(*) FROM aside")).fetchone() == (0,)


async def test_a_late_sample_does_not_hide_that_the_gauge_has_fallen_silent(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 70), (1, 75), (2, 82), (4, 84)])
        judged_at = T0 + 4 * STEP + timedelta(minutes=1)
        await evaluate(conn, RULEBOOK, judged_at, exercise=False)
        await bring(conn, [(3, 83)])
        await evaluate(conn, RULEBOOK, T0 + 5 * STEP + timedelta(minutes=4), exercise=False)
        silent_from = T0 + 4 * STEP + timedelta(minutes=1 + 20)  # its lag, and what SPA 1 allows
        assert await sweep(conn, RULEBOOK, silent_from, exercise=False) == 0
        assert await sweep(conn, RULEBOOK, silent_from + timedelta(seconds=1), exercise=False) == 1


async def test_what_was_repaired_first_counts_when_the_logger_brings_it_itself(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, [(0, 60), (1, 61), (5, 62)])
        await judge(conn)
        await bring(conn, [(2, 75), (3, 85), (4, 72)], history=True)
        await judge(conn)
        assert await told(conn) == []
        await bring(conn, [(2, 75), (3, 85), (4, 72.5)])  # the last differs: the first value stands, for the record
        await judge(conn)
        assert [(before, after) for _, before, after in await told(conn)] == [(0, 1)]
        assert await is_sound(conn)
        deliveries = "SELECT delivery FROM observation ORDER BY observed_at"
        assert [d for (d,) in await (await conn.execute(deliveries)).fetchall()] == [1, 1, 2, 2, 0, 1]


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_any_rounds_and_twice_end_in_the_state_of_the_samples_in_order(pool: Pool, seed: int) -> None:
    rng = random.Random(seed)
    level, levels = 60.0, list[float]()
    for _ in range(40):
        level = min(max(level + rng.uniform(-14, 15), 30.0), 180.0)
        levels.append(round(level, 1) + (200.0 if rng.random() < 0.05 else 0.0))
    order = sorted(range(40), key=lambda i: i + rng.uniform(0, rng.choice([3, 12])))
    async with pool.connection() as conn:
        while order:
            size = rng.randint(1, 4)
            await bring(conn, [(i, levels[i]) for i in order[:size]])
            if rng.random() < 0.3:
                await bring(conn, [(i, levels[i]) for i in order[:2]])
            order = order[size:]
            if rng.random() < 0.6:
                await judge(conn)
        await judge(conn)
        every = [Sample(T0 + i * STEP, v, *of_value(Quantity.LEVEL, v)) for i, v in enumerate(levels)]
        whole = fold(Job(RULEBOOK.of("A", Quantity.LEVEL, T0).rules, Standing(), every)).standing
        found = await standing(conn)
        assert encode(replace(found, told=None)) == encode(whole)
        assert await is_sound(conn)
        steps = [(before, after) for _, before, after in await told(conn)]
        assert all(one[1] == other[0] for one, other in pairwise(steps))
