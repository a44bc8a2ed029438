"""The price of a warning: how probable a limit must be for one to begin, learnt on many virtual limits.

The real limits of a few storms are too few to learn a price from. So warnings are tried at ten limits of each gauge
from 15 to 105 % of the way from median to peak: floods that stop short are among them, and so are small ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast
from alerting.engine.forecast_decision import BEYOND_MIN, GO_ON, HORIZONS_MIN, looked
from alerting.engine.forecast_odds import Odds
from scripts.study_parts import table
from scripts.study_parts.cases import Seen
from scripts.study_parts.storms import names, storm
from tests.engine import scoring

Array = NDArray[np.float64]
Strings = NDArray[np.str_]
Flags = NDArray[np.bool_]

SHARES = tuple(round(0.15 + 0.1 * step, 2) for step in range(10))
# The levels a warning may begin at; each is judged with its two neighbours, so that no single episode chooses.
BEGINS = tuple(round(0.56 + 0.02 * step, 2) for step in range(17))
# What a crossing not found in time costs, in false episodes. Judged.
MISS = 2.0


@dataclass(slots=True)
class Tally:
    """Of warnings at one level and horizon: crossings, those found, with 30 min, in time (half the horizon), false."""

    crossings: int = 0
    found: int = 0
    early: int = 0
    in_time: int = 0
    false: int = 0

    def add(self, score: scoring.Score) -> None:
        """Take a score in."""
        self.crossings += score.crossings
        self.found += len(score.leads)
        self.early += sum(lead >= table.EARLY_MIN for lead in score.leads)
        self.in_time += sum(lead >= score.horizon / 2 for lead in score.leads)
        self.false += score.false

    def join(self, other: "Tally") -> None:
        """Take another tally in."""
        self.crossings += other.crossings
        self.found += other.found
        self.early += other.early
        self.in_time += other.in_time
        self.false += other.false


# By begin level and horizon.
Tallies = dict[tuple[float, int], Tally]


def tried(by_label: Mapping[str, Odds], named: Sequence[tuple[Seen, Strings]]) -> dict[str, Tallies]:
    """By storm on a river: what warnings that begin at each of BEGINS find at the virtual limits.

    Each moment with the odds of its label, which a storm lies in as a whole.
    """
    found: dict[str, Tallies] = {}
    for one, labels in named:
        storms = storm(one.gauge, one.now)
        for name in names(storms):
            total = found.setdefault(name, {(begin, h): Tally() for begin in BEGINS for h in HORIZONS_MIN})
            at = np.flatnonzero(storms == name)
            _try(by_label[str(labels[at[0]])], one, at, total)
    return found


def without(fold: str, every: Iterable[Mapping[str, Tallies]]) -> Tallies:
    """All of `every` but what fell on a river, or with a storm, that is held out."""
    return together(total for each in every for name, total in each.items() if fold not in name.split("/"))


def together(some: Iterable[Tallies]) -> Tallies:
    """Several as one."""
    total = {(begin, horizon): Tally() for begin in BEGINS for horizon in HORIZONS_MIN}
    for each in some:
        for key, tally in each.items():
            total[key].join(tally)
    return total


def best(total: Tallies) -> tuple[float, ...]:
    """The begin levels of the horizons, on a straight line over them, that cost least; each as a mean over neighbours.

    The cost: each crossing not found with a lead of half the horizon counts as MISS false episodes. The line is found
    by its two ends, which lie on BEGINS.
    """
    inner, gains = BEGINS[1:-1], []
    for h in HORIZONS_MIN:
        each = [MISS * total[begin, h].in_time - total[begin, h].false for begin in BEGINS]
        gains.append(np.convolve(each, np.full(3, 1.0 / 3.0), mode="valid"))
    lines = {(first, last): line(first, last) for first in inner for last in inner}
    ends = max(lines, key=lambda each: sum(map(_at, lines[each], gains)))
    return lines[ends]


def line(first: float, last: float) -> tuple[float, ...]:
    """Levels on a straight line from the shortest horizon to the longest."""
    span = HORIZONS_MIN[-1] - HORIZONS_MIN[0]
    return tuple(round(first + (last - first) * (h - HORIZONS_MIN[0]) / span, 3) for h in HORIZONS_MIN)


def _at(level: float, gain: Array) -> float:
    return float(np.interp(level, BEGINS[1:-1], gain))


def limits(one: Seen) -> Array:
    """The virtual limits of a gauge."""
    middle, top = float(np.nanmedian(one.gauge.truth)), float(np.nanmax(one.gauge.truth))
    return middle + np.array(SHARES) * (top - middle)


def _try(odds: Odds, one: Seen, at: NDArray[np.intp], total: Tallies) -> None:
    asked = limits(one)
    chances = table.chances(odds, one, at, asked)
    seen = looked(chances[:, :, : len(HORIZONS_MIN)], forecast.beyond(chances))
    now, rising = one.now[at] / 60.0, one.own.s30[at] > 0.0
    for number, limit in enumerate(asked.tolist()):
        still, below = one.quiet_peak[at] >= limit, one.value[at] < limit
        crossed = _within(table.crossings(one.gauge, limit), now)
        up = _within(table.exceeded(one.gauge, limit), now)
        for column, horizon in enumerate(HORIZONS_MIN):
            sight = seen[:, number, column]
            for begin in BEGINS:
                some = [i for i in stood(sight, now, still, rising, begin, horizon) if below[i]]
                total[begin, horizon].add(scoring.score(crossed, now[some].tolist(), float(horizon), up))


def stood(sight: Array, now: Array, still: Flags, rising: Flags, begin: float, horizon: int) -> list[int]:
    """At which moments (minutes `now`) a warning for one limit and horizon stood: `forecast_decision.step`, but fast.

    Skips to where one may begin.
    """
    may = (sight >= begin) & ~still
    starts = np.flatnonzero(may).tolist()
    held = (sight >= GO_ON) | rising
    found: list[int] = []
    for start in starts:
        if found and start <= found[-1]:
            continue
        since = now[start]
        for i in range(start, now.size):
            if i > start and (still[i] or not (now[i] - since <= horizon + BEYOND_MIN and held[i])):
                if not may[i]:
                    break
                since = now[i]
            found.append(i)
    return found


def _within(times: Array, now: Array) -> list[float]:
    """The times between the first and the last moment."""
    some: list[float] = times[(times > now[0]) & (times <= now[-1])].tolist()
    return some
