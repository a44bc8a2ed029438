"""Where readings are missing: holes in a series, by the interval it is expected at. Pure.

A hole is only looked for between two readings that are there. Before the first one and after the last
one nothing is known to be missing: that a gauge is silent now is the business of `floodcore.freshness`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# Half an interval of jitter is no hole: radio sensors and pollers are never exact, and a reading that was
# lost leaves two whole intervals.
_JITTER = 1.5
# So many steps tell the interval a series really has.
_ENOUGH = 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing is stored between `after` and `before`, which are readings; `expected` should lie between them."""

    after: datetime
    before: datetime
    expected: int


def interval_of(times: Sequence[datetime], configured: timedelta) -> timedelta:
    """The interval a series has: the configured one, or the median of its own steps if it reports less often.

    A wrong configuration must not make a hole of every step; a series that reports more often than it is
    expected to has a hole when the expected is missing.
    """
    steps = [later - earlier for earlier, later in pairwise(times)]
    if len(steps) < _ENOUGH:
        return configured
    return max(configured, sorted(steps)[len(steps) // 2])


def holes(times: Sequence[datetime], interval: timedelta) -> list[Hole]:
    """The holes between the ascending `times` of readings that come every `interval`.

    Raises:
        ValueError: the interval is not positive.
    """
    if interval <= timedelta(0):
        message = f"an interval of {interval}"
        raise ValueError(message)
    longest = _JITTER * interval
    return [
        Hole(earlier, later, max(1, round((later - earlier) / interval) - 1))
        for earlier, later in pairwise(times)
        if later - earlier > longest
    ]


def days(after: datetime, before: datetime) -> list[datetime]:
    """The days in UTC, as their first moments, that have moments strictly between `after` and `before`."""
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while day < before:
        found.append(day)
        day += _DAY
    return found
