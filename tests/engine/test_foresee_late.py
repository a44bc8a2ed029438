"""What comes late is foreseen from as soon as it is known: the state is that of the readings in order.

Laws, for readings that come in any order, twice, late by up to six hours, in any rounds (ADR 0023):
1. The memory of the decision and where to start again are those of the readings in order, to the byte. So is the
   forecast, unless what came late left none since the start: then the last one stays, and no longer counts as of now.
   tests/engine/test_foresee_order.py has ten thousand orders without a store; here they go through it.
2. What people were told stays. What is known late tells of a higher degree at once, as of the newest reading.
3. What is known late withdraws, lowers and moves nothing by itself; the next reading in order does.
"""

import random
from dataclasses import replace
from typing import Any

import msgspec
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from floodcore.network.model import Network
from floodcore.store.connect import Pool
from floodcore.store.foresight import Memory
from tests.engine.test_foresee import EXPECTED, STEP, T0, bring, readings, station, wave
from tests.rows import rows

STATE = """
    SELECT foreseen_until, issued_at, memory::text, outlook::text FROM foresight JOIN series USING (series_id)
    WHERE station_id = '{name}'"""


async def state(conn: AsyncConnection, name: str) -> tuple[Any, ...]:
    """All that law 1 speaks of."""
    ((until, issued, memory, outlook),) = await rows(conn, STATE.format(name=name))
    found = msgspec.json.decode(memory, type=Memory)
    return until, issued, found.since, found.starts, found.lived, outlook


async def live(conn: AsyncConnection, network: Network) -> None:
    now = T0 + 200 * STEP
    while (await evaluate(conn, Rulebook(network), now, exercise=False)).claimed:
        pass
    while (await foresee(conn, Rulebook(network), now, exercise=False)).claimed:
        pass


def shuffled(count: int, rng: random.Random, reach: int) -> list[list[int]]:
    """Deliveries of one to four readings, each delayed by up to `reach` steps."""
    order = sorted(range(count), key=lambda i: i + rng.uniform(0, reach))
    out = []
    while order:
        size = rng.randint(1, 4)
        out.append(order[:size])
        order = order[size:]
    return out


async def test_any_order_ends_in_the_state_of_the_readings_in_order(pool: Pool) -> None:
    network = Network(stations={name: station(name) for name in "ABCD"})
    levels = wave(40, 78, 24)[:48]
    now = T0 + 100 * STEP
    async with pool.connection() as conn:
        for seed, name in enumerate(network.stations):
            whole = readings(name, levels)
            if name == "A":
                for one in whole:
                    await bring(conn, [one], now)
                    await live(conn, network)
                continue
            rng = random.Random(seed)
            for part in shuffled(len(whole), rng, rng.choice((3, 8, 30))):
                twice = rng.sample(range(len(whole)), 2) if rng.random() < 0.2 else []
                await bring(conn, [whole[i] for i in (*part, *(i for i in twice if i in part))], now)
                if rng.random() < 0.7:
                    await live(conn, network)
        await live(conn, network)
        in_order = await state(conn, "A")
        for name in "BCD":
            assert await state(conn, name) == in_order, name
        assert len(in_order[3]) >= 6


async def test_a_gauge_above_that_comes_late_moves_the_forecast_below_it(pool: Pool) -> None:
    bare = replace(station("X"), limits=())  # a gauge without limits has no degrees, and is looked at all the same
    network = Network(
        stations={
            **{name: station(name, (upper,)) for name, upper in (("A", "U"), ("B", "W"), ("C", "X"))},
            **{name: station(name) for name in "UW"},
            "X": bare,
        }
    )
    upper, lower = wave(40, 160, 20, 5)[:40], wave(40, 78, 24, 3)[:40]
    late = T0 + 100 * STEP  # nobody is waited for any more
    async with pool.connection() as conn:
        for i in range(40):
            await bring(conn, [*readings("U", upper)[i : i + 1], *readings("A", lower)[i : i + 1]], late)
            await live(conn, network)
        for name, above in (("B", "W"), ("C", "X")):
            await bring(conn, readings(above, upper)[:10], late)
            await live(conn, network)
            for i in range(40):
                await bring(conn, readings(name, lower)[i : i + 1], late)
                await live(conn, network)
            in_order = await state(conn, "A")
            assert await state(conn, name) != in_order
            await bring(conn, readings(above, upper)[10:], late)
            await live(conn, network)
            assert await state(conn, name) == in_order, "at once, not with the next reading there"
            assert await rows(conn, "SELECT count(*) FROM foresight_mark") == [(0,)]


