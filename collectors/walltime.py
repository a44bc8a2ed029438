"""Stamps of a clock on the wall, without an offset. Pure.

Only for sources whose zone is known and stated in their time rule. An hour that does not exist (the last
Sunday of March) is refused: it says that the source keeps another time than we think. An hour that comes
twice (the last Sunday of October) is settled by the order of the rows; a stamp that stands alone is taken for
the earlier of the two, so that a gauge may look an hour older than it is, and never fresher.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from collectors.faults import DecodeError

PRAGUE = ZoneInfo("Europe/Prague")
BERLIN = ZoneInfo("Europe/Berlin")
WARSAW = ZoneInfo("Europe/Warsaw")

_DOTTED = re.compile(r"\s*([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})\s+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s*")
_DASHED = re.compile(r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?\s*")


def dotted(text: object) -> datetime:
    """`DD.MM.YYYY HH:MM[:SS]` as a naive time of the wall.

    Raises:
        DecodeError: it is not.
    """
    found = _DOTTED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _refused(text)
    day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
    return _naive(text, year, month, day, hour, minute, second)


def dashed(text: object) -> datetime:
    """`YYYY-MM-DD HH:MM[:SS]` as a naive time of the wall.

    Raises:
        DecodeError: it is not.
    """
    found = _DASHED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _refused(text)
    return _naive(text, *(int(part or 0) for part in found.groups()))


def _naive(text: object, *parts: int) -> datetime:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # the zone is the caller's to state
    except ValueError:
        raise _refused(text) from None


def _refused(text: object) -> DecodeError:
    return DecodeError(f"time stamp {str(text)[:40]!r} is none of this source")


def alone(wall: datetime, zone: tzinfo) -> datetime:
    """One stamp by itself, as aware UTC; the earlier moment of an hour that comes twice.

    Raises:
        DecodeError: there was no such hour, or it lies outside the calendar.
    """
    try:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        exists = moment.astimezone(zone).replace(tzinfo=None) == wall
    except (OverflowError, ValueError):
        raise _refused(wall.isoformat()) from None
    if not exists:
        message = f"time stamp {wall.isoformat()} falls into the hour that the clocks leave out"
        raise DecodeError(message)
    return moment


def in_turn(walls: Sequence[datetime], zone: tzinfo) -> list[datetime | None]:
    """Stamps of rows from the oldest to the newest, as aware UTC; None where there was no such hour."""
    moments: list[datetime | None] = []
    last: datetime | None = None
    for wall in walls:
        try:
            moment = alone(wall, zone)
        except DecodeError:
            moments.append(None)
            continue
        if last is not None and moment <= last:
            again = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
            moment = again if again > last else moment
        moments.append(moment)
        last = moment
    return moments
