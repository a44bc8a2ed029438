"""What the collectors remember of their sources: cursors, health, and the quarantine of what could not be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

# Enough to see what came; a hostile sender must not fill the disk.
PAYLOAD_CAP = 4096
_TEXT_CAP = 500

_QUARANTINE: LiteralString = """
    INSERT INTO quarantine (source, origin, reason, payload, payload_size, received_at)
    SELECT refused.*, %s
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::int[]) AS refused"""
_COUNT_REFUSED: LiteralString = """
    INSERT INTO source_health (source, quarantined)
    SELECT source, count(*) FROM unnest(%s::text[]) AS source GROUP BY source ORDER BY source
    ON CONFLICT (source) DO UPDATE SET quarantined = source_health.quarantined + excluded.quarantined"""
_CURSORS: LiteralString = """
    SELECT item, etag, last_modified, newest_at FROM source_cursor WHERE source = %s"""
_KEEP: LiteralString = """
    INSERT INTO source_cursor (source, item, etag, last_modified, newest_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (source, item) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
        newest_at = greatest(source_cursor.newest_at, excluded.newest_at)"""
_HEARD: LiteralString = """
    INSERT INTO source_health (source, ok_at, readings) VALUES (%s, %s, %s)
    ON CONFLICT (source) DO UPDATE SET ok_at = excluded.ok_at,
        readings = source_health.readings + excluded.readings"""
_WORKED: LiteralString = """
    INSERT INTO source_health (source, ok_at) VALUES (%s, %s)
    ON CONFLICT (source) DO UPDATE SET ok_at = excluded.ok_at, fault = '', failures = 0"""
_FAILED: LiteralString = """
    INSERT INTO source_health (source, failed_at, fault, failures) VALUES (%s, %s, %s, 1)
    ON CONFLICT (source) DO UPDATE SET failed_at = excluded.failed_at, fault = excluded.fault,
        failures = source_health.failures + 1"""
_HEALTH: LiteralString = """
    SELECT source, ok_at, failed_at, fault, failures, readings, quarantined FROM source_health ORDER BY source"""


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes that gave no usable reading. `origin` is the station, topic or address they came from."""

    source: str
    origin: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one item of a polled source has been read; empty texts mean that the server named none."""

    item: str
    etag: str = ""
    last_modified: str = ""
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one source. Broken while `fault` is not empty; `failures` counts since the last success."""

    source: str
    ok_at: datetime | None
    failed_at: datetime | None
    fault: str
    failures: int
    readings: int
    quarantined: int


async def quarantine(conn: AsyncConnection, refused: Sequence[Refused], received_at: datetime) -> None:
    """Keep what could not be used, each payload cut to `PAYLOAD_CAP` bytes, and count it for its source."""
    if not refused:
        return
    rows = [
        (each.source, _plain(each.origin), _plain(each.reason), each.payload[:PAYLOAD_CAP], len(each.payload))
        for each in refused
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await conn.execute(_QUARANTINE, (received_at, *columns))
    await conn.execute(_COUNT_REFUSED, (columns[0],))


async def cursors(conn: AsyncConnection, source: str) -> Mapping[str, Cursor]:
    """All cursors of `source` by item."""
    async with conn.cursor(row_factory=class_row(Cursor)) as cursor:
        await cursor.execute(_CURSORS, (source,))
        return {each.item: each for each in await cursor.fetchall()}


async def keep_cursor(conn: AsyncConnection, source: str, cursor: Cursor) -> None:
    """Move a cursor; to be called in the transaction that stores the readings."""
    await conn.execute(_KEEP, (source, cursor.item, cursor.etag, cursor.last_modified, cursor.newest_at))


async def note_heard(conn: AsyncConnection, source: str, at: datetime, readings: int) -> None:
    """`source` gave `readings` new readings at `at`; whether all of it works is for `note_success` to say."""
    await conn.execute(_HEARD, (source, at, readings))


async def note_success(conn: AsyncConnection, source: str, at: datetime) -> None:
    """`source` answered at `at`; ends its fault."""
    await conn.execute(_WORKED, (source, at))


async def note_failure(conn: AsyncConnection, source: str, at: datetime, fault: str) -> None:
    """`source` failed at `at`; the readings it gave before stay counted."""
    await conn.execute(_FAILED, (source, at, _plain(fault)))


async def health(conn: AsyncConnection) -> list[Health]:
    """The state of every source that was ever asked or heard."""
    async with conn.cursor(row_factory=class_row(Health)) as cursor:
        await cursor.execute(_HEALTH)
        return await cursor.fetchall()


def _plain(text: str) -> str:
    """Text fit for a text column: cut, and without the NUL and lone surrogates PostgreSQL refuses."""
    return text[:_TEXT_CAP].replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode()
