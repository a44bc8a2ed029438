"""The command that keeps the list of recipients: add, list, remove, subscribe.

Exit codes 0 done, 1 could not be done, 2 misuse. Numbers are shown masked unless asked for.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Collection, Sequence

import psycopg

from alerting.notify.words import masked
from floodcore.store import contacts
from floodcore.store.connect import describe
from floodcore.store.contacts import NewRecipient, Recipient
from floodcore.words import Degree, Language

ROLES = ("resident", "officer")
# E.164: a plus, a country code that does not begin with 0, 15 digits at most; 8 is the shortest in use.
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_SPACES = re.compile(r"[ \u00a0()/.-]")


class RecipientError(ValueError):
    """A recipient cannot be taken as given; the text says what to do."""


def phone_number(text: str) -> str:
    """`text` as E.164, spaces and brackets taken out.

    Raises:
        RecipientError: it is not a number with its country, like +420600000001.
    """
    number = _SPACES.sub("", text)
    if not _E164.fullmatch(number):
        msg = f"{text!r} is not a phone number with its country code, like +420600000001"
        raise RecipientError(msg)
    return number


def check(
    phone: str,
    *,
    language: str,
    role: str,
    from_degree: int,
    stations: Sequence[str],
    known: Collection[str] | None,
    expected: tuple[int, float] = (2, 0.8),
) -> NewRecipient:
    """A recipient that may be stored. `known` are the ids of all stations, None if they are not at hand.

    `expected` is the degree and the probability from which on a resident is told what is expected.

    Raises:
        RecipientError: with the first fault.
    """
    number = phone_number(phone)
    if language not in list(Language):
        msg = f"language {language!r} is none of {', '.join(Language)}"
        raise RecipientError(msg)
    if role not in ROLES:
        msg = f"role {role!r} is none of {', '.join(ROLES)}"
        raise RecipientError(msg)
    for degree in (from_degree, expected[0]):
        if not Degree.VIGILANCE <= degree <= Degree.EXTREME:
            msg = f"degree {degree} is not between 1 and 4"
            raise RecipientError(msg)
    if not 0.0 <= expected[1] <= 1.0:
        msg = f"probability {expected[1]:g} is not between 0 and 1"
        raise RecipientError(msg)
    if role == "resident" and not stations:
        raise RecipientError("a resident is told about the stations named by --station: name at least one")
    return NewRecipient(number, language, role, from_degree, check_stations(stations, known), *expected)


def check_stations(stations: Sequence[str], known: Collection[str] | None) -> tuple[str, ...]:
    """`stations` once each, in order.

    Raises:
        RecipientError: one is not among `known`; the nearest is suggested.
    """
    for station in stations:
        if known is not None and station not in known:
            near = difflib.get_close_matches(station, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            msg = f"there is no station {station!r}{hint}"
            raise RecipientError(msg)
    return tuple(dict.fromkeys(stations))


async def run(argv: Sequence[str], dsn: str, stations: Collection[str] | None = None) -> int:
    """Carry out one command line on the database at `dsn`; returns the exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 2
    try:
        async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as connection:
            print(await _carry_out(arguments, connection, stations))
    except RecipientError as error:
        print(f"recipients: {error}", file=sys.stderr)
        return 2
    except LookupError as error:
        print(f"recipients: {error.args[0]}", file=sys.stderr)
        return 1
    except psycopg.OperationalError:
        print(f"recipients: the database {describe(dsn)} does not answer: check HLADINA_DATABASE_URL", file=sys.stderr)
        return 1
    except psycopg.errors.UndefinedTable:
        print("recipients: the database is not set up: run 'hladina db upgrade'", file=sys.stderr)
        return 1
    return 0


async def _carry_out(
    arguments: argparse.Namespace, connection: psycopg.AsyncConnection, known: Collection[str] | None
) -> str:
    match arguments.command:
        case "add":
            new = check(
                arguments.phone,
                language=arguments.language,
                role=arguments.role,
                from_degree=arguments.from_degree,
                stations=arguments.station,
                known=known,
                expected=(arguments.expected_from_degree, arguments.expected_probability),
            )
            await contacts.add(connection, new)
            return f"added {new.role} {masked(new.phone)}"
        case "list":
            return "\n".join(_line(one, full=arguments.numbers) for one in await contacts.every(connection)) or "nobody"
        case "remove":
            phone = phone_number(arguments.phone)
            if not await contacts.remove(connection, phone):
                msg = f"{masked(phone)} is not a recipient"
                raise LookupError(msg)
            return f"removed {masked(phone)}"
        case _:
            phone = phone_number(arguments.phone)
            named = check_stations(arguments.station, known)
            if not await contacts.subscribe(connection, phone, named):
                msg = f"{masked(phone)} is not a recipient: add it first"
                raise LookupError(msg)
            return f"subscribed {masked(phone)} to {', '.join(named)}"


def _line(one: Recipient, *, full: bool) -> str:
    state = f"blocked ({one.blocked})" if one.blocked else "active" if one.active else "inactive"
    phone = one.phone if full else masked(one.phone)
    degrees = f"from degree {one.from_degree}"
    if one.role == "resident":
        degrees += f", expected from {one.expected_from_degree} at {one.expected_probability:.0%}"
    columns = (phone, one.role, one.language, degrees, state, ", ".join(one.stations))
    return "  ".join(columns).rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hladina recipients", description="Who is told by SMS")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="add a recipient, or change the one with this number")
    add.add_argument("phone", help="with country code, like +420600000001")
    add.add_argument("--language", default="cs", help="cs, de, pl or en")
    add.add_argument("--role", default="resident", help="resident, or officer who is told everything")
    add.add_argument("--from-degree", type=int, default=1, help="told from this degree on (residents)")
    add.add_argument(
        "--expected-from-degree", type=int, default=2, help="told what is expected from this degree on (residents; 2)"
    )
    add.add_argument(
        "--expected-probability", type=float, default=0.8, help="and only if it is so sure, 0 to 1 (residents; 0.8)"
    )
    add.add_argument("--station", action="append", default=[], help="station to be told about; may be repeated")
    listing = commands.add_parser("list", help="show all recipients")
    listing.add_argument("--numbers", action="store_true", help="show the numbers in full")
    remove = commands.add_parser("remove", help="forget a recipient and the number in past texts")
    remove.add_argument("phone")
    subscribe = commands.add_parser("subscribe", help="tell a recipient about more stations")
    subscribe.add_argument("phone")
    subscribe.add_argument("station", nargs="+")
    return parser
