"""The recent past of a series on an even grid: 37 values, ten minutes apart, back from each moment. Pure.

A forecast needs slopes over fixed spans, whatever the spacing of the readings. Between two believed
readings the grid is linear; before the first it holds the first. Nothing that was not yet believed at
the moment is touched, also when the neighbour's later reading is already in the arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    count = np.searchsorted(past.known, now, side="right")
    grid = np.full((now.size, STEPS), np.nan)
    some = count > 0
    if not some.any():
        return grid
    newest = past.at[count[some] - 1]
    asked = now[some, None] - np.arange(STEPS) * (STEP_MIN * 60.0 * pace)
    asked = np.minimum(asked, newest[:, None])
    grid[some] = np.interp(asked.ravel(), past.at, past.value).reshape(asked.shape)
    return grid


def stage(quantity: Quantity, values: Sequence[float] | Array, reference: float) -> Array:
    """Levels (cm) as they are; discharges as a stage of which `reference` (same unit) is 100."""
    array = np.asarray(values, dtype=np.float64)
    if quantity is Quantity.LEVEL:
        return array
    stages: Array = 100.0 * (np.maximum(array, 0.0) / reference) ** _RATING
    return stages
