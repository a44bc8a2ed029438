"""The stage to come: median and an interval at each horizon. Pure, over many series."""

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_shape import Shape

Array = NDArray[np.float64]

_DAMPING_H = 1.0
_SPREAD = 0.7
_RESOLUTION = 1.0


def quantiles(own: Shape, value: Array) -> Array:
    """(series, horizons, 3): the stage in cm: median, 10 % and 90 %; `value` (series,) is the newest."""
    hours = np.array(HORIZONS_MIN) / 60.0
    gone = _DAMPING_H * (1.0 - np.exp(-hours / _DAMPING_H))
    middle = value[:, None] + own.s60[:, None] * gone
    apart = _RESOLUTION + _SPREAD * np.maximum(np.abs(own.s60), np.abs(own.s30))[:, None] * gone
    return np.stack([middle, middle - apart, middle + apart], axis=2)
