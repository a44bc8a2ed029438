"""Rain from a counter that only grows: differences, never the counter itself. Pure.

A lost frame loses nothing, since the next count holds its tips. A repeated or overtaken frame adds
nothing. The first count of a bucket, and the first after a reset, prove nothing about the rain before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from collectors.mounted import Count
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

_SIZE = 1 << 32  # the counter is u32
# More than this is a counter that began anew, not rain: the wettest minute on record had 38 mm, the wettest
# hours 400 mm, the wettest days 1,000 mm each (general knowledge, confirm).
_MM_A_MINUTE, _MM_OF_HOURS, _MM_A_DAY = 40.0, 400.0, 1000.0
_SLACK = 1.5  # of an interval: a device sends a little early or late


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a bucket's counter stood."""

    at: datetime
    total: int


@dataclass(slots=True)
class Fallen:
    """The rain of a batch, and where the counters stand now."""

    readings: list[Reading] = field(default_factory=list)
    counters: dict[str, Counted] = field(default_factory=dict)


def fallen(counts: Iterable[Count], known: Mapping[str, Counted]) -> Fallen:
    """The rain (mm) between `known` and `counts`, one reading for each count that proves something."""
    found = Fallen()
    ordered = sorted(counts, key=lambda count: (count.counter, count.at))
    for counter, group in groupby(ordered, key=lambda count: count.counter):
        last = known.get(counter)
        for count in group:
            if last is not None and count.at <= last.at:
                continue  # repeated, or overtaken by a newer count that holds its tips
            if last is not None:
                found.readings += _between(last, count)
            last = Counted(count.at, count.tips.total)
            found.counters[counter] = last
    return found


def _between(last: Counted, count: Count) -> list[Reading]:
    tips = (count.tips.total - last.total) % _SIZE  # a counter that runs over starts again at 0
    if tips * count.tip_mm > _possible(count.at - last.at):
        return []  # reset: the counter began anew, nobody knows when
    interval = timedelta(seconds=count.tips.interval_s)
    begun = count.at - interval
    recent = tips if last.at >= begun - interval * (_SLACK - 1) else min(tips, count.tips.interval)
    readings = [_rain(count, recent, count.at, history=False)]
    if tips > recent:  # fell while frames were lost: true rain of an unknown time, for the sums and not for the alarm
        readings.append(_rain(count, tips - recent, begun, history=True))
    return readings


def _possible(time: timedelta) -> float:
    """The most rain in mm that can fall in `time`."""
    minutes = max(time / timedelta(minutes=1), 1.0)
    return min(minutes * _MM_A_MINUTE, _MM_OF_HOURS + time / timedelta(days=1) * _MM_A_DAY)


def _rain(count: Count, tips: int, at: datetime, *, history: bool) -> Reading:
    value = to_canonical(Quantity.RAIN, tips * count.tip_mm, "mm")
    return Reading(count.station_id, Quantity.RAIN, at, value, float(tips), "tips", history)
