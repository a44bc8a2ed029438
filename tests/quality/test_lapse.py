"""A gauge that lay lower for a while and is back: a flood that began meanwhile waits for one sample at most."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from floodcore.words import Quantity
from tests.quality.gauge import Gauge, good, healthy

LAST = 51.0


def lain(count: int, depth: float = 200.0, every: float = 10.0) -> Gauge:
    """A gauge that stood at 51 cm and lay lower by `depth` for `count` readings."""
    gauge = healthy()
    gauge.feed([LAST - depth + n % 2 for n in range(count)], every)
    assert gauge.believed[-1][1] == LAST
    return gauge


@settings(max_examples=300)
@given(
    st.integers(1, 12),
    st.floats(120.0, 400.0),
    st.floats(0.2, 17.8),
    st.integers(0, 6),
    st.sampled_from([5.0, 10.0, 15.0]),
)
def test_a_rise_that_began_under_a_gauge_that_lay_low_waits_for_one_sample(
    low: int, depth: float, pace: float, before: int, every: float
) -> None:
    """`before` readings of the rise are lost; those after are believed with the next one at the latest."""
    low = min(low, round(180.0 / every) - 1)  # three hours are the longest lapse
    gauge = lain(low, depth, every)
    rise = [round(LAST + pace * every * (before + n + 1), 1) for n in range(8)]
    rests = min(b - a for a, b in pairwise(rise)) < max(5.0, 0.05 * (rise[0] - LAST))
    assume(not rests and rise[-1] <= 900.0)  # nine metres, as water rose at the Ahr
    gauge.feed(rise, every)
    believed = [value for _, value in gauge.believed]
    assert believed[-len(rise) :] == rise
    delays = [gauge.delay[at] for at, _ in gauge.believed[-len(rise) :]]
    assert max(delays) <= every
    assert sum(delays) <= 2 * every


@given(st.integers(1, 12), st.floats(-20.0, 20.0), st.lists(st.floats(-20.0, 24.0), min_size=1, max_size=10))
def test_where_it_was_it_is_believed_at_once_and_what_follows_as_ever(
    low: int, beside: float, steps: list[float]
) -> None:
    gauge = lain(low)
    values = [round(LAST + beside, 1)]
    for step in steps:
        values.append(round(values[-1] + step, 1))
    if 0.0 in values:
        return
    gauge.feed(values)
    assert [value for _, value in gauge.believed][-len(values) :] == values
    assert {gauge.delay[at] for at, _ in gauge.believed[-len(values) :]} == {0}


@pytest.mark.parametrize(("low", "at_once"), [(17, True), (18, False)])
def test_three_hours_is_the_longest_lapse(low: int, at_once: bool) -> None:
    gauge = lain(low)
    assert good(gauge.feed([60.0])) == [at_once]
    gauge = lain(low)
    assert good(gauge.feed([300.0, 340.0])) == [at_once, at_once]


@pytest.mark.parametrize(("onward", "taken"), [(12.5, True), (12.4, False), (-4.0, False)])
def test_higher_than_the_reach_of_an_hour_it_goes_on_by_a_twentieth_of_its_leap(onward: float, taken: bool) -> None:
    gauge = lain(5)
    assert good(gauge.feed([301.0, 301.0 + onward])) == [taken, taken]


@pytest.mark.parametrize(("third", "taken"), [(297.5, True), (294.1, True), (293.9, False), (300.1, False)])
def test_a_crest_that_came_meanwhile_is_believed_when_three_lie_in_one_line(third: float, taken: bool) -> None:
    gauge = lain(5)
    assert good(gauge.feed([301.0, 299.0, third]))[-1] is taken


def test_a_gauge_that_said_high_and_low_has_not_lapsed() -> None:
    gauge = healthy()
    gauge.feed([-200.0, 600.0, -210.0, -205.0])
    assert good(gauge.feed([52.0, 51.0, 52.0])) == [False, False, True]
    gauge = healthy()
    gauge.feed([-200.0, 600.0, -210.0, -205.0])
    assert not any(good(gauge.feed([300.0, 340.0, 380.0])))


def test_water_that_rose_so_fast_that_its_low_readings_disagree_has_lapsed_too() -> None:
    gauge = healthy()
    gauge.feed([-261.0, -259.0, -260.0, -248.0, -143.0])
    assert good(gauge.feed([319.0, 476.0, 555.0])) == [True, True, True]


def test_a_crest_that_came_meanwhile_may_stand_quite_still() -> None:
    gauge = lain(5)
    assert good(gauge.feed([90.0, 90.0])) == [True, True]
    gauge = lain(5)
    assert good(gauge.feed([390.0, 390.0])) == [False, False]
    assert good(gauge.feed([390.0])) == [True]


def test_a_discharge_lapses_too() -> None:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([20.0, 20.1, 20.0])
    gauge.feed([2.0, 2.1, 2.0, 2.1, 2.0])
    assert good(gauge.feed([120.0, 150.0])) == [True, True]


def test_a_low_value_at_every_second_time_hides_no_rise_however_long() -> None:
    gauge = healthy()
    gauge.feed([x for n in range(30) for x in (51.0 + n % 2, -40.0 + n % 3)])
    rise = [52.0 + 12.0 * n for n in range(1, 30)]
    gauge.feed([x for value in rise for x in (value, -40.0)])
    assert [value for _, value in gauge.believed][-len(rise) :] == rise
    assert {gauge.delay[at] for at, _ in gauge.believed[-len(rise) :]} == {0}


def test_a_high_value_at_every_second_time_is_babble_still() -> None:
    gauge = healthy()
    gauge.feed([x for n in range(12) for x in (51.0 + n % 2, 300.0 + 40.0 * n)])
    before = len(gauge.believed)
    gauge.feed([60.0, 780.0, 70.0, 650.0, 80.0])
    assert len(gauge.believed) == before
