"""A look for vouches keeps no gauge from being judged, and writes only of what is still as it was read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import LiteralString

from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from alerting.answering import answers, asked
from alerting.engine.proof import Doubt, Proof
from alerting.vouch import look
from floodcore.network.model import Network
from floodcore.quality.door import at_the_door
from floodcore.store import marks, notes
from floodcore.store.connect import Pool
from floodcore.store.doubts import Word
from floodcore.store.ingest import store
from floodcore.store.notes import NewNote
from floodcore.words import Cause, Degree, Language, Quantity, Reading
from tests.engine.test_vouch import ABOVE, CALM, END, LEAPT, REACHED, RULEBOOK, STEP, T0, bring, events, sound


async def waits(conn: AsyncConnection, table: str) -> None:
    """Come back when somebody waits for `table`."""
    asked_for = "SELECT FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    async with asyncio.timeout(20):
        while await (await conn.execute(asked_for, (table,))).fetchone() is None:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def stopped(
    pool: Pool, table: LiteralString, mode: LiteralString = "ACCESS EXCLUSIVE"
) -> AsyncIterator[tuple[AsyncConnection, "asyncio.Task[int]"]]:
    """A look that came as far as `table` and stands there until the block ends."""
    async with pool.connection() as looking, pool.connection() as other:
        await other.set_autocommit(True)
        async with other.transaction():
            await other.execute(f"LOCK TABLE {table} IN {mode} MODE")
            task = asyncio.create_task(look(looking, RULEBOOK, END, exercise=False))
            await waits(other, table)
            yield other, task
        async with asyncio.timeout(20):
            await task


async def seen(conn: AsyncConnection, *stations: str) -> None:
    for station in stations:
        async with conn.transaction():
            note = NewNote(station, Cause.NATURAL, END, None, "officer", {Language.CS: "vidím"})
            await notes.add(conn, note, END)


async def claimable(pool: Pool) -> set[str]:
    """The stations that the engine can judge just now; all have something to judge."""
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("SET LOCAL lock_timeout = '5s'")
        claimed = list(await marks.claim(conn, 10))
        cursor = await conn.execute("SELECT station_id FROM series WHERE series_id = ANY(%s)", (claimed,))
        return {station for (station,) in await cursor.fetchall()}


async def marked(conn: AsyncConnection, *stations: str) -> None:
    batch = [Reading(station, Quantity.LEVEL, END + STEP, 182.0, 182.0, "cm") for station in stations]
    async with conn.transaction():
        await store(conn, at_the_door(batch, END + STEP), "test", END + STEP)


async def test_a_leapt_gauge_is_judged_while_the_words_of_others_are_read(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        await marked(conn, "above")
        async with stopped(pool, "observation"):
            assert await claimable(pool) == {"above"}


async def test_a_leapt_gauge_is_judged_while_another_is_proved(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        await bring(conn, "below", LEAPT)
        await seen(conn, "above", "below")
        await marked(conn, "above", "below")
        async with stopped(pool, "vouch") as (_, task):
            assert await claimable(pool) == {"below"}
        assert task.result() == 2


async def test_what_was_judged_since_it_was_read_is_left_to_the_next_look(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        await seen(conn, "above")
        async with stopped(pool, "observation") as (other, task):
            await other.execute("UPDATE series_state SET updated_at = updated_at + interval '1 second'")
        assert task.result() == 0
        assert await events(conn) == [REACHED]
        assert await look(conn, RULEBOOK, END, exercise=False) == 1
        assert await sound(conn)


async def test_a_neighbour_that_turned_out_to_be_unproved_answers_for_nobody(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "below", (*CALM, 65.0, 82.0, 98.0, 116.0))
        await bring(conn, "above", LEAPT)
        async with stopped(pool, "series", "EXCLUSIVE") as (other, task):
            await other.execute(
                "UPDATE series_state SET firm = 0 FROM series s WHERE station_id = 'below'"
                " AND s.series_id = series_state.series_id"
            )
        assert task.result() == 0
        assert await events(conn) == [REACHED]


PLACES = st.tuples(st.sampled_from([None, "beck", "burn"]), st.floats(50.0, 50.6), st.sampled_from([None, 15.0, 15.1]))


@given(
    places=st.lists(PLACES, min_size=2, max_size=6),
    linked=st.booleans(),
    rising=st.lists(st.sampled_from([0.0, 40.0]), min_size=6, max_size=6),
    wet=st.lists(st.sampled_from([0.0, 20.0]), min_size=6, max_size=6),
)
def test_who_is_not_asked_could_not_have_answered(
    places: list[tuple[str | None, float, float | None]], linked: bool, rising: list[float], wet: list[float]
) -> None:
    stations = {
        f"g{i}": replace(ABOVE, id=f"g{i}", river=river, lat=lat, lon=lon, upstream=("g1",) if linked and not i else ())
        for i, (river, lat, lon) in enumerate(places)
    }
    network = Network(stations=stations)
    since = T0 + 12 * STEP
    proof = Proof(Degree.NONE, Doubt.LEAP, since, 50.0, 180.0, Degree.READINESS)
    words = [word for i, name in enumerate(stations) for word in _words(name, since, rising[i], wet[i])]
    heard = asked(network, {"g0"})
    assert set(heard) == {"g0"}
    kept = [word for word in words if word.station_id in heard["g0"]]
    assert answers(network, "g0", proof, (), kept, ()) == answers(network, "g0", proof, (), words, ())


def _words(name: str, since: datetime, rise: float, rain: float) -> list[Word]:
    times = [since + n * STEP for n in range(-4, 4)]
    level = [Word(1, name, Quantity.LEVEL, at, 50.0 + (rise if at >= since else 0.0)) for at in times]
    return [*level, Word(2, name, Quantity.RAIN, since, rain)]
