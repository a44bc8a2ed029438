"""How a logger's text is read: a pattern as a person writes it, made into one regular expression. Pure.

`Hladina {level:cm} cm {date} {time}*`: literal text, in capitals or not; `{what:unit}` for a number;
`{date}` (DD.MM.[YYYY]) and `{time}` (HH:MM[:SS]) of the logger's clock; `*` for anything.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Quantity

_TOKEN = re.compile(r"\{([^{}]*)\}|\*|\s+")
_NUMBER = r"(?P<{}>[+-]?[0-9]{{1,6}}(?:[.,][0-9]{{1,4}})?)(?![0-9])"
_STAMPS = {
    "date": r"(?P<date>[0-9]{1,2}\. ?[0-9]{1,2}\.(?: ?[0-9]{4})?)",
    "time": r"(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)",
}
_MEASURES = {"distance", "depth", *(str(quantity) for quantity in Quantity)}
_MOST_GAPS = 4  # each gap multiplies the ways to read a text


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: `units` holds the unit of each measure in it; `timed` is whether it has the time."""

    regex: re.Pattern[str]
    units: dict[str, str]
    timed: bool


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready to read texts.

    Raises:
        ValueError: an unknown place, a measure without its unit, or nothing measured at all.
    """
    parts: list[str] = []
    units: dict[str, str] = {}
    stamps: set[str] = set()
    last, gaps = 0, 0
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[last : token.start()]))
        last = token.end()
        if token[0] == "*":
            gaps += 1
            parts.append("(?:.*?)")
        elif token[0].isspace():
            parts.append(r"\s+")
        elif token[1] in _STAMPS:
            stamps.add(token[1])
            parts.append(_STAMPS[token[1]])
        else:
            parts.append(_measure(token[1], units))
    parts.append(re.escape(pattern[last:]))
    _whole(units, stamps, gaps)
    try:
        regex = re.compile(r"\s*" + "".join(parts) + r"\s*", re.IGNORECASE | re.DOTALL)
    except re.error as error:
        message = f"the pattern cannot be read: {error}"
        raise ValueError(message) from None
    return Pattern(regex, units, bool(stamps))


def _measure(token: str, units: dict[str, str]) -> str:
    name, _, unit = token.partition(":")
    if name not in _MEASURES:
        message = f"{{{token[:30]}}} is none of {', '.join(sorted(_MEASURES))}, date, time"
        raise ValueError(message)
    if name in units:
        message = f"{{{name}}} stands there twice"
        raise ValueError(message)
    quantity = Quantity.LEVEL if name in {"distance", "depth"} else Quantity(name)
    try:
        to_canonical(quantity, 1.0, unit)
    except UnknownUnitError as error:
        message = f"write the unit, as {{{name}:cm}}: {error}"
        raise ValueError(message) from None
    units[name] = unit
    return _NUMBER.format(name)


def _whole(units: dict[str, str], stamps: set[str], gaps: int) -> None:
    if not units:
        message = "the pattern measures nothing; write a place such as {level:cm}"
        raise ValueError(message)
    if stamps == {"date"}:
        message = "a {date} without a {time} is no time"
        raise ValueError(message)
    if gaps > _MOST_GAPS:
        message = f"more than {_MOST_GAPS} times *; write more of the text"
        raise ValueError(message)
