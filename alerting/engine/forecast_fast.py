"""Metres in an hour: the damped trend. Pure.

No record learnt from holds such a rise, and a learner must not take for a fault what it never saw (ADR 0010). Above
100 cm in an hour and still rising the slope of 20 min is drawn on, damped with a time of one hour, and the chances may
not stay below what it says. The level is not moved to the trend, which overshoots where a rise ends, only to the limits
that have become likely (forecast_coherent). The numbers are judged, not learnt.
"""

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_shape import Shape

Array = NDArray[np.float64]

_FAST = 100.0
_DAMPING_H = 1.0
# The log-odds of 0.9 where the trend just meets the limit; below it they fall with the logarithm of the share met:
# 0.7 where four fifths are met, 0.1 where half is.
_SURE = float(np.log(9.0)) + 1e-9  # above rounding
_FALL = 6.0


def fast(own: Shape) -> NDArray[np.intp]:
    """Which moments rise so fast."""
    return np.flatnonzero((own.s20 >= _FAST) & (own.step > 0.0))


def drawn(slope: Array, minutes: tuple[int, ...]) -> Array:
    """The rise in cm of a slope (moments,) in cm/h within some minutes, (moments, minutes)."""
    hours = np.array(minutes) / 60.0
    rise: Array = slope[:, None] * _DAMPING_H * (1.0 - np.exp(-hours / _DAMPING_H))
    return rise


def log_odds(rise: Array, gap: Array) -> Array:
    """The log-odds of a limit `gap` (moments,) above if the trend rises by `rise` (moments, reaches), both in cm."""
    found: Array = _SURE + _FALL * np.log(np.minimum(rise / gap[:, None], 1.0))
    return found
