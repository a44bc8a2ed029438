"""Which degree a value reaches, and which it still holds. Pure.

A limit is reached at its value ("reached" is not "exceeded"), and left only `hysteresis` below it.
Degrees can be skipped: each is decided by itself, never by way of the one before.
"""

from floodcore.words import Degree

# (degree, limit, value below which the limit is left), lowest degree first
Ladder = tuple[tuple[Degree, float, float], ...]


def reached(ladder: Ladder, value: float) -> Degree:
    """The highest degree whose limit `value` reaches."""
    highest = Degree.NONE
    for degree, limit, _ in ladder:
        if value >= limit:
            highest = degree
    return highest


def held(ladder: Ladder, value: float) -> Degree:
    """The highest degree that `value` has not left: at or above the limit less the hysteresis."""
    highest = Degree.NONE
    for degree, _, leaving in ladder:
        if value >= leaving:
            highest = degree
    return highest
