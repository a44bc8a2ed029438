"""Sums of rain, case by case: which limit an event names, what is forgotten when, what an edge cuts (ADR 0022)."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.engine import rain_sums
from alerting.engine.rain_sums import UNKNOWN, Finding, Memory, RainRules, Span, Sum, Window
from floodcore.quality.window import Point
from floodcore.words import Degree

NOW = datetime(2026, 6, 1, tzinfo=UTC)
END = int(NOW.timestamp())
DAY, HOUR = 86_400, 3600
ONE, TWO, THREE = Degree(1), Degree(2), Degree(3)
TEN, GAP = timedelta(minutes=10), timedelta(minutes=21)
GROUND = (50.0, 10, 25.0, 5)
DAILY = Window(1440, {ONE: 35.0, TWO: 40.0}, {ONE: 25.0})


def fell(*spans: tuple[float, float, float]) -> Memory:
    """Rain in mm from so many hours before now to so many; dry or heard as nothing in between and before."""
    found: list[Span] = []
    last = END - 11 * DAY
    for begin, end, mm in sorted(spans, reverse=True):
        first, until = END - round(begin * HOUR), END - round(end * HOUR)
        found += [(last, first, 0, 0)] if first > last else []
        found.append((first, until, round(mm * 1000), 0))
        last = until
    return Memory((*found, *([(last, END, 0, 0)] if last < END else [])))


def test_a_change_names_the_limit_of_the_ground_it_fell_on() -> None:
    rules = RainRules((DAILY,), GROUND)
    wet = fell((50.0, 49.0, 60.0), (1.0, 0.0, 30.0))
    assert rain_sums.finding(wet, rules, ONE) == Finding(1440, 30.0, 25.0, saturated=True)
    assert rain_sums.finding(wet, rules, TWO) == Finding(1440, 30.0, 40.0, saturated=True), "no lower one for it"
    dry = fell((1.0, 0.0, 30.0))
    assert rain_sums.finding(dry, rules, ONE) == Finding(1440, 30.0, 35.0, saturated=False)
    nobody = Memory(dry.spans[-3:])
    assert rain_sums.finding(nobody, rules, ONE).saturated is False


def test_a_change_names_the_window_that_is_highest_then_farthest_above() -> None:
    short, long = Window(60, {ONE: 20.0, TWO: 30.0}, {}), Window(180, {ONE: 25.0}, {})
    memory = fell((1.0, 0.0, 31.0))
    both = RainRules((long, short))
    assert rain_sums.finding(memory, both, TWO).minutes == 60, "31 of 30 is a higher degree than 31 of 25"
    assert rain_sums.finding(memory, both, ONE).minutes == 60, "31 of 20 is farther above than 31 of 25"
    lower = RainRules((Window(180, {ONE: 20.0}, {}), Window(60, {ONE: 25.0}, {})))
    assert rain_sums.finding(memory, lower, ONE).minutes == 180
    dry = RainRules((Window(180, {ONE: 20.0}, {}), Window(60, {ONE: 20.0}, {})))
    assert rain_sums.finding(fell(), dry, ONE).minutes == 180, "of two as near the first"


def test_where_the_degree_has_no_limit_any_more_a_lower_one_stands_in() -> None:
    assert rain_sums.finding(fell((1.0, 0.0, 10.0)), RainRules((DAILY,)), THREE).limit == 40.0
    only = RainRules((Window(60, {TWO: 30.0, THREE: 50.0}, {}),))
    assert rain_sums.finding(fell((1.0, 0.0, 10.0)), only, ONE).limit == 30.0
    with pytest.raises(ValueError, match="empty"):
        rain_sums.finding(fell(), RainRules(()), ONE)


def test_the_hysteresis_comes_back_with_the_rules() -> None:
    rules = RainRules((DAILY,), GROUND, 0.25)
    assert rain_sums.parse(rain_sums.written(rules)) == rules
    assert rain_sums.parse(rain_sums.written(RainRules((DAILY,)))) == RainRules((DAILY,))


@pytest.mark.parametrize(("minutes", "mm"), [(10, 1.0), (60, 6.0), (90, 6.0), (30, 3.0)])
def test_of_a_span_across_the_edge_its_share_of_time_counts(minutes: int, mm: float) -> None:
    assert rain_sums.sum_of(fell((1.0, 0.0, 6.0)), minutes) == Sum(mm, mm)


def test_a_sum_until_an_earlier_moment_leaves_out_what_came_after() -> None:
    memory = fell((3.0, 2.0, 6.0), (1.0, 0.0, 9.0))
    assert rain_sums.sum_of(memory, 120, END - HOUR) == Sum(6.0, 6.0)
    assert rain_sums.sum_of(memory, 60, END - HOUR // 2) == Sum(4.5, 4.5)
    assert rain_sums.sum_of(Memory(), 60) == Sum(0.0, None)
    assert rain_sums.sum_of(Memory(((END - HOUR, END, 1000, 0),)), 61).most is None, "nobody knows what was before"
    assert rain_sums.sum_of(Memory(((END - HOUR, END, 1000, 0),)), 60, END + 1).most is None, "nor what comes"


def test_reckoned_rain_calms_and_does_not_raise() -> None:
    memory = Memory(((END - HOUR, END - 1800, 5000, 0), (END - 1800, END - 900, 0, 2500), (END - 900, END, 1000, 0)))
    assert rain_sums.sum_of(memory, 60) == Sum(6.0, 8.5)
    unknown = Memory((*memory.spans[:1], (END - 1800, END - 900, 0, UNKNOWN), *memory.spans[2:]))
    assert rain_sums.sum_of(unknown, 60) == Sum(6.0, None)
    assert rain_sums.sum_of(unknown, 15) == Sum(1.0, 1.0), "it lies before the window"


def test_an_increment_covers_one_interval_and_a_gap_the_rest() -> None:
    first = rain_sums.add(Memory(), Point(NOW, 1.0), RainRules((DAILY,)), TEN, GAP)
    assert first.spans == ((END - 600, END, 1000, 0),)
    short = rain_sums.add(first, Point(NOW + 2 * TEN, 2.0), RainRules((DAILY,)), TEN, GAP)
    assert short.spans[1:] == ((END, END + 600, 0, 2000), (END + 600, END + 1200, 2000, 0)), "at the wetter pace"
    dry = rain_sums.add(first, Point(NOW + 2 * TEN, 0.0), RainRules((DAILY,)), TEN, GAP)
    assert dry.spans[1][3] == 1000
    long = rain_sums.add(first, Point(NOW + 3 * TEN, 2.0), RainRules((DAILY,)), TEN, GAP)
    assert long.spans[1] == (END, END + 1200, 0, UNKNOWN)


def test_a_gauge_without_an_interval_is_reckoned_by_the_second() -> None:
    memory = rain_sums.add(Memory(), Point(NOW, 1.0), RainRules((DAILY,)), timedelta(0), GAP)
    assert memory.spans == ((END - 1, END, 1000, 0),)


@pytest.mark.parametrize(("before", "recent", "wet"), [(50.1, 25.1, True), (50.0, 25.1, False), (50.1, 25.0, False)])
def test_the_ground_is_saturated_by_more_than_the_figures(before: float, recent: float, wet: bool) -> None:
    memory = fell((24 * 7.0, 24 * 7.0 - 1, before - recent), (24 * 3.0, 24 * 3.0 - 1, recent))
    assert rain_sums.saturated(memory, RainRules((DAILY,), GROUND)) is wet
    assert rain_sums.saturated(memory, RainRules((DAILY,))) is False, "where it does not count"


@pytest.mark.parametrize(
    ("days", "wet"),
    [(0.9, False), (1.1, True), (5.9, True), (6.1, False)],  # the last day is left out, then five days count
)
def test_most_of_it_fell_in_the_five_days_before_the_last(days: float, wet: bool) -> None:
    memory = fell((24 * days, 24 * days - 0.05, 60.0))
    assert rain_sums.saturated(memory, RainRules((DAILY,), GROUND)) is wet


@pytest.mark.parametrize(("days", "wet"), [(10.9, True), (11.1, False)])
def test_ten_days_before_the_last_count(days: float, wet: bool) -> None:
    memory = fell((24 * days, 24 * days - 0.05, 30.0), (48.0, 47.0, 26.0))
    found = Memory(tuple(span for span in memory.spans if span[0] >= END - 12 * DAY))
    assert (rain_sums.saturated(found, RainRules((DAILY,), GROUND)) is True) == wet


def test_unknown_ground_can_be_known_dry_by_the_recent_days_alone() -> None:
    known = fell()
    late = Memory(((END - 7 * DAY, END, 0, 0),))
    assert rain_sums.saturated(known, RainRules((DAILY,), GROUND)) is False
    assert rain_sums.saturated(late, RainRules((DAILY,), GROUND)) is False, "no rain in the last five: not saturated"
    assert rain_sums.saturated(Memory(((END - 3 * DAY, END, 0, 0),)), RainRules((DAILY,), GROUND)) is None
    assert rain_sums.saturated(Memory(), RainRules((DAILY,), GROUND)) is None


def test_what_any_sum_reaches_and_what_not_every_sum_has_left() -> None:
    rules = RainRules((Window(60, {ONE: 20.0, TWO: 30.0}, {}), Window(180, {ONE: 25.0, TWO: 40.0}, {})))
    said = rain_sums.evidence(fell((1.0, 0.0, 27.0)), Point(NOW, 0.0), rules)
    assert (said.at, said.reached, said.held) == (NOW, ONE, TWO)
    assert rain_sums.evidence(fell((1.0, 0.0, 26.9)), Point(NOW, 0.0), rules).held == ONE
    assert rain_sums.evidence(fell((1.0, 0.0, 40.0)), Point(NOW, 0.0), rules).reached == TWO
    assert rain_sums.evidence(fell((2.0, 1.0, 22.4)), Point(NOW, 0.0), rules).held == Degree.NONE


@pytest.mark.parametrize(
    ("age", "length", "joined"),
    [
        (70 * 60 - 1, 60, False),
        (70 * 60, 60, True),  # by ten minutes from then on
        (25 * HOUR - 1, 600, False),
        (25 * HOUR, 600, True),  # by the hour
        (300 * HOUR, 1800, True),
        (300 * HOUR, HOUR, False),  # never by more
    ],
)
def test_it_is_kept_to_a_minute_for_70_minutes_to_ten_for_25_hours_then_by_the_hour(
    age: int, length: int, joined: bool
) -> None:
    begin = END - END % HOUR
    first, second = (begin, begin + length, 1000, 0), (begin + length, begin + 2 * length, 2000, 0)
    assert rain_sums._joins(first, second, begin + length + age) is joined


def test_neighbours_of_different_steps_of_the_clock_are_not_joined() -> None:
    begin = END - END % HOUR
    across = (begin - 1800, begin, 1000, 0), (begin, begin + 1800, 1000, 0)
    assert not rain_sums._joins(*across, begin + 300 * HOUR)
    dry = (begin - 1800, begin, 0, 0), (begin, begin + 90 * HOUR, 0, 0)
    assert rain_sums._joins(*dry, begin + 91 * HOUR), "dry time is one span, however long"
    unknown = (begin - 1800, begin, 0, UNKNOWN), (begin, begin + 90 * HOUR, 0, UNKNOWN)
    assert rain_sums._joins(*unknown, begin + 91 * HOUR)
    assert not rain_sums._joins(dry[0], unknown[1], begin + 91 * HOUR), "what nobody knows is not dry"


def test_reckoned_rain_adds_up_and_with_unknown_time_nobody_knows() -> None:
    first, second = (0, 60, 1000, 200), (60, 120, 2000, 300)
    assert rain_sums._joined(first, second) == (0, 120, 3000, 500)
    assert rain_sums._joined(first, (60, 120, 0, UNKNOWN)) == (0, 120, 1000, UNKNOWN)
    assert rain_sums._joined((0, 60, 0, UNKNOWN), second) == (0, 120, 2000, UNKNOWN)
