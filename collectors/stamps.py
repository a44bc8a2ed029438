"""Time stamps as text. Only stamps that carry their own offset; a source without one states its rule itself."""

from datetime import UTC, datetime

from collectors.faults import DecodeError


def with_offset(text: object) -> datetime:
    """ISO 8601 with `Z` or an offset, as aware UTC.

    Raises:
        DecodeError: no text, no ISO stamp, or no offset; never guessed.
    """
    if not isinstance(text, str):
        message = f"time stamp is {type(text).__name__}, not text"
        raise DecodeError(message)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"time stamp {text[:40]!r} is not ISO 8601"
        raise DecodeError(message) from None
    return as_utc(moment)


def as_utc(moment: datetime) -> datetime:
    """`moment` in UTC.

    Raises:
        DecodeError: it is naive, or its UTC form lies outside the calendar.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        message = f"time stamp {moment.isoformat()} has no offset"
        raise DecodeError(message)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        message = f"time stamp {moment.isoformat()} lies outside the calendar"
        raise DecodeError(message) from None
