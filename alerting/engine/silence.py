"""A gauge lost when it matters most: whether its silence must be told to the officers on duty. Pure.

Gauges die at the crest (Ahr 2021, reliability.md finding 4). Silence never changes a degree; it
becomes an event of its own. These events are facts of the evaluation clock, since nothing was
observed: they stand outside the identity of a replay (ADR 0003).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.engine.judge import Standing, direction
from alerting.engine.lifecycle import Reason
from alerting.engine.rules import Rules
from alerting.engine.trend import slopes_of
from floodcore.freshness import allowed_silence
from floodcore.words import Degree, Trend

# A rise matters if, going on, it meets the lowest limit within the longest forecast horizon.
_MATTERS_WITHIN_H = 3.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A loss worth telling. `at` is when the allowed silence ran out, so two sweeps find the same one."""

    at: datetime
    since: datetime
    degree: Degree
    reason: Reason
    value: float
    trend: Trend
    per_hour: float | None


def silence(
    rules: Rules, standing: Standing, now: datetime, lag: timedelta = timedelta(0), *, flood_above: bool = False
) -> Silence | None:
    """The silence of a series at data time `now`, or None: still heard, or silent in calm.

    `lag` is how late the source itself is, `flood_above` whether a next gauge above is at a degree. Heard is
    only what was believed: a gauge stuck or talking nonsense is as lost as a mute one.
    """
    good = standing.memory.good
    if good is None or not rules.has_degrees:
        return None
    degree = standing.degree
    until = good.at + lag + allowed_silence(degree, rules.interval)
    if now <= until:
        return None
    (per_hour,) = slopes_of([standing.points])
    trend = direction(rules, good.value, per_hour)
    rising = trend is Trend.RISING and per_hour is not None
    near = per_hour is not None and good.value + per_hour * _MATTERS_WITHIN_H >= min(rules.limits.values())
    if degree is Degree.NONE and not (rising and near) and not flood_above:
        return None
    reason = _reason(degree, rising=rising and (near or degree > Degree.NONE))
    since = standing.since if standing.since is not None else good.at
    return Silence(until, since, degree, reason, good.value, trend, per_hour)


def _reason(degree: Degree, *, rising: bool) -> Reason:
    if rising:
        return Reason.LOST_RISING
    return Reason.LOST_IN_FLOOD if degree > Degree.NONE else Reason.LOST_BELOW_FLOOD


def shortest_allowed() -> timedelta:
    """No gauge is silent before this: what a sweep need not look at."""
    return min(allowed_silence(degree, timedelta(0)) for degree in Degree)
