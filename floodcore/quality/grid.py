"""Readings of several series on one even grid of time, for what is judged between series. Pure, vectorised."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def last_of_slot(at: Array, value: Array, start: float, step: float, slots: int, held: int = 0) -> Array:
    """The last value (slots,) of each slot of `step` seconds after `start`, its end included; NaN where there is none.

    `at` (n,) seconds in order, `value` (n,). An empty slot takes the one before it, up to `held` slots back.
    """
    found = np.full(slots, np.nan)
    place = np.ceil((at - start) / step).astype(np.int64) - 1
    inside = (place >= 0) & (place < slots)
    found[place[inside]] = value[inside]
    return _held(found, held)


def sum_of_slot(at: Array, value: Array, start: float, step: float, slots: int) -> Array:
    """The sum (slots,) of the values in each slot; NaN where there is none: no word is not no rain."""
    place = np.ceil((at - start) / step).astype(np.int64) - 1
    inside = (place >= 0) & (place < slots)
    total = np.bincount(place[inside], value[inside], slots)
    return np.where(np.bincount(place[inside], minlength=slots) > 0, total, np.nan)


def _held(found: Array, held: int) -> Array:
    index = np.arange(found.size)
    last = np.maximum.accumulate(np.where(np.isnan(found), -1, index))
    return np.where((last >= 0) & (index - last <= held), found[np.maximum(last, 0)], np.nan)


def within_km(lat: Sequence[float | None], lon: Sequence[float | None], reach: float) -> NDArray[np.bool_]:
    """Which (n, n) of the places (WGS 84 degrees) lie within `reach` km of one another; unknown ones of none.

    On a plane through the middle of each two; good to a percent over a region.
    """
    north = np.array([np.nan if one is None else one for one in lat], dtype=np.float64)
    east = np.array([np.nan if one is None else one for one in lon], dtype=np.float64)
    middle = np.radians((north[:, None] + north[None, :]) / 2.0)
    x = (east[:, None] - east[None, :]) * 111.32 * np.cos(middle)
    y = (north[:, None] - north[None, :]) * 110.57
    near: NDArray[np.bool_] = np.hypot(x, y) <= reach
    return near & ~np.eye(len(lat), dtype=bool)
