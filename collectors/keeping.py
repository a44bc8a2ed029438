"""The one way from readings to the committed store, shared by the three collectors."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import AsyncConnection

from floodcore.quality import at_the_door
from floodcore.store.ingest import Stored, durable, store
from floodcore.store.sources import Cursor, Refused, keep_cursor, note_heard, quarantine
from floodcore.words import Reading


async def keep(
    conn: AsyncConnection,
    source: str,
    readings: Sequence[Reading],
    refused: Sequence[Refused],
    now: datetime,
    *,
    cursor: Cursor | None = None,
) -> Stored:
    """Check and store `readings`, with what was refused, the health of `source` and its cursor, in one transaction.

    `now` is data time. When this returns, all of it is committed: only then acknowledge.

    Raises:
        psycopg.Error: nothing was stored.
    """
    async with durable(conn):
        return await store_all(conn, source, readings, refused, now, cursor=cursor)


async def store_all(
    conn: AsyncConnection,
    source: str,
    readings: Sequence[Reading],
    refused: Sequence[Refused],
    now: datetime,
    *,
    cursor: Cursor | None = None,
) -> Stored:
    """What `keep` does, inside a transaction of the caller, who has more to move with the readings."""
    stored = await store(conn, at_the_door(readings, now), source, now)
    await quarantine(conn, refused, now)
    await note_heard(conn, source, now, stored.new)
    if cursor is not None:
        await keep_cursor(conn, source, cursor)
    return stored
