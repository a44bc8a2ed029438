"""Holes in a series, by properties: every one that is there, none that is not."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.repair_gaps import Hole, days, holes, interval_of

T0 = datetime(2026, 6, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)


@given(
    present=st.sets(st.integers(0, 300), min_size=1), jitter=st.lists(st.integers(-90, 90), min_size=301, max_size=301)
)
def test_the_holes_of_a_jittering_series_are_its_missing_readings(present: set[int], jitter: list[int]) -> None:
    kept = sorted(present)
    times = [T0 + n * TEN + timedelta(seconds=jitter[n]) for n in kept]
    found = holes(times, TEN)
    missing = {n for n in range(kept[0], kept[-1]) if n not in present}
    assert sum(hole.expected for hole in found) == len(missing)
    for hole in found:
        first, last = kept[times.index(hole.after)], kept[times.index(hole.before)]
        assert set(range(first + 1, last)) <= missing
        assert hole.expected == last - first - 1


@given(st.lists(st.integers(0, 100_000), max_size=60), st.integers(1, 7200))
def test_holes_are_apart_and_between_readings(seconds: list[int], interval: int) -> None:
    times = sorted(T0 + timedelta(seconds=each) for each in set(seconds))
    found = holes(times, timedelta(seconds=interval))
    assert all(hole.after in times and hole.before in times and hole.expected >= 1 for hole in found)
    assert all(one.before <= other.after for one, other in pairwise(found))
    assert not any(hole.after < time < hole.before for hole in found for time in times)


def test_too_few_readings_have_no_hole() -> None:
    assert holes([], TEN) == holes([T0], TEN) == []
    assert holes([T0, T0 + 3 * TEN], TEN) == [Hole(T0, T0 + 3 * TEN, 2)]


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_series_comes_at_no_interval(seconds: int) -> None:
    with pytest.raises(ValueError, match="interval"):
        holes([T0], timedelta(seconds=seconds))


def test_a_series_that_reports_seldom_is_taken_at_its_own_word() -> None:
    hourly = [T0 + n * timedelta(hours=1) for n in range(20)]
    assert interval_of(hourly, TEN) == timedelta(hours=1)
    assert interval_of(hourly[:5], TEN) == TEN, "too few to tell"
    minutely = [T0 + n * timedelta(minutes=1) for n in range(20)]
    assert interval_of(minutely, TEN) == TEN, "more often than expected is no other expectation"
    lossy = [T0 + n * TEN for n in range(40) if n % 5 != 3]
    assert interval_of(lossy, TEN) == TEN, "losses do not make the interval longer"


def test_days_that_have_a_moment_inside() -> None:
    noon = T0 + timedelta(hours=12)
    assert days(noon, noon + timedelta(hours=1)) == [T0]
    assert days(noon, T0 + timedelta(days=1)) == [T0], "the end itself is a reading"
    assert days(noon, noon + timedelta(days=2)) == [T0 + timedelta(days=n) for n in range(3)]
    assert days(T0, T0) == []
