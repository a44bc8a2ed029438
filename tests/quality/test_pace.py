"""How fast a river may go, by its numbers: each limit from both sides."""

from datetime import timedelta

import pytest

from floodcore.quality.memory import Memory, Point
from floodcore.quality.pace import decayed, ordinary, plausible, shares, step_of
from floodcore.quality.rates import GENERIC, Rates
from floodcore.words import Quantity
from tests.quality.gauge import T0

LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE
GOOD = Point(T0, 300.0)


def at(minutes: float, value: float) -> Point:
    return Point(T0 + timedelta(minutes=minutes), value)


def may(
    change: float,
    minutes: float,
    memory: Memory | None = None,
    quantity: Quantity = LEVEL,
    rates: Rates = GENERIC,
    good: Point = GOOD,
) -> bool:
    known = Memory(good) if memory is None else memory
    return plausible(known, good, at(minutes, good.value + change), quantity, rates)


@pytest.mark.parametrize(
    ("minutes", "most"), [(0.0, 10.0), (5.0, 17.5), (10.0, 25.0), (15.0, 32.5), (60.0, 100.0), (180.0, 100.0)]
)
def test_a_level_rises_by_ten_and_one_and_a_half_a_minute_over_an_hour_at_most(minutes: float, most: float) -> None:
    assert may(most, minutes)
    assert not may(most + 0.1, minutes)


@pytest.mark.parametrize(("minutes", "most"), [(10.0, 25.0), (60.0, 100.0), (180.0, 280.0)])
def test_it_may_have_fallen_all_the_time_nobody_heard_of_it(minutes: float, most: float) -> None:
    assert may(-most, minutes)
    assert not may(-most - 0.1, minutes)


@pytest.mark.parametrize(
    ("doubted", "minutes", "rise", "fall"),
    [
        (at(50.0, 500.0), 60.0, 25.0, 100.0),  # a fall may have gone on while the gauge was in doubt
        (at(170.0, 500.0), 180.0, 25.0, 100.0),  # over an hour at most, for a gauge that was heard
        (at(50.0, 500.0), 180.0, 100.0, 205.0),  # or over its silence
        (at(50.0, 300.0), 60.0, 25.0, 25.0),  # not while it said that it stood
        (at(0.0, 300.0), 180.0, 100.0, 280.0),
    ],
)
def test_a_gauge_in_doubt_gets_no_more_than_one_heard(doubted: Point, minutes: float, rise: float, fall: float) -> None:
    memory = Memory(GOOD, last=doubted)
    assert may(rise, minutes, memory)
    assert not may(rise + 0.1, minutes, memory)
    assert may(-fall, minutes, memory)
    assert not may(-fall - 0.1, minutes, memory)


def test_a_station_s_own_rates_are_shares_of_the_ordinary_step_up_and_down() -> None:
    own = Rates(rise=0.5, fall=0.4)
    assert may(12.5, 10.0, rates=own)
    assert not may(12.6, 10.0, rates=own)
    assert may(-10.0, 10.0, rates=own)
    assert not may(-10.1, 10.0, rates=own)
    assert may(0.5, 10.0, rates=own)
    assert may(-0.5, 10.0, rates=own)


@pytest.mark.parametrize(("value", "most"), [(0.0, 1.0), (10.0, 9.0), (-10.0, 9.0), (100.0, 81.0)])
def test_a_discharge_goes_by_a_share_of_itself(value: float, most: float) -> None:
    """1 m3/s and three tenths of it, and a twentieth of it a minute."""
    good = Point(T0, value)
    assert ordinary(DISCHARGE, value, 10.0) == pytest.approx(most)
    for change in (most, -most):
        assert may(change * 0.999, 10.0, quantity=DISCHARGE, good=good)
        assert not may(change * 1.001, 10.0, quantity=DISCHARGE, good=good)


def test_three_times_its_pace_goes_on_and_the_pace_halves_in_half_an_hour() -> None:
    assert decayed(8.0, 30.0) == 4.0
    assert decayed(8.0, 90.0) == 1.0
    quick = Memory(GOOD, pace=8.0)
    assert may(3.0 * 4.0 * 30.0, 30.0, quick)
    assert not may(3.0 * 4.0 * 30.0 + 0.1, 30.0, quick)
    good = Point(T0, 1.0)
    running = Memory(good, pace=0.8)
    assert may(3.0 * 0.4 * 30.0, 30.0, running, DISCHARGE, good=good)
    assert may(-3.0 * 0.4 * 30.0, 30.0, running, DISCHARGE, good=good)
    assert not may(-3.0 * 0.4 * 30.0 - 0.1, 30.0, running, DISCHARGE, good=good)


def test_over_less_than_five_minutes_pace_is_as_over_five() -> None:
    memory = Memory(GOOD, pace=8.0)
    most = 3.0 * decayed(8.0, 1.0) * 5.0
    assert may(most - 0.1, 1.0, memory)
    assert not may(most + 0.1, 1.0, memory)


@pytest.mark.parametrize(("minutes", "most"), [(10.0, 75.0), (30.0, 225.0), (60.0, 225.0)])
def test_a_fall_by_pace_is_seven_and_a_half_a_minute_for_half_an_hour(minutes: float, most: float) -> None:
    memory = Memory(GOOD, pace=80.0)
    assert may(-most, minutes, memory)
    assert not may(-most - 0.1, minutes, memory)
    slow = Memory(GOOD, pace=2.0)
    assert may(-3.0 * decayed(2.0, 10.0) * 10.0 + 0.1, 10.0, slow)
    assert not may(-3.0 * decayed(2.0, 10.0) * 10.0 - 0.1, 10.0, slow)


def test_a_step_is_measured_a_minute_and_over_five_minutes_at_least() -> None:
    assert step_of(GOOD, at(20.0, 340.0)) == 2.0
    assert step_of(GOOD, at(1.0, 290.0)) == -2.0
    assert step_of(at(20.0, 340.0), at(30.0, 310.0)) == -3.0


def test_the_steps_of_a_record_as_shares_of_what_is_ordinary() -> None:
    times = [T0, T0 + timedelta(minutes=10), T0 + timedelta(minutes=30)]
    assert shares(times, [50.0, 75.0, 35.0], LEVEL) == [1.0, -1.0]
    assert shares(times, [10.0, 19.0, 10.0], DISCHARGE) == pytest.approx([1.0, -9.0 / (1.0 + 19.0 * 1.3)])
    with pytest.raises(ValueError, match="zip"):
        shares(times, [50.0, 75.0], LEVEL)


def test_a_brook_s_own_rates_up_and_down_also_where_it_hardly_runs() -> None:
    """Shares of a discharge below 1 m3/s: a rise by its own rise, since it was heard, over an hour at most."""
    own = Rates(rise=0.25, fall=2.0)
    dry = Point(T0, 0.0)
    assert not may(0.5, 10.0, quantity=DISCHARGE, rates=own, good=dry)
    assert may(-0.5, 10.0, quantity=DISCHARGE, rates=own, good=dry)
    good = Point(T0, 1.0)
    in_doubt = Memory(good, last=at(170.0, 9.0))
    assert not may(0.9, 180.0, in_doubt, DISCHARGE, own, good)
    low = Point(T0, 0.5)
    assert not may(0.9, 180.0, quantity=DISCHARGE, rates=own, good=low)
