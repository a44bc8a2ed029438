"""A moved zero, a held value, a lone jump by their numbers: each limit from both sides, on gauges that never move."""

import numpy as np
import pytest

from floodcore.quality import beside
from floodcore.quality.beside import Doubt
from floodcore.quality.grid import Array
from tests.quality.abreast import HALF_DAY, HOUR, all_beside, still_water

OWN = 0
AROUND = 3 * HOUR
WET = np.ones((3, 2), dtype=bool)


def dry() -> Array:
    return np.zeros((2, HALF_DAY))


def stepped(level: Array, rain: Array | None = None) -> list[Doubt]:
    fallen = np.zeros((2, level.shape[1])) if rain is None else rain
    return beside.stepped(level, fallen, all_beside(len(level)), np.ones((len(level), 2), dtype=bool), HOUR)


def with_step(cm: float, ago: int = AROUND, slots: int = HALF_DAY) -> Array:
    level = still_water(3, slots)
    level[OWN, -ago:] += cm
    return level


def test_a_step_takes_twelve_centimetres() -> None:
    assert stepped(with_step(11.9)) == []
    assert stepped(with_step(12.0)) == [Doubt(OWN, "step", HALF_DAY - AROUND, {"cm": 12.0})]


def test_a_step_takes_three_hours_before_and_three_after() -> None:
    assert stepped(with_step(20.0, AROUND - 1)) == []
    assert len(stepped(with_step(20.0, slots=2 * AROUND))) == 1
    assert stepped(with_step(20.0, slots=2 * AROUND - 1)) == []
    assert stepped(with_step(20.0, ago=2, slots=4)) == []


def test_a_step_is_measured_from_the_value_just_before() -> None:
    level = with_step(20.0)
    level[OWN, -AROUND - 2] -= 1.0
    assert stepped(level) == [Doubt(OWN, "step", HALF_DAY - AROUND, {"cm": 20.0})]


@pytest.mark.parametrize(("size", "steady"), [(20.0, 4.0), (12.5, 2.5), (-40.0, 8.0)])
def test_steady_is_a_fifth_of_the_step(size: float, steady: float) -> None:
    for slot in (-AROUND - 5, -5):
        level = with_step(size)
        level[OWN, slot] = level[OWN, slot - 1] + steady
        assert len(stepped(level)) == 1
        level[OWN, slot] += 0.1
        assert stepped(level) == []


