"""One recorded station as the live engine judges it: the fold of `alerting.engine.judge` over its readings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from alerting.engine import trend
from alerting.engine.forecast_past import Past, stage
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


@dataclass(slots=True)
class Heard:
    """What the engine believed of one series, and the moments a forecast is due. Times in seconds.

    `known[i]` is when `value[i]` of time `at[i]` came to be believed; `reached[i]` the degree that stood at `due[i]`.
    """

    at: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)

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
    """What the engine made of one station."""

    rules: Rules
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    believed: list[tuple[float, float]] = field(default_factory=list)
    """Of rain: time in seconds and amount of each reading that is not faulty."""

    def rain(self) -> tuple[Array, Array]:
        """Times and amounts of the rain."""
        pairs = np.array(self.believed).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]


def judge(station: Recorded, record: Record, rules: Rules | None = None, rates: Rates = GENERIC) -> Outcome:
    """The live engine over one station's record; by default with the rules the live house would take with `rates`."""
    if rules is None:
        rules = rules_of(station, interval(record.at), rates)
    outcome = Outcome(rules)
    samples = [Sample(at, v, *of_value(station.quantity, v)) for at, v in zip(record.at, record.value, strict=True)]
    for walked in walk(Job(rules, Standing(), samples)):
        for verdict in walked.verdicts:
            outcome.verdicts[verdict.at] = verdict
        outcome.transitions += (one.transition for one in walked.turns if one.transition.reason not in PROVED)
        if walked.believed:
            outcome.heard.hear(walked.standing, rules)
    if station.quantity is Quantity.RAIN:
        good = (s for s in samples if s.value is not None and outcome.verdicts[s.at].flag < Flag.SUSPECT)
        outcome.believed = [(s.at.timestamp(), s.value) for s in good if s.value is not None]
    return outcome


def rules_of(station: Recorded, every: timedelta, rates: Rates = GENERIC) -> Rules:
    """The rules the live house would take with `rates`."""
    if station.rain is not None:
        return of_rain(station.rain, every)
    return Rules(station.quantity, every, station.limits, rates=rates)


def interval(at: Sequence[datetime]) -> timedelta:
    """The usual time between the first readings, at least a minute."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(at[: _INTERVAL_FROM + 1])]
    return timedelta(seconds=max(60.0, median(steps))) if steps else _DEFAULT_INTERVAL


def staged(station: Recorded, values: Sequence[float]) -> Array:
    """Values in the canonical unit as the forecast wants them: cm, or a discharge as a stage of its lowest limit."""
    positive = [limit for limit in station.limits.values() if limit > 0.0]
    return stage(station.quantity, values, min(positive, default=1.0))
