"""The recent past of a series on an even grid: 37 values, ten minutes apart, back from each moment. Pure.

A forecast needs slopes over fixed spans, whatever the spacing of the readings. Between two believed
readings the grid is linear; before the first it holds the first. Nothing that was not yet believed at
the moment is touched, also when the neighbour's later reading is already in the arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_memory import FIRST_H, HOURS
from floodcore.words import Quantity

Array = NDArray[np.float64]

STEPS = 37
STEP_MIN = 10.0

# Stage from discharge by a rating Q ~ stage^(5/3) (Manning, wide channel): stage ~ Q^0.6.
_RATING = 0.6


@dataclass(frozen=True, slots=True)
class Past:
    """Believed readings, each array (points,): time in seconds, value, and when the value came to be believed.

    `at` rises strictly; `known` never falls and is not before `at`.
    """

    at: Array
    value: Array
    known: Array


def windows(past: Past, now: Array, *, pace: float = 1.0) -> Array:
    """The values at now, now - 10 min, … now - 6 h, (moments, 37); NaN rows where nothing was known.

    `now` is (moments,) in seconds. `pace` stretches the grid: 2 reads a flood as if it ran twice as fast
    (used in training only).
    """
    return _read(past, now, np.arange(STEPS, dtype=np.float64) * (STEP_MIN * 60.0 * pace))


def memory(past: Past, now: Array, *, pace: float = 1.0) -> Array:
    """The hourly values from 7 to 48 h before a moment, (moments, 42), newest first; NaN before the first reading."""
    back = np.arange(FIRST_H, FIRST_H + HOURS, dtype=np.float64) * (3600.0 * pace)
    hourly = _read(past, now, back)
    hourly[now[:, None] - back < past.at[0]] = np.nan
    return hourly


def showers(at: Array, amount: Array, now: Array) -> Array:
    """The mm of each ten minutes before each moment, (moments, 37), newest first.

    `amount` (readings,) fell evenly since the reading before; what is not yet reported counts as none.
    """
    if at.size == 0:
        return np.zeros((now.size, STEPS))
    edges = now[:, None] - np.arange(STEPS + 1, dtype=np.float64) * (STEP_MIN * 60.0)
    # only readings up to the moment: what fell in the interval that is still open is not known
    newest = at[np.maximum(np.searchsorted(at, now, side="right") - 1, 0)]
    total = np.interp(np.minimum(edges, newest[:, None]).ravel(), at, np.cumsum(amount)).reshape(edges.shape)
    fallen: Array = total[:, :-1] - total[:, 1:]
    return fallen


def _read(past: Past, now: Array, back: Array) -> Array:
    """The values `back` seconds before each moment, as known then; (moments, back)."""
    count = np.searchsorted(past.known, now, side="right")
    grid = np.full((now.size, back.size), np.nan)
    some = count > 0
    if not some.any():
        return grid
    newest = past.at[count[some] - 1]
    asked = np.minimum(now[some, None] - back, newest[:, None])
    grid[some] = np.interp(asked.ravel(), past.at, past.value).reshape(asked.shape)
    return grid


def stage(quantity: Quantity, values: Sequence[float] | Array, reference: float) -> Array:
    """Levels (cm) as they are; discharges as a stage of which `reference` (same unit) is 100."""
    array = np.asarray(values, dtype=np.float64)
    if quantity is Quantity.LEVEL:
        return array
    stages: Array = 100.0 * (np.maximum(array, 0.0) / reference) ** _RATING
    return stages


def unstage(quantity: Quantity, stages: Array, reference: float) -> Array:
    """What `stage` was given, in its unit; NaN stays NaN."""
    if quantity is Quantity.LEVEL:
        return stages
    values: Array = reference * (stages / 100.0) ** (1.0 / _RATING)
    return values
