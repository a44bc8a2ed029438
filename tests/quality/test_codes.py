"""Another unit by its numbers: each limit from both sides. Times are minutes after the last good value."""

from datetime import timedelta

import pytest

from floodcore.quality.codes import is_other_unit, no_water
from floodcore.quality.memory import Memory, Point
from floodcore.words import Quantity
from tests.quality.gauge import T0

LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE


def at(minutes: float, value: float) -> Point:
    return Point(T0 + timedelta(minutes=minutes), value)


def slipped(
    good: float,
    *values: tuple[float, float],
    pace: float = 0.0,
    agreeing: int = 1,
    earlier: float | None = None,
    quantity: Quantity = LEVEL,
) -> bool:
    """Whether the last of (minutes, value) is `good` in another unit, as those before it were held to be."""
    known = Memory(at(0.0, good), pace, earlier=None if earlier is None else at(-10.0, earlier))
    if len(values) > 1:
        first, last = at(*values[0]), at(*values[-2])
        known = Memory(
            known.good, pace, last=last, agreeing=agreeing, agreeing_from=first, doubted=agreeing, earlier=known.earlier
        )
    return is_other_unit(known, at(*values[-1]), quantity)


def test_only_levels_have_other_units_and_from_ten_centimetres_on() -> None:
    assert slipped(10.0, (10.0, 100.0))
    assert slipped(-10.0, (10.0, -100.0))
    assert not slipped(9.9, (10.0, 99.0))
    assert not slipped(50.5, (10.0, 505.0), quantity=DISCHARGE)
    assert not is_other_unit(Memory(), at(10.0, 505.0), LEVEL)


@pytest.mark.parametrize("factor", [10.0, 100.0])
@pytest.mark.parametrize(("good", "around"), [(200.0, 7.0), (-200.0, 7.0)])
def test_within_three_in_a_hundred_and_what_it_may_do_since(good: float, around: float, factor: float) -> None:
    """6 cm of 200, and 1.2 cm an hour for fifty minutes."""
    for way in (1.0, -1.0):
        assert slipped(good, (50.0, factor * (good + way * around)))
        assert not slipped(good, (50.0, factor * (good + way * (around + 0.1))))


def test_within_two_centimetres_of_a_low_level() -> None:
    assert slipped(50.0, (50.0, 5300.0))
    assert not slipped(50.0, (50.0, 5301.0))


def test_its_recent_pace_is_allowed_for_half_an_hour_and_half_a_centimetre_a_minute() -> None:
    for pace in (0.5, 9.0):
        assert slipped(200.0, (10.0, 2110.0), pace=pace)  # 6 and 5 cm
        assert not slipped(200.0, (10.0, 2111.0), pace=pace)
        assert slipped(200.0, (50.0, 2210.0), pace=pace)  # 6 and 15 cm
        assert not slipped(200.0, (50.0, 2211.0), pace=pace)
    assert not slipped(200.0, (10.0, 2110.0), pace=0.1)
    assert not slipped(20.5, (10.0, 230.5), pace=0.5), "water could have leapt so far: it is measured from its level"


def test_a_change_of_less_than_forty_centimetres_is_the_river_s() -> None:
    assert slipped(44.5, (10.0, 4.5))
    assert not slipped(44.0, (10.0, 4.4))


def test_as_far_as_water_could_leap_it_is_held_for_twenty_minutes_and_beyond_for_a_day() -> None:
    held = (10.0, 300.5), (20.0, 300.5)  # 27 cm a minute
    assert slipped(30.5, *held, (30.0, 300.5))
    assert not slipped(30.5, *held, (30.1, 300.5))
    beyond = (10.0, 300.6), (20.0, 300.6)
    assert slipped(30.5, *beyond, (30.1, 300.6))
    assert slipped(30.5, *beyond, (1450.0, 300.6), agreeing=3)
    assert not slipped(30.5, *beyond, (1450.1, 300.6), agreeing=3)
    assert not slipped(98.25, (60.0, 998.25)), "900 cm, as in the worst half day known"
    assert slipped(98.25, (60.0, 998.26))
    assert slipped(30.5, (20.0, 300.5))
    assert not slipped(30.5, (20.1, 300.5)), "who reports less often may see a whole flood in between"


