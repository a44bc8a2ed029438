"""Spikes and steps known afterwards, by their numbers: each limit from both sides."""

from datetime import timedelta

import pytest

from floodcore.quality.memory import Memory, Point, Verdict
from floodcore.quality.spikes import moved_on, spike_of, stood_out
from floodcore.words import Flag, Quantity
from tests.quality.gauge import T0

LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE


def at(minutes: float, value: float) -> Point:
    return Point(T0 + timedelta(minutes=minutes), value)


def spiked(before: float, spike: float, after: float, quantity: Quantity = LEVEL, pace: float = 0.0) -> bool:
    memory = Memory(at(10.0, spike), earlier=at(0.0, before), earlier_pace=pace)
    return stood_out(memory, at(20.0, after), quantity)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_eight_centimetres_out_of_both_neighbours_on_one_side(sign: float) -> None:
    assert spiked(60.0, 60.0 + 8.0 * sign, 60.0)
    assert not spiked(60.0, 60.0 + 7.9 * sign, 60.0)
    assert not spiked(60.0, 60.0 + 8.5 * sign, 60.0 + sign)
    assert not spiked(60.0, 60.0 + 9.0 * sign, 60.0 + 18.0 * sign), "on its way"
    assert not spiked(60.0, 60.0 + 9.0 * sign, 60.0 + 9.0 * sign), "there to stay"


def test_the_neighbours_differ_by_less_than_three_tenths_of_it() -> None:
    assert spiked(60.0, 73.0, 63.0)  # 10 out of the nearer, which is 3 off
    assert not spiked(60.0, 73.0, 63.1)
    assert spiked(63.0, 73.0, 60.0)
    assert not spiked(63.1, 73.0, 60.0)


def test_of_a_discharge_half_a_cubic_metre_and_a_fifth() -> None:
    assert spiked(10.0, 12.5, 10.0, DISCHARGE)
    assert not spiked(10.0, 12.4, 10.0, DISCHARGE)
    assert spiked(-10.0, -12.5, -10.0, DISCHARGE)
    assert not spiked(-10.0, -12.4, -10.0, DISCHARGE)
    assert spiked(0.0, 0.6, 0.0, DISCHARGE)


@pytest.mark.parametrize(("reach", "found"), [((35.0, 35.0), True), ((36.0, 10.0), False), ((10.0, 36.0), False)])
def test_the_neighbours_are_near_in_time(reach: tuple[float, float], found: bool) -> None:
    memory = Memory(at(reach[0], 80.0), earlier=at(0.0, 60.0))
    assert stood_out(memory, at(sum(reach), 60.0), LEVEL) is found


def test_three_times_what_the_pace_before_makes_in_that_time() -> None:
    assert spiked(60.0, 90.0, 60.0, pace=1.0)
    assert not spiked(60.0, 89.9, 60.0, pace=1.0)


def test_without_two_points_before_nothing_stood_out() -> None:
    assert not stood_out(Memory(), at(20.0, 60.0), LEVEL)
    assert not stood_out(Memory(at(10.0, 90.0)), at(20.0, 60.0), LEVEL)


def test_what_is_said_of_a_spike() -> None:
    assert spike_of(at(10.0, 90.0)) == Verdict(T0 + timedelta(minutes=10), Flag.SUSPECT, "spike")


def leapt(by: float, minutes: float, onward: float, quantity: Quantity = LEVEL) -> tuple[bool, tuple[Verdict, ...]]:
    """After a jump by `by` at minute 10 the water has gone `onward` by minute 10 + `minutes`."""
    memory = Memory(at(20.0, 0.0), before=at(0.0, 60.0), jumped=at(10.0, 60.0 + by))
    return moved_on(memory, at(10.0 + minutes, 60.0 + by + onward), quantity)


STEP = (True, (Verdict(T0 + timedelta(minutes=10), Flag.SUSPECT, "step"),))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("by", "still"), [(25.0, 3.0), (30.0, 3.0), (100.0, 10.0), (-100.0, 10.0)])
def test_after_an_hour_within_three_centimetres_or_a_tenth_the_zero_may_have_moved(
    by: float, still: float, sign: float
) -> None:
    assert leapt(by, 60.0, still * sign) == STEP
    assert leapt(by, 59.0, still * sign) == (False, ()), "not yet"
    assert leapt(by, 60.0, (still + 0.1) * sign) == (True, ()), "moved on"
    assert leapt(by, 20.0, (still + 0.1) * sign) == (True, ()), "moved on"


def test_a_discharge_has_no_zero_and_without_a_jump_there_is_nothing_to_say() -> None:
    assert leapt(100.0, 60.0, 0.0, DISCHARGE) == (True, ())
    for memory in (Memory(), Memory(before=at(0.0, 1.0)), Memory(jumped=at(0.0, 1.0))):
        assert moved_on(memory, at(70.0, 1.0), LEVEL) == (True, ())
