"""What a rain gauge says beside its neighbours: clogged, or counting each tip twice. Pure, vectorised.

Rain in mm per step; rows are gauges, columns even steps of time, the newest last; NaN is missing. `beside[i, k]` says
that gauge k is near gauge i. A doubt changes no degree (ADR 0012). Numbers are judged.
"""

import numpy as np

from floodcore.quality.beside import Beside, Doubt
from floodcore.quality.grid import Array

CLOGGED = "clogged"
DOUBLE = "double"

# Clogged: six hours with nothing to speak of while the neighbours had a good shower, every one of them some of it.
_CLOGGED_H = 6
_NOTHING_MM = 0.2
_SHOWER_MM, _SOME_MM = 5.0, 2.0
_NEIGHBOURS = 2

# Twice: the same hours wet, twice as much in all. Gauges side by side differ by a fifth (general knowledge, confirm).
_TWICE = (1.7, 2.4)
_LEAST_MM = 20.0
_WET_HOURS = 12
_ALIKE = 0.7


def clogged(rain: Array, beside: Beside, hour: int) -> list[Doubt]:
    """Gauges (n, t), `hour` columns an hour, with next to nothing in six hours while it rained all around."""
    window = rain[:, -_CLOGGED_H * hour :]
    heard = np.isfinite(window).sum(axis=1) * 2 >= window.shape[1]
    sums = np.where(heard, np.nansum(window, axis=1), np.nan)
    found = []
    for row in np.flatnonzero(heard & (sums <= _NOTHING_MM)):
        near = sums[beside[row] & heard]
        if near.size >= _NEIGHBOURS and float(near.min()) >= _SOME_MM and float(np.median(near)) >= _SHOWER_MM:
            evidence = {"mm": float(sums[row]), "beside_mm": float(np.median(near)), "hours": _CLOGGED_H}
            found.append(Doubt(int(row), CLOGGED, rain.shape[1] - window.shape[1], evidence))
    return found


def counted_twice(rain: Array, beside: Beside) -> list[Doubt]:
    """Gauges of hourly sums (n, hours) that show twice what their neighbours do, in the same hours.

    At least 20 mm and 12 wet hours at the neighbours' median, own sum 1.7 to 2.4 times theirs, correlation 0.7.
    """
    found = []
    for row in np.flatnonzero(beside.sum(axis=1) >= _NEIGHBOURS):
        near = _median(rain[beside[row]])
        both = np.isfinite(near) & np.isfinite(rain[row])
        own, theirs = rain[row, both], near[both]
        if theirs.sum() < _LEAST_MM or int((theirs > 0.0).sum()) < _WET_HOURS or own.std() == 0.0:
            continue
        ratio = float(own.sum() / theirs.sum())
        if _TWICE[0] <= ratio <= _TWICE[1] and float(np.corrcoef(own, theirs)[0, 1]) >= _ALIKE:
            found.append(Doubt(int(row), DOUBLE, 0, {"times": ratio, "beside_mm": float(theirs.sum())}))
    return found


def _median(rain: Array) -> Array:
    """The median of each column; NaN where fewer than two gauges said something."""
    known = np.isfinite(rain).sum(axis=0) >= _NEIGHBOURS
    median = np.full(rain.shape[1], np.nan)
    median[known] = np.nanmedian(rain[:, known], axis=0)
    return median
