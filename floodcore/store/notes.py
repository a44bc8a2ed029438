"""What people know of a gauge: notes with a beginning and an end, append-only, each in the flood book too.

A note is never changed: one that ends or corrects it names it in `replaces`, and then holds no more.
Times are data time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from floodcore.store import book, judging
from floodcore.store.listen import CHANGE
from floodcore.words import Cause, Language

_COLUMNS: LiteralString = """
    note_id, station_id, cause, valid_from, valid_until, author, texts, replaces, recorded_at"""
_ADD: LiteralString = """
    INSERT INTO note (station_id, cause, valid_from, valid_until, author, texts, replaces, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING note_id"""
_CURRENT: LiteralString = (
    f"SELECT {_COLUMNS} FROM note n"  # noqa: S608  # constants only
    " WHERE NOT EXISTS (SELECT FROM note newer WHERE newer.replaces = n.note_id)"
)
_IN_FORCE: LiteralString = (
    _CURRENT
    + """ AND valid_from <= %(now)s AND (valid_until IS NULL OR valid_until > %(now)s)
      AND (%(station)s::text IS NULL OR station_id = %(station)s)
    ORDER BY station_id, note_id DESC"""
)
_STANDING: LiteralString = _CURRENT + " AND note_id = %s"
_EVERY: LiteralString = (
    f"SELECT {_COLUMNS} FROM note"  # noqa: S608  # constants only
    " WHERE %(station)s::text IS NULL OR station_id = %(station)s ORDER BY note_id"
)


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note to be written. `valid_until` None: until it is ended; `texts` in at least one language."""

    station_id: str
    cause: Cause
    valid_from: datetime
    valid_until: datetime | None
    author: str
    texts: Mapping[Language, str]
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it stands; `texts` by language."""

    note_id: int
    station_id: str
    cause: str
    valid_from: datetime
    valid_until: datetime | None
    author: str
    texts: Mapping[str, str]
    replaces: int | None
    recorded_at: datetime

    def text(self, language: Language) -> tuple[str, str]:
        """The text in `language`, else in the first of ours there is; and the language it is in."""
        order = [language, *Language, *self.texts]
        found = next(each for each in order if each in self.texts)
        return self.texts[found], found


async def add(conn: AsyncConnection, note: NewNote, now: datetime) -> int:
    """Write a note, and its line in the flood book; returns its number. In the caller's transaction.

    Raises:
        psycopg.errors.UniqueViolation: the note it replaces is replaced already.
    """
    texts = {str(language): text for language, text in note.texts.items()}
    row = await (
        await conn.execute(
            _ADD,
            (
                note.station_id,
                str(note.cause),
                note.valid_from,
                note.valid_until,
                note.author,
                Jsonb(texts),
                note.replaces,
                now,
            ),
        )
    ).fetchone()
    number = 0 if row is None else int(row[0])
    entry: dict[str, book.Word] = {
        "note": number,
        "station": note.station_id,
        "cause": str(note.cause),
        "from": note.valid_from.isoformat(),
        "until": None if note.valid_until is None else note.valid_until.isoformat(),
        "author": note.author,
        "replaces": note.replaces,
        **{f"text.{language}": text for language, text in texts.items()},
    }
    await book.append(conn, [book.NewEntry(note.valid_from, "note", None, entry)], now)
    await judging.notify(conn, CHANGE)
    return number


async def standing(conn: AsyncConnection, number: int) -> Note | None:
    """The note of that number, unless there is none or a newer one has replaced it."""
    async with conn.cursor(row_factory=class_row(Note)) as cursor:
        return await (await cursor.execute(_STANDING, (number,))).fetchone()


async def in_force(conn: AsyncConnection, now: datetime, station_id: str | None = None) -> list[Note]:
    """The notes that hold at `now`, of one station or of all, by station, the newest first."""
    async with conn.cursor(row_factory=class_row(Note)) as cursor:
        return await (await cursor.execute(_IN_FORCE, {"now": now, "station": station_id})).fetchall()


async def every(conn: AsyncConnection, station_id: str | None = None) -> list[Note]:
    """All notes there ever were, oldest first."""
    async with conn.cursor(row_factory=class_row(Note)) as cursor:
        return await (await cursor.execute(_EVERY, {"station": station_id})).fetchall()


def cause_of(notes: Sequence[Note]) -> Cause | None:
    """What the notes in force, newest first, say lies behind the water; None while nobody has said so."""
    return next((cause for cause in _causes(notes) if cause.tags_degree), None)


def report_of(notes: Sequence[Note]) -> Cause | None:
    """What is worth telling in a few words of the notes in force: the cause, else the newest of the others."""
    return cause_of(notes) or next(_causes(notes), None)


def _causes(notes: Sequence[Note]) -> Iterator[Cause]:
    return (Cause(note.cause) for note in notes if note.cause in set(Cause))
