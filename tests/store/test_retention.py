"""What is forgotten, and when: texts a month after they were read, refused inputs after a season or beyond the most."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest

from floodcore.store import inbound, sources
from floodcore.store.connect import Pool
from floodcore.store.retention import NUMBERS_KEPT, REFUSED_KEPT, TEXTS_KEPT, forget
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


async def tell(pool: Pool, told: Sequence[tuple[str, str, datetime]]) -> None:
    """One event, and a text about it for each (phone, status, valid until)."""
    async with pool.connection() as conn:
        row = await (await conn.execute(_EVENT, (NOW,))).fetchone()
        assert row is not None
        for number, (phone, status, until) in enumerate(told):
            await conn.execute(_DELIVERY, (row[0], number, phone, f"T{number}", status, until))


_EVENT: LiteralString = """
    INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit, limit_value,
                       trend, chain, rule_version, exercise)
    VALUES ('hradek', 'level', 'reached', %s, 0, 2, 'reached', 213.0, 'cm', 200.0, 'rising', 'chain', 'test', false)
    RETURNING event_id"""
_DELIVERY: LiteralString = """
    INSERT INTO delivery (event_id, recipient_id, phone, body, segments, token, status, priority, valid_until)
    VALUES (%s, %s, %s, 'x', 1, %s, %s, 2, %s)"""
PHONES = "SELECT phone FROM delivery ORDER BY delivery_id"


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_numbers_that_were_told_are_masked_and_those_that_may_still_be_asked_for_are_not(
    pool: Pool, batch: int
) -> None:
    old, young = NOW - NUMBERS_KEPT - MINUTE, NOW - NUMBERS_KEPT + MINUTE
    over = ["accepted", "sent", "delivered", "undelivered", "failed", "expired"]
    told = [(f"+42060000010{n}", status, old) for n, status in enumerate(over)]
    kept = [("+420600000201", "delivered", young), ("+420600000202", "due", old), ("+420600000203", "sending", old)]
    await tell(pool, [*told, *kept, ("", "delivered", old)])
    async with pool.connection() as conn:
        assert await forget(conn, NOW, batch=batch) == ["forgot 6 telephone numbers that were told"]
        assert await forget(conn, NOW, batch=batch) == []
    masked = [(f"…10{n}",) for n in range(len(over))]
    assert await left(pool, PHONES) == [*masked, *((phone,) for phone, _, _ in kept), ("",)]


async def test_numbers_are_found_by_their_index(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await (await conn.execute("EXPLAIN " + _FIND, (NOW,))).fetchall()
    assert "delivery_numbers" in "\n".join(str(line[0]) for line in plan)


_FIND: LiteralString = (
    "SELECT 1 FROM delivery WHERE phone LIKE '+%%' AND valid_until < %s AND status NOT IN ('due', 'sending')"
)
