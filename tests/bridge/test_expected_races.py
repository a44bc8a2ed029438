"""A proof that meets a forecast or the bridge at work: what is expected is told, and once (ADR 0029)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from alerting.notify.expanding import expand_one
from alerting.vouch import look
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.settings import Settings
from floodcore.store import contacts, notes, telling
from floodcore.store.connect import Pool
from floodcore.store.contacts import NewRecipient
from floodcore.store.notes import NewNote
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Cause, Language
from tests.bridge.test_expected_below import CALM, Living
from tests.engine.test_foresee import COUPLED, STEP, T0, bring, readings, run
from tests.rows import rows

RULEBOOK = Rulebook(COUPLED)
BELOW, ABOVE = [71.0 + 0.4 * i for i in range(12)], [460.0 + i % 2 for i in range(12)]
EXPECTED = "SELECT event_id FROM event WHERE station_id = '{name}' AND kind = 'expected'"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@asynccontextmanager
async def connections(pool: Pool, count: int) -> AsyncIterator[list[AsyncConnection]]:
    """Connections that commit by themselves."""
    found = [await pool.getconn() for _ in range(count)]
    try:
        for conn in found:
            await conn.set_autocommit(True)
        yield found
    finally:
        for conn in found:
            await pool.putconn(conn)


async def waits(conn: AsyncConnection, count: int) -> None:
    """Come back when `count` wait for a lock."""
    async with asyncio.timeout(20):
        while (await rows(conn, WAITING))[0][0] < count:
            await asyncio.sleep(0.01)


async def seen(conn: AsyncConnection, name: str, now: datetime) -> None:
    """An officer says that it is water."""
    async with conn.transaction():
        await notes.add(conn, NewNote(name, Cause.NATURAL, now, None, "officer", {Language.CS: "voda"}), now)


async def test_what_is_being_expected_while_the_rise_above_is_proved_is_told(
    pool: Pool, texts: Texts, tmp_path: Path, database: str
) -> None:
    living = Living(pool, texts)
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})

    async def tell(now: datetime) -> None:
        clock = Clock(now, datetime.now(UTC))
        settings = replace(Settings(database, tmp_path), clock=clock)
        while await expand_one(House(settings, pool, COUPLED, texts, Supervisor(clock))):
            pass
        await living.publish(now)

    async with connections(pool, 4) as (conn, foreseeing, writing, proving):
        await contacts.add(conn, NewRecipient("+420600000001", "cs", "resident", 1, ("A",), 1, 0.1))
        for at in range(12):
            now = T0 + (living.step + at) * STEP
            levels = (("A", BELOW[at]), ("U", ABOVE[at]), ("V", CALM[at]))
            await bring(conn, [readings(name, [value], now)[0] for name, value in levels], now)
            await evaluate(conn, RULEBOOK, now, exercise=False)
            await tell(now)
            if at == 1:
                await seen(conn, "U", now)
            async with writing.transaction():
                async with foreseeing.transaction():
                    await foresee(foreseeing, RULEBOOK, now, exercise=False)
                    found = bool(await rows(foreseeing, EXPECTED.format(name="A")))
                    if found:  # somebody stands in line for the book, and then the proof
                        writer = asyncio.create_task(writing.execute("SELECT pg_advisory_xact_lock(35663)"))
                        await waits(conn, 1)
                        proof = asyncio.create_task(look(proving, RULEBOOK, now, exercise=False))
                        await waits(conn, 2)
                if found:
                    await writer
                    await tell(now)
                    assert await rows(conn, "SELECT event_id FROM delivery") == [], "it is not proved yet"
                    assert await living.said("A") == []
            if found:
                assert await proof == 1
                break
        await tell(now)
        assert await living.said("A") == ["CZ-SPA-EXPECTED=1"]
        told = "SELECT kind, to_degree FROM delivery JOIN event USING (event_id) WHERE station_id = 'A'"
        assert await rows(conn, told) == [("expected", 1)]


async def both(living: Living, conn: AsyncConnection) -> datetime:
    """U has leapt and is not proved; V, above it, has an expectation of its own that is not told yet."""
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    for at in range(12):
        now = T0 + living.step * STEP
        levels = (("A", CALM[at] + 30), ("U", ABOVE[at]), ("V", 41.0 + 0.4 * at * at))
        await bring(conn, [readings(name, [value], now)[0] for name, value in levels], now)
        await run(conn, now, COUPLED)
        if at and await rows(conn, EXPECTED.format(name="V")):
            assert len(await rows(conn, "SELECT FROM series_state WHERE firm IS NOT NULL")) == 1
            return now
        await living.publish(now)
        living.step += 1
    raise AssertionError


async def test_a_proof_does_not_wait_for_the_message_of_a_gauge_above(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    async with connections(pool, 3) as (conn, bridging, proving):
        now = await both(living, conn)
        await seen(conn, "U", now)
        ours = "SELECT FROM announcement JOIN event USING (event_id) WHERE station_id = 'V' AND kind = 'expected'"
        async with bridging.transaction():
            assert len(await rows(bridging, f"{ours} FOR UPDATE OF announcement")) == 2
            async with asyncio.timeout(20):
                assert await look(proving, RULEBOOK, now, exercise=False) == 1
        await living.publish(now)
        assert await living.said("V") == ["CZ-SPA-EXPECTED=1"]


async def test_what_is_opened_again_while_it_is_told_is_told_once(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    async with connections(pool, 3) as (conn, holding, opening):
        now = await both(living, conn)
        chains = [name for (name,) in await rows(conn, "SELECT chain FROM event WHERE station_id = 'U'")]
        async with holding.transaction():  # the bridge comes as far as its message
            await holding.execute("LOCK TABLE cap_message IN SHARE ROW EXCLUSIVE MODE")
            bridge = asyncio.create_task(living.publish(now))
            await waits(conn, 1)
            again = asyncio.create_task(telling.reopen(opening, chains, ["V"], now))
            await waits(conn, 2)
        await bridge
        assert await again == 2, "it was not told yet when this was asked"
        await living.publish(now + timedelta(seconds=5))
        assert await living.said("V") == ["CZ-SPA-EXPECTED=1"]
        assert await rows(conn, "SELECT FROM announcement WHERE channel = 'cap' AND done_at IS NULL") == []
