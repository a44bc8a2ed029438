"""Gauges abreast for the tests of what is judged between series: rows are gauges, columns even steps of time."""

import numpy as np

from floodcore.quality.beside import Beside
from floodcore.quality.grid import Array

HOUR = 6
HALF_DAY = 12 * HOUR


def all_beside(n: int) -> Beside:
    """Everybody is everybody's neighbour."""
    return ~np.eye(n, dtype=bool)


def still_water(gauges: int, slots: int) -> Array:
    """Gauges at 60 cm that never move."""
    return np.full((gauges, slots), 60.0)
