"""Which of the gauges upstream speak for the water that comes. Pure, over many series."""

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_inputs import GAUGES

Array = NDArray[np.float64]


def liveliest(windows: Array | None) -> list[Array]:
    """Of windows (series, gauges, 37) the two that rose most in six hours, the first first; NaN where none is heard.

    Each is (series, 37). Equal rises keep the order in which the gauges are given.
    """
    if windows is None or windows.shape[1] == 0:
        return []
    rose = np.nan_to_num(windows[:, :, 0] - windows.min(axis=2), nan=-1.0)
    order = np.argsort(-rose, axis=1, kind="stable")[:, :GAUGES]
    return [np.take_along_axis(windows, order[:, place, None, None], axis=1)[:, 0] for place in range(order.shape[1])]
