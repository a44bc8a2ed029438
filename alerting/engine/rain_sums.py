"""Degrees of rain: sums over sliding windows against their limits, on ordinary and on saturated ground. Pure.

Laws (tests/engine/test_rain_sums.py, written first):
1. A sum is made of what was heard: a gap makes it a lower bound, which may raise and never calms.
2. A limit counts as left only if the window is known throughout and its sum lies below the limit by the hysteresis.
3. More rain never lowers a degree, nor makes the ground drier.
4. What is remembered is bounded, whatever the gauge sends.

An increment is the rain since the reading before it, if that was at most one and a half intervals ago, else of one
interval; it is taken as even over that time. What lies between is a gap. One so short that the gauge is not yet
thought silent is reckoned, for the calm alone, at the pace of the wetter of its two sides; a longer one is unknown.

Rain is kept in whole µm, so that 350 tips of 0.1 mm are 35 mm, and thinned: to a minute within the last 70 minutes,
to ten minutes within 25 hours, to an hour beyond. What an edge of a window cuts is divided evenly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import TypedDict

from msgspec import Struct

from alerting.engine.lifecycle import Evidence
from floodcore.network.rain import RainDegrees
from floodcore.quality.window import Point
from floodcore.words import Degree

# (begin, end) in seconds since 1970; rain heard and rain reckoned for short gaps, µm. UNKNOWN: nobody knows.
Span = tuple[int, int, int, int]
UNKNOWN = -1

_BEGIN, _END = itemgetter(0), itemgetter(1)
_DAY = 86_400
_MM = 1000
# How old a span is, and how fine it is then kept; beyond that by the hour. The edges of the windows lie where it
# is still fine: of one hour among minutes, of a day among ten minutes.
_FINE = ((70 * 60, 60), (25 * 3600, 600))
_COARSE = 3600
# A reading that comes a little late covers all since the one before it (collectors.counters has the same slack).
_SLACK = 1.5


class Memory(Struct, frozen=True, gc=False):
    """The rain of the last day, or of the last eleven where the ground counts: spans without a hole, newest last."""

    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The limits in mm of the sum over `minutes`, on ordinary and on saturated ground."""

    minutes: int
    limits: Mapping[Degree, float]
    saturated: Mapping[Degree, float]

    def lowest(self, degree: Degree) -> float:
        """The limit on saturated ground."""
        return self.saturated.get(degree, self.limits[degree])


@dataclass(frozen=True, slots=True)
class RainRules:
    """How the rain of one series is judged.

    `ground` is when it is saturated: (mm, days, recent mm, recent days) before the last 24 hours, both exceeded.
    A limit is left at a tenth below it: judged; those of ČHMÚ for a day stand 5 mm and 10 mm apart.
    """

    windows: tuple[Window, ...]
    ground: tuple[float, int, float, int] | None = None
    hysteresis_share: float = 0.1

    @property
    def reach_s(self) -> int:
        """How far back the rain counts, seconds."""
        return _DAY if self.ground is None else (1 + self.ground[1]) * _DAY


@dataclass(frozen=True, slots=True)
class Sum:
    """The rain of a window in mm: `heard` is a lower bound, `most` the upper one, None where a gap forbids one."""

    heard: float
    most: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """The sum a change is about: over how long, how much, which limit, and whether that of saturated ground."""

    minutes: int
    mm: float
    limit: float
    saturated: bool


def rules_of(rain: RainDegrees) -> RainRules:
    """The rules of a station's rain."""
    ground = rain.saturation
    return RainRules(
        tuple(Window(int(one.window / timedelta(minutes=1)), one.values, one.saturated) for one in rain.sums),
        None if ground is None else (ground.mm, ground.days, ground.recent_mm, ground.recent_days),
    )


class Written(TypedDict):
    """The rules as JSON: of each window minutes, limits and those of saturated ground, by degree."""

    windows: list[tuple[int, dict[str, float], dict[str, float]]]
    ground: tuple[float, int, float, int] | None
    hysteresis_share: float


def written(rules: RainRules) -> Written:
    """The rules for the canonical JSON of a rule version."""
    windows = [(each.minutes, _by_degree(each.limits), _by_degree(each.saturated)) for each in rules.windows]
    return {"windows": windows, "ground": rules.ground, "hysteresis_share": rules.hysteresis_share}


def parse(document: Written) -> RainRules:
    """Rules back from their JSON."""
    windows = (Window(minutes, _degrees(dry), _degrees(wet)) for minutes, dry, wet in document["windows"])
    ground = document["ground"]
    return RainRules(tuple(windows), None if ground is None else (*ground,), document["hysteresis_share"])


def _by_degree(limits: Mapping[Degree, float]) -> dict[str, float]:
    return {str(int(degree)): limit for degree, limit in sorted(limits.items())}


def _degrees(limits: Mapping[str, float]) -> dict[Degree, float]:
    return {Degree(int(degree)): limit for degree, limit in limits.items()}


def heard(
    memory: Memory | None, believed: Sequence[Point], rules: RainRules, interval: timedelta, gap: timedelta
) -> tuple[Memory, Evidence]:
    """The memory with what was just believed, and what the sums say at its newest."""
    known = memory if memory is not None else Memory()
    for point in believed:
        known = add(known, point, rules, interval, gap)
    return known, evidence(known, believed[-1], rules)


