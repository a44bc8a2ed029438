"""The strict score of warnings against crossings: what a forecast is judged by, on the test side only.

All times are float minutes from any origin. Rules:

- a crossing is the first reading at or above the limit after at least 3 h of unbroken readings below it;
- warnings at moments below the limit are merged to episodes over pauses of up to 60 min;
- an episode without a crossing is cut h + 60 min after its start and is false; a warning that goes on
  starts the next one (to warn for ever therefore scores nothing);
- an episode after which the level does pass the limit in time is not false even if that is no crossing
  (it had been above within the 3 h before); it detects nothing. `csi_literal` counts it as false;
- a crossing is detected if an episode started before it and gave its last warning at most h before it;
  the lead is the crossing minus the start; useful is a lead of at least h / 2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CALM_MIN = 180.0
PAUSE_MIN = 60.0


@dataclass(slots=True)
class Score:
    """Counts over any number of gauges and limits at one horizon; `leads` in minutes, one per detection.

    `spent` counts episodes that are neither false nor the first to detect a crossing.
    """

    horizon: float
    crossings: int = 0
    false: int = 0
    spent: int = 0
    passings: int = 0
    leads: list[float] = field(default_factory=list)
    false_at: list[float] = field(default_factory=list)
    missed_at: list[float] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Take the counts of `other` in."""
        self.crossings += other.crossings
        self.false += other.false
        self.spent += other.spent
        self.passings += other.passings
        self.leads += other.leads
        self.false_at += other.false_at
        self.missed_at += other.missed_at

    def _per_crossing(self, least_lead: float) -> float:
        return _share(sum(lead >= least_lead for lead in self.leads), self.crossings)

    @property
    def pod(self) -> float:
        """Detected / crossings."""
        return self._per_crossing(0.0)

    @property
    def pod30(self) -> float:
        """Detected with a lead of at least 30 min / crossings."""
        return self._per_crossing(30.0)

    @property
    def far(self) -> float:
        """False episodes / all episodes."""
        return _share(self.false, self.false + self.spent + len(self.leads))

    @property
    def csi(self) -> float:
        """Detected / (crossings + false episodes)."""
        return _share(len(self.leads), self.crossings + self.false)

    @property
    def csi_useful(self) -> float:
        """As `csi`, counting only leads of at least half of the horizon."""
        return _share(sum(lead >= self.horizon / 2 for lead in self.leads), self.crossings + self.false)

    @property
    def csi_literal(self) -> float:
        """As `csi`, with episodes before a passing that is no crossing counted as false."""
        return _share(len(self.leads), self.crossings + self.false + self.passings)

    @property
    def csi_useful_literal(self) -> float:
        """As `csi_useful`, with those counted as false too."""
        useful = sum(lead >= self.horizon / 2 for lead in self.leads)
        return _share(useful, self.crossings + self.false + self.passings)

    @property
    def far_literal(self) -> float:
        """As `far`, with those counted as false too."""
        return _share(self.false + self.passings, self.false + self.spent + len(self.leads))

    @property
    def median_lead(self) -> float:
        """The median lead in minutes; NaN without a detection."""
        return float(np.median(self.leads)) if self.leads else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def crossings(at: Array, level: Array, limit: float, longest_step: float) -> list[float]:
    """The times of the crossings; NaN levels or steps over `longest_step` minutes break the 3 h below."""
    found: list[float] = []
    below_since: float | None = None
    before: float | None = None
    for now, value in zip(at.tolist(), level.tolist(), strict=True):
        if np.isnan(value):
            continue
        if before is not None and now - before > longest_step:
            below_since = None
        before = now
        if value < limit:
            below_since = now if below_since is None else below_since
        else:
            if below_since is not None and now - below_since >= CALM_MIN:
                found.append(now)
            below_since = None
    return found


def score(crossed: Sequence[float], warned: Iterable[float], horizon: float, passed: Sequence[float] = ()) -> Score:
    """Score the moments of warning, in time order and all below the limit.

    `crossed` are the crossings, `passed` every passing of the limit upwards.
    """
    result = Score(horizon, crossings=len(crossed))
    detected: set[float] = set()
    for start, last in _episodes(warned, (*crossed, *passed), horizon):
        due = _due(crossed, start, last, horizon)
        if due is not None and due not in detected:
            detected.add(due)
            result.leads.append(due - start)
        elif due is not None:
            result.spent += 1
        elif _due(passed, start, last, horizon) is not None:
            result.spent += 1
            result.passings += 1
        else:
            result.false += 1
            result.false_at.append(start)
    result.missed_at += (c for c in crossed if c not in detected)
    return result


def _due(times: Sequence[float], start: float, last: float, horizon: float) -> float | None:
    """The first of `times` an episode foretold: after its start, within h of its last warning, before its cut."""
    until = min(last + horizon, start + horizon + PAUSE_MIN)
    return min((time for time in times if start < time <= until), default=None)


def _episodes(warned: Iterable[float], crossed: Sequence[float], horizon: float) -> list[tuple[float, float]]:
    """(start, last warning) of each episode, cut at crossings and h + 60 min after the start."""
    episodes: list[tuple[float, float]] = []
    for now in warned:
        if episodes:
            start, last = episodes[-1]
            parted = any(last < c <= now for c in crossed)
            if now - last <= PAUSE_MIN and not parted and now - start <= horizon + PAUSE_MIN:
                episodes[-1] = (start, now)
                continue
        episodes.append((now, now))
    return episodes
