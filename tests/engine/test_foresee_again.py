"""A forecast judged again from the record: in whatever order the readings came, state and events are those stored."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from alerting.rebuild_forecast import Foreseen, foreseen_again
from floodcore.network.model import Network
from floodcore.store.connect import Pool
from floodcore.words import Degree
from tests.engine.test_foresee import STEP, T0, bring, readings, station, wave
from tests.engine.test_foresee_late import shuffled
from tests.rows import rows

PAIRS = Network(stations={"A": station("A", ("U",)), "U": station("U")})
RULEBOOK = Rulebook(PAIRS)


async def live(conn: AsyncConnection, now: datetime, rulebook: Rulebook = RULEBOOK) -> None:
    while (await evaluate(conn, rulebook, now, exercise=False)).claimed:
        pass
    while (await foresee(conn, rulebook, now, exercise=False)).claimed:
        pass


async def again(conn: AsyncConnection, name: str, rulebook: Rulebook = RULEBOOK) -> Foreseen:
    numbers = dict(await rows(conn, "SELECT station_id, series_id FROM series"))
    found = await foreseen_again(conn, rulebook, Trained(), numbers[name])
    assert found is not None
    return found


async def story(conn: AsyncConnection, seed: int) -> None:
    """Two floods with leaps and spikes; a gauge and the one above it, each late in its own way."""
    rng = random.Random(seed)
    lower, upper = (
        [*wave(40, rng.choice((95, 125, 150)), 18, seed)[:36], *wave(45, 130, 14, seed + 1)[8:34]],
        [*wave(40, 150, 14, seed + 2)[:36], *wave(45, 120, 10, seed + 3)[8:34]],
    )
    for levels in (lower, upper):
        for i in rng.sample(range(len(levels)), 3):
            levels[i] = rng.choice((0.0, 400.0, levels[i] + 45.0))
    parts = {
        name: shuffled(len(levels), rng, rng.choice((0, 3, 12, 30))) for name, levels in (("A", lower), ("U", upper))
    }
    known = {"A": readings("A", lower), "U": readings("U", upper)}
    while parts["A"] or parts["U"]:
        name = rng.choice([name for name in parts if parts[name]])
        if rng.random() < 0.5 and parts["A"] and parts["U"]:  # mostly in step
            name = max(parts, key=lambda each: len(parts[each]))
        part = parts[name].pop(0)
        now = T0 + max(part) * STEP + timedelta(minutes=rng.choice((0, 1, 5, 300)))
        await bring(conn, [known[name][i] for i in part], max(now, T0 + max(part) * STEP))
        if rng.random() < 0.7:
            await evaluate(conn, RULEBOOK, now, exercise=False)
        if rng.random() < 0.7:
            await foresee(conn, RULEBOOK, now, exercise=False)
    await live(conn, T0 + timedelta(days=2))


async def check(conn: AsyncConnection, seed: int) -> None:
    await story(conn, seed)
    found = [await again(conn, name) for name in "AU"]
    assert [(one.comparable, one.missing, one.surplus) for one in found] == [(True, (), ())] * 2
    assert [(one.same_words, one.same_state) for one in found] == [(True, True)] * 2
    assert sum(one.events for one in found) >= 3


@pytest.mark.parametrize("seed", range(3))
async def test_however_it_came_state_and_events_come_out_to_the_byte(pool: Pool, seed: int) -> None:
    async with pool.connection() as conn:
        await check(conn, seed)
        ((late,),) = await rows(conn, "SELECT count(again_until) FROM foresight_look")
        assert late >= 5, "the story is one of late readings"


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(3, 40))
async def test_dozens_of_stories_come_out_to_the_byte(pool: Pool, seed: int) -> None:
    async with pool.connection() as conn:
        await check(conn, seed)


async def rise(conn: AsyncConnection) -> None:
    """A rise in which the gauge above comes late, so that there is something to keep; four expectations."""
    lower, upper = wave(40, 125, 24)[:36], wave(40, 150, 20, 3)[:36]
    for i in range(36):
        now = T0 + i * STEP
        await bring(conn, readings("A", lower[i : i + 1], now), now)
        await live(conn, now + timedelta(minutes=4))
        await bring(conn, readings("U", upper[i : i + 1], now), now)
        await live(conn, now + timedelta(minutes=5))


async def test_what_the_record_does_not_bear_out_is_found(pool: Pool) -> None:
    async with pool.connection() as conn:
        await rise(conn)
        sound = await again(conn, "A")
        assert sound.sound
        assert sound.events >= 2
        await conn.execute("SAVEPOINT before")
        for change in (
            "UPDATE foresight SET memory = jsonb_set(memory, '{lived}', '0')",
            "UPDATE foresight SET outlook = jsonb_set(outlook, '{rising}', '\"x\"'::jsonb) WHERE false",
            "UPDATE foresight SET issued_at = issued_at - interval '1 second'",
        ):
            done = await conn.execute(change)
            assert (await again(conn, "A")).same_state is (done.rowcount == 0), change
            await conn.execute("ROLLBACK TO before")
        await conn.execute("ALTER TABLE expectation DISABLE TRIGGER USER")
        await conn.execute("UPDATE expectation SET probability = probability - 0.0001")
        assert not (await again(conn, "A")).same_words
        await conn.execute("ROLLBACK TO before")
        await conn.execute("ALTER TABLE foresight_look DISABLE TRIGGER USER")
        await conn.execute("DELETE FROM foresight_look")
        assert not (await again(conn, "A")).sound, "what was seen when is an input"
        await conn.execute("ROLLBACK TO before")
        await conn.execute("UPDATE observation SET value = value - 20 WHERE observed_at > %s", (T0 + 30 * STEP,))
        tampered = await again(conn, "A")
        assert not tampered.same_state
        assert tampered.surplus


async def test_from_where_other_rules_took_over_it_is_judged_again(pool: Pool) -> None:
    lower = replace(PAIRS.stations["A"].limits[0], values={Degree(1): 70.0, Degree(2): 100.0})
    changed = Rulebook(Network(stations={**PAIRS.stations, "A": replace(PAIRS.stations["A"], limits=(lower,))}))
    levels = wave(40, 125, 24)
    async with pool.connection() as conn:
        for i in range(50):
            now = T0 + i * STEP
            await bring(conn, readings("A", levels[i : i + 1], now), now)
            await live(conn, now, RULEBOOK if i < 27 else changed)
        assert not (await again(conn, "A")).comparable, "by other rules than those of today"
        found = await again(conn, "A", changed)
        assert (found.sound, found.comparable, found.since) == (True, True, T0 + 26 * STEP)
        assert found.events >= 1
