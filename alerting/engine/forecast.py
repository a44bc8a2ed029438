"""The first, simple forecast: the Theil-Sen line drawn on, with a spread that grows with the horizon. Pure.

With v the newest value, b the slope over the trend window in units per hour, and h the horizon in hours:

    mu(h) = v + b h
    sigma(h)^2 = r^2 + (SLOPE_DOUBT |b| h + DRIFT h)^2
    p(h) = max over horizons g <= h of Phi((mu(g) - limit) / sigma(g))

r is 1.4826 times the median absolute residual about the line, at least RESIDUAL. The spread's numbers
are judged, not calibrated: p orders moments honestly and is no frequency yet. The decision to warn is
apart from p: the line itself reaches the limit within the horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from floodcore.words import Quantity

Array = NDArray[np.float64]

HORIZONS_MIN = (30, 60, 120, 180)

# cm, cm/h; for discharge shares of the newest value.
_RESIDUAL_CM = 0.5
_DRIFT_CM = 1.5
_RESIDUAL_SHARE = 0.01
_DRIFT_SHARE = 0.02
_SLOPE_DOUBT = 0.5
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class Outlook:
    """For one limit at many moments: arrays (moments, horizons), `hours_to` (moments,) NaN if never."""

    probability: Array
    warn: NDArray[np.bool_]
    hours_to: Array


def residual_spread(x: Array, y: Array, slope: Array) -> Array:
    """Robust spread of each row of `y` about its line of `slope` over `x`; (series, points) to (series,)."""
    off = y - slope[:, None] * x
    off -= np.median(off, axis=1, keepdims=True)
    spread: Array = _MAD_TO_SIGMA * np.median(np.abs(off), axis=1)
    return spread


def outlook(quantity: Quantity, value: Array, slope: Array, residual: Array, limit: float) -> Outlook:
    """The outlook for `limit` from each moment; values, slopes (per hour) and residuals are (moments,).

    Uses nothing but what it is given for the moment.
    """
    hours = np.array(HORIZONS_MIN) / 60.0
    level = quantity is Quantity.LEVEL
    size = np.abs(value)
    least = np.full_like(value, _RESIDUAL_CM) if level else np.maximum(_RESIDUAL_SHARE * size, 1e-6)
    drift = np.full_like(value, _DRIFT_CM) if level else _DRIFT_SHARE * size
    growth = (_SLOPE_DOUBT * np.abs(slope) + drift)[:, None] * hours
    sigma = np.sqrt(np.maximum(residual, least)[:, None] ** 2 + growth**2)
    mu = value[:, None] + slope[:, None] * hours
    probability = np.maximum.accumulate(ndtr((mu - limit) / sigma), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        hours_to = np.where(slope > 0.0, (limit - value) / slope, np.nan)
        warn = hours_to[:, None] <= hours
    return Outlook(probability, warn, hours_to)
