"""The whole forecast in one call, and how warnings begin and end."""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_decision, forecast_odds
from alerting.engine.forecast import Foresight, Scene, foresee
from alerting.engine.forecast_decision import Turn
from alerting.engine.forecast_past import STEPS
from alerting.engine.forecast_upstream import liveliest

Array = NDArray[np.float64]


def many(count: int, seed: int = 4) -> tuple[Scene, Array]:
    """Random walks with two gauges above and four limits, some missing."""
    rng = np.random.default_rng(seed)
    own = np.cumsum(rng.normal(0.0, 3.0, (count, STEPS)), axis=1)
    above = np.cumsum(rng.normal(0.0, 4.0, (count, 2, STEPS)), axis=2)
    above[rng.random((count, 2)) < 0.3] = np.nan
    limits = own[:, :1] + np.sort(rng.uniform(-20.0, 150.0, (count, 4)), axis=1)
    limits[rng.random((count, 4)) < 0.2] = np.nan
    return Scene(own, above), limits


def rows(found: Foresight, some: slice) -> list[Array]:
    return [getattr(found, field.name)[some] for field in fields(Foresight)]


def test_a_series_is_foreseen_by_itself_whatever_its_company() -> None:
    scene, limits = many(1300)
    together = foresee(forecast_odds.generic(), scene, limits)
    for row in (0, 999, 1000, 1299):
        some = slice(row, row + 1)
        alone = foresee(forecast_odds.generic(), scene.rows(some), limits[some])
        assert all(
            np.allclose(a, b, atol=1e-9, equal_nan=True)
            for a, b in zip(rows(alone, slice(None)), rows(together, some), strict=True)
        )


def test_a_reached_limit_is_certain_a_missing_one_unknown_and_a_higher_one_no_likelier() -> None:
    scene, limits = many(300)
    found = foresee(forecast_odds.generic(), scene, limits)
    reached = limits <= scene.own[:, :1]
    assert (found.probability[reached] == 1.0).all()
    assert np.isnan(found.probability[np.isnan(limits)]).all()
    assert (np.diff(found.probability, axis=2)[np.isfinite(limits)] >= 0.0).all()
    hours = found.hours[np.isfinite(limits) & ~reached]
    likely = (found.probability[..., -1] >= 0.02)[np.isfinite(limits) & ~reached]
    assert (np.isfinite(hours).all(axis=(1, 2)) == likely).all()
    assert (np.diff(hours[likely][..., [1, 0, 2]], axis=2) >= 0.0).all()
    assert (found.level[..., 1] <= found.level[..., 0]).all()
    assert (found.level[..., 0] <= found.level[..., 2]).all()


def test_nothing_known_gives_nothing_known() -> None:
    found = foresee(forecast_odds.generic(), Scene(np.full((2, STEPS), np.nan)), np.array([[10.0], [20.0]]))
    assert np.isnan(found.level).all()
    assert np.isnan(found.probability).all()
    assert not found.rising.any()
    assert foresee(forecast_odds.generic(), Scene(np.empty((0, STEPS))), np.empty((0, 4))).probability.shape == (
        0,
        4,
        4,
    )


def test_missing_neighbours_are_as_none() -> None:
    scene, limits = many(50)
    nobody = Scene(scene.own, np.full((50, 3, STEPS), np.nan))
    bare = foresee(forecast_odds.generic(), Scene(scene.own), limits)
    for other in (nobody, Scene(scene.own, np.empty((50, 0, STEPS)))):
        found = foresee(forecast_odds.generic(), other, limits)
        assert all(
            np.array_equal(a, b, equal_nan=True)
            for a, b in zip(rows(bare, slice(None)), rows(found, slice(None)), strict=True)
        )


def test_the_liveliest_gauges_above_come_first() -> None:
    windows = np.zeros((2, 3, STEPS))
    windows[0, :, 0] = (5.0, 30.0, 20.0)
    windows[1, 0] = np.nan
    windows[1, 1:, 0] = (1.0, 2.0)
    first, second = liveliest(windows)
    assert first[:, 0].tolist() == [30.0, 2.0]
    assert second[:, 0].tolist() == [20.0, 1.0]
    assert liveliest(None) == liveliest(np.empty((2, 0, STEPS))) == []


def test_a_rise_above_is_heard_below() -> None:
    """Still water here, a flood above: no zero because nothing moves here."""
    own = np.full((1, STEPS), 100.0)
    above = 100.0 + 8.0 * np.maximum(18.0 - np.arange(STEPS), 0.0)[None, None, :]
    limits = np.array([[130.0]])
    alone = foresee(forecast_odds.generic(), Scene(own), limits).probability[0, 0]
    warned = foresee(forecast_odds.generic(), Scene(own, above), limits).probability[0, 0]
    assert alone[3] < 0.001
    assert warned[3] > 0.01


def test_a_slow_rise_towards_a_near_limit_asks_the_networks() -> None:
    slow: Array = 100.0 - 0.5 * np.arange(STEPS, dtype=np.float64)[None, :]
    found = foresee(forecast_odds.generic(), Scene(slow), np.array([[114.0, 400.0]])).probability[0]
    assert found[0, 3] > 0.002
    assert found[1, 3] == 0.0002


def stepped(foreseen: list[float], quiet: list[bool], *, rising: list[bool] | None = None) -> list[int]:
    """The turns of the 60-min warning."""
    standing, told = forecast_decision.calm(1), []
    for i, (p, still) in enumerate(zip(foreseen, quiet, strict=True)):
        up = None if rising is None else np.array([rising[i]])
        after = forecast_decision.step(standing, i * 600.0, np.full((1, 4), p), np.array([still]), up)
        told.append(int(forecast_decision.turns(standing, after, np.array([still]))[0, 1]))
        standing = after
    return told


def test_a_warning_ends_openly() -> None:
    assert stepped([0.1, 0.9, 0.5, 0.1], [False] * 4) == [Turn.NONE, Turn.BEGUN, Turn.NONE, Turn.WITHDRAWN]
    assert stepped([0.9, 0.9], [False, True]) == [Turn.BEGUN, Turn.FULFILLED]


def test_nobody_is_calmed_while_the_water_rises() -> None:
    rising = [True, True, False]
    assert stepped([0.9, 0.1, 0.1], [False] * 3, rising=rising) == [Turn.BEGUN, Turn.NONE, Turn.WITHDRAWN]
    assert stepped([0.1] * 3, [False] * 3, rising=rising) == [Turn.NONE] * 3, "a rise alone begins nothing"


def test_quiet_is_reached_now_or_within_the_hour() -> None:
    window = np.zeros((1, STEPS))
    window[0, 3], window[0, 7] = 50.0, 80.0
    assert forecast_decision.quiet(window, np.array([[0.0, 50.0, 51.0, 80.0, np.nan]])).tolist() == [
        [True, True, False, False, True]
    ]
    assert forecast_decision.quiet(np.full((1, STEPS), np.nan), np.array([[1.0]])).all()
