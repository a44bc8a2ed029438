"""What a gauge says beside its neighbours: drift, a moved zero, held values, a lone jump. Pure, vectorised.

None of it judges a value: a judgement depends on its own series alone, which is what makes live = replay (ADR 0003).
It casts a doubt upon a series (ADR 0012), shown and told of, that changes no degree. Levels in cm, rain in mm; rows
are series, columns even steps of time, the newest last; NaN is missing. `beside[i, k]` says that series k is a
neighbour of series i. All numbers are judged; docs/quality.md tells how they fare on recorded rivers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from floodcore.quality.grid import Array

Beside = NDArray[np.bool_]

DRIFT = "drift"
STEP = "step"
STILL = "still"
ALONE = "alone"

# Drift: what three days changed against the neighbours, beyond what three days ever changed in the two weeks before.
_DAY_H = 24
_SPAN_H = 72
_EDGE_H, _EDGE_LEAST_H = 12, 6
_DRIFT_CM = 6.0
_DRIFT_SPREADS = 4.0
_SIGMA = 1.4826
_STEEPEST_SHARE = 0.5
# In a flood gauges part by more than any drift.
_QUIET_CM = 40.0
_STRAIGHT_CM = 10.0
_LARGEST_RATIO = 5.0
_NEIGHBOURS = 2

# A moved zero: three steady hours, a step, three steady hours.
_STEP_CM = 12.0
_STEADY_SHARE = 0.2
_SHARED = 0.3
_LITTLE_RAIN_MM = 3.0

# Held: the very same for three hours while two neighbours moved by so much.
_STILL_BESIDE_CM = 10.0

# Alone: so much within the hour, and within six hours no neighbour rose by a twentieth of it nor did it rain.
_ALONE_CM = 40.0
_ALONE_RISE_SHARE, _ALONE_RISE_CM = 0.05, 5.0
_ALONE_RAIN_MM = 2.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt upon series `row` since column `since`; `evidence` are the numbers its text needs."""

    row: int
    test: str
    since: int
    evidence: Mapping[str, float]


def drifting(level: Array, beside: Beside) -> list[Doubt]:
    """Series of hourly medians (n, hours) that went away from their neighbours during the last three days.

    Each neighbour k is scaled by b = Σ Δk Δi / Σ Δk² over the days before (Δ: change in 24 h, 0 <= b <= 5);
    the residual is level i - b level k, e its change over three days (medians of twelve hours at both ends), s
    1.48 times the median absolute of what three days changed it before. Drift: the median of e over the
    neighbours is at least 6 cm and 4 median s, all e have its sign, no hour made half of it, the
    neighbours were quiet and the own way was straight.
    """
    if level.shape[1] < 3 * _SPAN_H:
        return []
    quiet = _span(level[:, -_SPAN_H:]) <= _QUIET_CM
    straight = _span(_bent(level[:, -_SPAN_H:])) <= _STRAIGHT_CM
    found = []
    for row in np.flatnonzero(straight):
        away = _away(level[row], level[beside[row] & quiet])
        if away is not None:
            found.append(Doubt(int(row), DRIFT, level.shape[1] - _SPAN_H, {"cm": away, "hours": _SPAN_H}))
    return found


def _bent(level: Array) -> Array:
    """What is left of each row without the slope between its ends: a drift is straight, a flood is bent."""
    slope = (_middle(level[:, -_EDGE_H:]) - _middle(level[:, :_EDGE_H])) / (level.shape[1] - _EDGE_H)
    bent: Array = level - slope[:, None] * np.arange(level.shape[1])[None, :]
    return bent


