"""What the house forgets, and when. Called by its upkeep and by `hladina db maintain`.

Texts that were read go after a month: the readings stay, and no gateway repeats a message so late. What could not be
decoded goes after a season, earlier where one source gives so much of it that it would fill the disk; what it counted
for stays in `source_health`. A text that still waits to be read is never forgotten. Of the telephone numbers that were
told, the last three digits stay after a season: who says they were not told can be answered (`recipient_id`, event,
receipts and these digits), and nobody can be called. What may still leave, or must be asked for, keeps its number.
Times are of the data.
"""

from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection

TEXTS_KEPT = timedelta(days=30)
REFUSED_KEPT = timedelta(days=90)
NUMBERS_KEPT = timedelta(days=90)
REFUSED_MOST = 10_000  # of each source; at the largest payload 40 MB

_BATCH = 5_000  # rows of one transaction: as long as nobody minds

_TEXTS: LiteralString = """
    DELETE FROM inbound_text WHERE text_id IN (
        SELECT text_id FROM inbound_text WHERE read_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)"""
_OLD: LiteralString = """
    DELETE FROM quarantine WHERE quarantine_id IN (
        SELECT quarantine_id FROM quarantine WHERE received_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)"""
# Masked in place: the rows are the proof of who was told what. The index `delivery_numbers` has this condition.
_NUMBERS: LiteralString = """
    UPDATE delivery SET phone = '…' || right(phone, 3) WHERE delivery_id IN (
        SELECT delivery_id FROM delivery
        WHERE phone LIKE '+%%' AND valid_until < %s AND status NOT IN ('due', 'sending')
        LIMIT %s FOR UPDATE SKIP LOCKED)"""
# Of each source that has too many, the newest that goes.
_SURPLUS: LiteralString = """
    SELECT source, newest FROM (
        SELECT source, (SELECT quarantine_id FROM quarantine n WHERE n.source = s.source
                        ORDER BY quarantine_id DESC OFFSET %s LIMIT 1) AS newest
        FROM (SELECT DISTINCT source FROM quarantine) AS s) AS surplus
    WHERE newest IS NOT NULL ORDER BY source"""
_MANY: LiteralString = """
    DELETE FROM quarantine WHERE quarantine_id IN (
        SELECT quarantine_id FROM quarantine WHERE source = %s AND quarantine_id <= %s
        LIMIT %s FOR UPDATE SKIP LOCKED)"""


async def forget(conn: AsyncConnection, now: datetime, most: int = REFUSED_MOST, batch: int = _BATCH) -> list[str]:
    """Delete, or mask, what is older than its time at `now`; a line for each kind of which there was any.

    In transactions of its own, of `batch` rows each: dying between them leaves the rest to the next. What somebody else
    holds is left, so that two at it do not wait for one another.
    """
    texts = await _gone(conn, _TEXTS, (now - TEXTS_KEPT,), batch)
    old = await _gone(conn, _OLD, (now - REFUSED_KEPT,), batch)
    numbers = await _gone(conn, _NUMBERS, (now - NUMBERS_KEPT,), batch)
    async with conn.transaction():
        surplus = await (await conn.execute(_SURPLUS, (most,))).fetchall()
    many = sum([await _gone(conn, _MANY, (source, newest), batch) for source, newest in surplus])
    found = {
        "texts that were read": texts,
        "old refused inputs": old,
        "refused inputs beyond the most": many,
        "telephone numbers that were told": numbers,
    }
    return [f"forgot {count} {what}" for what, count in found.items() if count > 0]


async def _gone(conn: AsyncConnection, statement: LiteralString, bounds: tuple[object, ...], batch: int) -> int:
    """How many rows went, batch by batch."""
    total = 0
    while True:
        async with conn.transaction():
            count = (await conn.execute(statement, (*bounds, batch))).rowcount
        total += count
        if count < batch:
            return total
