"""Times of the rows of a file, by the format, zone and rule that its form states. Pure.

An hour that does not exist is refused. The hour that comes twice in autumn is refused, the first or the
second of the two, or found by the order of the rows of each station: a file goes forward or backward, and a
row that seems to step back in a forward file is in the second of the two hours.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from collectors.faults import DecodeError
from collectors.stamps import as_utc
from collectors.walltime import alone, in_turn

# Aware UTC, or a naive time of the wall in the zone of the file.
Stamp = datetime
_MS = 1000.0
_EARLIEST, _LATEST = 0.0, 4_102_444_800.0  # the years 1970 and 2100


def stamp(text: str, form: str, zone: str) -> Stamp:
    """The time that `text` says: aware UTC if it carries its zone, else as the wall shows it.

    Raises:
        DecodeError: it is not of this form, or its zone and that of the file contradict one another.
    """
    if form in {"unix", "unix_ms"}:
        return _unix(text, _MS if form == "unix_ms" else 1.0)
    try:
        found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        fault = f"time {text[:40]!r} is not of the form {form}"
        raise DecodeError(fault) from None
    if (found.utcoffset() is not None) is not (zone == "stamp"):
        said = "carries a zone" if zone != "stamp" else "carries no zone"
        fault = f"time {text[:40]!r} {said}, the form of the file says {zone}"
        raise DecodeError(fault)
    return as_utc(found) if zone == "stamp" else found


def _unix(text: str, per_second: float) -> Stamp:
    try:
        seconds = float(text) / per_second
    except ValueError:
        fault = f"time {text[:40]!r} is no number of seconds"
        raise DecodeError(fault) from None
    if not _EARLIEST < seconds < _LATEST:
        fault = f"time {text[:40]!r} is none of our days"
        raise DecodeError(fault)
    return datetime.fromtimestamp(seconds, UTC)


def moments(stamps: Sequence[tuple[str, Stamp | str]], zone: str, rule: str) -> list[datetime | str]:
    """Aware UTC for each (station, stamp), or why there is none; `rule` is for the hour that comes twice."""
    found: list[datetime | str] = [
        said if isinstance(said, str) or said.utcoffset() is not None else _one(said, zone, rule) for _, said in stamps
    ]
    if rule == "order":
        for places in _rows_of(stamps).values():
            _settle(found, places, [stamps[place][1] for place in places], zone)
    return found


def _rows_of(stamps: Sequence[tuple[str, Stamp | str]]) -> dict[str, list[int]]:
    """The places of the rows of each station that have a time of the wall."""
    rows: dict[str, list[int]] = {}
    for place, (station, said) in enumerate(stamps):
        if not isinstance(said, str) and said.utcoffset() is None:
            rows.setdefault(station, []).append(place)
    return rows


def _settle(found: list[datetime | str], places: list[int], walls: Sequence[Stamp | str], zone: str) -> None:
    """Put the moments of one station by the order of its rows in the place of those by themselves."""
    said = [wall for wall in walls if not isinstance(wall, str)]
    backward = said[0] > said[-1]
    ordered = list(zip(places, said, strict=True))[:: -1 if backward else 1]
    for (place, _), moment in zip(ordered, in_turn([wall for _, wall in ordered], zone_of(zone)), strict=True):
        if moment is not None:
            found[place] = moment


def _one(wall: datetime, zone: str, rule: str) -> datetime | str:
    place = zone_of(zone)
    try:
        first = alone(wall, place)
        second = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    except DecodeError as error:
        return str(error)
    except OverflowError:
        return f"time {wall.isoformat()} lies outside the calendar"
    if first == second or rule in {"first", "order"}:
        return first
    return second if rule == "second" else f"time {wall.isoformat()} comes twice in {zone}, and the form says refuse"


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """UTC, a fixed offset such as +01:00, or a named zone; the check of the station files has seen that it is one."""
    if name == "UTC":
        return UTC
    if name[:1] in {"+", "-"}:
        sign = -1 if name[0] == "-" else 1
        hours, _, minutes = name[1:].partition(":")
        return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return ZoneInfo(name)
