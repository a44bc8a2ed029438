"""The store's only way in: immutable, idempotent, late decided once, no mark lost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floodcore.store import ingest, sources
from floodcore.store.connect import Pool
from floodcore.store.ingest import Stored, durable, store
from floodcore.words import Flag, Observation, Quantity, Reading
from tests.rows import rows_of

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = T0 + timedelta(days=1)
CLAIM = "DELETE FROM dirty WHERE series_id IN (SELECT series_id FROM dirty FOR UPDATE SKIP LOCKED) RETURNING series_id"


def seen(minute: int, value: float | None = 100.0, station: str = "mlyn") -> Observation:
    reading = Reading(station, Quantity.LEVEL, T0 + timedelta(minutes=minute), value, value, "cm")
    return Observation(reading, Flag.GOOD if value is not None else Flag.MISSING, "")


async def put(pool: Pool, *observations: Observation) -> Stored:
    async with pool.connection() as conn:
        return await store(conn, observations, "test", NOW)


async def test_a_batch_is_stored_with_its_flags_and_marks_its_series(pool: Pool) -> None:
    wild = Observation(Reading("jez", Quantity.RAIN, T0, -5.0, -5.0, "mm"), Flag.FAIL, "gross_range")
    assert await put(pool, seen(0), seen(10, None), wild) == Stored(new=3)
    stored = await rows_of(
        pool,
        "SELECT station_id, quantity, unit, observed_at, value, flag, test, late, source, received_at"
        " FROM observation JOIN series USING (series_id) ORDER BY 1, 2, 4",
    )
    assert stored == [
        ("jez", "rain", "mm", T0, -5.0, 4, "gross_range", False, "test", NOW),
        ("mlyn", "level", "cm", T0, 100.0, 1, "", False, "test", NOW),
        ("mlyn", "level", "cm", T0 + timedelta(minutes=10), None, 9, "", False, "test", NOW),
    ]
    assert len(await rows_of(pool, "SELECT * FROM dirty")) == 2
    assert await rows_of(pool, "SELECT newest_at FROM tip ORDER BY 1") == [(T0,), (T0 + timedelta(minutes=10),)]


async def test_a_repeat_changes_nothing_and_marks_nothing(pool: Pool) -> None:
    await put(pool, seen(0), seen(10))
    await rows_of(pool, "DELETE FROM dirty RETURNING 1")
    assert await put(pool, seen(0), seen(10)) == Stored(repeated=2)
    assert await rows_of(pool, "SELECT count(*) FROM observation") == [(2,)]
    assert await rows_of(pool, "SELECT * FROM dirty") == []


async def test_the_first_value_stands_and_the_other_is_noted_once(pool: Pool) -> None:
    await put(pool, seen(0, 100.0), seen(10))
    for hour in range(3):
        async with pool.connection() as conn:
            received_at = NOW + timedelta(hours=hour)
            assert await store(conn, [seen(0, 170.0)], "test", received_at) == Stored(contradictory=1)
    assert await rows_of(pool, "SELECT value FROM observation ORDER BY observed_at LIMIT 1") == [(100.0,)]
    assert await rows_of(pool, "SELECT stored, offered FROM contradiction") == [(100.0, 170.0)]


async def test_twins_within_a_batch(pool: Pool) -> None:
    assert await put(pool, seen(0, 1.0), seen(0, 1.0), seen(0, 2.0)) == Stored(new=1, repeated=1, contradictory=1)
    assert await put(pool, seen(5, 1.0), seen(-5, 1.0), seen(-5, 2.0)) == Stored(new=2, late=1, contradictory=1)


async def test_late_is_older_than_what_was_committed_and_too_late_leaves_no_mark(pool: Pool) -> None:
    await put(pool, seen(30))
    await rows_of(pool, "DELETE FROM dirty RETURNING 1")
    assert await put(pool, seen(-330), seen(-340), seen(10, station="jez")) == Stored(new=3, late=2)
    late = await rows_of(pool, "SELECT station_id, late FROM observation JOIN series USING (series_id) ORDER BY 1, 2")
    assert late == [("jez", False), ("mlyn", False), ("mlyn", True), ("mlyn", True)]
    assert await rows_of(pool, "SELECT station_id FROM dirty JOIN series USING (series_id)") == [("jez",)]
    assert await put(pool, seen(-329), seen(-331)) == Stored(new=2, late=2)
    deliveries = await rows_of(pool, "SELECT delivery FROM observation WHERE series_id = 1 ORDER BY observed_at")
    assert deliveries == [(0,), (0,), (0,), (2,), (1,)]
    marks = "SELECT station_id, late, renewed FROM dirty JOIN series USING (series_id) ORDER BY 1"
    jez, mlyn = await rows_of(pool, marks)
    assert (jez[:2], mlyn[:2]) == (("jez", False), ("mlyn", True))
    assert await put(pool, seen(-329), seen(-325)) == Stored(new=1, late=1, repeated=1)
    again, renewed = await rows_of(pool, marks)
    assert again == jez
    assert renewed[2] > mlyn[2]


async def test_order_within_a_batch_means_nothing(pool: Pool) -> None:
    assert await put(pool, seen(20), seen(0), seen(10)) == Stored(new=3)


@pytest.mark.parametrize("test", ["future", "old"])
async def test_a_wild_clock_does_not_become_the_tip(pool: Pool, test: str) -> None:
    far = Reading("mlyn", Quantity.LEVEL, T0 + timedelta(days=400), 99.0, 99.0, "cm")
    assert await put(pool, Observation(far, Flag.FAIL, test), seen(0)) == Stored(new=1, refused=1)
    assert await rows_of(pool, "SELECT newest_at FROM tip") == [(T0,)]
    kept = await rows_of(pool, "SELECT source, origin, reason FROM quarantine")
    assert kept == [("test", "mlyn", f"{test}: time stamp out of bounds")]
    assert await rows_of(pool, "SELECT quarantined FROM source_health") == [(1,)]


async def test_only_a_wild_clock_makes_no_series(pool: Pool) -> None:
    far = Reading("mlyn", Quantity.LEVEL, T0 + timedelta(days=400), 99.0, 99.0, "cm")
    assert await put(pool, Observation(far, Flag.FAIL, "future")) == Stored(refused=1)
    assert await rows_of(pool, "SELECT * FROM series") == []


async def test_inside_a_transaction_the_caller_decides(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(ZeroDivisionError):
            await _change_ones_mind(conn)
    assert await rows_of(pool, "SELECT * FROM series") == []
    assert await put(pool, seen(0)) == Stored(new=1)


async def _change_ones_mind(conn: psycopg.AsyncConnection) -> None:
    async with durable(conn):
        await store(conn, [seen(0)], "test", NOW)
        _ = 1 / 0


async def test_two_writers_of_one_series_are_put_in_a_line(pool: Pool) -> None:
    """The older reading waits for the newer to commit, and is late. Without the lock it would not be."""
    await put(pool, seen(0))
    async with pool.connection() as first, first.transaction():
        await store(first, [seen(20)], "test", NOW)
        second = asyncio.create_task(put(pool, seen(10)))
        await asyncio.sleep(0.2)
        assert not second.done()
    assert await second == Stored(new=1, late=1)


async def test_a_refused_stamp_does_not_make_two_writers_wait_for_each_other(pool: Pool) -> None:
    """One counts its source and waits for the tip, the other holds the tip and is about to count."""
    wild = replace(seen(10), test="future", flag=Flag.FAIL)
    await put(pool, seen(0), wild)
    async with pool.connection() as first, first.transaction():
        await store(first, [seen(20)], "test", NOW)
        second = asyncio.create_task(put(pool, seen(30), wild))
        await asyncio.sleep(0.2)
        await sources.note_heard(first, "test", NOW, 1)
    assert await second == Stored(new=1, refused=1)


async def test_the_mark_cannot_be_claimed_before_the_rows_are_seen(pool: Pool) -> None:
    """With ON CONFLICT DO NOTHING the engine takes the old mark, sees no new row, and the mark is lost."""
    await put(pool, seen(0))
    async with pool.connection() as writer, pool.connection() as engine:
        async with writer.transaction():
            await store(writer, [seen(10)], "test", NOW)
            async with engine.transaction():
                assert await (await engine.execute(CLAIM)).fetchall() == []
        async with engine.transaction():
            assert len(await (await engine.execute(CLAIM)).fetchall()) == 1
            assert await (await engine.execute("SELECT count(*) FROM observation")).fetchone() == (2,)


async def test_a_mark_taken_by_the_engine_comes_back_with_the_next_reading(pool: Pool) -> None:
    await put(pool, seen(0))
    async with pool.connection() as engine, engine.transaction():
        assert len(await (await engine.execute(CLAIM)).fetchall()) == 1
        writing = asyncio.create_task(put(pool, seen(10)))
        await asyncio.sleep(0.2)
    assert await writing == Stored(new=1)
    assert len(await rows_of(pool, "SELECT * FROM dirty")) == 1


async def test_the_engine_is_woken_by_the_commit(pool: Pool, database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as listener:
        await listener.execute("LISTEN hladina_dirty")
        await put(pool, seen(0))
        heard = [note.channel async for note in listener.notifies(timeout=5, stop_after=1)]
    assert heard == ["hladina_dirty"]


async def test_many_writers_of_new_series_together(pool: Pool) -> None:
    batches = [[seen(minute, station=f"s{(minute + k) % 7}") for k in range(5)] for minute in range(12)]
    results = await asyncio.gather(*(put(pool, *batch) for batch in batches), return_exceptions=True)
    for batch, result in zip(batches, results, strict=True):
        if isinstance(result, psycopg.errors.DeadlockDetected):  # allowed, and then sent again
            await put(pool, *batch)
        else:
            assert isinstance(result, Stored)
    assert await rows_of(pool, "SELECT count(*) FROM observation") == [(60,)]


_MINUTES = st.integers(0, 12)
_BATCHES = st.lists(st.lists(st.tuples(_MINUTES, st.sampled_from(["a", "b"])), max_size=8), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=_BATCHES)
async def test_law_of_the_store(pool: Pool, batches: list[list[tuple[int, str]]]) -> None:
    """Each (series, time) is stored once, with its first value, late exactly if a newer one was committed before."""
    async with pool.connection() as conn:
        await conn.execute("DELETE FROM observation; DELETE FROM dirty; DELETE FROM tip; DELETE FROM series")
    model: dict[tuple[str, int], tuple[float, bool]] = {}
    tips: dict[str, int] = {}
    for number, batch in enumerate(batches):
        before = dict(tips)
        for minute, station in batch:
            late = station in before and minute < before[station]
            model.setdefault((station, minute), (float(number), late))
            tips[station] = max(tips.get(station, minute), minute)
        result = await put(pool, *(seen(minute, float(number), station) for minute, station in batch))
        assert result.new + result.repeated + result.contradictory == len(batch)
    stored = await rows_of(
        pool, "SELECT station_id, observed_at, value, late FROM observation JOIN series USING (series_id)"
    )
    assert {(s, (at - T0) // timedelta(minutes=1)): (value, late) for s, at, value, late in stored} == model
    found = await rows_of(pool, "SELECT station_id, newest_at FROM tip JOIN series USING (series_id)")
    assert {s: (at - T0) // timedelta(minutes=1) for s, at in found} == tips


def test_the_copy_names_as_many_types_as_columns() -> None:
    assert ingest._COPY.count(",") + 1 == len(ingest._COPY_TYPES)


async def test_whole_and_broken_numbers_come_again_together(pool: Pool) -> None:
    """A batch that the broker sends again after a crash; some decoders give 1234, some 276.6."""
    batch = [
        Observation(Reading("brod", Quantity.LEVEL, NOW - timedelta(minutes=m), v, v, "cm"), Flag.GOOD, "")
        for m, v in enumerate((112, 112.5, 113, None))
    ]
    async with pool.connection() as conn:
        await ingest.store(conn, batch, "tts", NOW)
        assert await ingest.store(conn, batch, "tts", NOW) == ingest.Stored(repeated=4)
