"""Clogged and counted twice by their numbers: each limit from both sides, on rain that is exact."""

import numpy as np
import pytest

from floodcore.quality import rain
from floodcore.quality.beside import Beside, Doubt
from floodcore.quality.grid import Array
from tests.quality.abreast import HALF_DAY, HOUR, all_beside

OWN = 0
SIX_H = 6 * HOUR
TWO_WEEKS_H = 336


def only(gauges: int) -> Beside:
    """The first has all others for neighbours, and nobody else has any."""
    near = all_beside(gauges)
    near[OWN + 1 :] = False
    return near


def shower(*mm: float) -> Array:
    """Gauges (first the own one) with so much rain each within the last six hours, in two slots."""
    fallen = np.zeros((len(mm), HALF_DAY))
    fallen[:, -SIX_H] = fallen[:, -1] = np.array(mm) / 2.0
    return fallen


def clogged(fallen: Array) -> list[Doubt]:
    return rain.clogged(fallen, only(len(fallen)), HOUR)


def test_a_clogged_gauge_is_told_with_its_numbers() -> None:
    assert clogged(shower(0.2, 5.0, 5.0)) == [
        Doubt(OWN, "clogged", HALF_DAY - SIX_H, {"mm": 0.2, "beside_mm": 5.0, "hours": 6})
    ]


@pytest.mark.parametrize(
    "mm",
    [
        (0.3, 5.0, 5.0),  # it had something
        (0.0, 5.0, 4.8),  # 5 mm at their median
        (0.0, 1.9, 9.0, 9.0),  # 2 mm at each
        (0.0, 9.0),  # two neighbours
    ],
)
def test_what_is_no_clogging(mm: tuple[float, ...]) -> None:
    assert clogged(shower(*mm)) == []


def test_two_millimetres_at_each_and_five_at_the_median_are_enough() -> None:
    (doubt,) = clogged(shower(0.0, 2.0, 5.0, 9.0))
    assert doubt.evidence["beside_mm"] == 5.0


def test_rain_of_more_than_six_hours_ago_counts_no_more() -> None:
    fallen = shower(0.0, 5.0, 5.0)
    fallen[OWN, -SIX_H - 1] = 9.0
    assert len(clogged(fallen)) == 1
    fallen[1:] = np.roll(fallen[1:], -1, axis=1)
    fallen[1:, -1] = 0.0
    assert clogged(fallen) == []


@pytest.mark.parametrize("gauge", [OWN, 1])
def test_a_gauge_is_heard_that_said_something_half_of_the_time(gauge: int) -> None:
    fallen = shower(0.0, 6.0, 6.0)
    fallen[gauge, -SIX_H + 1 : -SIX_H // 2 + 1] = np.nan
    assert len(clogged(fallen)) == 1
    fallen[gauge, -SIX_H // 2 + 1] = np.nan
    assert clogged(fallen) == []


def hours(mm: float, wet: int = 12, times: float = 2.0) -> Array:
    """Two weeks at three gauges: `wet` hours of rain, `mm` in all, of which the first shows `times` as much."""
    fallen = np.zeros((3, TWO_WEEKS_H))
    fallen[:, 20 : 20 + wet] = mm / wet
    fallen[OWN] *= times
    return fallen


def twice(fallen: Array) -> list[Doubt]:
    return rain.counted_twice(fallen, only(len(fallen)))


def test_a_gauge_that_counts_twice_is_told_with_its_numbers() -> None:
    assert twice(hours(24.0)) == [Doubt(OWN, "double", 0, {"times": 2.0, "beside_mm": 24.0})]


@pytest.mark.parametrize(("times", "found"), [(1.7, 1), (2.4, 1), (1.65, 0), (2.45, 0), (1.0, 0)])
def test_twice_is_from_seventeen_to_twenty_four_tenths(times: float, found: int) -> None:
    assert len(twice(hours(30.0, wet=15, times=times))) == found


def test_it_takes_twenty_millimetres_and_twelve_wet_hours() -> None:
    assert len(twice(hours(20.0, wet=16))) == 1
    assert twice(hours(19.2, wet=16)) == []
    assert len(twice(hours(24.0, wet=12))) == 1
    assert twice(hours(22.0, wet=11)) == []
    drizzle = hours(24.0, wet=12)
    drizzle[1:, 100] = 0.1
    drizzle[:, 20] = 0.0
    assert len(twice(drizzle)) == 1, "an hour of a tenth of a millimetre is wet"


def test_it_is_the_same_hours_that_are_wet() -> None:
    """Of fourteen hours of rain the gauge has so many at their time and the others elsewhere: correlation from 0.7."""

    def shifted(apart: int) -> Array:
        fallen = hours(28.0, wet=14)
        fallen[OWN] = np.roll(fallen[OWN], apart)
        return fallen

    near = [len(twice(shifted(apart))) for apart in range(8)]
    alike = [float(np.corrcoef(shifted(apart)[OWN], shifted(apart)[1])[0, 1]) >= 0.7 for apart in range(8)]
    assert near == alike
    assert near == [1, 1, 1, 1, 1, 0, 0, 0]


def test_a_gauge_that_always_says_the_same_is_another_matter() -> None:
    fallen = hours(24.0)
    fallen[OWN] = 0.125  # 42 mm, 1.75 times theirs
    assert twice(fallen) == []


def test_hours_that_one_of_them_missed_are_left_out() -> None:
    fallen = hours(32.0, wet=16)
    fallen[OWN, 20:24] = np.nan
    fallen[1:, 100] = np.nan
    fallen[OWN, 100] = 50.0
    (doubt,) = twice(fallen)
    assert doubt.evidence == {"times": 2.0, "beside_mm": 24.0}


def test_an_hour_needs_two_neighbours() -> None:
    fallen = hours(40.0, wet=16)
    fallen[1, 20:24] = np.nan  # 30 mm are left in twelve hours
    (doubt,) = twice(fallen)
    assert doubt.evidence["beside_mm"] == 30.0
    assert twice(fallen[:2]) == []


def test_a_gauge_that_is_like_its_neighbours_or_silent_keeps_no_other_from_being_found() -> None:
    fallen = np.vstack([np.full((1, TWO_WEEKS_H), np.nan), np.zeros((1, TWO_WEEKS_H)), hours(24.0)])
    near = np.zeros((5, 5), dtype=bool)
    near[0, 3:] = near[2, 3:] = True
    near[1, [0, 1]] = True
    found = rain.counted_twice(fallen, near)
    assert [doubt.row for doubt in found] == [2]
