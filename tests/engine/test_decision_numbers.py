"""The numbers of the decision to warn, each from both sides, and that no series sees another (docs/forecast.md)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerting.engine import forecast_decision
from alerting.engine.forecast_decision import BEGIN, HORIZONS_MIN, Standing, Turn
from alerting.engine.forecast_past import STEPS
from scripts.study_parts import price

Array = NDArray[np.float64]

BELOW = np.array([False])
LEAST = 1e-9
NAN = float("nan")
RISES, FALLS = np.array([True]), np.array([False])


def after(
    minutes: float, foreseen: float, *, rising: NDArray[np.bool_] | None = None, since: float = 0.0
) -> list[bool]:
    """Which horizons are warned of, `minutes` after a warning of all of them began."""
    standing = Standing(np.full((1, 4), since))
    found = forecast_decision.step(standing, since + 60.0 * minutes, np.full((1, 4), foreseen), BELOW, rising)
    return [bool(one) for one in found.warned[0]]


def test_the_horizons_and_the_prices_are_those_of_the_page() -> None:
    assert HORIZONS_MIN == (30, 60, 120, 180)
    assert BEGIN == (0.64, 0.66, 0.7, 0.74), "on a line over the horizons"
    assert price.line(BEGIN[0], BEGIN[-1]) == BEGIN
    assert forecast_decision.GO_ON == 0.3


def test_a_warning_begins_when_it_is_at_least_so_probable() -> None:
    least = np.array([BEGIN])
    for foreseen, begun in ((least, True), (least - LEAST, False), (np.full((1, 4), np.nan), False)):
        found = forecast_decision.step(forecast_decision.calm(1), 600.0, foreseen, BELOW)
        assert (found.warned == begun).all()
        assert not begun or (found.since == 600.0).all()


def test_it_goes_on_at_three_tenths_or_while_the_water_rises() -> None:
    assert after(10, 0.3) == [True] * 4
    assert after(10, 0.3 - LEAST) == [False] * 4
    assert after(10, 0.3, rising=FALLS) == [True] * 4, "either is enough"
    assert after(10, 0.0, rising=RISES) == [True] * 4


@pytest.mark.parametrize(("number", "minutes"), list(enumerate((90, 120, 180, 240))))
def test_it_lasts_for_its_horizon_and_an_hour(number: int, minutes: int) -> None:
    assert after(minutes, 0.5)[number]
    assert not after(minutes + 1, 0.5)[number]
    assert not after(minutes + 1, 0.5, rising=RISES)[number], "then it must be earned anew, in a rise, too"
    assert after(minutes + 1, BEGIN[number])[number]


def test_what_goes_on_keeps_its_beginning_and_what_is_earned_anew_has_a_new_one() -> None:
    standing = Standing(np.full((1, 4), 600.0))
    on = forecast_decision.step(standing, 1200.0, np.full((1, 4), 0.9), BELOW)
    assert (on.since == 600.0).all()
    anew = forecast_decision.step(standing, 600.0 + 60.0 * 300, np.full((1, 4), 0.9), BELOW)
    assert (anew.since == 600.0 + 60.0 * 300).all()
    none = np.array([False])
    assert (forecast_decision.turns(standing, anew, none) == Turn.NONE).all()


def test_a_limit_reached_is_not_warned_of_and_the_others_are() -> None:
    standing = forecast_decision.calm(2)
    found = forecast_decision.step(standing, 600.0, np.full((2, 4), 0.9), np.array([True, False]))
    assert found.warned.tolist() == [[False] * 4, [True] * 4]
    begun = forecast_decision.turns(standing, found, np.array([True, False]))
    assert begun.tolist() == [[Turn.NONE] * 4, [Turn.BEGUN] * 4]
    ended = forecast_decision.step(found, 1200.0, np.full((2, 4), 0.0), np.array([False, False]))
    quiet = np.array([False, True])
    assert forecast_decision.turns(found, ended, quiet)[1].tolist() == [Turn.FULFILLED] * 4
    assert forecast_decision.turns(found, ended, ~quiet)[1].tolist() == [Turn.WITHDRAWN] * 4


def test_each_series_has_a_clock_of_its_own() -> None:
    standing = Standing(np.array([[0.0] * 4, [6000.0] * 4]))
    now = np.array([[6000.0], [6600.0]])
    found = forecast_decision.step(standing, now, np.full((2, 4), 0.5), np.array([False, False]))
    assert found.warned.tolist() == [[False, True, True, True], [True] * 4]


def windows(*highs: tuple[int, float]) -> Array:
    """A window of zeros for each (place, value)."""
    found = np.zeros((len(highs), STEPS))
    for row, (place, value) in enumerate(highs):
        found[row, place] = value
    return found


def test_quiet_is_an_hour_of_ten_minutes_each_and_of_each_series_alone() -> None:
    last = windows((6, 50.0), (7, 50.0), (0, 50.0))
    limits = np.array([[50.0, 50.1], [50.0, 50.1], [50.0, 50.1]])
    found = forecast_decision.quiet(last, limits)
    assert found.tolist() == [[True, False], [False, False], [True, False]]


def odds(chance: float) -> float:
    return chance / (1.0 - chance)


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_warning_looks_half_at_its_horizon_and_half_an_hour_beyond(within: float, beyond: float) -> None:
    (found,) = forecast_decision.looked(np.array([within]), np.array([beyond])).tolist()
    assert odds(found) ** 2 == pytest.approx(odds(within) * odds(beyond))
    assert min(within, beyond) - LEAST <= found <= max(within, beyond) + LEAST


def test_it_looks_at_what_is_certain_impossible_or_unknown_too() -> None:
    within, beyond = np.array([0.0, 0.0, 1.0, NAN, 0.5, 1.0]), np.array([0.0, 1.0, 1.0, 0.5, NAN, 0.5])
    found = forecast_decision.looked(within, beyond)
    np.testing.assert_array_equal(found, [0.0, 0.5, 1.0, NAN, NAN, 1.0])
