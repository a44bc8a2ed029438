"""What an asker may say in an address, checked. Pure.

Every fault names the parameter and says what would be right; nothing of what was said is repeated back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from floodcore.words import Quantity

LONGEST_SPAN = timedelta(days=400)
MOST_ROWS = 5000
_USUAL_SPAN = timedelta(hours=24)
_USUAL_EVENTS = 100
_MOST_EVENTS = 1000
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class QueryError(ValueError):
    """A parameter cannot be used; the text is the hint for the asker."""


@dataclass(frozen=True, slots=True)
class Span:
    """Observations wanted: start <= observed_at < end, at most `limit` rows."""

    quantity: Quantity | None
    start: datetime
    end: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Events wanted, newest first; `before` = (at, event_id) of the last one seen."""

    station_id: str | None
    limit: int
    before: tuple[datetime, int] | None


def span(query: Mapping[str, str], now: datetime) -> Span:
    """Read quantity, from, to, limit; the last 24 hours without any.

    Raises:
        QueryError: a value is not of its form, the span is empty or too long.
    """
    end = _moment(query, "to", now + timedelta(minutes=5), end_of_day=True)
    start = _moment(query, "from", min(end, now) - _USUAL_SPAN, end_of_day=False)
    if start >= end:
        raise QueryError("from must be earlier than to")
    if end - start > LONGEST_SPAN:
        message = f"from and to may be at most {LONGEST_SPAN.days} days apart: ask for parts"
        raise QueryError(message)
    return Span(_quantity(query), start, end, _limit(query, MOST_ROWS, MOST_ROWS))


def events(query: Mapping[str, str]) -> EventQuery:
    """Read station, limit, before.

    Raises:
        QueryError: a value is not of its form.
    """
    limit = _limit(query, _USUAL_EVENTS, _MOST_EVENTS)
    station = query.get("station") or None
    if station is not None and ("\x00" in station or len(station) > 200):  # noqa: PLR2004  # longer than any id
        raise QueryError("station: not an id of a station; see /api/v1/stations")
    text = query.get("before", "")
    if not text:
        return EventQuery(station, limit, None)
    stamp, _, number = text.rpartition("_")
    if not stamp or not (number.isascii() and number.isdigit() and len(number) < 19):  # noqa: PLR2004  # bigint
        raise QueryError("before: take it from the link `next`")
    return EventQuery(station, limit, (_moment({"before": stamp}, "before", _EARLIEST, end_of_day=False), int(number)))


def _quantity(query: Mapping[str, str]) -> Quantity | None:
    text = query.get("quantity", "")
    if not text:
        return None
    if text not in set(Quantity):
        raise QueryError("quantity: one of " + ", ".join(Quantity))
    return Quantity(text)


def _limit(query: Mapping[str, str], usual: int, most: int) -> int:
    text = query.get("limit", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= most):  # noqa: PLR2004  # short
        message = f"limit: a whole number from 1 to {most}"
        raise QueryError(message)
    return int(text)


def _moment(query: Mapping[str, str], name: str, usual: datetime, *, end_of_day: bool) -> datetime:
    text = query.get(name, "")
    if not text:
        return usual
    try:
        moment = _parsed(text.replace(" ", "+"), end_of_day=end_of_day)
    except (ValueError, OverflowError):
        message = f"{name}: ISO 8601 with a zone, such as 2026-03-29T01:30:00Z, or a day"
        raise QueryError(message) from None
    if not _EARLIEST <= moment <= _LATEST:
        message = f"{name}: between the years 1900 and 2200"
        raise QueryError(message)
    return moment


def _parsed(text: str, *, end_of_day: bool) -> datetime:
    """A bare day is a day in UTC; as an end it includes the whole day."""
    if len(text) == len("2026-03-29"):
        start = datetime.combine(date.fromisoformat(text), time(), UTC)
        return start + timedelta(days=1) if end_of_day else start
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)
