"""Expected degrees: how probable each limit is within 30, 60, 120 and 180 min, and when. Pure, over many series.

past (forecast_past) -> shape (forecast_shape) -> ratios and probability (forecast_odds), here put together
with one rule that does not ask the network: water that rises by metres in an hour is outside what any
record it learnt from can teach, so there the damped trend is in charge (docs/forecast.md section 4).
The decision to warn is apart (forecast_decision).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_odds, forecast_shape
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from alerting.engine.forecast_shape import Shape

Array = NDArray[np.float64]

# A metre in an hour, still rising: the slope of 20 min drawn on, halved about every 40 min.
_FAST = 100.0
_DAMPING_H = 1.0
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Outlook:
    """For one limit per moment. `probability` and `foreseen` are (moments, horizons).

    `foreseen` is the probability within horizon + 60 min, which the decision to warn looks at.
    """

    probability: Array
    foreseen: Array


def outlook(odds: Odds, own: Shape, gap: Array, upstream: Shape | None = None) -> Outlook:
    """The outlook for limits `gap` above the newest value; all arrays (moments,), `gap` > 0.

    Levels and gaps in cm, discharges as stage (forecast_past.stage). A NaN shape gives NaN.
    """
    chances = forecast_odds.probability(odds, forecast_odds.ratios(own, gap, upstream))
    chances = np.maximum(chances, _trend_in_charge(own, gap))
    beyond = _between(chances[:, 1:2], chances[:, 2:3])
    return Outlook(chances[:, : len(HORIZONS_MIN)], np.concatenate([beyond, chances[:, 2:]], axis=1))


def _between(sooner: Array, later: Array) -> Array:
    """The probability half way between two reaches (90 min between 60 and 120)."""
    return 0.5 * (sooner + later)


def _trend_in_charge(own: Shape, gap: Array) -> Array:
    """Sure where a very fast rise, damped, meets the limit within the reach; else 0. (moments, reaches)."""
    hours = np.array(REACHES_MIN) / 60.0
    drawn = own.s20[:, None] * _DAMPING_H * (1.0 - np.exp(-hours / _DAMPING_H))
    fast = (own.s20 >= _FAST) & (own.step > 0.0)
    return np.where(fast[:, None] & (drawn >= gap[:, None]), _SURE, 0.0)


def hours_to(probability: Array) -> Array:
    """When the limit is expected if it is reached within each horizon, in hours, (moments, horizons).

    The median of the time to it, given that it comes within the horizon: where the probability, linear
    between the horizons and zero now, passes half of its value at the horizon.
    """
    hours = np.array((0, *HORIZONS_MIN)) / 60.0
    steps = np.concatenate([np.zeros((len(probability), 1)), probability], axis=1)
    expected = np.empty_like(probability)
    for horizon in range(len(HORIZONS_MIN)):
        half = steps[:, horizon + 1] / 2.0
        after = np.clip((steps <= half[:, None]).sum(axis=1), 1, horizon + 1)
        low, high = (np.take_along_axis(steps, (after - up)[:, None], axis=1)[:, 0] for up in (1, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(high > low, (half - low) / (high - low), 1.0)
        expected[:, horizon] = hours[after - 1] + share * (hours[after] - hours[after - 1])
    return expected


def shapes(windows: Array) -> Shape:
    """The shapes of windows (moments, 37)."""
    return forecast_shape.shape(windows)
