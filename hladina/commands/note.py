"""`hladina note add|end|list`: what people know of a gauge and the gauge does not say."""

import argparse
import asyncio
import difflib
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from psycopg import AsyncConnection
from psycopg.errors import UndefinedTable, UniqueViolation

from floodcore.network import load
from floodcore.store import notes
from floodcore.store.notes import NewNote, Note
from floodcore.words import Cause, Language
from hladina.cli import FAILED, MISUSE, OK, settings

_LONGEST = 300
_LONGEST_AUTHOR = 80


class NoteError(ValueError):
    """A note cannot be taken as given; the text says what to do."""


def main(argv: Sequence[str]) -> int:
    """Write, end or list notes. Only writing needs the station files: a fault in them must not keep a note alive."""
    arguments = _parser().parse_args(argv)
    chosen = settings()
    known = frozenset(load.read(chosen.stations).stations) if arguments.command == "add" else frozenset()
    try:
        print(asyncio.run(_carry_out(chosen.database_url, arguments, known, chosen.clock.now())))
    except NoteError as error:
        print(f"note: {error}", file=sys.stderr)
        return MISUSE
    except LookupError as error:
        print(f"note: {error.args[0]}", file=sys.stderr)
        return FAILED
    except UndefinedTable:
        print("note: the database is not set up: run 'hladina db upgrade'", file=sys.stderr)
        return FAILED
    return OK


async def _carry_out(dsn: str, arguments: argparse.Namespace, known: Collection[str], now: datetime) -> str:
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        match arguments.command:
            case "add":
                new = written(arguments, known, now)
                return f"note {await notes.add(connection, new, now)} at {new.station_id}"
            case "end":
                return await _end(connection, arguments.number, arguments.author, now)
            case _:
                station = arguments.station
                found = await (
                    notes.every(connection, station) if arguments.all else notes.in_force(connection, now, station)
                )
                return "\n".join(_line(one) for one in found) or "no notes"


async def _end(connection: AsyncConnection, number: int, author: str, now: datetime) -> str:
    found = await notes.standing(connection, number)
    if found is None:
        raise LookupError(f"there is no note {number} in force: see 'hladina note list'")
    texts = {Language(language): text for language, text in found.texts.items()}
    until = max(now, found.valid_from)
    ended = NewNote(
        found.station_id, Cause(found.cause), found.valid_from, until, checked_author(author), texts, number
    )
    try:
        await notes.add(connection, ended, now)
    except UniqueViolation:
        raise LookupError(f"note {number} has just been ended by somebody else") from None
    return f"note {number} at {found.station_id} ended"


def written(arguments: argparse.Namespace, known: Collection[str], now: datetime) -> NewNote:
    """The note of a command line.

    Raises:
        NoteError: with the first fault.
    """
    station = arguments.station
    if station not in known:
        near = difflib.get_close_matches(station, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise NoteError(f"there is no station {station!r}{hint}")
    start = now if arguments.valid_from is None else moment(arguments.valid_from)
    end = None if arguments.until is None else moment(arguments.until)
    if end is not None and end <= start:
        raise NoteError("--until must be later than --from")
    author = checked_author(arguments.author)
    return NewNote(station, Cause(arguments.cause), start, end, author, texts_of(arguments.text))


def texts_of(given: Sequence[str]) -> dict[Language, str]:
    """The texts of `cs=…`, `de=…`.

    Raises:
        NoteError: none, an unknown language, twice the same, or a text too long or not printable.
    """
    texts: dict[Language, str] = {}
    for each in given:
        name, _, text = each.partition("=")
        if name not in set(Language) or not text.strip():
            raise NoteError(f"--text {each!r} is not of the form cs=…, de=…, pl=… or en=…")
        if name in texts:
            raise NoteError(f"there are two texts in {name}")
        if len(text.strip()) > _LONGEST or not text.strip().isprintable():
            raise NoteError(f"the text in {name} is longer than {_LONGEST} characters or not one plain line")
        texts[Language(name)] = text.strip()
    if not texts:
        raise NoteError("say what is the case, as --text cs='Oprava jezu'")
    return texts


def moment(text: str) -> datetime:
    """An ISO 8601 moment with its zone, in UTC.

    Raises:
        NoteError: it is none, or has no zone.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise NoteError(f"{text!r} is not a moment with its zone, as 2026-11-23T08:30+01:00")
    return found.astimezone(UTC)


def checked_author(text: str) -> str:
    """Who says so.

    Raises:
        NoteError: empty, too long or not printable.
    """
    author = text.strip()
    if not author or len(author) > _LONGEST_AUTHOR or not author.isprintable():
        raise NoteError(f"--author says who knows it, in at most {_LONGEST_AUTHOR} characters")
    return author


def _line(one: Note) -> str:
    until = "until ended" if one.valid_until is None else f"until {one.valid_until:%Y-%m-%dT%H:%MZ}"
    replaces = "" if one.replaces is None else f"(replaces {one.replaces})"
    texts = "; ".join(f"{language}: {text}" for language, text in one.texts.items())
    columns = (str(one.note_id), one.station_id, one.cause, f"from {one.valid_from:%Y-%m-%dT%H:%MZ}", until, one.author,
               texts, replaces)  # fmt: skip
    return "  ".join(columns).rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hladina note", description="What people know of a gauge")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="write a note; pages, SMS and CAP carry it while it holds")
    add.add_argument("station")
    add.add_argument("cause", choices=[str(cause) for cause in Cause])
    add.add_argument("--from", dest="valid_from", help="ISO 8601 with zone; now without it")
    add.add_argument("--until", help="ISO 8601 with zone; until it is ended without it")
    add.add_argument("--author", required=True, help="who says so; shown on the page")
    add.add_argument("--text", action="append", default=[], metavar="cs=…", help="in one language or several")
    end = commands.add_parser("end", help="end a note now")
    end.add_argument("number", type=int)
    end.add_argument("--author", required=True)
    listing = commands.add_parser("list", help="show the notes in force")
    listing.add_argument("--station")
    listing.add_argument("--all", action="store_true", help="also those that are over, replaced or to come")
    return parser
