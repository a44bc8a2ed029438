"""One story: chances that agree over horizons and limits, and a level that agrees with the chances. Pure.

What is learnt apart (each reach, the level) or ruled apart (the damped trend) may contradict itself. People
read all of it side by side, so it is made to agree before it is told:

- a limit is no less probable within a longer time;
- no arrival is known better than to about a quarter of the time to it, so what is probable within four hours is not
  all but impossible within three;
- a higher limit is no more probable than a lower one;
- where a limit is first more likely than not, the median of the level stands at it, and while it is less likely than
  not the median stays below; likewise the 10 % end at a chance of nine tenths, and the 90 % end at one tenth.

The probability leads, since it is what is calibrated and what warns; between two chances that disagree the higher one
stays, since a miss costs more than a false alarm.
"""

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_odds import REACHES_MIN

Array = NDArray[np.float64]

# The logarithm of the time to a limit is spread by at least a logistic of this scale: its standard deviation is
# pi / sqrt(3) times that, 0.25. Judged, not learnt.
SPREAD = 0.25 * np.sqrt(3.0) / np.pi
# The chance at which each told quantile of the level (median, 10 %, 90 %) meets a limit.
MEETS = (0.5, 0.9, 0.1)
# cm: above rounding, below what a gauge can tell.
_TOUCH = 1e-4


def over_reaches(log_odds: Array) -> Array:
    """Log-odds (…, reaches) that rise with the reach, but by no more than log(later / sooner) / SPREAD; in place.

    The sooner reach is raised, never the later one lowered.
    """
    logs = np.log(np.array(REACHES_MIN))
    for reach in range(1, len(REACHES_MIN)):
        np.maximum(log_odds[..., reach], log_odds[..., reach - 1], out=log_odds[..., reach])
    for reach in range(len(REACHES_MIN) - 2, -1, -1):
        least = log_odds[..., reach + 1] - (logs[reach + 1] - logs[reach]) / SPREAD
        np.maximum(log_odds[..., reach], least, out=log_odds[..., reach])
    return log_odds


def over_limits(chances: Array, limits: Array) -> Array:
    """Chances (series, limits, reaches) of `limits` (series, limits), none below that of a higher one.

    A NaN is no limit.
    """
    found = chances.copy()
    for lower in range(limits.shape[1]):
        for higher in range(limits.shape[1]):
            above = np.flatnonzero(limits[:, higher] > limits[:, lower])
            if higher != lower and above.size:
                found[above, lower] = np.maximum(found[above, lower], chances[above, higher])
    return found


def settled(level: Array, probability: Array, limits: Array, value: Array) -> Array:
    """The level (series, horizons, 3) brought into line with the chances (series, limits, horizons).

    `limits` (series, limits) and `value` (series,), the newest, in the unit of the level; limits reached now and NaN
    ones ask nothing. The quantiles stay in order.
    """
    unreached = limits > value[:, None]
    chance = np.where(unreached[:, :, None], probability, np.nan)
    touched = (chance >= MEETS[2]) | (limits[:, :, None] < level[:, None, :, 2] + _TOUCH)
    touched &= unreached[:, :, None]
    if not touched.size:
        return level
    some = np.flatnonzero(touched.reshape(len(level), -1).any(axis=1))
    if not some.size:
        return level
    if some.size == len(level):
        return _settled(level, chance, limits)
    found = level.copy()
    found[some] = _settled(level[some], chance[some], limits[some])
    return found


def _settled(level: Array, chances: Array, limits: Array) -> Array:
    # one row per quantile, limit and horizon, so that each lies in one piece
    known, asked = np.ascontiguousarray(level.transpose(2, 1, 0)), np.ascontiguousarray(chances.transpose(1, 2, 0))
    found = np.empty_like(known)
    for told, before, meets in zip(found, known, MEETS, strict=True):
        told[:] = before
        least = np.full(told.shape, -np.inf)
        for limit, chance in zip(limits.T, asked, strict=True):
            reached = chance >= meets
            first = reached.copy()
            first[1:] &= ~reached[:-1]
            np.minimum(told, np.where(chance < meets, limit - _TOUCH, np.inf), out=told)
            np.maximum(least, np.where(first, limit + _TOUCH, -np.inf), out=least)
        np.maximum(told, least, out=told)
    np.maximum(found[0], found[1], out=found[0])
    np.maximum(found[2], found[0], out=found[2])
    found[np.isnan(known)] = np.nan
    return found.transpose(2, 1, 0)
