"""The Theil-Sen trend: the median of the slopes between all pairs of points. Pure, over many series at once.

Robust: up to 29 % of bad points do not move it far (Sen 1968, general knowledge, confirm). Equal to
`scipy.stats.theilslopes`, which takes one series at a time; a test holds them equal to the last bit.
Window, thinning and dead band are stated here and in `alerting.engine.rules`.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Points kept per window. 36 points make 630 pairs; a gauge that reports more often is thinned to an
# even spacing of a 36th of the window, which costs no skill and bounds the work.
POINTS = 36
# A line through fewer points, or over less than a third of the window, says nothing.
FEWEST = 3
LEAST_SHARE = 1.0 / 3.0
# Rows of pairs worked on together: 256 x 630 doubles stay in the cache.
_ROWS = 256
# From so many pairs on it is asked first whether the water stands.
_MANY = 100


def theil_sen(x: Array, y: Array) -> Array:
    """The slope of each row of `y` over the same row of `x`, both (series, points), x rising in each row.

    Returns (series,) in units of y per unit of x; NaN with fewer than two points.
    """
    series, points = x.shape
    if points < 2:  # noqa: PLR2004  # a slope is between two points
        return np.full(series, np.nan)
    first, second = np.triu_indices(points, k=1)
    slopes = np.empty(series)
    for start in range(0, series, _ROWS):
        rows = slice(start, start + _ROWS)
        pairs = y[rows][:, second] - y[rows][:, first]
        pairs /= x[rows][:, second] - x[rows][:, first]
        slopes[rows] = _median_of_rows(pairs)
    return slopes


def _median_of_rows(values: Array) -> Array:
    """The median of each row; overwrites `values`. As `np.median`, without its copies and NaN search."""
    count = values.shape[1]
    if count < _MANY:
        return _selected(values)
    # Still water has so many equal slopes that looking for the middle one takes long, and it can be counted.
    below, above = np.count_nonzero(values < 0.0, axis=1), np.count_nonzero(values > 0.0, axis=1)
    moves = np.flatnonzero((below > (count - 1) // 2) | (above > (count - 1) // 2))
    median = np.zeros(len(values))
    median[moves] = _selected(values if moves.size == len(values) else values[moves])
    return median


def _selected(values: Array) -> Array:
    """The same by putting the middle in its place."""
    count = values.shape[1]
    middle = count // 2
    values.partition(middle, axis=1)
    if count % 2:
        return values[:, middle].copy()
    # The one below the middle is the highest of the lower half: cheaper to look for than to put in its place too.
    median: Array = 0.5 * (values[:, :middle].max(axis=1) + values[:, middle])
    return median


def slopes_of(windows: Sequence[Sequence[tuple[float, float]]]) -> list[float | None]:
    """The slope of each window of (seconds, value) points in units per hour; None where it says too little.

    The windows may differ in length; those of one length are worked on together. A slope depends on
    its window alone, not on its company.
    """
    slopes: list[float | None] = [None] * len(windows)
    by_length: dict[int, list[int]] = {}
    for index, length in enumerate(map(len, windows)):
        if length >= FEWEST:
            by_length.setdefault(length, []).append(index)
    for length, indices in by_length.items():
        some = windows if len(indices) == len(windows) else [windows[i] for i in indices]
        numbers = chain.from_iterable(chain.from_iterable(some))
        points = np.fromiter(numbers, np.float64, 2 * length * len(indices)).reshape(len(indices), length, 2)
        hours = (points[:, :, 0] - points[:, :1, 0]) / 3600.0
        found = theil_sen(hours, points[:, :, 1]).tolist()
        for index, slope in zip(indices, found, strict=True):
            slopes[index] = slope
    return slopes
