"""How well a hindcast foresaw: the operator's own count, simple and of believed readings only.

It is not the strict score of the project's study (tests/engine/scoring.py), which cuts warnings that go on for ever and
knows the record with hindsight; docs/forecast.md has those figures. Rules here:

- crossing: the engine's state rises to the degree or above;
- episode: moments warned of without a break of more than an hour; true if the degree is reached after its start and
  within h of its last moment, else false; one whose h runs beyond the record is left out;
- lead: crossing less the start of the first true episode; useful is at least h / 2;
- Brier score and reliability: at moments with the degree open, all of them and those within 12 h before a crossing;
- level error: root mean square at t + h against the value now, within 24 h of a crossing of the lowest degree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.lifecycle import Transition
from hladina.foresight import Told
from hladina.judged import Heard

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS = 10
_HORIZONS = len(HORIZONS_MIN)
_PAUSE_S = 3600.0
_NEAR_S = 12 * 3600.0
_FLOOD_S = 24 * 3600.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Case:
    """A crossing found (with its lead) or missed, or a false episode. Times in seconds, the lead in minutes."""

    station: str
    degree: int
    horizon: int
    at: float
    crossing: bool
    lead_min: float | None


@dataclass(slots=True)
class Tally:
    """What is counted of any number of stations.

    `bins` is (all or near, horizons, deciles, 4): moments, sum of probability, of outcome, of squared error.
    `errors` is (horizons, 4): moments, squared error of the median, of persistence, moments outside the interval.
    """

    cases: list[Case] = field(default_factory=list)
    gauge_days: float = 0.0
    bins: Array = field(default_factory=lambda: np.zeros((2, _HORIZONS, BINS, 4)))
    errors: Array = field(default_factory=lambda: np.zeros((_HORIZONS, 4)))

    def add(self, other: "Tally") -> None:
        """Take the counts of `other` in."""
        self.cases += other.cases
        self.gauge_days += other.gauge_days
        self.bins += other.bins
        self.errors += other.errors


def tally(station: str, said: Told, transitions: Sequence[Transition], heard: Heard, staged: Array) -> Tally:
    """The counts of one station; `staged` is the stage of `heard.value`."""
    found = Tally(gauge_days=_gauge_days(said.now))
    at, end = np.array(heard.at), heard.at[-1]
    for index, degree in enumerate(said.degrees):
        crossed = [t.at.timestamp() for t in transitions if t.from_degree < degree <= t.to_degree]
        for column, horizon in enumerate(HORIZONS_MIN):
            moments = said.now[said.warn[:, index, column]]
            found.cases += _cases(station, degree, horizon, moments, crossed, end)
        _count_odds(found.bins, said, index, crossed, at, staged)
    lowest = [t.at.timestamp() for t in transitions if t.from_degree < min(said.degrees) <= t.to_degree]
    _count_errors(found.errors, said, lowest, at, staged)
    return found


def _gauge_days(now: Array) -> float:
    """The time covered: each step counts with at most two hours."""
    return float(np.minimum(np.diff(now), 2 * _PAUSE_S).sum()) / _DAY_S


def _cases(
    station: str, degree: int, horizon: int, warned: Array, crossed: Sequence[float], end: float
) -> Iterator[Case]:
    leads, false = episodes_judged(warned, crossed, horizon, end)
    for at in false:
        yield Case(station, degree, horizon, at, crossing=False, lead_min=None)
    for at, lead in leads.items():
        yield Case(station, degree, horizon, at, crossing=True, lead_min=lead)


def episodes_judged(
    warned: Array, crossed: Sequence[float], horizon: int, end: float
) -> tuple[dict[float, float | None], list[float]]:
    """For each crossing the lead in minutes or None, and the starts of the false episodes; times in seconds.

    `warned` are the moments a warning stood, `end` is the end of the record.
    """
    leads: dict[float, float | None] = dict.fromkeys(crossed)
    false: list[float] = []
    for start, last in _episodes(warned, crossed):
        due = next((c for c in crossed if start < c <= last + 60.0 * horizon), None)
        if due is None and last + 60.0 * horizon <= end:
            false.append(start)
        elif due is not None and leads[due] is None:
            leads[due] = (due - start) / 60.0
    return leads, false


def _episodes(warned: Array, crossed: Sequence[float]) -> Iterator[tuple[float, float]]:
    """(start, last moment) of each run of warned moments, parted by a pause or a crossing."""
    if not warned.size:
        return
    before = np.searchsorted(np.array(crossed), warned)
    parted = (np.diff(warned) > _PAUSE_S) | (np.diff(before) > 0)
    for part in np.split(warned, np.flatnonzero(parted) + 1):
        yield float(part[0]), float(part[-1])


def _count_odds(bins: Array, said: Told, index: int, crossed: Sequence[float], at: Array, staged: Array) -> None:
    wait = np.r_[np.array(crossed), np.inf][np.searchsorted(np.array(crossed), said.now, side="right")] - said.now
    for column, horizon in enumerate(HORIZONS_MIN):
        some = said.open[:, index] & (said.now + 60.0 * horizon <= at[-1])
        chance = said.probability[some, index, column]
        came = highest(at, staged, said.now[some], 60.0 * horizon) >= said.limits[some, index]
        for kind, chosen in enumerate((np.ones(chance.size, dtype=np.bool_), wait[some] <= _NEAR_S)):
            decile = np.clip((chance[chosen] * BINS).astype(np.int_), 0, BINS - 1)
            parts = (np.ones(chosen.sum()), chance[chosen], came[chosen], (chance[chosen] - came[chosen]) ** 2)
            for place, part in enumerate(parts):
                bins[kind, column, :, place] += np.bincount(decile, part.astype(np.float64), BINS)


def highest(at: Array, value: Array, now: Array, ahead_s: float) -> Array:
    """The highest value of times in (now, now + ahead], -inf where there is none."""
    first, last = np.searchsorted(at, now, side="right"), np.searchsorted(at, now + ahead_s, side="right")
    found = np.full(now.size, -np.inf)
    some = last > first
    if some.any():
        # reduceat takes pairs: the odd results, between the pairs, are not wanted
        pairs = np.stack([first[some], last[some]], axis=1).ravel()
        found[some] = np.maximum.reduceat(np.append(value, -np.inf), pairs)[::2]
    return found


def _count_errors(errors: Array, said: Told, lowest: Sequence[float], at: Array, staged: Array) -> None:
    if not lowest:
        return
    crossed = np.array([-np.inf, *lowest, np.inf])
    place = np.searchsorted(crossed, said.now)
    hole = max(60.0 * HORIZONS_MIN[0], 1.5 * float(np.median(np.diff(at))))
    near = np.minimum(said.now - crossed[place - 1], crossed[place] - said.now) <= _FLOOD_S
    for column, horizon in enumerate(HORIZONS_MIN):
        then = said.now + 60.0 * horizon
        after = np.minimum(np.searchsorted(at, then), at.size - 1)
        # the level inside a hole is nobody's
        known = (then <= at[-1]) & (at[after] - at[np.maximum(after - 1, 0)] <= hole)
        some = near & known
        true = np.interp(then[some], at, staged)
        middle, low, high = said.level[some, column].T
        errors[column] += (
            some.sum(),
            ((middle - true) ** 2).sum(),
            ((said.value[some] - true) ** 2).sum(),
            ((true < low) | (true > high)).sum(),
        )
