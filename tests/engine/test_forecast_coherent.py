"""Laws of what is told side by side: chances over horizons and limits, and the level beside them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import logit

from alerting.engine import (
    forecast,
    forecast_coherent,
    forecast_decision,
    forecast_fast,
    forecast_local,
    forecast_odds,
    forecast_shape,
)
from alerting.engine.forecast import Foresight, Scene
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_odds import REACHES_MIN
from alerting.engine.forecast_past import STEPS

Array = NDArray[np.float64]

ODDS = forecast_odds.generic()
# Changes in ten minutes, newest last: calm, floods, and metres in an hour.
PACES = st.sampled_from((0.3, 3.0, 25.0, 120.0))
SHAPES = st.lists(st.floats(-1.0, 1.0), min_size=STEPS, max_size=STEPS)
GAPS = st.lists(st.floats(-20.0, 900.0), min_size=1, max_size=4)


def seen(
    pace: float, shape: list[float], gaps: list[float], above: list[float] | None
) -> tuple[Foresight, Array, float]:
    """What is told of one series that ends with its steepest changes, its limits, and its newest value."""
    own = pace * np.cumsum(shape)[::-1]
    upstream = None if above is None else (pace * np.cumsum(above)[::-1])[None, None, :]
    limits = own[0] + np.array([[*gaps, np.nan]])
    return forecast.foresee(ODDS, Scene(own[None, :], upstream), limits), limits[0], float(own[0])


@settings(max_examples=150)
@given(PACES, SHAPES, GAPS, st.one_of(st.none(), SHAPES))
def test_chances_agree_over_reaches_and_limits(
    pace: float, shape: list[float], gaps: list[float], above: list[float] | None
) -> None:
    found, limits, _ = seen(pace, shape, gaps, above)
    chances = np.concatenate([found.probability[0], found.foreseen[0, :, -1:]], axis=1)[:-1]
    assert (np.diff(chances, axis=1) >= 0.0).all(), "no less probable within a longer time"
    order = np.argsort(limits[:-1])
    assert (np.diff(chances[order], axis=0) <= 0.0).all(), "a higher limit is no likelier"
    odds = chances / (1.0 - np.minimum(chances, 1.0 - 1e-12))
    for sooner in range(len(REACHES_MIN) - 1):
        ratio = (REACHES_MIN[sooner + 1] / REACHES_MIN[sooner]) ** (1.0 / forecast_coherent.SPREAD)
        likely = chances[:, sooner + 1] >= 0.01
        assert (odds[likely, sooner] * ratio >= 0.999 * odds[likely, sooner + 1]).all(), "no arrival is known so well"


@settings(max_examples=150)
@given(PACES, SHAPES, GAPS, st.one_of(st.none(), SHAPES))
def test_the_level_agrees_with_the_chances(
    pace: float, shape: list[float], gaps: list[float], above: list[float] | None
) -> None:
    found, limits, value = seen(pace, shape, gaps, above)
    level = found.level[0]
    assert (level[:, 1] <= level[:, 0]).all()
    assert (level[:, 0] <= level[:, 2]).all()
    for limit, chances in zip(limits, found.probability[0], strict=True):
        for quantile, meets in enumerate(forecast_coherent.MEETS):
            if limit > value and (chances >= meets).any():
                first = int(np.argmax(chances >= meets))
                assert level[first, quantile] >= limit, "where it first is that likely, the level stands at it"
            below = (chances < meets) & (limit > value)
            assert (level[below, quantile] < limit).all(), "until then it stays below"


def test_a_fast_rise_speaks_with_one_voice() -> None:
    """Limits just above what the damped trend meets: once 0.9 within 240 min stood beside 0.17 within 180."""
    slope = 300.0
    own = 100.0 + np.maximum(slope / 6.0 * (6.0 - np.arange(STEPS)), 0.0)[None, :]
    top = float(forecast_fast.drawn(np.array([slope]), REACHES_MIN)[0, -1])
    limits = own[:, :1] + top * np.array([[0.5, 0.9, 0.97, 0.999, 1.2]])
    found = forecast.foresee(ODDS, Scene(own), limits)
    assert (found.foreseen[0, 3, -1] - found.probability[0, 3, -1]) < 0.05, "240 and 180 min"
    assert (found.probability[0, :2, -1] >= 0.85).all()
    assert found.probability[0, 4, -1] > 0.6, "a little above is not out of the world"
    assert found.level[0, -1, 0] >= limits[0, 1]


def test_the_fast_rule_asks_for_metres_in_an_hour_that_go_on() -> None:
    rise = np.maximum(6.0 - np.arange(STEPS), 0.0)
    windows = np.stack([17.0 * rise, 16.0 * rise, 17.0 * rise])
    windows[2, 0] = windows[2, 1]
    assert forecast_fast.fast(forecast_shape.shape(windows)).tolist() == [0]
    assert np.allclose(forecast_fast.log_odds(np.array([[50.0, 100.0]]), np.array([100.0]))[0, 1], np.log(9.0))
    assert forecast_fast.log_odds(np.array([[50.0]]), np.array([100.0]))[0, 0] < -1.5


def test_an_empty_scene_and_a_scene_without_limits() -> None:
    assert forecast.foresee(ODDS, Scene(np.full((2, STEPS), 5.0)), np.empty((2, 0))).probability.shape == (2, 0, 4)


STEP = st.tuples(st.floats(0.0, 1.0) | st.just(float("nan")), st.booleans(), st.sampled_from((5.0, 10.0, 15.0, 60.0)))


@settings(max_examples=150)
@given(st.lists(STEP, min_size=1, max_size=40))
def test_no_lowered_forecast_calms_anybody_while_the_water_rises(steps: list[tuple[float, bool, float]]) -> None:
    """A warning still within its time ends only when the water no longer rises, or has reached the limit."""
    standing, now = forecast_decision.calm(1), 0.0
    below = np.array([False])
    for foreseen, rising, minutes in steps:
        now += 60.0 * minutes
        before = standing
        standing = forecast_decision.step(before, now, np.full((1, 4), foreseen), below, np.array([rising]))
        age = (now - before.since) / 60.0
        within = before.warned & (age <= np.array(HORIZONS_MIN) + forecast_decision.BEYOND_MIN)
        if rising:
            assert standing.warned[within].all()
            assert (standing.since[within] == before.since[within]).all(), "and it goes on, it does not begin anew"
        withdrawn = before.warned & ~standing.warned
        assert not (withdrawn & (np.nan_to_num(foreseen) >= np.array(forecast_decision.BEGIN))).any()
        if not rising and np.nan_to_num(foreseen) < forecast_decision.GO_ON:
            assert not standing.warned.any(), "where it falls and nothing more is expected it ends"


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_warning_looks_half_way_between_two_chances(one: float, other: float) -> None:
    within, later = np.array([min(one, other)]), np.array([max(one, other)])
    found = float(forecast_decision.looked(within, later)[0])
    assert within[0] - 1e-12 <= found <= later[0] + 1e-12
    if within[0] > 1e-9 and later[0] < 1.0 - 1e-9:
        assert np.isclose(logit(found), 0.5 * (logit(within[0]) + logit(later[0])))
    more = forecast_decision.looked(within, np.minimum(later + 0.1, 1.0))
    assert more[0] >= found - 1e-12, "a chance that grows never speaks against a warning"


def test_a_warning_looks_at_what_is_known() -> None:
    within = np.array([0.0, 0.0, 1.0, np.nan, 0.2])
    found = forecast_decision.looked(within, np.array([0.0, 1.0, 1.0, np.nan, 0.8]))
    assert np.allclose(found, [0.0, 0.5, 1.0, np.nan, 0.5], equal_nan=True)


def test_what_a_station_learnt_takes_nothing_back_of_metres_in_an_hour() -> None:
    never = forecast_local.Local(
        np.zeros((4, 5)), np.full((4, 4), -1.0), np.ones(4), np.full(5, 0.1), np.zeros(5), np.full(5, -8.0)
    )
    rise = 100.0 + np.maximum(50.0 * (6.0 - np.arange(STEPS)), 0.0)[None, :]
    slow = 100.0 + np.maximum(5.0 * (6.0 - np.arange(STEPS)), 0.0)[None, :]
    for own, kept in ((rise, True), (slow, False)):
        limits = own[:, :1] + own[:, :1] / 8.0
        generic = forecast.foresee(ODDS, Scene(own), limits)
        found = forecast_local.refine(never, Scene(own), limits, generic)
        assert (found.probability >= generic.probability).all() == kept
        assert (found.level >= generic.level - 1e-9).all() == kept


CHANCES = st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10)


@given(st.lists(st.floats(-30.0, 30.0), min_size=5, max_size=5))
def test_whatever_the_networks_say_the_reaches_agree(said: list[float]) -> None:
    found = forecast_coherent.over_reaches(np.array([said]))[0]
    most = np.diff(np.log(REACHES_MIN)) / forecast_coherent.SPREAD
    assert (np.diff(found) >= 0.0).all()
    assert (np.diff(found) <= most + 1e-9).all()
    assert found[-1] == max(said), "the later one is never lowered"
    assert (found >= np.array(said)).all()


@given(CHANCES, st.permutations([10.0, 20.0]))
def test_whatever_the_networks_say_the_limits_agree(said: list[float], limits: list[float]) -> None:
    chances = np.array(said).reshape(1, 2, 5)
    found = forecast_coherent.over_limits(chances, np.array([limits]))[0]
    lower, higher = np.argsort(limits)
    assert (found[lower] == np.maximum(chances[0, lower], chances[0, higher])).all()
    assert (found[higher] == chances[0, higher]).all()
