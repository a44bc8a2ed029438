"""Deterministic replay: judging a stored period again gives the same events and state, bit for bit."""

import random
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.rebuild import rebuild
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
END = T0 + timedelta(days=30)


def network(*limits: float) -> Network:
    values = {Degree(n): limit for n, limit in enumerate(limits, start=1)}
    station = Station(
        "A",
        Names("A"),
        None,
        "CZ",
        "test",
        (Quantity.LEVEL,),
        timedelta(minutes=10),
        limits=(Limits(Quantity.LEVEL, values, "invented", None),),
    )
    return Network(stations={"A": station})


def story(rng: random.Random, samples: int) -> list[Reading]:
    """Two floods with noise, spikes, zeros, gaps, missing values and repeats; a tenth arrives out of order."""
    readings, level, pace = [], 50.0, 0.0
    for number in range(samples):
        pace = max(-6.0, min(9.0, pace + rng.uniform(-2.0, 2.0) - 0.01 * (level - 70.0)))
        level = max(20.0, level + pace)
        value: float | None = rng.choices(
            [level, level + rng.choice([-200.0, 400.0]), 0.0, None, float("nan")], [90, 3, 2, 3, 2]
        )[0]
        if rng.random() > 0.05:  # some never come
            readings.append(Reading("A", Quantity.LEVEL, T0 + timedelta(minutes=10 * number), value, value, "cm"))
    for position in rng.sample(range(len(readings) - 3), len(readings) // 10):
        readings.insert(position + 3, readings.pop(position))
    return readings


async def bring(conn: AsyncConnection, batch: list[Reading]) -> None:
    async with conn.transaction():
        await store(conn, at_the_door(batch, END), "test", END)


async def test_however_the_samples_came_the_store_judged_again_agrees_bit_for_bit(pool: Pool) -> None:
    rng = random.Random(20260601)
    readings = story(rng, 700)
    first, second = Rulebook(network(80, 100, 120)), Rulebook(network(70, 100, 110, 150))
    async with pool.connection() as conn:
        done = 0
        while done < len(readings):
            size = rng.choice([1, 1, 2, 5, 40])
            await bring(conn, readings[done : done + size])
            done += size
            if rng.random() < 0.7:  # sometimes the engine is late
                rulebook = first if done < len(readings) // 2 else second
                await evaluate(conn, rulebook, END, exercise=False)
        await evaluate(conn, second, END, exercise=False)
        found = await (await conn.execute("SELECT series_id FROM series")).fetchone()
        assert found is not None
        rebuilt = await rebuild(conn, found[0], T0, END)
        assert rebuilt.sound
        assert len(rebuilt.events) >= 10  # the story is eventful
        versions = {event.rule_version for event in rebuilt.events}
        assert len(versions) == 2  # the limits changed half way
        late = await (await conn.execute("SELECT count(*) FROM observation WHERE late")).fetchone()
        assert late is not None
        assert late[0] > 0


async def test_an_event_the_samples_do_not_bear_out_is_found(pool: Pool) -> None:
    rulebook = Rulebook(network(80, 100, 120))
    async with pool.connection() as conn:
        await bring(conn, [_level(n, level) for n, level in enumerate([60.0, 70, 85, 95])])
        await evaluate(conn, rulebook, END, exercise=True)
        sound = await rebuild(conn, 1, T0, END)
        assert sound.sound
        assert len(sound.events) == 1
        await conn.execute("UPDATE observation SET value = 75 WHERE value = 85")
        await conn.execute("UPDATE observation SET value = 79 WHERE value = 95")
        tampered = await rebuild(conn, 1, T0, END)
        assert (len(tampered.surplus), tampered.missing, tampered.same_standing) == (1, (), False)
        await conn.execute("UPDATE observation SET value = 99 WHERE value = 79")
        tampered = await rebuild(conn, 1, T0, END)
        assert (len(tampered.surplus), len(tampered.missing)) == (1, 1)


def _level(number: int, level: float) -> Reading:
    return Reading("A", Quantity.LEVEL, T0 + timedelta(minutes=10 * number), level, level, "cm")
