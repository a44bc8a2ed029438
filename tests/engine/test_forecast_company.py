"""A forecast is that of the series alone, whatever company and whatever block it is worked on in.

Equal within what the last bit of a product may differ by from one library of linear algebra to another.
"""

import numpy as np

from alerting.engine import forecast, forecast_net, forecast_odds
from alerting.engine.forecast import Scene

ROWS = forecast_net._ROWS
CLOSE = 1e-11


def test_one_by_one_and_all_at_once() -> None:
    rng = np.random.default_rng(5)
    own = np.round(85.0 + rng.normal(0.0, 1.5, (ROWS, 37)).cumsum(axis=1), 1)
    limits = np.tile([100.0, 130.0, 160.0], (ROWS, 1))
    odds = forecast_odds.generic()
    together = forecast.foresee(odds, Scene(own), limits)
    for row in range(0, ROWS, 9):
        for size in (1, 2):
            some = slice(row, row + size)
            alone = forecast.foresee(odds, Scene(own[some]), limits[some])
            assert np.allclose(alone.foreseen, together.foreseen[some], rtol=0.0, atol=CLOSE, equal_nan=True)
            assert np.allclose(alone.level, together.level[some], rtol=0.0, atol=CLOSE, equal_nan=True)
            assert np.allclose(alone.hours, together.hours[some], rtol=0.0, atol=CLOSE, equal_nan=True)


def test_networks_asked_at_the_edges_of_a_block() -> None:
    inputs = np.random.default_rng(6).normal(size=(2 * ROWS + 3, 50))
    odds = forecast_odds.generic().odds
    all_ = odds.mean(inputs)
    for count in (0, 1, 2, ROWS - 1, ROWS, ROWS + 1, ROWS + 2, 2 * ROWS + 1):
        assert np.allclose(odds.mean(inputs[:count]), all_[:count], rtol=0.0, atol=CLOSE)
