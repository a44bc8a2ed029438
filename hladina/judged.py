"""One recorded station as the live engine judges it: the fold of `alerting.engine.judge` over its readings."""

from array import array
from bisect import bisect_left
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from alerting.engine import trend
from alerting.engine.forecast_past import Past, stage, unstage
from alerting.engine.judge import Job, Standing, spans, walk
from alerting.engine.lifecycle import PROVED, Transition
from alerting.engine.rules import Rules, of_rain
from floodcore.quality.door import of_value
from floodcore.quality.rates import GENERIC, Rates
from floodcore.quality.window import Sample, Verdict
from floodcore.words import Flag, Quantity
from hladina.records import Record
from hladina.station_list import Recorded

Array = NDArray[np.float64]

_INTERVAL_FROM = 50
_DEFAULT_INTERVAL = timedelta(minutes=10)


def _doubles() -> MutableSequence[float]:
    """Empty; numbers that travel in few bytes."""
    return array("d")


def _degrees() -> MutableSequence[int]:
    return array("b")


@dataclass(frozen=True, slots=True)
class Ruled:
    """From the sample of `since` on (None: from the first) a station is judged by `rules`."""

    since: datetime | None
    rules: Rules


@dataclass(slots=True)
class Heard:
    """What the engine believed of one series, and the moments a forecast is due. Times in seconds.

    `known[i]` is when `value[i]` of time `at[i]` came to be believed; `reached[i]` the degree that stood at `due[i]`.
    """

    at: MutableSequence[float] = field(default_factory=_doubles)
    value: MutableSequence[float] = field(default_factory=_doubles)
    known: MutableSequence[float] = field(default_factory=_doubles)
    due: MutableSequence[float] = field(default_factory=_doubles)
    reached: MutableSequence[int] = field(default_factory=_degrees)

    def hear(self, standing: Standing, rules: Rules) -> None:
        """Take in the points of the trend window that are new; the newest is why a forecast is due."""
        points = standing.points
        if not points:
            return
        now, _ = points[-1]
        for at, value in points:
            if not self.at or at > self.at[-1]:
                self.at.append(at)
                self.value.append(value)
                self.known.append(now)
        if rules.limits and len(points) >= trend.FEWEST and spans(points, rules):
            self.due.append(now)
            self.reached.append(int(standing.life.degree))

    def past(self, station: Recorded) -> Past | None:
        """The believed readings as a stage; None if there are none or a discharge has nothing to be measured by."""
        if not self.at or (station.quantity is not Quantity.LEVEL and not station.limits):
            return None
        return Past(np.array(self.at), staged(station, self.value), np.array(self.known))


@dataclass(slots=True)
class Outcome:
    """What the engine made of one station. `rules` are those of its first sample, `uses` all of them.

    `verdicts` are in the order of the readings. `fallen`, of rain: time in seconds and amount of each reading that is
    not faulty.
    """

    rules: Rules
    uses: tuple[Ruled, ...] = ()
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    fallen: tuple[MutableSequence[float], MutableSequence[float]] = field(
        default_factory=lambda: (_doubles(), _doubles())
    )

    def rain(self) -> tuple[Array, Array]:
        """Times and amounts of the rain."""
        return np.array(self.fallen[0]), np.array(self.fallen[1])


def judge(
    station: Recorded, record: Record, rules: Rules | Sequence[Ruled] | None = None, rates: Rates = GENERIC
) -> Outcome:
    """The live engine over one station's record; by default with the rules the live house would take with `rates`.

    Of rules that change each sample is judged by those of its observation time, as live.
    """
    at = record.at
    uses = ruled(station, interval(at), rates) if rules is None else rules
    uses = (Ruled(None, uses),) if isinstance(uses, Rules) else tuple(uses)
    outcome = Outcome(uses[0].rules, uses)
    samples = [Sample(when, v, *_alone(station, v)) for when, v in zip(at, record.value, strict=True)]
    ends = [len(at) if use.since is None else bisect_left(at, use.since) for use in uses[1:]]
    standing = Standing()
    for use, begin, end in zip(uses, [0, *ends], [*ends, len(at)], strict=True):
        standing = _judged(Job(use.rules, standing, samples[begin:end]), outcome)
    if station.quantity is Quantity.RAIN:
        for sample, verdict in zip(samples, outcome.verdicts.values(), strict=True):
            if sample.value is not None and verdict.flag < Flag.SUSPECT:
                outcome.fallen[0].append(sample.at.timestamp())
                outcome.fallen[1].append(sample.value)
    return outcome


def _alone(station: Recorded, value: float | None) -> tuple[Flag, str]:
    """The verdict of the door on a value, above the gauge's own zero."""
    return of_value(station.quantity, None if value is None else value - station.zero)


def _judged(job: Job, outcome: Outcome) -> Standing:
    """Judge the samples of a job into the outcome; the standing after them."""
    standing, rules, verdicts = job.standing, job.rules, outcome.verdicts
    for walked in walk(job):
        standing = walked.standing
        for verdict in walked.verdicts:
            verdicts[verdict.at] = verdict
        if walked.turns:
            changes = (one.transition for one in walked.turns)
            outcome.transitions += (one for one in changes if one.reason not in PROVED)
        if walked.believed:
            outcome.heard.hear(standing, rules)
    return standing


def ruled(station: Recorded, every: timedelta, rates: Rates = GENERIC) -> tuple[Ruled, ...]:
    """The rules the live house would take with `rates`, and since when."""
    dated = (Ruled(one.since, rules_of(station.at(one.since), every, rates)) for one in station.changes)
    return (Ruled(None, rules_of(station, every, rates)), *dated)


def rules_of(station: Recorded, every: timedelta, rates: Rates = GENERIC) -> Rules:
    """The rules the live house would take with `rates`."""
    if station.rain is not None:
        return of_rain(station.rain, every, station.rain_scheme)
    return Rules(station.quantity, every, station.limits, rates=rates)


def interval(at: Sequence[datetime]) -> timedelta:
    """The usual time between the first readings, at least a minute."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(at[: _INTERVAL_FROM + 1])]
    return timedelta(seconds=max(60.0, median(steps))) if steps else _DEFAULT_INTERVAL


def staged(station: Recorded, values: Sequence[float]) -> Array:
    """Values in the canonical unit as the forecast wants them: cm, or a discharge as a stage of its lowest limit."""
    return stage(station.quantity, values, _reference(station))


def unstaged(station: Recorded, stages: Array) -> Array:
    """Stages of `staged` as values in the canonical unit."""
    return unstage(station.quantity, stages, _reference(station))


def _reference(station: Recorded) -> float:
    """The lowest limit above zero: a discharge of it is a stage of 100."""
    return min((limit for limit in station.limits.values() if limit > 0.0), default=1.0)