async def test_a_memory_emptied_newest_first_is_foreseen_as_soon_as_it_is_known(pool: Pool) -> None:
    network = Network(stations={"A": station("A")})
    whole = readings("A", wave(40, 140, 24)[:22])
    assert max(one.value or 0.0 for one in whole) < 80.0
    async with pool.connection() as conn:
        await bring(conn, whole[:14])
        await live(conn, network)
        assert await rows(conn, EXPECTED) == []
        told: list[tuple[Any, ...]] = []
        for one in reversed(whole[14:]):
            await bring(conn, [one], whole[-1].observed_at)
            await live(conn, network)
            found = await rows(conn, EXPECTED)
            assert found[: len(told)] == told, "law 2"
            told = found
        assert [(row[0], row[2], row[3]) for row in told] == [(whole[-1].observed_at, 1, "expected")]


async def test_what_was_expected_in_vain_and_is_known_late_is_not_told(pool: Pool) -> None:
    network = Network(stations={"A": station("A"), "B": station("B")})
    levels = [*wave(40, 140, 24)[:22], 74.0, 72.0, 69.0, 66.0, 63.0, 61.0, 60.0, 60.0, 59.0, 59.0, 59.0, 58.0, 58.0]
    async with pool.connection() as conn:
        await bring(conn, readings("B", levels))
        await live(conn, network)
        assert await rows(conn, EXPECTED.replace("'A'", "'B'")) != [], "in order it would have been"
        whole = readings("A", levels)
        await bring(conn, whole[:14])
        await bring(conn, whole[-1:])
        await live(conn, network)
        for one in whole[14:-1]:
            await bring(conn, [one], whole[-1].observed_at)
        await live(conn, network)
        assert await rows(conn, EXPECTED) == []


async def test_what_comes_late_withdraws_nothing_by_itself(pool: Pool) -> None:
    network = Network(stations={"A": station("A")})
    whole = readings("A", [*wave(40, 140, 24)[:23], 72.0, 68.0, 64.0, 62.0, 61.0, 60.0, 60.0, 60.0])
    async with pool.connection() as conn:
        await bring(conn, whole[:23])
        await live(conn, network)
        before = await rows(conn, EXPECTED)
        assert {row[3] for row in before} == {"expected"}
        for one in reversed(whole[23:]):
            await bring(conn, [one], whole[-1].observed_at)
            await live(conn, network)
        assert await rows(conn, EXPECTED) == before, "law 3"
        for extra in range(1, 6):
            await bring(conn, readings("A", [60.0], whole[-1].observed_at + extra * STEP))
            await live(conn, network)
        assert [row[3] for row in (await rows(conn, EXPECTED))[len(before) :]] == ["withdrawn"]


async def test_what_comes_late_above_one_that_is_being_foreseen_moves_it(pool: Pool) -> None:
    network = Network(
        stations={
            **{name: station(name, (upper,)) for name, upper in (("A", "U"), ("B", "W"))},
            **{name: station(name) for name in "UW"},
        }
    )
    upper, lower = wave(40, 160, 20, 5)[:30], wave(40, 78, 24, 3)[:30]
    now, later, rulebook = T0 + 100 * STEP, T0 + 200 * STEP, Rulebook(network)
    async with pool.connection() as conn, pool.connection() as other:
        await conn.set_autocommit(True)
        await other.set_autocommit(True)
        for i in range(30):
            await bring(conn, [*readings("U", upper)[i : i + 1], *readings("A", lower)[i : i + 1]], now)
            await live(conn, network)
        in_order = await state(conn, "A")
        await bring(conn, [*readings("W", upper)[:29], *readings("B", lower)[:29]], now)
        await live(conn, network)
        await bring(conn, readings("B", lower)[29:], now)
        await evaluate(conn, rulebook, later, exercise=False)
        async with other.transaction():
            assert (await foresee(other, rulebook, later, exercise=False)).foreseen == 1
            await bring(conn, readings("W", upper)[29:], now)
            await evaluate(conn, rulebook, later, exercise=False)
            await foresee(conn, rulebook, later, exercise=False)
            assert await state(conn, "B") != in_order
        await live(conn, network)
        assert await state(conn, "B") == in_order