@pytest.mark.parametrize("half", [slice(-2 * AROUND, -AROUND), slice(-AROUND, None)])
def test_half_of_the_words_before_and_after_must_be_there(half: slice) -> None:
    level = with_step(20.0)
    level[OWN, half][1 : 1 + AROUND // 2] = np.nan
    assert len(stepped(level)) == 1
    level[OWN, half][2 + AROUND // 2] = np.nan
    assert stepped(level) == []


def test_a_neighbour_that_moved_by_three_tenths_explains_it() -> None:
    level = with_step(20.0)
    level[1, -4] += 5.9
    assert len(stepped(level)) == 1
    level[1, -4] = 66.0
    assert stepped(level) == []


def test_neighbours_and_rain_before_and_after_the_six_hours_explain_nothing() -> None:
    level, rain = with_step(20.0, 2 * AROUND), dry()
    level[1, -1] += 30.0
    rain[0, [0, -1]] = 9.0
    assert len(stepped(level, rain)) == 1


def test_three_millimetres_of_rain_explain_it() -> None:
    level, rain = with_step(20.0), dry()
    rain[:, -AROUND - 2 : -AROUND] = 1.45  # 2.9 mm at either gauge
    assert len(stepped(level, rain)) == 1
    rain[0, -AROUND - 2 : -AROUND] = 1.5
    assert stepped(level, rain) == []


def test_rain_gauges_far_away_explain_nothing() -> None:
    rain, near = dry(), WET.copy()
    rain[1, -AROUND] = 9.0
    near[:, 1] = False
    assert len(beside.stepped(with_step(20.0), rain, all_beside(3), near, HOUR)) == 1
    assert len(beside.stepped(with_step(20.0), rain, all_beside(3), WET & False, HOUR)) == 1


def test_a_gauge_that_is_explained_keeps_no_other_from_being_found() -> None:
    """The first is not steady, the second has neighbours that moved, the third is alone with its step."""
    level = still_water(5, HALF_DAY)
    level[:3, -AROUND:] += 20.0
    level[0, -2] += 9.0
    level[4, -2] += 9.0
    near = np.zeros((5, 5), dtype=bool)
    near[0, 3] = near[1, 4] = near[2, 3] = True
    found = beside.stepped(level, dry(), near, np.ones((5, 2), dtype=bool), HOUR)
    assert [doubt.row for doubt in found] == [2]


def holding(moved: float = 14.0) -> Array:
    """The first says the very same for three hours while both others move by `moved`."""
    level = still_water(3, HALF_DAY) + np.arange(HALF_DAY) % 2
    level[OWN, -AROUND:] = 60.0
    level[1:, -AROUND:] = 60.0
    level[1:, -1] += moved
    return level


def test_held_for_three_hours_while_two_neighbours_moved_by_ten_centimetres() -> None:
    assert beside.held(holding(9.9), all_beside(3), HOUR) == []
    assert beside.held(holding(10.0), all_beside(3), HOUR) == [
        Doubt(OWN, "still", HALF_DAY - AROUND, {"hours": 3, "gauges": 2})
    ]


def test_one_of_two_neighbours_is_not_enough_but_the_only_one_is() -> None:
    level = holding()
    level[2, -AROUND:] = 60.0
    near = np.zeros((3, 3), dtype=bool)
    near[OWN] = [False, True, True]
    assert beside.held(level, near, HOUR) == []
    near[OWN] = [False, True, False]
    (doubt,) = beside.held(level, near, HOUR)
    assert doubt.evidence == {"hours": 3, "gauges": 1}


def test_held_takes_a_word_every_half_hour() -> None:
    level = holding()
    level[OWN, -AROUND:] = np.nan
    level[OWN, -AROUND::3] = 60.0
    assert len(beside.held(level, all_beside(3), HOUR)) == 1
    level[OWN, -3] = np.nan
    assert beside.held(level, all_beside(3), HOUR) == []


def test_neighbours_that_fell_silent_have_not_moved() -> None:
    level = holding()
    level[1:, -AROUND:] = np.nan
    assert beside.held(level, all_beside(3), HOUR) == []
    level = holding()
    level[2, -AROUND:] = np.nan
    assert beside.held(level, all_beside(3), HOUR) == []


def alone(level: Array, rain: Array | None = None) -> list[Doubt]:
    fallen = np.zeros((2, level.shape[1])) if rain is None else rain
    return beside.alone(level, fallen, all_beside(3), WET, HOUR)


def with_leap(cm: float, ago: int = 1, slots: int = HALF_DAY) -> Array:
    level = still_water(3, slots)
    level[OWN, -ago:] += cm
    return level


def test_a_lone_rise_takes_forty_centimetres_within_the_hour() -> None:
    assert alone(with_leap(39.9)) == []
    assert alone(with_leap(40.0)) == [
        Doubt(OWN, "alone", HALF_DAY - HOUR - 1, {"cm": 40.0, "beside_cm": 0.0, "rain_mm": 0.0})
    ]
    assert len(alone(with_leap(40.0, HOUR))) == 1
    assert alone(with_leap(40.0, HOUR + 1)) == [], "an hour and ten minutes ago"


@pytest.mark.parametrize(("rise", "least"), [(40.0, 5.0), (100.0, 5.0), (200.0, 10.0)])
def test_a_neighbour_that_rose_by_five_centimetres_or_a_twentieth_goes_along(rise: float, least: float) -> None:
    for since in (1, 6 * HOUR - 1):
        level = with_leap(rise)
        level[1] += 300.0  # a neighbour stands at its own height
        level[2, -since:] += least - 0.1
        (doubt,) = alone(level)
        assert doubt.evidence["beside_cm"] == pytest.approx(least - 0.1)
        level[2, -since:] = 60.0 + least
        assert alone(level) == []


def test_what_neighbours_and_rain_did_more_than_six_hours_ago_counts_no_more() -> None:
    level, rain = with_leap(200.0, slots=10 * HOUR), np.zeros((2, 10 * HOUR))
    level[1, -6 * HOUR :] += 100.0
    rain[0, -6 * HOUR - 1] = 9.0
    (doubt,) = alone(level, rain)
    assert (doubt.evidence["beside_cm"], doubt.evidence["rain_mm"]) == (0.0, 0.0)
    rain[0, -6 * HOUR] = 9.0
    assert alone(level, rain) == []


def test_two_millimetres_at_one_rain_gauge_explain_it() -> None:
    rain = dry()
    rain[:, -4:-2] = 0.95  # 1.9 mm at either gauge
    (doubt,) = alone(with_leap(200.0), rain)
    assert doubt.evidence["rain_mm"] == 1.9
    rain[1, -4:-2] = 1.0
    assert alone(with_leap(200.0), rain) == []


def test_a_neighbour_counts_by_its_newest_word() -> None:
    level = with_leap(200.0)
    level[1, -6:] += 30.0
    level[1, -2] = 60.0
    level[1, -1] = np.nan
    level[2, -1] = np.nan
    assert len(alone(level)) == 1
    level[1, -2] = 90.0
    assert alone(level) == []


def test_a_rise_whose_neighbours_are_silent_keeps_no_other_from_being_found() -> None:
    level = still_water(4, HALF_DAY)
    level[:2, -1] += 200.0
    level[2, :] = np.nan
    near = np.zeros((4, 4), dtype=bool)
    near[0, 2] = near[1, 3] = True
    found = beside.alone(level, dry(), near, np.ones((4, 2), dtype=bool), HOUR)
    assert [doubt.row for doubt in found] == [1]


def test_rain_gauges_of_other_rivers_are_not_asked() -> None:
    rain, near = dry(), WET.copy()
    rain[1] = 9.0
    near[OWN, 1] = False
    assert [d.row for d in beside.alone(with_leap(200.0), rain, all_beside(3), near, HOUR)] == [OWN]