def test_from_one_to_the_next_it_goes_a_centimetre_and_a_half_of_the_old_unit() -> None:
    held = (10.0, 2000.5), (20.0, 2000.5)
    assert slipped(200.3, *held, (30.0, 2015.5), agreeing=2)
    assert not slipped(200.3, *held, (30.0, 2016.5), agreeing=2)
    assert slipped(200.3, *held, (40.0, 2100.5), agreeing=2, pace=0.5), "or half as much again as its pace"
    assert not slipped(200.3, *held, (40.0, 2151.5), agreeing=2, pace=0.5)


def test_once_three_agree_what_water_cannot_have_done_is_followed_wherever_it_goes() -> None:
    held = (10.0, 2000.0), (20.0, 2500.0)
    assert slipped(200.3, *held, (30.0, 2580.0), agreeing=3)
    assert not slipped(200.3, *held, (30.0, 2581.0), agreeing=3)
    assert not slipped(200.3, *held, (30.0, 2500.0), agreeing=2)


def test_once_three_agree_what_water_could_have_done_is_known_by_its_level_only() -> None:
    held = (10.0, 205.3), (20.0, 205.3)
    assert slipped(20.5, *held, (30.0, 225.3), agreeing=3)
    assert not slipped(20.5, *held, (30.0, 225.3), agreeing=2)
    assert not slipped(20.5, *held, (30.0, 235.3), agreeing=3)


@pytest.mark.parametrize(
    ("good", "earlier", "value", "shifted"),
    [
        (20.1, 20.2, 201.0, True),
        (20.1, 20.2, 201.3, False),
        (20.0, 20.1, 201.0, True),
        (20.0, 20.0, 200.0, True),
        (20.0, 20.0, 201.0, False),
        (20.12, 20.11, 201.2, True),
        (20.12, 20.11, 201.0, False),  # two digits fewer are none of a tenfold
    ],
)
def test_a_tenfold_ends_one_digit_early(good: float, earlier: float, value: float, shifted: bool) -> None:
    """After half an hour water could have leapt there; by its digits it is known for a slip all the same."""
    assert slipped(good, (30.0, value), earlier=earlier) is shifted


@pytest.mark.parametrize(("value", "shifted"), [(2012.0, True), (2012.3, False), (2010.0, False)])
def test_a_hundredfold_ends_two_digits_early(value: float, shifted: bool) -> None:
    """Known for sure from the second value on, it is followed by 8 cm from one to the next."""
    then = value + 100.0
    assert slipped(20.12, (10.0, value), (20.0, value), (30.0, then + 600.0), earlier=20.11) is shifted
    assert not slipped(20.12, (10.0, value), (20.0, value), (30.0, then + 701.0), earlier=20.11)


def test_a_tenth_has_a_digit_more() -> None:
    """Then it is followed by 8 cm of the old unit from its second value on, else by a centimetre and a half."""
    assert slipped(200.1, (10.0, 20.01), (20.0, 20.01), (30.0, 20.31))
    assert not slipped(200.1, (10.0, 20.01), (20.0, 20.01), (30.0, 20.82))
    assert slipped(200.1, (10.0, 20.0), (20.0, 20.0), (30.0, 20.1))
    assert not slipped(200.1, (10.0, 20.0), (20.0, 20.0), (30.0, 20.3))


@pytest.mark.parametrize(
    ("level", "value", "said"),
    [
        (25.0, 0.0, ""),
        (25.1, 0.0, "zero"),
        (-25.1, 0.0, "zero"),
        (0.0, 0.0, ""),
        (300.0, 327.67, "sentinel"),
        (302.67, 327.67, ""),
        (352.67, 327.67, ""),
        (353.0, 327.67, "sentinel"),
        (300.0, 327.66, ""),
    ],
)
def test_a_zero_or_a_code_farther_than_the_river_goes_in_ten_minutes(level: float, value: float, said: str) -> None:
    assert no_water(at(0.0, level), value, LEVEL) == said


def test_of_a_discharge_only_zero_stands_for_missing() -> None:
    assert no_water(at(0.0, 6.0), 0.0, DISCHARGE) == "zero"
    assert no_water(at(0.0, 4.0), 0.0, DISCHARGE) == ""
    assert no_water(at(0.0, 20.0), 999.0, DISCHARGE) == ""
