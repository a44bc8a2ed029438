"""Drift by its numbers: each limit from both sides, on gauges whose numbers are exact."""

import numpy as np
import pytest

from floodcore.quality import beside
from floodcore.quality.grid import Array
from tests.quality.abreast import all_beside, still_water

TWO_WEEKS_H = 336
SPAN_H, EDGE_H = 72, 12
OWN = 0


def away(by: float) -> Array:
    """Three days that end `by` cm higher: even over sixty hours, then twelve hours at rest."""
    return by * np.minimum(np.arange(1, SPAN_H + 1), SPAN_H - EDGE_H) / (SPAN_H - EDGE_H)


def drifted(by: float, gauges: int = 3, hours: int = TWO_WEEKS_H) -> Array:
    level = still_water(gauges, hours)
    level[OWN, -SPAN_H:] += away(by)
    return level


def found_cm(level: Array) -> float | None:
    """By how much the first gauge is said to have drifted from all others."""
    doubts = beside.drifting(level, all_beside(len(level)) & (np.arange(len(level)) == OWN)[:, None])
    return doubts[0].evidence["cm"] if doubts else None


def wave(cm: float, hours: int = TWO_WEEKS_H) -> Array:
    return cm * np.sin(np.arange(hours) / 8.0)


def test_it_takes_six_centimetres() -> None:
    assert found_cm(drifted(5.9)) is None
    (doubt,) = beside.drifting(drifted(6.0), all_beside(3))
    assert (doubt.row, doubt.test, doubt.since) == (OWN, "drift", TWO_WEEKS_H - SPAN_H)
    assert doubt.evidence == {"cm": 6.0, "hours": 72}


def test_it_takes_nine_days_of_words() -> None:
    assert found_cm(drifted(8.0, hours=3 * SPAN_H)) == 8.0
    assert found_cm(drifted(8.0, hours=3 * SPAN_H - 1)) is None


