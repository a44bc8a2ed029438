"""Numbers as text, as sources write them. Pure. What may be read in two ways is refused, never guessed."""

import re
from math import isfinite

from collectors.faults import DecodeError

_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,12})?")
_MINUS = str.maketrans({"−": "-", "–": "-"})
# What stands in a cell where there is no value.
_NOTHING = frozenset({"", "-", "--", "---", "null", "n/a", "N/A", "NULL", "None"})


def decimal(text: str, mark: str) -> float | None:
    """The number in `text`, whose decimal mark is `mark`; None for an empty cell or one of its signs.

    A dot in a source that writes commas may part thousands: 1.234 is refused there.

    Raises:
        DecodeError: it is no number, or one with the other mark.
    """
    plain = text.replace("\xa0", " ").strip().translate(_MINUS)
    if plain in _NOTHING:
        return None
    other = "," if mark == "." else "."
    if _PLAIN.fullmatch(plain) is None or other in plain:
        message = f"{text[:40]!r} is no number with the decimal mark {mark!r}"
        raise DecodeError(message)
    return float(plain.replace(",", "."))


def number(value: object, mark: str = ".") -> float | None:
    """A JSON number, or text with `mark`; None for null.

    Raises:
        DecodeError: anything else, or a number beyond all measure.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return decimal(value, mark)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"value is {type(value).__name__}, not a number"
        raise DecodeError(message)
    try:
        found = float(value)
    except OverflowError:
        message = "value is too large"
        raise DecodeError(message) from None
    if not isfinite(found):
        message = f"value is {found}"
        raise DecodeError(message)
    return found