def add(memory: Memory, point: Point, rules: RainRules, interval: timedelta, gap: timedelta) -> Memory:
    """The memory with the increment of `point`, which is newer than all in it, thinned and without what is too old."""
    end, fallen = int(point.at.timestamp()), round(point.value * _MM)
    usual = max(int(interval.total_seconds()), 1)
    spans = list(memory.spans)
    if not spans:
        return Memory(((end - usual, end, fallen, 0),))
    last = spans[-1]
    if end <= last[1]:  # within the same second
        spans[-1] = (last[0], last[1], last[2] + fallen, last[3])
        return Memory(tuple(spans))
    begin = last[1] if end - last[1] <= _SLACK * usual else end - usual
    if begin > last[1]:
        short = end - last[1] <= gap.total_seconds()
        pace = max(fallen / usual, last[2] / (last[1] - last[0]))
        spans.append((last[1], begin, 0, round(pace * (begin - last[1])) if short else UNKNOWN))
    spans.append((begin, end, fallen, 0))
    # All of them once an hour, in between the newest: a bucket that sends each tip costs no more than others.
    whole = end // _COARSE != last[1] // _COARSE
    newest = 0 if whole else max(len(spans) - 3, 0)
    return Memory((*spans[:newest], *_thinned(spans[newest:], end, rules.reach_s)))


def _thinned(spans: Sequence[Span], now: int, reach: int) -> tuple[Span, ...]:
    """The spans of the last `reach` seconds before `now`, neighbours joined where it is no longer fine."""
    kept: list[Span] = []
    for span in spans:
        if span[1] <= now - reach:
            continue
        if kept and _joins(kept[-1], span, now):
            kept[-1] = _joined(kept[-1], span)
        else:
            kept.append(span)
    return tuple(kept)


def _joins(first: Span, second: Span, now: int) -> bool:
    """Whether two neighbours are kept as one: both dry, both unknown, or both within one step of their age."""
    if first[2:] == second[2:] and first[2] == 0 and first[3] in {0, UNKNOWN}:
        return True
    age = now - first[1]
    step = next((fine for oldest, fine in _FINE if age < oldest), _COARSE)
    return second[1] - first[0] <= step and (first[1] - 1) // step == (second[1] - 1) // step


def _joined(first: Span, second: Span) -> Span:
    more = UNKNOWN if UNKNOWN in {first[3], second[3]} else first[3] + second[3]
    return first[0], second[1], first[2] + second[2], more


def sum_of(memory: Memory, minutes: int, until: int | None = None) -> Sum:
    """The rain of the `minutes` up to `until` (seconds since 1970; without it the newest reading)."""
    if not memory.spans:
        return Sum(0.0, None)
    end = memory.spans[-1][1] if until is None else until
    return _between(memory.spans, end - 60 * minutes, end)


def _between(spans: Sequence[Span], begin: int, end: int) -> Sum:
    """The rain of (begin, end]; of a span across an edge its share of time."""
    least = most = 0.0
    whole = spans[0][0] <= begin and spans[-1][1] >= end
    start, stop = bisect_right(spans, begin, key=_END), bisect_left(spans, end, key=_BEGIN)
    for first, last, fallen, more in spans[start:stop]:
        share = 1.0 if first >= begin and last <= end else (min(last, end) - max(first, begin)) / (last - first)
        least += fallen * share
        most += (fallen + max(more, 0)) * share
        whole = whole and more != UNKNOWN
    # To the µm: shares are no exact numbers, and 35 mm must not be 34.999999.
    return Sum(round(least) / _MM, round(most) / _MM if whole else None)


def saturated(memory: Memory, rules: RainRules) -> bool | None:
    """Whether the ground is saturated: None if what was heard is too little to say no."""
    if rules.ground is None or not memory.spans:
        return False if rules.ground is None else None
    mm, days, recent_mm, recent_days = rules.ground
    end = memory.spans[-1][1] - _DAY
    long = _between(memory.spans, end - days * _DAY, end)
    recent = _between(memory.spans, end - recent_days * _DAY, end)
    if long.heard > mm and recent.heard > recent_mm:
        return True
    dry = (long.most is not None and long.most <= mm) or (recent.most is not None and recent.most <= recent_mm)
    return False if dry else None


def evidence(memory: Memory, newest: Point, rules: RainRules) -> Evidence:
    """The highest degree any sum reaches, and the highest that not every sum is known to have left."""
    ground = saturated(memory, rules)
    reached = held = Degree.NONE
    for window in rules.windows:
        total = sum_of(memory, window.minutes)
        for degree in window.limits:
            limit = window.lowest(degree) if ground else window.limits[degree]
            if total.heard >= limit:
                reached = max(reached, degree)
            # Where nobody knows the ground, only what is calm on saturated ground is calm.
            low = window.limits[degree] if ground is False else window.lowest(degree)
            if total.most is None or total.most >= low * (1.0 - rules.hysteresis_share):
                held = max(held, degree)
    return Evidence(newest.at, reached, held)


def finding(memory: Memory, rules: RainRules, degree: Degree) -> Finding:
    """The sum nearest to, or farthest above, its limit of `degree`; a lower degree stands in where limits changed.

    Raises:
        ValueError: the rules have no limits.
    """
    ground = saturated(memory, rules) is True
    found = []
    for window in rules.windows:
        about = max((one for one in window.limits if one <= degree), default=min(window.limits))
        limit = window.lowest(about) if ground else window.limits[about]
        total = sum_of(memory, window.minutes)
        found.append((about, total.heard / limit, Finding(window.minutes, total.heard, limit, ground)))
    return max(found, key=lambda each: each[:2])[2]
