"""The numbers of freshness, each from both sides (docs/engine.md; local warning systems of the region)."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.engine.silence import shortest_allowed
from floodcore.freshness import TOO_LATE, allowed_silence, freshness, lag
from floodcore.words import Degree, Flag, Freshness

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BY_DEGREE = {0: 20, 1: 20, 2: 10, 3: 5, 4: 5}


@pytest.mark.parametrize("degree", list(Degree))
def test_a_fast_gauge_may_be_silent_for_as_long_as_its_degree_allows(degree: Degree) -> None:
    assert allowed_silence(degree, MINUTE) == BY_DEGREE[degree] * MINUTE


@pytest.mark.parametrize("degree", list(Degree))
def test_a_slow_one_for_an_interval_and_a_minute_in_calm_for_two(degree: Degree) -> None:
    assert allowed_silence(degree, 30 * MINUTE) == (61 if degree == 0 else 31) * MINUTE


def test_no_gauge_is_silent_before_the_shortest_allowance() -> None:
    assert shortest_allowed() == 5 * MINUTE


def test_a_source_may_be_late_by_a_quarter_of_an_hour() -> None:
    assert [lag(NOW, NOW + late * MINUTE) for late in (-5, 0, 14, 15, 16, 600)] == [
        late * MINUTE for late in (0, 0, 14, 15, 15, 15)
    ]


def test_what_lies_six_hours_behind_counts_no_more() -> None:
    assert timedelta(hours=6) == TOO_LATE


def shown(age: timedelta, flag: Flag = Flag.GOOD, late: timedelta = timedelta(0)) -> Freshness:
    """Of a gauge of one minute in calm."""
    return freshness(NOW - age, MINUTE, Degree.NONE, NOW, flag, late)


def test_late_is_older_than_an_interval_and_a_minute_and_silent_than_the_allowance() -> None:
    instant = timedelta.resolution
    assert shown(2 * MINUTE) is Freshness.FRESH
    assert shown(2 * MINUTE + instant) is Freshness.LATE
    assert shown(20 * MINUTE) is Freshness.LATE
    assert shown(20 * MINUTE + instant) is Freshness.SILENT
    assert shown(23 * MINUTE, late=3 * MINUTE) is Freshness.LATE
    assert shown(23 * MINUTE + instant, late=3 * MINUTE) is Freshness.SILENT


@pytest.mark.parametrize("flag", [Flag.SUSPECT, Flag.FAIL])
def test_a_gauge_in_doubt_is_doubtful_however_fresh_and_silent_when_it_is(flag: Flag) -> None:
    assert shown(timedelta(0), flag) is Freshness.DOUBTFUL
    assert shown(20 * MINUTE, flag) is Freshness.DOUBTFUL
    assert shown(21 * MINUTE, flag) is Freshness.SILENT
    assert freshness(None, MINUTE, Degree.NONE, NOW, flag) is Freshness.DOUBTFUL


@pytest.mark.parametrize("flag", [Flag.GOOD, Flag.UNCHECKED, Flag.MISSING])
def test_what_is_not_doubted_is_as_fresh_as_it_is_old(flag: Flag) -> None:
    assert shown(MINUTE, flag) is Freshness.FRESH
