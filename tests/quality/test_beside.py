"""Gauges beside one another: drift, moved zero, held values, lone jumps, rain gauges; on invented rivers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodcore.quality import beside, rain
from floodcore.quality.grid import Array
from tests.quality.abreast import HALF_DAY, HOUR, all_beside

DRY_RAIN = np.zeros((1, HALF_DAY))


def river(gauges: int, slots: int, seed: int = 1, swing: float = 6.0) -> Array:
    """Gauges that follow one slow wave, each by its own factor, with a millimetre or two of noise."""
    draw = np.random.default_rng(seed)
    wave = swing * np.sin(np.arange(slots) / 40.0)
    factors = 0.7 + 0.6 * draw.random(gauges)
    return 60.0 + factors[:, None] * wave[None, :] + draw.normal(0.0, 0.2, (gauges, slots))


WET = np.ones((4, 1), dtype=bool)


@pytest.mark.parametrize("seed", range(8))
def test_a_river_that_goes_its_ways_casts_no_doubt(seed: int) -> None:
    hourly, fine = river(4, 336, seed), river(4, HALF_DAY, seed)
    assert beside.drifting(hourly, all_beside(4)) == []
    assert beside.stepped(fine, DRY_RAIN, all_beside(4), WET, HOUR) == []
    assert beside.held(fine, all_beside(4), HOUR) == []
    assert beside.alone(fine, DRY_RAIN, all_beside(4), WET, HOUR) == []


@pytest.mark.parametrize("pace", [4.0, -4.0, 15.0])
def test_a_gauge_that_drifts_away_is_found_and_no_other(pace: float) -> None:
    hourly = river(4, 336)
    hourly[2, -72:] += pace * np.arange(1, 73) / 24.0
    (doubt,) = beside.drifting(hourly, all_beside(4))
    assert (doubt.row, doubt.test, doubt.since) == (2, "drift", 264)
    assert doubt.evidence["cm"] == pytest.approx(2.5 * pace, rel=0.2, abs=2.0)


def test_drift_needs_two_neighbours_two_weeks_and_quiet_ones() -> None:
    hourly = river(4, 336)
    hourly[2, -72:] += 10.0 * np.arange(1, 73) / 24.0
    one = np.zeros((4, 4), dtype=bool)
    one[2, 1] = True
    assert beside.drifting(hourly, one) == []
    assert beside.drifting(hourly[:, -150:], all_beside(4)) == []
    hourly[[0, 1, 3], -72:] += 60.0 * np.arange(72) / 72.0
    assert beside.drifting(hourly, all_beside(4)) == []


def test_a_step_is_no_drift_and_a_drift_is_no_step() -> None:
    hourly = river(4, 336)
    hourly[2, -40:] += 12.0
    assert beside.drifting(hourly, all_beside(4)) == []
    fine = river(4, HALF_DAY)
    fine[1] += np.linspace(0.0, 15.0, HALF_DAY)
    assert beside.stepped(fine, DRY_RAIN, all_beside(4), WET, HOUR) == []


@pytest.mark.parametrize("size", [15.0, -40.0, 300.0])
def test_a_moved_zero_is_found_three_hours_later(size: float) -> None:
    fine = river(4, HALF_DAY)
    fine[3, -3 * HOUR :] += size
    (doubt,) = beside.stepped(fine, DRY_RAIN, all_beside(4), WET, HOUR)
    assert (doubt.row, doubt.test, doubt.since) == (3, "step", HALF_DAY - 3 * HOUR)
    assert doubt.evidence["cm"] == pytest.approx(size, abs=2.0)


def test_a_step_in_rain_or_with_the_neighbours_or_not_yet_steady_is_the_river() -> None:
    fine = river(4, HALF_DAY)
    fine[3, -3 * HOUR :] += 40.0
    rainy = DRY_RAIN.copy()
    rainy[0, -3 * HOUR] = 6.0
    assert beside.stepped(fine, rainy, all_beside(4), WET, HOUR) == []
    shared = fine.copy()
    shared[0, -2 * HOUR :] += 30.0
    assert beside.stepped(shared, DRY_RAIN, all_beside(4), WET, HOUR) == []
    rising = fine.copy()
    rising[3, -3 * HOUR :] += np.linspace(0.0, 30.0, 3 * HOUR)
    assert beside.stepped(rising, DRY_RAIN, all_beside(4), WET, HOUR) == []
    assert beside.stepped(fine, DRY_RAIN, np.zeros((4, 4), dtype=bool), WET, HOUR) == []


def test_a_gauge_held_while_the_river_moves() -> None:
    fine = river(4, HALF_DAY)
    fine[1, -3 * HOUR :] = 60.0
    assert beside.held(fine, all_beside(4), HOUR) == []
    fine[[0, 2], -3 * HOUR :] += np.linspace(0.0, 14.0, 3 * HOUR)
    (doubt,) = beside.held(fine, all_beside(4), HOUR)
    assert (doubt.row, doubt.test) == (1, "still")


def test_a_jump_that_nobody_shares() -> None:
    fine = river(4, HALF_DAY)
    fine[0, -3:] += 200.0
    (doubt,) = beside.alone(fine, DRY_RAIN, all_beside(4), WET, HOUR)
    assert (doubt.row, doubt.test) == (0, "alone")
    assert doubt.evidence["rain_mm"] == 0.0
    rainy = DRY_RAIN.copy()
    rainy[0, -10] = 3.0
    assert beside.alone(fine, rainy, all_beside(4), WET, HOUR) == []
    fine[2, -9:] += 20.0
    assert beside.alone(fine, DRY_RAIN, all_beside(4), WET, HOUR) == []


def test_silent_neighbours_and_silent_rain_gauges_prove_nothing() -> None:
    fine = river(4, HALF_DAY)
    fine[0, -3:] += 200.0
    mute = fine.copy()
    mute[1:] = np.nan
    assert beside.alone(mute, DRY_RAIN, all_beside(4), WET, HOUR) == []
    assert beside.alone(fine, np.full((1, HALF_DAY), np.nan), all_beside(4), WET, HOUR) == []


def showers(gauges: int, slots: int, seed: int = 2) -> Array:
    draw = np.random.default_rng(seed)
    storm = np.where(draw.random(slots) < 0.3, draw.exponential(1.5, slots), 0.0)
    return np.round(storm[None, :] * draw.uniform(0.85, 1.15, (gauges, slots)), 1)


def test_a_clogged_rain_gauge() -> None:
    fallen = showers(4, 24 * HOUR)
    assert rain.clogged(fallen, all_beside(4), HOUR) == []
    fallen[2, -8 * HOUR :] = 0.0
    (doubt,) = rain.clogged(fallen, all_beside(4), HOUR)
    assert (doubt.row, doubt.test) == (2, "clogged")
    fallen[2, -8 * HOUR :] = np.nan
    assert rain.clogged(fallen, all_beside(4), HOUR) == []  # silence is another matter
    shower = np.zeros((4, 24 * HOUR))
    shower[0, -3] = 30.0
    assert rain.clogged(shower, all_beside(4), HOUR) == []  # one gauge under a cloudburst, the others dry


def test_a_rain_gauge_that_counts_twice() -> None:
    fallen = showers(4, 336)
    assert rain.counted_twice(fallen, all_beside(4)) == []
    fallen[1] *= 2.0
    (doubt,) = rain.counted_twice(fallen, all_beside(4))
    assert (doubt.row, doubt.test) == (1, "double")
    assert doubt.evidence["times"] == pytest.approx(2.0, abs=0.2)
    assert rain.counted_twice(np.zeros((4, 336)), all_beside(4)) == []


@given(
    st.lists(st.one_of(st.none(), st.floats(-500.0, 2000.0)), min_size=4 * HALF_DAY, max_size=4 * HALF_DAY),
    st.integers(0, 15),
)
@settings(max_examples=25)
def test_no_hole_and_no_value_breaks_the_look(values: list[float | None], mask: int) -> None:
    level = np.array([np.nan if v is None else v for v in values]).reshape(4, HALF_DAY)
    near = all_beside(4) & np.array([bool(mask >> i & 1) for i in range(4)])[None, :]
    for doubts in (
        beside.stepped(level, level[:1], near, WET, HOUR),
        beside.held(level, near, HOUR),
        beside.alone(level, np.abs(level[:1]), near, WET, HOUR),
        beside.drifting(np.tile(level, 5), near),
        rain.clogged(np.abs(level), near, HOUR),
        rain.counted_twice(np.abs(level), near),
    ):
        assert all(0 <= doubt.row < 4 for doubt in doubts)


def test_nothing_to_look_at() -> None:
    empty = np.empty((0, HALF_DAY))
    none = np.zeros((0, 0), dtype=bool)
    assert beside.stepped(empty, empty, none, none, HOUR) == []
    assert beside.held(empty, none, HOUR) == []
    assert beside.alone(empty, empty, none, none, HOUR) == []
    assert beside.drifting(np.empty((0, 336)), none) == []
    assert rain.clogged(empty, none, HOUR) == []
    assert rain.counted_twice(empty, none) == []