def test_it_takes_four_times_what_three_days_usually_change() -> None:
    """The gauge goes up or down by 2 cm every three days: usual is 1.48 times that, 11.86 cm are four times."""
    usual = 2.0 * (np.arange(TWO_WEEKS_H) // SPAN_H % 2)
    usual[-SPAN_H:] = usual[-SPAN_H - 1]
    assert found_cm(drifted(11.5) + usual * np.eye(3)[OWN][:, None]) is None
    assert found_cm(drifted(12.0) + usual * np.eye(3)[OWN][:, None]) == 12.0


def test_the_usual_comes_from_a_day_of_words_at_least() -> None:
    """Known: twelve hours at the edge and the same three days earlier, beside two gauges: 24 changes."""
    level = drifted(8.0)
    past = TWO_WEEKS_H - SPAN_H
    level[OWN, :past] = np.nan
    level[OWN, past - EDGE_H : past] = 60.0
    level[OWN, past - SPAN_H - EDGE_H : past - SPAN_H] = 60.0
    assert found_cm(level) == 8.0
    level[OWN, past - SPAN_H - 1] = np.nan
    assert found_cm(level) is None


@pytest.mark.parametrize("stretch", [slice(-EDGE_H, None), slice(-SPAN_H - EDGE_H, -SPAN_H)])
def test_half_of_the_twelve_hours_at_either_end_must_be_there(stretch: slice) -> None:
    level = drifted(8.0)
    level[1, stretch][6:] = np.nan
    assert found_cm(level) == 8.0
    level[1, stretch][5] = np.nan
    assert found_cm(level) is None, "one neighbour is not enough"


def test_a_wave_of_ten_centimetres_is_straight_enough() -> None:
    def bent(most: float) -> Array:
        level = still_water(3, TWO_WEEKS_H)
        at = np.arange(SPAN_H, dtype=np.float64)
        level[OWN, -SPAN_H:] = np.interp(at, [EDGE_H - 1, 36, SPAN_H - EDGE_H], [60.0, most, 67.5])
        return level

    # without the slope of 1/8 cm an hour the edges reach down to 58.625 cm and the crest up to 68.625 cm
    assert found_cm(bent(73.125)) == 7.5
    assert found_cm(bent(73.375)) is None


def test_a_gauge_at_rest_before_its_drift_is_straight_too() -> None:
    level = still_water(3, TWO_WEEKS_H)
    level[OWN, -SPAN_H + EDGE_H :] += np.minimum(np.arange(1, 61), 48) / 6.0
    assert found_cm(level) == 8.0


def test_neighbours_that_moved_by_more_than_forty_centimetres_say_nothing() -> None:
    level = drifted(8.0)
    level[1, -40] += 40.0
    assert found_cm(level) == 8.0
    level[1, -40] += 0.5
    assert found_cm(level) is None
    level = drifted(8.0)
    level[1, 100] += 80.0  # long ago
    assert found_cm(level) == 8.0


def test_neighbours_are_scaled_by_how_far_they_go_along() -> None:
    along = wave(1.0)
    level = np.stack([60.0 + along, 200.0 + 2.0 * along, 20.0 + 0.5 * along])
    level[OWN, -SPAN_H:] += away(12.0)
    assert found_cm(level) == pytest.approx(12.0, abs=0.01)
    level[1:] += np.array([[60.0], [-60.0]])
    assert found_cm(level) == pytest.approx(12.0, abs=0.01)


def test_a_neighbour_that_goes_the_other_way_is_not_added() -> None:
    along = wave(0.25)
    level = np.stack([60.0 - along, 60.0 + along, 60.0 + along])
    level[:, -SPAN_H:] += away(8.0)
    assert found_cm(level) == pytest.approx(8.0, abs=0.5)


def test_a_neighbour_that_hardly_moves_counts_five_times_at_most() -> None:
    along = wave(0.1)
    level = np.stack([60.0 + 10.0 * along, 60.0 + along, 60.0 + along])
    level[OWN, -SPAN_H:] += away(20.0)
    level[1:, -SPAN_H:] += away(1.0)
    assert found_cm(level) == pytest.approx(20.0 - 5.0 * 1.0, abs=1.0)


def test_neighbours_must_agree_which_way_it_went() -> None:
    along = wave(0.5)
    level = 60.0 + np.tile(along, (4, 1))
    level[OWN, -SPAN_H:] += away(12.0)
    assert found_cm(level) == pytest.approx(12.0, abs=0.1)
    level[1, -SPAN_H:] += away(18.0)
    assert found_cm(level) is None
    for row in (1, 2, 3):
        other = drifted(12.0, gauges=4)
        other[row, -SPAN_H:] = np.nan
        assert found_cm(other) == 12.0, "who is silent is not asked"


@pytest.mark.parametrize("by", [12.0, -12.0])
def test_a_neighbour_that_went_along_exactly_denies_it_and_one_that_fell_short_does_not(by: float) -> None:
    """Two of three see 12 cm; to the third, which goes the same ways, nothing happened, or half a centimetre."""
    steps = 2.0 * (np.arange(TWO_WEEKS_H) // 30 % 2)
    steps[-SPAN_H - EDGE_H :] = 0.0
    level = 60.0 + np.tile(steps, (4, 1))
    level[OWN, -SPAN_H:] += away(by)
    assert found_cm(level) == by
    level[1, -SPAN_H:] += away(by)
    assert found_cm(level) is None
    level[[1, 3]] = level[[3, 1]]
    assert found_cm(level) is None
    level[3, -SPAN_H:] -= away(by / 24.0)
    assert found_cm(level) == by


def test_no_hour_may_make_half_of_it() -> None:
    def with_an_hour_of(cm: float) -> Array:
        level = drifted(8.0 - cm)
        level[OWN, -40:] += cm
        return level

    # even steps of (8 - cm) / 60 are part of that hour
    assert found_cm(with_an_hour_of(3.75)) == 8.0
    assert found_cm(with_an_hour_of(4.0)) is None
    halves = still_water(3, TWO_WEEKS_H)
    halves[OWN, -50:] += 4.0
    halves[OWN, -30:] += 3.9
    halves[OWN, -29:] += 0.1
    assert found_cm(halves) is None, "exactly half"
    halves[OWN, -50] -= 0.5
    assert found_cm(halves) == 8.0


@pytest.mark.parametrize("earlier", [0, 1, 3, 5])
def test_a_step_shortly_before_the_three_days_is_no_drift_either(earlier: int) -> None:
    """The three days are measured from the middle of twelve hours, so a step within these is part of them."""
    level = still_water(3, TWO_WEEKS_H)
    level[OWN, -SPAN_H - earlier :] += 12.0
    assert found_cm(level) is None


def test_a_gauge_that_reports_every_other_hour_drifts_as_well() -> None:
    level = drifted(8.0)
    level[OWN, ::2] = np.nan
    assert found_cm(level) == 8.0
