"""Freshness: silence is not calm."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.freshness import LONGEST_LAG, allowed_silence, freshness, lag
from floodcore.words import Degree, Flag, Freshness

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TEN, FIVE, HOUR = timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=1)


@pytest.mark.parametrize(
    ("degree", "interval", "minutes"),
    [
        (Degree.NONE, FIVE, 20),
        (Degree.NONE, TEN, 21),
        (Degree.NONE, HOUR, 121),
        (Degree.VIGILANCE, TEN, 20),
        (Degree.READINESS, FIVE, 10),
        (Degree.READINESS, TEN, 11),
        (Degree.EMERGENCY, timedelta(minutes=1), 5),
        (Degree.EMERGENCY, TEN, 11),
        (Degree.EXTREME, HOUR, 61),
    ],
)
def test_the_allowance_follows_the_degree_and_never_outruns_the_source(
    degree: Degree, interval: timedelta, minutes: int
) -> None:
    assert allowed_silence(degree, interval) == timedelta(minutes=minutes)


def state(age_min: float, degree: Degree = Degree.NONE, flag: Flag = Flag.GOOD) -> Freshness:
    return freshness(NOW - timedelta(minutes=age_min), TEN, degree, NOW, flag)


def test_from_fresh_over_late_to_silent() -> None:
    assert state(0) is Freshness.FRESH
    assert state(11) is Freshness.FRESH
    assert state(11.1) is Freshness.LATE
    assert state(21) is Freshness.LATE
    assert state(21.1) is Freshness.SILENT
    assert state(11.1, Degree.EMERGENCY) is Freshness.SILENT


def test_nonsense_is_doubtful_until_it_is_silence() -> None:
    assert state(5, flag=Flag.SUSPECT) is Freshness.DOUBTFUL
    assert state(5, flag=Flag.FAIL) is Freshness.DOUBTFUL
    assert state(5, flag=Flag.MISSING) is Freshness.FRESH
    assert state(60, flag=Flag.FAIL) is Freshness.SILENT


def test_never_heard() -> None:
    assert freshness(None, TEN, Degree.NONE, NOW) is Freshness.NEVER
    assert freshness(None, TEN, Degree.NONE, NOW, Flag.SUSPECT) is Freshness.DOUBTFUL


@given(st.integers(0, 600), st.integers(0, 600), st.sampled_from(Degree), st.sampled_from(Degree))
def test_it_only_gets_worse_with_age_and_with_the_degree(a: int, b: int, one: Degree, other: Degree) -> None:
    order = [Freshness.FRESH, Freshness.LATE, Freshness.SILENT]
    assert order.index(state(min(a, b), one)) <= order.index(state(max(a, b), one))
    if state(a, min(one, other)) is Freshness.SILENT:
        assert state(a, max(one, other)) is Freshness.SILENT


@given(st.integers(0, 10_000), st.integers(-600, 10_000), st.sampled_from(Degree))
def test_a_steady_lag_of_the_source_is_no_silence_and_no_excuse(age_s: int, lag_s: int, degree: Degree) -> None:
    """Open data that always come some minutes late look as a gauge that is never late; up to a bound."""
    observed = NOW - timedelta(seconds=age_s)
    allowance = lag(observed - timedelta(hours=1), observed - timedelta(hours=1) + timedelta(seconds=lag_s))
    assert timedelta(0) <= allowance <= LONGEST_LAG
    shown = freshness(observed, TEN, degree, NOW, lag=allowance)
    assert shown is freshness(observed + allowance, TEN, degree, NOW)
    if age_s <= 600 + min(max(lag_s, 0), LONGEST_LAG.total_seconds()):
        assert shown is Freshness.FRESH
