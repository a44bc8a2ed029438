"""The flood book: append-only entries, each hashed together with the one before.

hash = SHA-256(previous hash || canonical JSON of the entry), so an edited, removed, inserted or
reordered entry breaks the chain at its place. The tail can be cut unseen; that needs the last hash
kept elsewhere (`last` gives it). One writer at a time, under an advisory lock taken only when there
is something to write.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

Word = str | int | float | bool | None

# Any constant; "flood" on a telephone keypad.
_LOCK_KEY = 35663
_GENESIS = bytes(32)

_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(%s)"
_LAST: LiteralString = "SELECT number, hash FROM flood_book ORDER BY number DESC LIMIT 1"
_APPEND: LiteralString = """
    INSERT INTO flood_book (number, at, kind, event_id, entry, previous, hash, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
_READ: LiteralString = """
    SELECT number, at, kind, event_id, entry, previous, hash, recorded_at FROM flood_book ORDER BY number"""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Something to be written into the book; `at` is the data time of the fact, aware UTC."""

    at: datetime
    kind: str
    event_id: int | None
    entry: Mapping[str, Word]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the book."""

    number: int
    at: datetime
    kind: str
    event_id: int | None
    entry: Mapping[str, Word]
    previous: bytes
    hash: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of a check: how many entries are sound, the last sound hash, and the first fault or nothing."""

    entries: int
    last: bytes
    fault: str


async def append(conn: AsyncConnection, entries: Sequence[NewEntry], recorded_at: datetime) -> None:
    """Append `entries` inside the caller's transaction; holds the book until it ends."""
    if not entries:
        return
    await conn.execute(_LOCK, (_LOCK_KEY,))
    row = await (await conn.execute(_LAST)).fetchone()
    number, previous = (0, _GENESIS) if row is None else (int(row[0]), bytes(row[1]))
    rows = []
    for new in entries:
        number += 1
        digest = chained(previous, number, new, recorded_at)
        row_of = (number, new.at, new.kind, new.event_id, Jsonb(dict(new.entry)), previous, digest, recorded_at)
        rows.append(row_of)
        previous = digest
    async with conn.cursor() as cursor:
        await cursor.executemany(_APPEND, rows)


def chained(previous: bytes, number: int, new: NewEntry, recorded_at: datetime) -> bytes:
    """The hash of an entry that follows the one with hash `previous`."""
    document = {
        "number": number,
        "at": _utc(new.at),
        "kind": new.kind,
        "event_id": new.event_id,
        "entry": dict(new.entry),
        "recorded_at": _utc(recorded_at),
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + canonical.encode()).digest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


async def read(conn: AsyncConnection) -> AsyncIterator[Entry]:
    """All entries in order, streamed; needs a transaction."""
    async with conn.cursor(name="flood_book", row_factory=class_row(Entry)) as cursor:
        await cursor.execute(_READ)
        async for entry in cursor:
            yield entry


async def verify(conn: AsyncConnection) -> Verified:
    """Recompute the whole chain; stops at the first fault."""
    previous, sound = _GENESIS, 0
    async with conn.transaction():
        async for entry in read(conn):
            fault = _fault(entry, sound + 1, previous)
            if fault:
                return Verified(sound, previous, fault)
            previous, sound = bytes(entry.hash), entry.number
    return Verified(sound, previous, "")


def _fault(entry: Entry, number: int, previous: bytes) -> str:
    if entry.number != number:
        return f"entry {number} is missing, {entry.number} follows"
    if bytes(entry.previous) != previous:
        return f"entry {number} does not follow the one before it"
    new = NewEntry(entry.at, entry.kind, entry.event_id, entry.entry)
    if chained(previous, number, new, entry.recorded_at) != bytes(entry.hash):
        return f"entry {number} was altered"
    return ""