def _middle(level: Array) -> Array:
    """Half way between the highest and the lowest of each row."""
    high = np.max(np.where(np.isfinite(level), level, -np.inf), axis=1)
    low = np.min(np.where(np.isfinite(level), level, np.inf), axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(high >= low, (high + low) / 2.0, np.nan)


def _away(own: Array, others: Array) -> float | None:
    """By how many cm `own` (hours,) drifted from `others` (k, hours), or None."""
    past = own.size - _SPAN_H
    with np.errstate(invalid="ignore"):
        mine, theirs = own[_DAY_H:past] - own[: past - _DAY_H], others[:, _DAY_H:past] - others[:, : past - _DAY_H]
        ratio = np.clip(np.nansum(mine * theirs, axis=1) / np.nansum(theirs * theirs, axis=1), 0.0, _LARGEST_RATIO)
    residual = own - np.nan_to_num(ratio)[:, None] * others
    ends, starts = residual[:, -_EDGE_H:], residual[:, past - _EDGE_H : past]
    enough = np.minimum(np.isfinite(ends).sum(axis=1), np.isfinite(starts).sum(axis=1)) >= _EDGE_LEAST_H
    if enough.sum() < _NEIGHBOURS:
        return None
    away = np.nanmedian(ends[enough], axis=1) - np.nanmedian(starts[enough], axis=1)
    before = np.abs(residual[enough, _SPAN_H:past] - residual[enough, : past - _SPAN_H])
    if np.isfinite(before).sum() < _DAY_H or away.min() <= 0.0 <= away.max():
        return None
    spread = float(_SIGMA * np.nanmedian(before))
    by = float(np.median(away))
    # from where the change is measured on: a step within the first twelve hours makes all of it as well
    leaps = np.any(np.abs(np.diff(own[past - _EDGE_H :])) >= _STEEPEST_SHARE * abs(by))
    return by if abs(by) >= max(_DRIFT_CM, _DRIFT_SPREADS * spread) and not leaps else None


def stepped(level: Array, rain: Array, beside: Beside, wet: Beside, hour: int) -> list[Doubt]:
    """Series (n, t), `hour` columns an hour, whose zero moved: a step between three steady hours and three more.

    The neighbours moved by less than three tenths of the step meanwhile, and it rained less than 3 mm. `rain` (m, t)
    with `wet[i, m]`, the rain gauges near series i; without neighbours nothing is said.
    """
    around, found = 3 * hour, []
    leaps = np.nan_to_num(np.abs(np.diff(level)))[:, around - 1 : level.shape[1] - around]
    for row in np.flatnonzero((leaps >= _STEP_CM).any(axis=1)):
        at = int(leaps[row].argmax()) + around
        size = float(level[row, at] - level[row, at - 1])
        steady = _STEADY_SHARE * abs(size)
        window = slice(at - around, at + around)
        before, after = level[row, at - around : at], level[row, at : at + around]
        if max(_span(before[None])[0], _span(after[None])[0]) > steady or not _seen(before) or not _seen(after):
            continue
        near = _span(level[beside[row], window])
        if near.size == 0 or np.any(near >= _SHARED * abs(size)) or _fallen(rain, wet[row], window) >= _LITTLE_RAIN_MM:
            continue
        found.append(Doubt(int(row), STEP, at, {"cm": size}))
    return found


def held(level: Array, beside: Beside, hour: int) -> list[Doubt]:
    """Series that said the very same for three hours while two neighbours (or the only one) moved by 10 cm or more."""
    window = level[:, -3 * hour :]
    span = _span(window)
    still = (span == 0.0) & (np.isfinite(window).sum(axis=1) >= hour)
    moving = np.isfinite(span) & (span >= _STILL_BESIDE_CM)
    found = []
    for row in np.flatnonzero(still):
        others = int((beside[row] & moving).sum())
        if others >= min(_NEIGHBOURS, int(beside[row].sum())) and others:
            found.append(Doubt(int(row), STILL, level.shape[1] - 3 * hour, {"hours": 3, "gauges": others}))
    return found


def alone(level: Array, rain: Array, beside: Beside, wet: Beside, hour: int) -> list[Doubt]:
    """Series that rose by 40 cm or more within the last hour while nothing else did: no neighbour, no rain.

    Both must be there to be silent: at least one neighbour and one rain gauge with readings of the last six hours.
    """
    found = []
    rise = level[:, -1] - np.where(np.isfinite(level), level, np.inf)[:, -hour - 1 :].min(axis=1)
    for row in np.flatnonzero(np.isfinite(rise) & (rise >= _ALONE_CM)):
        window = slice(-6 * hour, None)
        risen = level[beside[row], window]
        seen = np.isfinite(risen).any(axis=1)
        if not seen.any() or not np.isfinite(rain[wet[row], window]).any():
            continue
        theirs = float(np.max(_risen(risen[seen])))
        fell = _fallen(rain, wet[row], window)
        if theirs < max(_ALONE_RISE_CM, _ALONE_RISE_SHARE * float(rise[row])) and fell < _ALONE_RAIN_MM:
            evidence = {"cm": float(rise[row]), "beside_cm": theirs, "rain_mm": fell}
            found.append(Doubt(int(row), ALONE, level.shape[1] - hour - 1, evidence))
    return found


def _span(level: Array) -> Array:
    """Highest less lowest of each row; inf where there is nothing."""
    high = np.max(np.where(np.isfinite(level), level, -np.inf), axis=1)
    low = np.min(np.where(np.isfinite(level), level, np.inf), axis=1)
    return np.where(high >= low, high - low, np.inf)


def _risen(level: Array) -> Array:
    """How far the newest value of each row is above its lowest."""
    low = np.min(np.where(np.isfinite(level), level, np.inf), axis=1)
    newest = np.array([row[np.isfinite(row)][-1] for row in level])
    risen: Array = newest - low
    return risen


def _seen(level: Array) -> bool:
    return bool(np.isfinite(level).sum() * 2 >= level.size)


def _fallen(rain: Array, near: NDArray[np.bool_], window: slice) -> float:
    """The most that fell into one of the rain gauges near by, in mm; 0 where there is none."""
    sums = np.nansum(rain[near, window], axis=1)
    return float(sums.max(initial=0.0))
