"""Moments and numbers as people of the region read them. Pure.

Inside, all time is UTC. Pages show the clock on the wall (Europe/Prague) and say so; the hour that
comes twice in October carries its zone, because 02:30 alone would be two moments.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from floodcore.words import Language, Quantity

ZONE = ZoneInfo("Europe/Prague")
_DECIMALS = {Quantity.LEVEL: 0, Quantity.DISCHARGE: 2, Quantity.RAIN: 1}
_MINUTES_IN_HOUR = 60
_MINUTES_IN_DAY = 24 * _MINUTES_IN_HOUR
_NBSP = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"


def local(moment: datetime) -> datetime:
    """The moment on the wall clock of the region."""
    return moment.astimezone(ZONE)


def clock(moment: datetime) -> str:
    """`14:05`; in the hour that comes twice with its zone, `02:30 CEST`."""
    wall = local(moment)
    text = f"{wall:%H:%M}"
    return f"{text} {wall.tzname()}" if _ambiguous(wall) else text


def day(moment: datetime, language: Language) -> str:
    """`5. 3.` (cs), `5.3.` (de), `5.03` (pl), `5 Mar` (en)."""
    wall = local(moment)
    match language:
        case Language.CS:
            return f"{wall.day}.{_NBSP}{wall.month}."
        case Language.DE:
            return f"{wall.day}.{wall.month}."
        case Language.PL:
            return f"{wall.day}.{wall.month:02d}"
        case Language.EN:
            return f"{wall.day}{_NBSP}{_ENGLISH_MONTHS[wall.month - 1]}"


_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stamp(moment: datetime, language: Language) -> str:
    """Day and clock, with the year when it is not plain from `day` alone."""
    return f"{day(moment, language)}{_NBSP}{local(moment).year} {clock(moment)}"


def short_stamp(moment: datetime, now: datetime, language: Language) -> str:
    """The clock for today, day and clock for this year, the year too for others."""
    wall, today = local(moment), local(now)
    if wall.date() == today.date():
        return clock(moment)
    if wall.year == today.year:
        return f"{day(moment, language)} {clock(moment)}"
    return stamp(moment, language)


def number(value: float, quantity: Quantity, language: Language) -> str:
    """The value with the decimals its quantity deserves, a decimal comma except in English, a true minus."""
    decimals = _DECIMALS.get(quantity, 1)
    if quantity is Quantity.DISCHARGE and abs(value) >= 10:  # noqa: PLR2004  # two digits say enough
        decimals = 1
    text = f"{value:.{decimals}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    text = text.replace("-", _MINUS)
    return text if language is Language.EN else text.replace(".", ",")


def duration(span: timedelta) -> str:
    """`8 min`, `3 h 20 min`, `2 d 4 h`: the same short forms in all four languages."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < _MINUTES_IN_HOUR:
        return f"{minutes}{_NBSP}min"
    if minutes < _MINUTES_IN_DAY:
        hours, rest = divmod(minutes, _MINUTES_IN_HOUR)
        return f"{hours}{_NBSP}h" if rest == 0 else f"{hours}{_NBSP}h {rest}{_NBSP}min"
    days, rest = divmod(minutes, _MINUTES_IN_DAY)
    return f"{days}{_NBSP}d {rest // _MINUTES_IN_HOUR}{_NBSP}h"


def _ambiguous(wall: datetime) -> bool:
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
