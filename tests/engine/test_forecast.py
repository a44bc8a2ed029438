"""The forecast: laws of the odds, the past it may use, and the decision to warn."""

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerting.engine import (
    forecast,
    forecast_decision,
    forecast_inputs,
    forecast_memory,
    forecast_odds,
    forecast_past,
    forecast_shape,
)
from alerting.engine.forecast_past import STEPS, Past, windows
from floodcore.words import Quantity

Array = NDArray[np.float64]

LEVELS = st.lists(st.floats(-300.0, 900.0), min_size=STEPS, max_size=STEPS)


def window(*newest_last: float) -> Array:
    """One window that held its first value before."""
    values = np.full(STEPS, newest_last[0])
    values[: len(newest_last)] = newest_last[::-1]
    return values[None, :]


def chance(levels: Array, gap: float, upstream: Array | None = None) -> Array:
    above = () if upstream is None else (forecast_shape.shape(upstream),)
    found: Array = forecast.reaches(forecast_odds.generic(), forecast_shape.shape(levels), np.array([gap]), above)[0]
    return found[: len(forecast_decision.HORIZONS_MIN)]


@settings(max_examples=200)
@given(LEVELS, st.floats(0.1, 2000.0), st.one_of(st.none(), LEVELS))
def test_a_probability_is_one_and_never_falls_with_the_horizon(
    levels: list[float], gap: float, above: list[float] | None
) -> None:
    upstream = None if above is None else np.array([above])
    found = chance(np.array([levels]), gap, upstream)
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    assert (found <= 1.0).all()
    assert (np.diff(found) >= 0.0).all()


@given(st.lists(st.integers(-300, 900), min_size=STEPS, max_size=STEPS), st.floats(1.0, 500.0), st.integers(-999, 999))
def test_the_datum_of_a_gauge_does_not_matter(levels: list[int], gap: float, datum: int) -> None:
    there, here = (chance(np.array([levels], dtype=np.float64) + shift, gap) for shift in (0.0, float(datum)))
    assert np.allclose(there, here, atol=1e-9)


def test_a_series_is_judged_by_itself_whatever_its_company() -> None:
    rng = np.random.default_rng(5)
    many = np.cumsum(rng.normal(0.0, 3.0, (50, STEPS)), axis=1)
    gaps = rng.uniform(1.0, 100.0, 50)
    together = forecast.reaches(forecast_odds.generic(), forecast_shape.shape(many), gaps)[:, :4]
    for row in range(0, 50, 7):
        assert np.allclose(chance(many[row : row + 1], float(gaps[row])), together[row], atol=1e-12)


def test_still_water_expects_nothing_and_a_steady_rise_expects_the_limit() -> None:
    assert (chance(window(100.0), 50.0) < 0.01).all()
    rising = window(*(100.0 + 5.0 * i for i in range(13)))
    near, far = chance(rising, 10.0), chance(rising, 400.0)
    assert near[1] > 0.7
    assert far[1] < 0.05
    assert (near >= far).all()


def test_a_falling_flood_is_not_expected_back() -> None:
    fallen = window(*(100.0 + 6.0 * i for i in range(12)), *(166.0 - 4.0 * i for i in range(8)))
    assert (chance(fallen, 40.0) < (0.05, 0.05, 0.05, 0.1)).all(), "a second wave may come within three hours"


def test_metres_in_an_hour_are_believed() -> None:
    """Kerr 2025 rose about 8 m in 45 min; no record learnt from did."""
    leap = window(100.0, 100.0, 250.0, 420.0, 600.0)
    for gap in (50.0, 150.0, 300.0):
        assert (chance(leap, gap)[1:] >= 0.9).all()


def test_slopes_are_those_of_a_least_squares_line() -> None:
    rng = np.random.default_rng(3)
    levels = rng.normal(0.0, 10.0, (4, STEPS))
    shape = forecast_shape.shape(levels)
    for span, slope in ((2, shape.s20), (3, shape.s30), (6, shape.s60), (12, shape.s120), (18, shape.s180)):
        hours = -np.arange(span + 1) / 6.0
        wanted = [np.polyfit(hours, row[: span + 1], 1)[0] for row in levels]
        assert np.allclose(slope, wanted)
    bent = [np.polyfit(-np.arange(10) / 6.0, row[:10], 2)[:2] * (2.0, 1.0) for row in levels]
    assert np.allclose(np.stack([shape.bend, shape.now], axis=1), bent)
    assert np.allclose(shape.rise, levels[:, 0] - levels.min(axis=1))


def test_no_upstream_and_a_silent_upstream_are_the_same() -> None:
    levels = window(*(100.0 + 3.0 * i for i in range(9)))
    assert np.array_equal(chance(levels, 30.0), chance(levels, 30.0, np.full((1, STEPS), np.nan)))


def test_the_past_holds_nothing_that_was_not_known() -> None:
    at = np.array([0.0, 600.0, 1200.0, 1800.0])
    past = Past(at, np.array([1.0, 2.0, 30.0, 40.0]), np.array([0.0, 600.0, 1800.0, 1800.0]))
    found = windows(past, np.array([-1.0, 600.0, 1200.0, 1500.0, 1800.0]))
    assert np.isnan(found[0]).all()
    assert found[1, :3].tolist() == [2.0, 1.0, 1.0]
    assert found[2, :3].tolist() == [2.0, 2.0, 1.0], "the value of 1200 s is not believed yet"
    assert found[3, 0] == 2.0
    assert found[4, :4].tolist() == [40.0, 30.0, 2.0, 1.0]


