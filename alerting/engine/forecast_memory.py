"""How the water moved in the two days before the shape: what swings are usual here. Pure, over many series.

A gauge below a weir swings by more in a calm night than another rises in a flood. Without this the odds took every
such swing for a beginning (docs/forecast.md section 6, the Orb).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Hourly values from 7 to 48 hours ago: the shape knows the six hours before.
FIRST_H = 7
HOURS = 42
# Spans from the newest: to 12, 24 and 48 hours ago.
_SPANS = (6, 18, HOURS)


@dataclass(frozen=True, slots=True)
class Memory:
    """Arrays (series,), 0 where not known, relative to the value now or per hour.

    `high` and `low`: the highest and lowest hourly value from 7 to 12, 24 and 48 h ago. `up`, `down`, `wander`: the
    steepest rise and fall from hour to hour, and the mean size of these changes.
    """

    high12: Array
    low12: Array
    high24: Array
    low24: Array
    high48: Array
    low48: Array
    up: Array
    down: Array
    wander: Array


def memory(hourly: Array, value: Array) -> Memory:
    """Of `hourly` (series, 42), newest first, NaN where not known, and the newest `value` (series,)."""
    relative = hourly - value[:, None]
    ends = [end(relative[:, :span], axis=1) for span in _SPANS for end in (np.fmax.reduce, np.fmin.reduce)]
    change = relative[:, :-1] - relative[:, 1:]
    known = np.isfinite(change)
    size = np.where(known, np.abs(change), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    found = [*ends, np.fmax.reduce(change, axis=1), np.fmin.reduce(change, axis=1), size]
    return Memory(*(np.nan_to_num(each) for each in found))
