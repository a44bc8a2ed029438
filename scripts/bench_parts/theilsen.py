"""Theil-Sen over 10,000 stations at once against scipy, one station at a time, on the same windows."""

import time

import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

from alerting.engine.trend import POINTS, slopes_of, theil_sen
from floodcore.store import embedded

STATIONS = 10_000
# scipy is timed on fewer stations and scaled; its cost per station does not depend on how many there are.
_SCIPY_STATIONS = 500
_REPEATS = 5


async def measure(_cluster: embedded.Cluster) -> list[str]:
    """The lines to print; needs no database."""
    return [f"  {what}: {number:.4g}" for what, number in figures()]


def figures() -> list[tuple[str, float]]:
    """(what, number): seconds for all stations each way, the ratio, and the largest difference."""
    rng = np.random.default_rng(20260601)
    x = np.cumsum(rng.uniform(0.02, 0.04, (STATIONS, POINTS)), axis=1)
    y = np.round(100.0 + 8.0 * x + rng.normal(0.0, 1.0, (STATIONS, POINTS)), 1)
    theil_sen(x[:500], y[:500])
    ours = min(_seconds(x, y) for _ in range(_REPEATS))
    began = time.perf_counter()
    theirs = [theilslopes(y[i], x[i]).slope for i in range(_SCIPY_STATIONS)]
    scipy_s = (time.perf_counter() - began) * STATIONS / _SCIPY_STATIONS
    apart = float(np.max(np.abs(theil_sen(x[:_SCIPY_STATIONS], y[:_SCIPY_STATIONS]) - np.array(theirs))))
    windows = [list(zip(row_x, row_y, strict=True)) for row_x, row_y in zip(x.tolist(), y.tolist(), strict=True)]
    began = time.perf_counter()
    slopes_of(windows)
    from_windows = time.perf_counter() - began
    return [
        (f"Theil-Sen, {STATIONS:,} stations x {POINTS} points, ours, s", ours),
        ("the same from the engine's windows, s", from_windows),
        (f"scipy station by station (timed on {_SCIPY_STATIONS}, scaled), s", scipy_s),
        ("scipy / ours", scipy_s / ours),
        ("largest difference of a slope", apart),
    ]


def _seconds(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    began = time.perf_counter()
    theil_sen(x, y)
    return time.perf_counter() - began