@given(st.lists(st.floats(0.0, 500.0), min_size=2, max_size=60), st.integers(0, 58))
def test_the_future_changes_no_window(values: list[float], cut: int) -> None:
    at: Array = np.arange(len(values), dtype=np.float64) * np.float64(900.0)
    upto = min(cut + 1, len(values))
    whole, part = Past(at, np.array(values), at), Past(at[:upto], np.array(values[:upto]), at[:upto])
    now = at[:upto]
    assert np.array_equal(windows(whole, now), windows(part, now))


def test_a_discharge_is_a_stage_of_its_limit() -> None:
    stages = forecast_past.stage(Quantity.DISCHARGE, [-1.0, 0.0, 10.0, 20.0], 20.0)
    assert np.allclose(stages, [0.0, 0.0, 100.0 * 0.5**0.6, 100.0])
    assert forecast_past.stage(Quantity.LEVEL, [-5.0, 7.0], 20.0).tolist() == [-5.0, 7.0]
    back = forecast_past.unstage(Quantity.DISCHARGE, stages, 20.0)
    assert np.allclose(back, [0.0, 0.0, 10.0, 20.0])
    assert forecast_past.unstage(Quantity.LEVEL, np.array([-5.0, 7.0]), 20.0).tolist() == [-5.0, 7.0]


def test_the_expected_time_lies_within_the_horizon_and_is_the_median() -> None:
    found = forecast.hours_to(np.array([[0.0, 0.4, 0.8, 0.8], [0.5, 0.5, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]]))
    assert np.allclose(found[0], [0.5, 0.75, 1.0, 1.0])
    assert np.allclose(found[1], 0.25)
    assert (found > 0.0).all()
    assert (found <= np.array(forecast_decision.HORIZONS_MIN) / 60.0).all()


def run(foreseen: list[float], step_min: float = 10.0, quiet: frozenset[int] = frozenset()) -> list[bool]:
    """The warning for 60 min over readings."""
    standing, told = forecast_decision.calm(1), []
    for i, p in enumerate(foreseen):
        standing = forecast_decision.step(standing, i * step_min * 60.0, np.full((1, 4), p), np.array([i in quiet]))
        told.append(bool(standing.warned[0, 1]))
    return told


def test_a_warning_begins_high_goes_on_lower_and_is_withdrawn() -> None:
    begin = forecast_decision.BEGIN[1]
    assert run([begin - 0.01, begin, 0.5, 0.31, 0.29, 0.5]) == [False, True, True, True, False, False]


def test_a_warning_that_does_not_come_true_must_be_earned_again() -> None:
    told = run([0.9, *[0.5] * 20])
    assert told[: 12 + 1] == [True] * 13, "60 + 60 min"
    assert not any(told[13:])
    assert run([0.9] * 30) == [True] * 30


def test_a_limit_just_left_is_not_warned_of() -> None:
    assert run([0.9, 0.9, 0.9], quiet=frozenset({1})) == [True, False, True]


def test_the_shipped_parameters_fit_the_inputs() -> None:
    odds = forecast_odds.generic()
    for kind, outputs in ((odds.odds, len(forecast_odds.REACHES_MIN)), (odds.level, 12)):
        assert kind.centre.shape == kind.scale.shape == (forecast_inputs.WIDTH,)
        assert all(net[0][0].shape[0] == forecast_inputs.WIDTH for net in kind.nets)
        assert all(net[-1][0].shape[1] == outputs for net in kind.nets)
    assert odds.becomes.shape == (len(forecast_odds.REACHES_MIN), odds.knots.size)
    assert (np.diff(odds.becomes, axis=1) > 0.0).all()
    assert odds.widen.shape == (len(forecast_decision.HORIZONS_MIN), 2)
    assert (odds.widen > 0.5).all()
    assert len(fields(forecast_shape.Shape)) == 18


def test_the_memory_is_of_the_hours_before_the_shape_and_of_nothing_unknown() -> None:
    at: Array = np.arange(0.0, 60.0, 0.5) * 3600.0
    past = Past(at, np.arange(at.size, dtype=np.float64), at)
    hourly = forecast_past.memory(past, np.array([50.0 * 3600.0, 10.0 * 3600.0]))
    assert hourly.shape == (2, forecast_memory.HOURS)
    assert hourly[0, [0, 41]].tolist() == [86.0, 4.0]
    assert hourly[1, :4].tolist() == [6.0, 4.0, 2.0, 0.0]
    assert np.isnan(hourly[1, 4:]).all()
    found = forecast_memory.memory(hourly, np.array([100.0, 20.0]))
    assert (found.high12[0], found.low12[0], found.low48[0], found.up[0]) == (-14.0, -24.0, -96.0, 2.0)
    assert found.low48[1] == -20.0
    nothing = forecast_memory.memory(np.full((1, forecast_memory.HOURS), np.nan), np.array([1.0]))
    assert all(getattr(nothing, field.name)[0] == 0.0 for field in fields(nothing))
