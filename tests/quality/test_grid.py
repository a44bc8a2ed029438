"""Readings on one grid: the end of a slot belongs to it, an empty one holds for so long, no word is not no rain."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.quality.grid import last_of_slot, sum_of_slot, within_km

MISSING = np.nan


def test_the_grid_takes_the_last_of_a_slot_and_holds_it_for_so_long() -> None:
    at, value = np.array([5.0, 10.0, 61.0, 70.0]), np.array([1.0, 2.0, 3.0, 4.0])
    found = last_of_slot(at, value, 0.0, 10.0, 10, held=2)
    np.testing.assert_array_equal(found, [2.0, 2.0, 2.0, np.nan, np.nan, np.nan, 4.0, 4.0, 4.0, np.nan])
    np.testing.assert_array_equal(sum_of_slot(at, value, 0.0, 30.0, 3), [3.0, np.nan, 7.0])


def test_nothing_is_held_unless_asked() -> None:
    found = last_of_slot(np.array([5.0]), np.array([1.0]), 0.0, 10.0, 3)
    np.testing.assert_array_equal(found, [1.0, MISSING, MISSING])


def test_what_lies_before_or_behind_the_grid_is_left_out() -> None:
    """The start itself belongs to the slot before the first; the end of the last slot is the last that counts."""
    at = np.array([995.0, 1000.0, 1010.0, 1015.0, 1030.0, 1031.0])
    value = np.array([7.0, 7.0, 1.0, 2.0, 3.0, 9.0])
    np.testing.assert_array_equal(last_of_slot(at, value, 1000.0, 10.0, 3), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(sum_of_slot(at, value, 1000.0, 10.0, 3), [1.0, 2.0, 3.0])


def test_slots_without_a_word_at_the_end_are_missing_and_a_dry_one_is_none() -> None:
    at, value = np.array([5.0, 12.0, 15.0]), np.array([0.0, 0.2, 0.2])
    np.testing.assert_array_equal(sum_of_slot(at, value, 0.0, 10.0, 4), [0.0, 0.4, MISSING, MISSING])


def test_what_is_near() -> None:
    near = within_km([50.77, 50.80, 51.5, None], [15.06, 15.07, 15.06, 15.0], 10.0)
    assert near.tolist() == [
        [False, True, False, False],
        [True, False, False, False],
        [False, False, False, False],
        [False, False, False, False],
    ]


@pytest.mark.parametrize(
    ("lat", "lon", "km"),
    [
        ([0.0, 0.0], [0.0, 1.0], 111.32),  # a degree of the equator, WGS 84
        ([0.0, 1.0], [0.0, 0.0], 110.57),  # a degree northwards at the equator, WGS 84
        ([50.0, 51.0], [15.0, 15.0], 110.57),  # and as long at every longitude
        ([60.0, 60.0], [15.0, 16.0], 55.66),  # half as wide at 60 degrees, on a sphere
    ],
)
def test_how_long_a_degree_is(lat: list[float | None], lon: list[float | None], km: float) -> None:
    assert within_km(lat, lon, km + 0.01).any()
    assert not within_km(lat, lon, km - 0.01).any()


@given(st.floats(50.0, 51.5), st.floats(14.0, 16.0), st.floats(50.0, 51.5), st.floats(14.0, 16.0))
def test_it_is_good_to_a_percent_over_the_region(lat: float, lon: float, other: float, beside: float) -> None:
    """Against the great circle on a sphere of 6371 km."""
    north, south, east = math.radians(lat), math.radians(other), math.radians(lon - beside)
    half = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    km = 2 * 6371.0 * math.asin(math.sqrt(half))
    assert within_km([lat, other], [lon, beside], 1.01 * km + 0.001)[0, 1]
    assert not within_km([lat, other], [lon, beside], 0.99 * km - 0.001)[0, 1]


def test_two_gauges_at_one_place_are_near_and_no_gauge_is_near_itself() -> None:
    assert within_km([50.77, 50.77], [15.06, 15.06], 0.0).tolist() == [[False, True], [True, False]]


def test_half_a_place_is_none() -> None:
    assert not within_km([50.77, 50.77, None], [15.06, None, 15.06], 1000.0).any()
