"""How long a gauge may say the very same thing: on a rise an hour, on a fall as long as it did of late."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from floodcore.quality.memory import Memory, Point
from floodcore.quality.still import dwelt, is_stuck
from floodcore.words import Flag, Quantity
from tests.quality.gauge import T0, Gauge, good, healthy


def stuck_after(gauge: Gauge, value: float, every: float = 10.0) -> float:
    """Minutes from the first repeated value to the first that is called stuck."""
    verdicts = gauge.feed([value] * 80, every)
    return [test for _, test in verdicts].index("stuck") * every


def stairs(gauge: Gauge, start: float, step: float, stands: int, steps: int = 12) -> float:
    """Feeds a gauge that says each value `stands` times, at ten minutes; the last value."""
    values = [start + step * n for n in range(steps) for _ in range(stands)]
    gauge.feed(values)
    return values[-1]


def test_stuck_in_flood_within_the_hour_and_never_in_ordinary_calm() -> None:
    gauge = Gauge(flooded=True)
    verdicts = gauge.feed([150.2, 150.6, *[152.0] * 8])
    assert [test for _, test in verdicts].index("stuck") == 8  # an hour after the first 152
    assert gauge.feed([153.0]) == [(Flag.GOOD, "")]
    calm = Gauge()
    assert all(good(calm.feed([50.0, 51.0, *[52.0] * 144])))
    assert calm.feed([52.0] * 900)[-1] == (Flag.SUSPECT, "stuck")


@given(st.integers(1, 18), st.sampled_from([5.0, 10.0, 15.0]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_held_in_a_flood_is_stuck_an_hour_after_it_was_first_repeated_unless_it_fell_slowly(
    stands: int, every: float, fell: bool
) -> None:
    gauge = Gauge(flooded=True)
    values = [(300.0 - n if fell else 100.0 + n) for n in range(8) for _ in range(stands)]
    gauge.feed(values, every)
    gauge.feed([values[-1] - 1.0 if fell else values[-1] + 1.0], every)
    minutes = stuck_after(gauge, gauge.believed[-1][1], every)
    if fell and stands * every > 60.0:
        assert minutes <= 180.0
    else:
        assert minutes <= 60.0


@pytest.mark.parametrize(
    ("stands", "minutes"), [(1, 50), (2, 50), (3, 50), (4, 60), (7, 60), (8, 70), (12, 110), (25, 170)]
)
def test_a_gauge_of_whole_centimetres_may_stand_on_a_fall_as_long_as_it_did_of_late(stands: int, minutes: int) -> None:
    gauge = Gauge(flooded=True)
    stairs(gauge, 200.0, -1.0, stands)
    gauge.feed([188.0])
    assert stuck_after(gauge, 188.0) == minutes


@pytest.mark.parametrize(("stands", "minutes"), [(1, 50), (3, 50), (4, 60), (12, 60)])
def test_on_a_rise_it_may_not(stands: int, minutes: int) -> None:
    gauge = Gauge(flooded=True)
    stairs(gauge, 200.0, 1.0, stands)
    gauge.feed([212.0])
    assert stuck_after(gauge, 212.0) == minutes


def test_how_long_it_stood_is_forgotten_with_the_changes_and_not_learnt_from_being_stuck() -> None:
    gauge = Gauge(flooded=True)
    stairs(gauge, 200.0, -1.0, 12)
    gauge.feed([187.0 - 2.0 * n for n in range(8)])
    assert stuck_after(gauge, 173.0) == 50
    gauge.feed([166.0 - 2.0 * n for n in range(4)])  # come loose elsewhere: it was stuck
    assert stuck_after(gauge, 160.0) == 50
    gauge.feed([159.0])  # where it stood: the river was slow
    assert stuck_after(gauge, 159.0) == 170


def test_a_discharge_may_stand_for_three_hours_in_a_flood() -> None:
    gauge = Gauge(Quantity.DISCHARGE, flooded=True)
    gauge.feed([100.0, 101.0, 102.0])
    assert stuck_after(gauge, 102.0) == 170


def test_values_held_on_a_rise_are_stuck_before_any_limit_is_reached() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 6.1 * step for step in range(1, 6)])
    verdicts = gauge.feed([81.5] * 6)
    assert [test for _, test in verdicts] == ["", "", "", "", "", "stuck"]


@pytest.mark.parametrize(("values", "stuck"), [
    ([50.0 + 1.3 * n for n in range(12)], True),
    ([50.0 + 0.9 * n for n in range(12)], False),
    ([80.0 - 1.3 * n for n in range(12)], False),
    ([50.0 + 1.3 * (n // 4) for n in range(48)], True),
    ([50.0, 50.3, 50.1, 50.4, 68.0, 50.2, 50.3], False),
    ([50.0, 50.3, 50.1, 50.4, 32.0, 50.2, 50.2], False),
])  # fmt: skip
def test_below_the_limits_only_a_rise_makes_a_held_value_suspicious(values: list[float], stuck: bool) -> None:
    gauge = Gauge()
    gauge.feed(values)
    verdicts = gauge.feed([values[-1]] * 24)
    assert ("stuck" in {test for _, test in verdicts}) is stuck


def test_below_the_limits_it_may_stand_four_times_as_long_as_of_late() -> None:
    gauge = Gauge()
    stairs(gauge, 50.0, 2.0, 3)
    gauge.feed([74.0])
    assert stuck_after(gauge, 74.0) == 110


def test_a_gauge_that_goes_in_great_steps_stands_until_the_next() -> None:
    gauge = Gauge(flooded=True)
    stairs(gauge, 100.0, 5.0, 4)  # 40 min each
    gauge.feed([160.0])
    assert stuck_after(gauge, 160.0) == 60


@pytest.mark.parametrize(("moved", "minutes"), [(2.0, 170), (2.5, 60)])
def test_two_centimetres_from_where_it_stood_the_river_was_slow(moved: float, minutes: int) -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([200.0, 199.0, *[198.0] * 60, 198.0 - moved])
    assert stuck_after(gauge, 198.0 - moved) == minutes


def test_what_falls_after_a_gauge_said_that_nothing_moved_is_measured_from_then() -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([200.2, 200.4, *[200.0] * 30])
    assert gauge.feed([150.0, 200.0]) == [(Flag.FAIL, "spike"), (Flag.SUSPECT, "stuck")]
    fallen = Gauge(flooded=True)
    fallen.feed([200.2, 200.4, 200.0])
    assert fallen.feed([100.0], every=30.0) == [(Flag.SUSPECT, "drop")]
    assert fallen.feed([140.0]) == [(Flag.GOOD, "")]  # 60 cm in the 40 min since it stood at 200


def test_a_discharge_below_its_limits_is_not_stuck_for_days() -> None:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([100.0 + 5.0 * n for n in range(8)])
    assert all(good(gauge.feed([140.0] * 100)))


def test_of_a_calm_no_more_than_six_hours_are_learnt() -> None:
    gauge = Gauge()
    gauge.feed([50.0, *[51.0] * 120, 58.0])
    assert stuck_after(gauge, 58.0, 30.0) == 23.5 * 60.0


def test_a_fifth_of_how_long_it_stood_is_forgotten_with_each_change() -> None:
    gauge = Gauge(flooded=True)
    stairs(gauge, 200.0, -1.0, 16)  # 160 min
    gauge.feed([187.0, 185.0])
    assert stuck_after(gauge, 185.0) == 120  # 160 * 0.8 = 128


def test_four_readings_at_least_are_needed() -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([150.0, 151.0, 152.0], every=60.0)
    assert stuck_after(gauge, 152.0, 60.0) == 120


def held(memory: Memory, minutes: float, *, flooded: bool, quantity: Quantity = Quantity.LEVEL) -> bool:
    """Whether 100 cm, said every ten minutes for so long, are stuck to a gauge that remembers so much."""
    since = replace(memory, good=Point(T0, 100.0), same_since=T0, same_count=max(int(minutes // 10), 1))
    return is_stuck(since, Point(T0, 100.0), Point(T0 + timedelta(minutes=minutes), 100.0), quantity, flooded=flooded)


def test_a_week_in_calm_whatever_it_did_before() -> None:
    week = 7 * 24 * 60.0
    for quantity in (Quantity.LEVEL, Quantity.DISCHARGE):
        assert held(Memory(), week, flooded=False, quantity=quantity)
        assert not held(Memory(), week - 1.0, flooded=False, quantity=quantity)


def test_a_gauge_of_a_minute_may_stand_for_an_hour_and_one_that_never_changed_says_nothing() -> None:
    assert held(Memory(moved=2.0, dwell=0.5), 60.0, flooded=False)
    assert not held(Memory(moved=2.0, dwell=0.5), 59.0, flooded=False)
    assert not held(Memory(moved=2.0, dwell=0.0), 60.0, flooded=False)


def test_after_the_return_from_a_spike_nothing_is_known_to_rise() -> None:
    for moved, stuck in ((1.0, True), (0.0, False), (-1.0, False)):
        assert held(Memory(moved=moved, dwell=120.0), 110.0, flooded=True) is stuck
        assert held(Memory(moved=moved, dwell=120.0), 120.0, flooded=True)


@pytest.mark.parametrize(("value", "stood"), [(102.0, 130.0), (98.0, 130.0), (102.1, 60.0), (97.9, 60.0)])
def test_who_comes_loose_within_two_centimetres_stood_until_then(value: float, stood: float) -> None:
    """Doubted as stuck after an hour: a slow river if it goes on from there, else the gauge."""
    known = Memory(good=Point(T0 + timedelta(minutes=60), 100.0), same_since=T0, doubted=3)
    assert dwelt(known, Point(T0 + timedelta(minutes=130), value)) == stood
    assert dwelt(replace(known, doubted=0), Point(T0 + timedelta(minutes=130), value)) == 130.0
    assert dwelt(known, Point(T0 + timedelta(minutes=130), 100.0)) == 0.0
