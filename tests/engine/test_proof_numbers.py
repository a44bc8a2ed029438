"""The numbers of a proof, each from both sides: how far water must move on, when a wreck is water (ADR 0020)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerting.engine.proof_moves import factor_between, habits_of, is_back, moves_on
from alerting.engine.proof_words import Doubt, Proof, Seen
from alerting.engine.proof_wreck import climbing, climbs, goes_one_way
from floodcore.quality.memory import Memory, Point
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE
BASE = 50.0


def moment(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def leapt(by: float, base: float = BASE, **more: float) -> Proof:
    """A leap at minute 0 that reached degree 2."""
    return replace(Proof(Degree.NONE, Doubt.LEAP, T0, base, base + by, Degree(2)), **more)


def seen(
    *points: tuple[float, float],
    quantity: Quantity = LEVEL,
    reached: int = 2,
    good: Point | None = None,
    believed: int = 1,
) -> Seen:
    """The newest of `points` (minute, value) was just believed."""
    minute, value = points[-1]
    newest = Point(moment(minute), value)
    held = [(moment(at).timestamp(), value) for at, value in points]
    return Seen(
        Memory(good=good),
        held[:-1],
        held,
        [newest] * believed,
        quantity,
        Degree(2),
        Degree(2),
        Degree(reached),
        None,
    )


def moved(proof: Proof, minute: float, onward: float, reached: int = 2) -> bool:
    """Whether it is water that `minute` after a leap stands `onward` above it, having rested there till then."""
    rest = [(at, proof.first) for at in range(0, int(minute), 10)]
    return moves_on(proof, seen(*rest, (minute, proof.first + onward), reached=reached))


# at once


@pytest.mark.parametrize(
    ("leap", "least"),
    [
        (leapt(60.0), 2.0),  # 2 cm
        (leapt(100.0), 2.0),
        (leapt(500.0), 10.0),  # 2 % of the leap
        (leapt(60.0, rough=1.0), 5.0),  # five times what the gauge usually did
        (leapt(60.0, rough=0.3), 2.0),
        (leapt(60.0, pace=0.1), 4.0),  # beyond its slope before, over 20 minutes
        (leapt(60.0, pace=-1.0), 2.0),  # a river that fell need not do more
    ],
)
def test_water_goes_on_by_more_than_its_habits(leap: Proof, least: float) -> None:
    assert not moved(leap, 20, least)
    assert moved(leap, 20, least + 0.1)
    assert not moved(leap, 20, -50.0), "down is no proof within half an hour"


def test_a_second_leap_of_more_than_twice_the_first_is_as_likely_a_second_false_value() -> None:
    leap = leapt(60.0)
    assert moves_on(leap, seen((0, 110.0), (10, 230.0)))
    assert not moves_on(leap, seen((0, 110.0), (10, 230.1)))
    assert moves_on(leap, seen((0, 110.0), (10, 230.1), (20, 231.0))), "one sample more decides"


def test_onward_is_from_the_lowest_since_or_the_leap_itself() -> None:
    assert moves_on(leapt(60.0), seen((0, 110.0), (10, 100.0), (20, 102.1)))
    assert not moves_on(leapt(60.0), seen((0, 110.0), (10, 100.0), (20, 102.0)))
    held_back = replace(leapt(60.0), since=moment(5))
    assert moves_on(held_back, seen((10, 120.0), (20, 120.5))), "it leapt to 110 and its window begins later"
    assert not moves_on(leapt(60.0), seen((-10, 110.0))), "nothing is seen of it yet"


def test_the_slope_before_counts_from_the_lowest_since() -> None:
    leap = leapt(60.0, pace=0.1)
    assert moves_on(leap, seen((0, 110.0), (10, 100.0), (20, 103.1)))
    assert not moves_on(leap, seen((0, 110.0), (10, 100.0), (20, 103.0)))
    # of two as low the first
    assert not moves_on(leap, seen((0, 110.0), (10, 110.0), (20, 114.0)))


# later


@pytest.mark.parametrize(
    ("leap", "least"),
    [
        (leapt(60.0), 6.0),
        (leapt(50.0), 6.0),
        (leapt(200.0), 20.0),  # a tenth of the leap
        (leapt(60.0, rough=2.0), 10.0),
        (leapt(60.0, pace=0.1), 6.0 + 4.0),  # over 40 minutes
        (leapt(60.0, pace=-0.1), 6.0 + 4.0),
    ],
)
def test_after_half_an_hour_a_tenth_of_the_leap_up_or_down(leap: Proof, least: float) -> None:
    for way in (1.0, -1.0):
        assert not moved(leap, 40, way * least)
        assert moved(leap, 40, way * (least + 0.1))


def test_half_an_hour_is_still_at_once_and_three_hours_are_still_young() -> None:
    leap = leapt(60.0)
    assert moved(leap, 30, 2.1)
    assert not moved(leap, 30.1, 2.1)
    assert moved(leap, 180, 6.1)
    assert moved(leap, 180, -6.1)
    assert not moved(leap, 180.1, 6.1)


@pytest.mark.parametrize(("leap", "least"), [(leapt(40.0), 10.0), (leapt(200.0), 40.0), (leapt(40.0, rough=3.0), 15.0)])
def test_after_three_hours_a_fifth_and_up_alone(leap: Proof, least: float) -> None:
    assert not moved(leap, 200, least)
    assert moved(leap, 200, least + 0.1)
    assert not moved(leap, 200, -least - 50.0)


@pytest.mark.parametrize(("minute", "least"), [(20, 2.0), (40, 6.0), (200, 10.0)])
@pytest.mark.parametrize("base", [100.0, -100.0])
def test_of_a_discharge_by_shares_of_what_it_was(minute: float, least: float, base: float) -> None:
    leap = leapt(5.0, base)

    def goes(onward: float) -> bool:
        points = [(at, leap.first) for at in range(0, int(minute), 10)]
        return moves_on(leap, seen(*points, (minute, leap.first + onward), quantity=DISCHARGE))

    assert not goes(least)
    assert goes(least + 0.1)


def test_a_further_limit_proves_whenever_it_is_climbed_to() -> None:
    leap = leapt(60.0)
    for minute in (20, 40, 300):
        assert moved(leap, minute, 2.1, reached=3)
        assert not moved(leap, minute, 2.0, reached=3), "within its habits it may reach one by trembling"
    assert not moved(leap, 40, 2.1, reached=2)
    assert moves_on(leap, seen((0, 110.0), (10, 300.0), reached=3)), "however far"


# back


@pytest.mark.parametrize(
    ("quantity", "by", "near"), [(LEVEL, 40.0, 10.0), (LEVEL, 100.0, 20.0), (DISCHARGE, 40.0, 8.0)]
)
def test_back_is_within_ten_centimetres_or_a_fifth(quantity: Quantity, by: float, near: float) -> None:
    assert is_back(leapt(by), seen((10, BASE + near), quantity=quantity))
    assert not is_back(leapt(by), seen((10, BASE + near + 0.1), quantity=quantity))
    assert is_back(leapt(by), seen((10, -200.0), quantity=quantity)), "or anywhere below"


# units and habits


def test_another_unit_is_ten_or_a_hundred_times_within_a_tenth_or_a_centimetre() -> None:
    assert [factor_between(20.0, new) for new in (179.0, 180.0, 220.0, 221.0)] == [1.0, 10.0, 10.0, 1.0]
    assert [factor_between(20.0, new) for new in (1799.0, 1800.0, 2200.0, 2201.0)] == [1.0, 100.0, 100.0, 1.0]
    assert [factor_between(5.0, new) for new in (39.0, 40.0, 60.0, 61.0)] == [1.0, 10.0, 10.0, 1.0]
    assert factor_between(0.5, 5.0) == 10.0
    assert factor_between(0.0, 5.0) == factor_between(-20.0, -200.0) == 1.0


def test_habits_are_the_usual_change_beside_the_slope_and_the_slope() -> None:
    assert habits_of([]) == habits_of([(0.0, 50.0)]) == (0.0, 0.0)
    assert habits_of([(0.0, 50.0), (600.0, 51.0), (1200.0, 50.0), (1800.0, 52.0)]) == pytest.approx((1.0, 0.1))
    assert habits_of([(0.0, 50.0), (6.0, 51.0), (12.0, 52.0)]) == (0.0, 1.0), "seconds count as a minute"
    assert habits_of([(0.0, 50.0), (90.0, 53.0)]) == (0.0, 2.0)


@given(st.floats(-1.0, 1.0), st.integers(2, 20), st.floats(0.0, 300.0))
def test_a_flood_that_has_just_begun_is_no_habit(pace: float, count: int, by: float) -> None:
    calm = [(600.0 * n, 50.0 + 10.0 * pace * n) for n in range(count + 1)]
    rough, slope = habits_of([*calm, (600.0 * (count + 1), calm[-1][1] + by)] if count > 2 else calm)
    assert slope == pytest.approx(pace, abs=1e-6)
    assert rough == pytest.approx(0.0, abs=1e-6)


# wrecks

WRECK = replace(leapt(60.0), why=Doubt.WRECK)


def steps(*changes: float, start: float = 110.0) -> list[tuple[float, float]]:
    """Readings ten minutes apart, the first at the leap."""
    values = [start]
    for change in changes:
        values.append(values[-1] + change)
    return [(10.0 * n, value) for n, value in enumerate(values)]


def one_way(*changes: float, proof: Proof = WRECK, quantity: Quantity = LEVEL) -> bool:
    return goes_one_way(proof, seen(*steps(*changes), quantity=quantity))


def test_a_wreck_rises_through_five_readings_by_a_quarter_of_its_leap_and_thirty_centimetres() -> None:
    assert one_way(10.0, 10.0, 10.0, 10.0)
    assert not one_way(13.0, 13.0, 14.0)
    assert one_way(7.5, 7.5, 7.5, 7.5)
    assert not one_way(7.5, 7.5, 7.5, 7.4)
    tall = replace(WRECK, first=BASE + 200.0)
    assert one_way(12.5, 12.5, 12.5, 12.5, proof=tall)
    assert not one_way(12.5, 12.5, 12.5, 12.4, proof=tall)
    deep = replace(WRECK, first=BASE - 200.0)
    assert one_way(12.5, 12.5, 12.5, 12.5, proof=deep)
    assert not one_way(12.5, 12.5, 12.5, 12.4, proof=deep)
    assert one_way(0.5, 0.5, 0.5, 0.5, proof=replace(WRECK, first=BASE + 8.0), quantity=DISCHARGE)
    assert not one_way(0.5, 0.5, 0.5, 0.4, proof=replace(WRECK, first=BASE + 8.0), quantity=DISCHARGE)


def test_hardly_back_on_the_way_and_not_by_one_more_leap() -> None:
    assert one_way(20.0, -3.0, 20.0, 3.0)
    assert not one_way(20.0, -4.0, 20.0, 4.0)
    assert one_way(24.0, 6.0, 5.0, 5.0)
    assert not one_way(25.0, 5.0, 5.0, 5.0)


def test_what_lay_before_the_leap_is_no_part_of_the_way() -> None:
    late = replace(WRECK, since=moment(10))
    assert not goes_one_way(late, seen(*steps(10.0, 10.0, 10.0, 10.0)))
    assert goes_one_way(late, seen(*steps(10.0, 10.0, 10.0, 10.0, 10.0)))


def climb(step: float, spare: float = 10.0, *, believed: int = 1, quantity: Quantity = LEVEL) -> Proof:
    """A wreck that has climbed from 80 through three readings to 100, after one more by `step`."""
    before = replace(WRECK, foot=80.0, climbed=3, spare=spare)
    return climbing(before, seen((10, 100.0 + step), good=Point(T0, 100.0), believed=believed, quantity=quantity))


def begun_anew(proof: Proof) -> bool:
    return (proof.climbed, proof.spare) == (0, 0.0)


def test_steps_of_four_centimetres_may_go_either_way() -> None:
    assert (climb(4.0).climbed, climb(4.0).spare) == (4, 14.0)
    assert (climb(-4.0).climbed, climb(-4.0).spare) == (4, 6.0)
    assert climb(-4.0).foot == 80.0


def test_of_larger_steps_seven_tenths_go_up() -> None:
    assert climb(4.1).spare == pytest.approx(10.0 + 4.1 - 0.7 * 4.1)
    assert climb(5.0).spare == pytest.approx(10.0 + 5.0 - 3.5)
    assert climb(-5.0).spare == pytest.approx(10.0 - 5.0 - 3.5)
    assert begun_anew(climb(-5.0, spare=8.5))
    assert not begun_anew(climb(-5.0, spare=8.6))
    assert begun_anew(climb(-4.0, spare=4.0))
    assert climb(-5.0, spare=8.0).foot == 95.0


def test_a_climb_goes_by_ordinary_steps_each_proved_by_itself() -> None:
    assert not begun_anew(climb(25.0))
    assert begun_anew(climb(25.1))
    assert begun_anew(climb(5.0, believed=2))
    assert not begun_anew(climb(81.0, quantity=DISCHARGE))  # 1 + 0.8 * 100 in ten minutes
    assert begun_anew(climb(81.1, quantity=DISCHARGE))


def test_a_climb_begins_at_the_value_before_it() -> None:
    begun = climbing(WRECK, seen((10, 103.0), good=Point(T0, 100.0)))
    assert (begun.foot, begun.climbed, begun.spare) == (100.0, 1, 3.0)
    assert (begun.why, begun.first) == (WRECK.why, WRECK.first)
    nothing = climbing(replace(WRECK, spare=9.0), seen((10, 103.0)))
    assert (nothing.foot, nothing.climbed, nothing.spare) == (103.0, 0, 0.0)


def test_a_wreck_is_water_after_twelve_readings_and_thirty_centimetres() -> None:
    def high(climbed: int, foot: float, quantity: Quantity = LEVEL) -> bool:
        return climbs(replace(WRECK, climbed=climbed, foot=foot), seen((10, 100.0), quantity=quantity))

    assert high(12, 70.0)
    assert not high(11, 70.0)
    assert not high(12, 70.1)
    assert high(12, 100.0, DISCHARGE)
    assert not high(12, 100.1, DISCHARGE)


# words


def test_a_doubt_has_a_word_that_there_is_a_text_for() -> None:
    told = {why: replace(WRECK, why=why).doubt for why in Doubt}
    assert told == {
        Doubt.LEAP: Doubt.LEAP,
        Doubt.UNIT: Doubt.UNIT,
        Doubt.WRECK: Doubt.WRECK,
        Doubt.UNDONE: Doubt.LEAP,
        Doubt.FALLEN: Doubt.LEAP,
    }
