"""The two races of the way through the database: a lost row and a lost mark.

Each is played with the naive code, which loses, and with ours, which does not. The order of the
steps is forced by holding transactions open, so the outcome is no matter of luck.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import marks
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0}, "invented", None)
NETWORK = Network(
    stations={
        name: Station(name, Names(name), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(LIMITS,)) for name in "AB"
    }
)


def readings(name: str, *levels: float, first: int = 0) -> list[Reading]:
    return [Reading(name, Quantity.LEVEL, T0 + (first + i) * STEP, v, v, "cm") for i, v in enumerate(levels)]


@asynccontextmanager
async def connected(database: str) -> AsyncIterator[AsyncConnection]:
    """A connection that holds no transaction but those asked for."""
    async with await AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


async def bring(conn: AsyncConnection, batch: list[Reading]) -> None:
    now = T0 + timedelta(hours=1)
    await store(conn, at_the_door(batch, now), "test", now)


async def judged(conn: AsyncConnection) -> int:
    return (await evaluate(conn, Rulebook(NETWORK), T0, exercise=False)).judged


async def one(conn: AsyncConnection, statement: bytes) -> object:
    row = await (await conn.execute(statement)).fetchone()
    assert row is not None
    return row[0]


async def blocked(conn: AsyncConnection) -> None:
    """Wait until some backend of this database waits for a lock."""
    waiting = b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(500):
        if await one(conn, waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError


# The lost row. Two writers; the one that drew the lower number commits last.


async def test_naive_cursor_on_an_identity_column_loses_the_row_that_commits_last(database: str) -> None:
    async with connected(database) as reader, connected(database) as slow:
        await reader.execute("CREATE TABLE naive (n bigint GENERATED ALWAYS AS IDENTITY, station text)")
        async with slow.transaction():
            await slow.execute("INSERT INTO naive (station) VALUES ('A')")  # number 1, not committed
            async with connected(database) as fast:
                await fast.execute("INSERT INTO naive (station) VALUES ('B')")  # number 2, committed
            seen = await (await reader.execute("SELECT n, station FROM naive WHERE n > 0 ORDER BY n")).fetchall()
            cursor = seen[-1][0]
        seen += await (await reader.execute("SELECT n, station FROM naive WHERE n > %s", (cursor,))).fetchall()
        assert [station for _, station in seen] == ["B"]  # A is lost for ever
        assert await one(reader, b"SELECT count(*) FROM naive") == 2


async def test_dirty_marks_lose_no_row_that_commits_last(database: str) -> None:
    async with connected(database) as engine, connected(database) as slow:
        await bring(engine, [*readings("A", 50.0), *readings("B", 50.0)])
        assert await judged(engine) == 2
        async with slow.transaction():
            await bring(slow, readings("A", 60.0, first=1))
            async with connected(database) as fast:
                await bring(fast, readings("B", 60.0, first=1))
            assert await judged(engine) == 1
        assert await judged(engine) == 1
        assert await one(engine, b"SELECT count(*) FROM series_state WHERE value = 60") == 2


# The lost mark. A writer adds rows to a series whose mark the engine is just claiming.

_NAIVE_MARK = b"INSERT INTO dirty (series_id, marked_at) VALUES (1, now()) ON CONFLICT (series_id) DO NOTHING"
_OBSERVE = b"""
    INSERT INTO observation (series_id, observed_at, value, raw_value, raw_unit, flag, test, late, source, received_at)
    VALUES (1, '2026-06-01T12:20Z', 85, 85, 'cm', 1, '', false, 'test', now())"""


async def test_naive_do_nothing_loses_the_mark(database: str) -> None:
    async with connected(database) as engine, connected(database) as writer:
        await bring(engine, readings("A", 50.0, 60.0))
        async with writer.transaction():
            await writer.execute(_OBSERVE)
            await writer.execute(_NAIVE_MARK)  # the mark stands already, and is not locked
            assert await judged(engine) == 2  # so the engine claims it, and does not see the new row
        assert await judged(engine) == 0  # the row is in the store, and nobody will ever look
        assert await one(engine, b"SELECT count(*) FROM observation") == 3
        assert await one(engine, b"SELECT count(*) FROM event") == 0


async def test_do_update_keeps_the_mark(database: str) -> None:
    async with connected(database) as engine, connected(database) as writer:
        await bring(engine, readings("A", 50.0, 60.0))
        async with writer.transaction():
            await bring(writer, readings("A", 85.0, first=2))
            assert await judged(engine) == 2  # the mark is the writer's: it is not cleared, and nobody waits
        assert await judged(engine) == 1
        assert await one(engine, b"SELECT count(*) FROM event") == 1
        assert await one(engine, b"SELECT count(*) FROM dirty") == 0


async def test_a_mark_set_after_it_was_cleared_waits_and_stays(database: str) -> None:
    async with connected(database) as engine, connected(database) as watcher:
        await bring(engine, readings("A", 50.0, 60.0))
        async with connected(database) as writer:
            async with engine.transaction():
                assert await judged(engine) == 2
                task = asyncio.create_task(bring(writer, readings("A", 85.0, first=2)))
                await blocked(watcher)  # the writer waits for the engine's commit, which is next
            await task
        assert await judged(engine) == 1
        assert await one(engine, b"SELECT to_degree FROM event") == 1


async def test_naive_clearing_of_what_was_claimed_loses_the_mark(database: str) -> None:
    async with connected(database) as engine, connected(database) as writer:
        await bring(engine, readings("A", 50.0, 60.0))
        async with engine.transaction():
            seen = await marks.claim(engine, 10)
            assert await one(engine, b"SELECT max(value) FROM observation") == 60.0
            await bring(writer, readings("A", 85.0, first=2))
            await engine.execute("DELETE FROM dirty WHERE series_id = ANY(%s)", (list(seen),))
        assert await one(engine, b"SELECT max(value) FROM observation") == 85.0
        assert await one(engine, b"SELECT count(*) FROM dirty") == 0  # 85 cm stands unjudged, with no mark


async def test_a_mark_renewed_while_the_engine_judges_is_not_cleared_and_nobody_waits(database: str) -> None:
    async with connected(database) as engine, connected(database) as writer:
        await bring(engine, [*readings("A", 50.0, 60.0), *readings("B", 50.0)])
        async with engine.transaction():
            seen = await marks.claim(engine, 10)
            await asyncio.wait_for(bring(writer, readings("A", 85.0, first=2)), 5)  # a lock would hold it up
            await marks.clear(engine, seen, [], T0)
        assert await one(engine, b"SELECT station_id FROM dirty JOIN series USING (series_id)") == "A"


async def test_a_count_is_never_used_twice(database: str) -> None:
    """An engine may hold a mark it saw before another engine cleared it; the next mark must not look like that one."""
    async with connected(database) as slow, connected(database) as quick, connected(database) as writer:
        await bring(writer, readings("A", 50.0, 60.0))
        async with quick.transaction():
            stale = await marks.claim(quick, 10)
        assert await judged(quick) == 2
        await bring(writer, readings("A", 85.0, first=2))
        async with slow.transaction():
            await marks.clear(slow, stale, [], T0)
        assert await judged(quick) == 1


async def test_two_engines_never_judge_one_series_and_share_the_rest(database: str) -> None:
    async with connected(database) as first, connected(database) as second:
        await bring(first, [*readings("A", 50.0), *readings("B", 50.0)])
        async with first.transaction(), second.transaction():
            (one_of_them,) = await marks.claim(first, 1)
            (other,) = await marks.claim(second, 10)
            assert one_of_them != other
            assert list(await marks.claim(first, 10)) == [one_of_them]  # what is one's own may be claimed again


async def test_what_one_round_cannot_finish_goes_to_the_end_of_the_queue(database: str) -> None:
    async with connected(database) as engine:
        await bring(engine, [*readings("A", 50.0), *readings("B", 50.0)])
        async with engine.transaction():
            seen = await marks.claim(engine, 10)
            await marks.clear(engine, seen, [min(seen)], T0 + timedelta(hours=2))
        assert await marks.waiting(engine, 10) == [min(seen)]


async def test_naive_read_before_the_claim_loses_what_commits_between(database: str) -> None:
    async with connected(database) as engine, connected(database) as writer:
        await bring(engine, readings("A", 50.0, 60.0))
        before = await one(engine, b"SELECT max(value) FROM observation")
        await bring(writer, readings("A", 85.0, first=2))
        await engine.execute("DELETE FROM dirty")  # the claim comes after the read
        assert before == 60.0
        assert await one(engine, b"SELECT count(*) FROM dirty") == 0  # 85 cm stands unjudged, with no mark


async def test_an_engine_that_dies_in_its_round_leaves_the_mark(database: str) -> None:
    async with connected(database) as conn:
        await bring(conn, readings("A", 60.0, 70.0, 85.0))
        dying = await AsyncConnection.connect(database, autocommit=True)
        pid = dying.info.backend_pid
        async with dying.transaction(force_rollback=True):
            assert await judged(dying) == 3
            assert await judged(conn) == 0
            await conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
            with suppress(psycopg.OperationalError):
                await dying.execute("SELECT 1")
        for _ in range(100):
            if await judged(conn):
                break
            await asyncio.sleep(0.01)
        assert await one(conn, b"SELECT count(*) FROM event") == 1
