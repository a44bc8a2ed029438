"""Texts that came in and wait to be read: of loggers, and of people who read a staff gauge.

Whoever receives a text keeps it here (the hook of the gateway, the page of the patrols) and answers only
then; the collectors read each once. A sender is `logger:<station>` or `patrol:<person>`, never a telephone
number, and numbers inside a text are struck out once it is read; a month later it is forgotten
(`floodcore.store.retention`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.phones import without_phones

LOGGER, PATROL = "logger:", "patrol:"
SMS, PAGE = "sms", "page"
TEXT_CAP = 1600  # characters of the longest text that the gateway joins together

_KEEP: LiteralString = """
    INSERT INTO inbound_text (channel, message, sender, body, received_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (channel, message) DO NOTHING"""
_WAITING: LiteralString = """
    SELECT text_id, channel, sender, body, received_at, read_at, outcome FROM inbound_text
    WHERE read_at IS NULL ORDER BY text_id LIMIT %s FOR UPDATE SKIP LOCKED"""
_READ: LiteralString = """
    UPDATE inbound_text SET read_at = %s, outcome = %s, readings = %s, body = %s WHERE text_id = %s"""
_OF: LiteralString = """
    SELECT text_id, channel, sender, body, received_at, read_at, outcome FROM inbound_text
    WHERE sender = %s ORDER BY text_id DESC LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Text:
    """A text. `outcome` is empty while it waits, then stored, repeated, contradicts or refused."""

    text_id: int
    channel: str
    sender: str
    body: str
    received_at: datetime
    read_at: datetime | None
    outcome: str


async def keep(
    conn: AsyncConnection, channel: str, message: str, sender: str, body: str, received_at: datetime
) -> bool:
    """Keep a text once; False when `message` was kept before. Cut to `TEXT_CAP`, without what no text holds."""
    plain = body[:TEXT_CAP].replace("\x00", "").encode("utf-8", "replace").decode()
    cursor = await conn.execute(_KEEP, (channel, message, sender, plain, received_at))
    return cursor.rowcount == 1


async def waiting(conn: AsyncConnection, limit: int) -> list[Text]:
    """The oldest texts nobody has read, locked until the end of the transaction."""
    async with conn.cursor(row_factory=class_row(Text)) as cursor:
        await cursor.execute(_WAITING, (limit,))
        return await cursor.fetchall()


async def read(conn: AsyncConnection, text: Text, outcome: str, readings: int, at: datetime) -> None:
    """`text` was read, and its telephone numbers go; to be called in the transaction that stores its readings."""
    await conn.execute(_READ, (at, outcome, readings, without_phones(text.body), text.text_id))


async def of(conn: AsyncConnection, sender: str, limit: int) -> Sequence[Text]:
    """The newest texts of `sender`, newest first."""
    async with conn.cursor(row_factory=class_row(Text)) as cursor:
        await cursor.execute(_OF, (sender, limit))
        return await cursor.fetchall()
