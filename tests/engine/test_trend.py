"""The Theil-Sen trend: equal to scipy, whatever the company."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

from alerting.engine.trend import slopes_of, theil_sen


@given(st.integers(2, 40), st.integers(1, 20), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_equal_to_scipy_to_the_last_bit(points: int, series: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.01, 1.0, (series, points)), axis=1)
    y = np.round(rng.normal(100.0, 30.0, (series, points)), 1)
    ours = theil_sen(x, y)
    theirs = [theilslopes(row_y, row_x).slope for row_x, row_y in zip(x, y, strict=True)]
    assert ours.tolist() == theirs


@given(st.integers(13, 38), st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_water_that_hardly_moves_is_equal_to_scipy_too(points: int, moved: int, seed: int) -> None:
    """Most slopes are zero, and the middle ones may just be or just not be."""
    rng = np.random.default_rng(seed)
    x = np.tile(np.arange(points) / 6.0, (12, 1))
    y = 60.0 + np.cumsum(rng.random((12, points)) < moved / points, axis=1) * rng.choice([-1.0, 1.0], (12, 1))
    y[::2] += rng.random((6, points)) < 0.1
    theirs = [theilslopes(row_y, row_x).slope for row_x, row_y in zip(x, y, strict=True)]
    assert theil_sen(x, y).tolist() == theirs


def test_more_rows_than_are_worked_on_together() -> None:
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.uniform(0.1, 1.0, (700, 7)), axis=1)
    y = rng.normal(0.0, 1.0, (700, 7))
    alone = [theil_sen(x[i : i + 1], y[i : i + 1])[0] for i in range(700)]
    assert theil_sen(x, y).tolist() == alone


def test_a_fifth_of_bad_points_does_not_turn_the_trend() -> None:
    hours = np.arange(12) / 6.0
    level = 50.0 + 12.0 * hours
    level[[3, 7]] = [400.0, -300.0]
    assert theil_sen(hours[None, :], level[None, :])[0] == pytest.approx(12.0)


def test_fewer_than_two_points_have_no_slope() -> None:
    assert np.isnan(theil_sen(np.zeros((1, 1)), np.zeros((1, 1)))[0])


Windows = list[list[tuple[float, float]]]


@given(
    st.lists(
        st.lists(st.floats(-100, 500), max_size=9).map(lambda v: [(1e9 + 600.0 * i, x) for i, x in enumerate(v)]),
        max_size=12,
    )
)
def test_a_slope_depends_on_its_window_alone(windows: Windows) -> None:
    together = slopes_of(windows)
    assert together == [slopes_of([window])[0] for window in windows]
    assert [slope is None for slope in together] == [len(window) < 3 for window in windows]


def test_the_slope_is_per_hour() -> None:
    assert slopes_of([[(0.0, 10.0), (1800.0, 11.0), (3600.0, 12.0)]]) == [2.0]
