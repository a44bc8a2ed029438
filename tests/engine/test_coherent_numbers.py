"""Where the level and the chances meet, from both sides of each number (alerting/engine/forecast_coherent.py)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from alerting.engine import forecast_coherent
from alerting.engine.forecast_coherent import over_limits, over_reaches, settled
from alerting.engine.forecast_odds import REACHES_MIN

Array = NDArray[np.float64]
LIMIT, VALUE = 100.0, 50.0
NAN = float("nan")
# Median, 10 % and 90 % of a level that means nothing to a limit of 100.
LOW = (60.0, 55.0, 65.0)


def told(levels: list[tuple[float, float, float]], chances: list[float], *, value: float = VALUE) -> Array:
    """The level of one series at as many horizons as there are chances of the limit."""
    limits = np.array([[LIMIT]])
    found: Array = settled(np.array([levels]), np.array([[chances]]), limits, np.array([value]))[0]
    return found


@pytest.mark.parametrize(("quantile", "meets"), [(0, 0.5), (1, 0.9), (2, 0.1)])
def test_each_quantile_meets_the_limit_at_its_chance(quantile: int, meets: float) -> None:
    assert told([LOW], [meets])[0, quantile] > LIMIT
    assert told([LOW], [meets - 1e-9])[0, quantile] < LIMIT
    high = (150.0, 140.0, 160.0)
    assert told([high], [meets])[0, quantile] == high[quantile], "what is above stays"
    assert told([high], [meets - 1e-9])[0, quantile] < LIMIT
    assert told([high], [meets - 1e-9])[0, quantile] > LIMIT - 0.01


def test_a_band_that_just_touches_a_limit_that_is_all_but_impossible_is_drawn_below_it() -> None:
    assert told([(60.0, 55.0, LIMIT)], [0.05])[0, 2] < LIMIT
    assert told([(60.0, 55.0, LIMIT - 0.01)], [0.05])[0].tolist() == [60.0, 55.0, LIMIT - 0.01]


def test_only_where_it_is_first_so_likely_does_the_level_stand_at_the_limit() -> None:
    """A crest may pass and the water fall again within the horizons."""
    found = told([LOW] * 4, [0.2, 0.6, 0.6, 0.7])
    assert found[:, 0].tolist() == [60.0, pytest.approx(LIMIT, abs=0.01), 60.0, 60.0]
    again = told([LOW, (110.0, 90.0, 120.0), (110.0, 90.0, 120.0)], [0.2, 0.5, 0.5])
    assert again[1:, 0].tolist() == [110.0, 110.0]


def test_the_quantiles_stay_in_order() -> None:
    found = told([LOW, LOW], [0.2, 0.6])
    assert found[1, 2] == found[1, 0] > LIMIT, "its ninety per cent end met the limit before"
    found = told([LOW, (60.0, 80.0, 90.0)], [0.05, 0.05])
    assert found[1].tolist() == [60.0, 80.0, 90.0], "nothing to settle, nothing touched"
    found = told([(120.0, 110.0, 130.0)], [0.3])
    assert found[0, 1] <= found[0, 0] <= found[0, 2]


def test_limits_that_are_reached_or_unknown_ask_nothing() -> None:
    assert told([(40.0, 30.0, 45.0)], [0.9], value=LIMIT)[0].tolist() == [40.0, 30.0, 45.0]
    level = np.array([[(40.0, 30.0, 45.0)], [(40.0, 30.0, 45.0)]])
    limits = np.array([[NAN], [LIMIT]])
    found = settled(level, np.full((2, 1, 1), 0.95), limits, np.array([VALUE, VALUE]))
    assert found[0, 0].tolist() == [40.0, 30.0, 45.0], "and the series beside is settled alone"
    assert (found[1, 0] > LIMIT).all()
    assert (level[1, 0] < LIMIT).all(), "what was given is not written on"


def test_what_is_not_known_stays_so() -> None:
    found = told([(NAN, NAN, NAN), LOW], [0.95, 0.95])
    assert np.isnan(found[0]).all()


def test_of_two_limits_the_higher_one_lends_its_chance() -> None:
    chances = np.array([[[0.2], [0.6]], [[0.2], [0.6]]])
    found = over_limits(chances, np.array([[100.0, 200.0], [200.0, 100.0]]))
    assert found[:, :, 0].tolist() == [[0.6, 0.6], [0.2, 0.6]]
    assert chances[0, 0, 0] == 0.2, "what was given is not written on"
    assert over_limits(chances, np.array([[100.0, NAN], [NAN, 100.0]]))[:, :, 0].tolist() == [[0.2, 0.6], [0.2, 0.6]]


def test_no_arrival_is_known_better_than_to_a_quarter_of_its_time() -> None:
    """The time to a limit is spread by a standard deviation of 0.25 of its logarithm."""
    assert pytest.approx(0.25) == forecast_coherent.SPREAD * np.pi / np.sqrt(3.0)
    found = over_reaches(np.array([[-50.0] * (len(REACHES_MIN) - 1) + [10.0]]))[0]
    steps = np.diff(np.log(REACHES_MIN)) / forecast_coherent.SPREAD
    assert found[-1] == 10.0
    assert np.diff(found) == pytest.approx(steps)
    flat = over_reaches(np.array([[5.0, 1.0, 2.0, 3.0, 4.0]]))[0]
    assert flat.tolist() == [5.0] * 5
