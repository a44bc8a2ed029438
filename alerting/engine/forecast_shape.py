"""What the recent past looks like: slopes over several spans, their recession, curvature, rise. Pure.

From a window of 37 values (forecast_past) to 18 numbers. Everything linear in the window is one matrix
product, so 100,000 series cost one call.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_past import STEPS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Array = NDArray[np.float64]
T = TypeVar("T", bound="DataclassInstance")

# Steps of ten minutes: spans of the slopes, of the curvature, and how far back the steepest is sought.
_SPANS = (2, 3, 6, 12, 18)
_CURVE = 9
_SHORT, _SHORT_BACK = 3, 18
_HOUR, _HOUR_BACK = 6, 24
_PER_HOUR = 6.0
# Ties (which of equal slopes was the steepest?) must not hang on the last bit.
_EXACT = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """Arrays (moments,); slopes in units per hour, ages in hours, `bend` in units per hour squared.

    s20 … s180: least-squares slope over the last 20 … 180 min. `now` and `bend`: slope and curvature at the
    moment, of a parabola over 90 min. `step`: the last ten minutes. `s30_before`, `s60_before`: the same
    slopes as seen 30 and 60 min ago. `top30` with `top30_age`: the steepest 30-min slope of the last three hours
    and how long ago it was; `top60` likewise of four hours. `rise`, `drop`: the value above the lowest and
    below the highest of six hours; `low_age`: how long ago the lowest was. `noise`: rms about the hour's line.
    """

    s20: Array
    s30: Array
    s60: Array
    s120: Array
    s180: Array
    now: Array
    bend: Array
    step: Array
    s30_before: Array
    s60_before: Array
    top30: Array
    top30_age: Array
    top60: Array
    top60_age: Array
    rise: Array
    drop: Array
    low_age: Array
    noise: Array


def _slope_weights(span: int, back: int) -> Array:
    """The weights of a least-squares slope over `span` steps ending `back` steps ago, per hour."""
    hours = -np.arange(span + 1) / _PER_HOUR
    centred = hours - hours.mean()
    weights = np.zeros(STEPS)
    weights[back : back + span + 1] = centred / (centred**2).sum()
    return weights


@cache
def _linear() -> Array:
    """(rows, 37): parabola, step, the five slopes, the short and the hourly slopes at all lags."""
    hours = -np.arange(_CURVE + 1) / _PER_HOUR
    parabola = np.linalg.pinv(np.stack([np.ones_like(hours), hours, hours**2], axis=1))
    columns = np.zeros((3, STEPS))
    columns[0, : _CURVE + 1] = parabola[1]
    columns[1, : _CURVE + 1] = 2.0 * parabola[2]
    columns[2, :2] = (_PER_HOUR, -_PER_HOUR)
    slopes = [_slope_weights(span, 0) for span in _SPANS]
    short = [_slope_weights(_SHORT, back) for back in range(_SHORT_BACK)]
    hourly = [_slope_weights(_HOUR, back) for back in range(_HOUR_BACK)]
    return np.concatenate([columns, slopes, short, hourly])


def shape(windows: Array) -> Shape:
    """The shape of each window; `windows` is (moments, 37), newest first. NaN rows give NaN."""
    # one row per step of the window, so that each number of the shape lies in one piece
    level = np.ascontiguousarray(windows.T)
    level = np.round(level - level[0], _EXACT)
    found = np.round(_linear() @ level, _EXACT)
    now, bend, step, s20, s30, s60, s120, s180 = found[:8]
    short = found[8 : 8 + _SHORT_BACK]
    hourly = found[8 + _SHORT_BACK :]
    hours = -np.arange(_HOUR + 1) / _PER_HOUR
    off = level[: _HOUR + 1] - level[: _HOUR + 1].mean(axis=0) - s60 * (hours - hours.mean())[:, None]
    return Shape(
        s20,
        s30,
        s60,
        s120,
        s180,
        now,
        bend,
        step,
        s30_before=short[_SHORT],
        s60_before=hourly[_HOUR],
        top30=short.max(axis=0),
        top30_age=short.argmax(axis=0) / _PER_HOUR,
        top60=hourly.max(axis=0),
        top60_age=hourly.argmax(axis=0) / _PER_HOUR,
        rise=-level.min(axis=0),
        drop=level.max(axis=0),
        low_age=level.argmin(axis=0) / _PER_HOUR,
        noise=np.sqrt((off**2).mean(axis=0)),
    )


def pick(arrays: T, index: NDArray[np.intp]) -> T:
    """Some moments of a dataclass of arrays, such as a Shape."""
    return type(arrays)(*(getattr(arrays, field.name)[index] for field in fields(arrays)))
