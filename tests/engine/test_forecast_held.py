"""A reading that repeats the one before in a steep rise calms nobody; a second one may."""

from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_held, forecast_local, forecast_odds
from alerting.engine.forecast import Foresight, Scene
from alerting.engine.forecast_local import Local
from alerting.engine.forecast_memory import HOURS
from alerting.engine.forecast_past import STEPS

Array = NDArray[np.float64]

ODDS = forecast_odds.generic()
# After a calm beginning: of a window that ends ten minutes earlier the oldest value is not known.
BEFORE = st.lists(st.floats(-3.0, 3.0), min_size=STEPS - 7, max_size=STEPS - 7)
# The last two steps of ten minutes of a rise that is not slowing, cm.
LAST = st.tuples(st.floats(6.0, 150.0), st.floats(1.0, 2.0))
GAP = st.floats(0.5, 600.0)
# A rise that gets faster, every ten minutes, cm.
RISE = (*[20.0] * STEPS, 20.4, 21.0, 22.0, 23.8, 26.6, 30.8, 36.8, 45.0, 55.5, 68.5)


def told(readings: list[float], limit: float, above: list[float] | None = None) -> Foresight:
    upstream = None if above is None else np.array(above[::-1][:STEPS])[None, None, :]
    scene = Scene(np.array(readings[::-1][:STEPS])[None, :], upstream, np.full((1, HOURS), 20.0))
    return forecast.foresee(ODDS, scene, np.array([[limit]]))


def rising(before: list[float], last: tuple[float, float]) -> list[float]:
    """A past that ends with two steep steps, the later one no smaller."""
    size, more = last
    return list(accumulate([100.0, *[0.0] * 5, *before, size, size * more]))


@settings(max_examples=150)
@given(BEFORE, LAST, GAP)
def test_one_held_reading_in_a_steep_rise_changes_nothing_that_is_told(
    before: list[float], last: tuple[float, float], gap: float
) -> None:
    readings = rising(before, last)
    limit = readings[-1] + gap
    then, held = told(readings, limit), told([*readings, readings[-1]], limit)
    np.testing.assert_array_equal(held.probability, then.probability)
    np.testing.assert_array_equal(held.foreseen, then.foreseen)
    np.testing.assert_array_equal(held.level, then.level)
    assert held.rising.all()


@settings(max_examples=100)
@given(BEFORE, LAST)
def test_a_second_one_is_believed(before: list[float], last: tuple[float, float]) -> None:
    readings = rising(before, last)
    twice = np.array([*readings, readings[-1], readings[-1]][::-1][:STEPS])[None, :]
    assert forecast_held.steadied(twice) is twice


@settings(max_examples=100)
@given(BEFORE, LAST, st.floats(0.1, 0.85))
def test_a_rise_that_was_slowing_may_stop(before: list[float], last: tuple[float, float], share: float) -> None:
    size, more = last
    # four steps: the later twenty minutes hold less than those before
    readings = np.cumsum([100.0, *[0.0] * 3, *before, size, size * more, share * size, share * size * more]).tolist()
    window = np.array([*readings, readings[-1]][::-1][:STEPS])[None, :]
    assert forecast_held.steadied(window) is window


def test_a_logger_that_repeats_itself() -> None:
    chance = [told([*RISE, *more], 105.0).probability[0, 0, 1] for more in ([], [68.5], [68.5, 68.5], [82.0])]
    assert chance[1] == chance[0]
    assert chance[2] < 0.5 * chance[0]
    assert chance[3] > chance[0]


def test_a_gauge_above_that_repeats_itself() -> None:
    own = [30.0] * STEPS
    then, held = (told(own, 60.0, [*RISE, *more]).probability for more in ([], [68.5]))
    np.testing.assert_array_equal(held, then)


def test_each_series_by_itself() -> None:
    held = np.array([*RISE, 68.5][::-1][:STEPS])
    windows = np.stack([np.full(STEPS, 20.0), held, np.full(STEPS, np.nan), held - 10.0])
    found = forecast_held.steadied(windows)
    np.testing.assert_array_equal(found[[0, 2]], windows[[0, 2]])
    np.testing.assert_array_equal(found[[1, 3], :-1], windows[[1, 3], 1:])
    np.testing.assert_array_equal(found[:, 0], windows[:, 0])


def test_a_gauge_read_every_fifteen_minutes() -> None:
    back = np.arange(STEPS) * 10.0
    readings = np.array([68.5, 68.5, 50.0, 38.0, 30.0, 25.0, *[20.0] * 30])
    window = np.interp(back, np.arange(readings.size) * 15.0, readings)[None, :]
    assert forecast_held.steadied(window)[0, 1] < 68.5 == forecast_held.steadied(window)[0, 0]


def test_what_a_station_learnt_takes_no_guard_away_from_it() -> None:
    never = Local(np.zeros((4, 5)), np.full((4, 4), -1.0), np.ones(4), np.full(5, 0.1), np.zeros(5), np.full(5, -8.0))
    readings = [*[20.0] * STEPS, 40.0, 80.0, 130.0, 130.0]
    scene, limits = Scene(np.array(readings[::-1][:STEPS])[None, :]), np.array([[150.0]])
    generic = forecast.foresee(ODDS, scene, limits)
    assert (forecast_local.refine(never, scene, limits, generic).probability >= generic.probability).all()


@settings(max_examples=100)
@given(BEFORE, st.floats(0.1, 4.9), st.floats(1.0, 200.0))
def test_slow_water_and_water_that_falls_are_believed(before: list[float], step: float, fall: float) -> None:
    for size, then in ((step, 0.0), (20.0, -fall)):
        readings = rising(before, (size, 1.0))
        window = np.array([*readings, readings[-1] + then][::-1][:STEPS])[None, :]
        assert forecast_held.steadied(window) is window
