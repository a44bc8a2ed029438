"""The stage to come: median and an interval at each horizon. Pure, over many series.

The networks see the same inputs as the odds, measured by the pace of the water instead of the gap to a limit,
and answer with the change in units of that pace. So still water stays, whatever the gauge.
"""

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_inputs import inputs
from alerting.engine.forecast_odds import Odds
from alerting.engine.forecast_shape import Shape, pick

Array = NDArray[np.float64]

QUANTILES = (0.5, 0.1, 0.9)
# Under this nothing moves: half the resolution of a gauge, and its noise.
_LEAST = 0.7
# Water that moved by less in six hours, here and above, stays: median, 10 % and 90 % in cm.
_STILL_CM = 2.0
_STILL = (0.0, -1.0, 1.0)
_STEP_SHARE = 0.5
_RANGE_SHARE = 0.1


def pace(own: Shape) -> Array:
    """How lively the water is, in cm (per hour): the steepest of its slopes, its noise, a tenth of its range."""
    slopes = [_STEP_SHARE * np.abs(own.s20), np.abs(own.s30), np.abs(own.s60), np.abs(own.s120)]
    found: Array = np.maximum.reduce([*slopes, own.noise, _RANGE_SHARE * (own.rise + own.drop)]) + _LEAST
    return found


def quantiles(odds: Odds, own: Shape, value: Array, above: tuple[Shape, ...] = ()) -> Array:
    """(series, horizons, 3): the stage in cm: median, 10 % and 90 %; `value` (series,) is the newest."""
    found: Array = value[:, None, None] + np.tile(np.array(_STILL), (value.size, len(HORIZONS_MIN), 1))
    swing = np.maximum.reduce([own.rise + own.drop, *(np.nan_to_num(each.rise) for each in above)])
    moving = np.flatnonzero(~(swing <= _STILL_CM))
    if not moving.size:
        return found
    some, uppers = pick(own, moving), tuple(pick(each, moving) for each in above)
    unit = pace(some)
    change = odds.level.mean(inputs(some, unit, uppers)).reshape(-1, len(HORIZONS_MIN), len(QUANTILES))
    middle = unit[:, None] * change[:, :, 0]
    # the median lies between, though each was learnt by itself
    ends = (unit[:, None, None] * change[:, :, 1:] - middle[:, :, None]) * odds.widen
    low, high = np.minimum(ends[:, :, 0], 0.0), np.maximum(ends[:, :, 1], 0.0)
    found[moving] = value[moving, None, None] + np.stack([middle, middle + low, middle + high], axis=2)
    return found
