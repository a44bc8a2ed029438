"""What is forgotten, and when: texts a month after they were read, refused inputs after a season or beyond the most."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from floodcore.store import inbound, sources
from floodcore.store.connect import Pool
from floodcore.store.retention import REFUSED_KEPT, TEXTS_KEPT, forget
from floodcore.store.sources import Refused

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def a_text(pool: Pool, message: str, at: datetime, *, was_read: bool) -> None:
    async with pool.connection() as conn:
        assert await inbound.keep(conn, inbound.SMS, message, "patrol:novak", f"STAV LK-1 142 {message}", at)
        if was_read:
            (text,) = [each for each in await inbound.waiting(conn, 100) if each.body.endswith(message)]
            await inbound.read(conn, text, "stored", 1, at)


async def refuse(pool: Pool, source: str, at: Sequence[datetime]) -> None:
    async with pool.connection() as conn:
        for moment in at:
            await sources.quarantine(conn, [Refused(source, "here", f"{moment:%H:%M}", b"x")], moment)


async def left(pool: Pool, statement: str) -> list[tuple[object, ...]]:
    async with pool.connection() as conn:
        return await (await conn.execute(statement)).fetchall()


async def test_a_text_is_forgotten_a_month_after_it_was_read_and_never_before_it_is(pool: Pool) -> None:
    await a_text(pool, "old", NOW - TEXTS_KEPT - MINUTE, was_read=True)
    await a_text(pool, "young", NOW - TEXTS_KEPT + MINUTE, was_read=True)
    await a_text(pool, "waits", NOW - 10 * TEXTS_KEPT, was_read=False)
    async with pool.connection() as conn:
        assert await forget(conn, NOW) == ["forgot 1 texts that were read"]
        assert await forget(conn, NOW) == []
    assert await left(pool, "SELECT message FROM inbound_text ORDER BY 1") == [("waits",), ("young",)]


async def test_what_was_refused_is_forgotten_after_a_season_and_still_counted(pool: Pool) -> None:
    await refuse(pool, "push", [NOW - REFUSED_KEPT - MINUTE, NOW - REFUSED_KEPT + MINUTE])
    async with pool.connection() as conn:
        assert await forget(conn, NOW) == ["forgot 1 old refused inputs"]
    assert len(await left(pool, "SELECT 1 FROM quarantine")) == 1
    assert await left(pool, "SELECT quarantined FROM source_health") == [(2,)]


async def test_one_that_sends_nonsense_all_day_does_not_fill_the_disk_or_push_out_others(pool: Pool) -> None:
    await refuse(pool, "tts", [NOW - n * MINUTE for n in range(9, 0, -1)])
    await refuse(pool, "push", [NOW - timedelta(days=1)])
    async with pool.connection() as conn:
        assert await forget(conn, NOW, most=4) == ["forgot 5 refused inputs beyond the most"]
        assert await forget(conn, NOW, most=4) == []
    assert await left(pool, "SELECT source, reason FROM quarantine ORDER BY quarantine_id") == [
        ("tts", "11:56"),
        ("tts", "11:57"),
        ("tts", "11:58"),
        ("tts", "11:59"),
        ("push", "12:00"),
    ]


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 100])
async def test_batch_by_batch_the_same_is_forgotten(pool: Pool, batch: int) -> None:
    await refuse(pool, "tts", [NOW - n * MINUTE for n in range(9, 0, -1)])
    await refuse(pool, "push", [NOW - n * MINUTE for n in range(6, 0, -1)])
    await refuse(pool, "old", [NOW - REFUSED_KEPT - n * MINUTE for n in range(1, 4)])
    for name in ("a", "b", "c"):
        await a_text(pool, name, NOW - TEXTS_KEPT - MINUTE, was_read=True)
    async with pool.connection() as conn:
        assert await forget(conn, NOW, most=4, batch=batch) == [
            "forgot 3 texts that were read",
            "forgot 3 old refused inputs",
            "forgot 7 refused inputs beyond the most",
        ]
    assert await left(pool, "SELECT source, count(*) FROM quarantine GROUP BY 1 ORDER BY 1") == [
        ("push", 4),
        ("tts", 4),
    ]


async def test_a_row_that_somebody_holds_is_left_to_the_next(pool: Pool) -> None:
    await refuse(pool, "push", [NOW - REFUSED_KEPT - n * MINUTE for n in range(1, 4)])
    async with pool.connection() as conn, pool.connection() as other:
        await conn.execute("SET lock_timeout = '5s'")
        await conn.commit()
        await other.execute("SELECT FROM quarantine ORDER BY quarantine_id LIMIT 1 FOR UPDATE")
        assert await forget(conn, NOW) == ["forgot 2 old refused inputs"]
        await other.rollback()
        assert await forget(conn, NOW) == ["forgot 1 old refused inputs"]
