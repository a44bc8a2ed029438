"""Signs of single faults and of true water: spikes, units, codes, wrecks, rates; the window of `test_window`."""

from datetime import timedelta

import pytest

from floodcore.quality.codes import CODES
from floodcore.quality.door import GROSS
from floodcore.quality.rates import Rates
from floodcore.quality.window import Memory, Point, Sample, check
from floodcore.words import Flag, Quantity
from tests.quality.gauge import CALM, T0, Gauge, good, healthy


def test_a_discharge_may_double_in_ten_minutes_and_a_single_tenfold_may_not() -> None:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([10.0, 10.1, 10.0])
    assert gauge.feed([18.0])[0] == (Flag.GOOD, "")
    assert gauge.feed([180.0, 18.2]) == [(Flag.FAIL, "spike"), (Flag.GOOD, "")]


@pytest.mark.parametrize("bump", [9.0, 15.0, 24.0, -9.0, -24.0])
def test_a_bump_the_river_could_have_made_is_known_for_a_spike_when_it_is_over(bump: float) -> None:
    gauge = healthy()
    assert good(gauge.feed([51.0 + bump])) == [True]
    assert good(gauge.feed([51.5])) == [True]
    assert list(gauge.flags.values())[-2] == (Flag.SUSPECT, "spike")
    assert gauge.memory.pace <= 0.06 * abs(bump)


def test_a_river_that_trembles_and_a_crest_are_no_spikes() -> None:
    gauge = Gauge()
    gauge.feed([410.0, 421.0, 411.0, 422.0, 409.0, 420.0, 410.0, 421.0, 411.0])
    assert [test for _, test in gauge.flags.values()].count("spike") <= 2
    crest = healthy()
    assert all(good(crest.feed([60.0, 75.0, 95.0, 110.0, 104.0, 96.0])))
    assert [test for _, test in crest.flags.values() if test] == ["corroborated"]


@pytest.mark.parametrize("factor", [10.0, 0.1])
@pytest.mark.parametrize("level", [45.0, 80.0])
def test_the_old_value_in_another_unit_is_no_rise_and_no_fall(level: float, factor: float) -> None:
    gauge = Gauge()
    calm = [level + wobble for wobble in (0.0, 0.3, -0.2, 0.4, 0.1, 0.0)]
    gauge.feed(calm)
    verdicts = gauge.feed([round(value * factor, 2) for value in calm * 20])
    assert gauge.believed[-1][1] == calm[-1]
    if factor > 1.0 or level > 50.0:
        assert verdicts[0][1] == verdicts[-1][1] == "unit"
    assert gauge.feed([calm[0]] * 6)[-1][0] is Flag.GOOD


def test_water_that_leaps_to_ten_times_its_level_and_moves_on_is_believed_with_its_next_step() -> None:
    gauge = Gauge()
    gauge.feed([20.1, 20.0, 20.2, 20.1])
    assert gauge.feed([195.0]) == [(Flag.SUSPECT, "unit")]
    assert gauge.feed([230.0]) == [(Flag.GOOD, "")]


def test_what_water_could_have_done_is_held_back_for_twenty_minutes_at_most() -> None:
    gauge = Gauge()
    gauge.feed([20.1, 20.0, 20.2, 20.1])
    verdicts = gauge.feed([200.3, 205.1, 203.4, 201.2])
    assert verdicts == [(Flag.SUSPECT, "unit")] * 3 + [(Flag.GOOD, "")]


def test_a_tenfold_that_ends_a_digit_early_is_held_for_a_day_and_water_leaves_with_its_next_digit() -> None:
    gauge = Gauge()
    gauge.feed([20.1, 20.0, 20.2, 20.1])
    slipped = [201.0, 203.0, 206.0, *[200.0 + 10.0 * (step % 3) for step in range(60)]]
    assert {test for _, test in gauge.feed(slipped)} == {"unit"}
    assert gauge.feed([200.0, 208.3])[1] == (Flag.GOOD, "")


def test_a_tenfold_beyond_the_range_that_sinks_back_into_it_is_no_rise() -> None:
    gauge = Gauge()
    gauge.feed([206.4, 206.1, 205.8, 205.6])
    gauge.feed([2054.0, 2043.0, 2031.0, 2019.0, 2006.0, 1994.0, 1983.0, 1971.0, 1960.0])
    assert gauge.believed[-1][1] == 205.6


@pytest.mark.parametrize(("factor", "places"), [(10.0, 1), (100.0, 0), (0.1, 3), (0.01, 4)])
def test_a_slip_far_below_zero_is_no_rise_and_no_fall(factor: float, places: int) -> None:
    """Of a level below the gauge's zero a tenth is a rise; its digits tell it too."""
    gauge = Gauge()
    calm = [-82.93 - 0.11 * (n % 5) for n in range(40)]
    gauge.feed([round(value, 2) for value in calm[:6]])
    before = gauge.believed[-1]
    gauge.feed([round(round(value, 2) * factor, places) for value in calm])
    assert gauge.believed[-1] == before


def test_water_does_not_leap_by_more_than_nine_metres_however_long_nobody_looked() -> None:
    gauge = Gauge()
    gauge.feed([110.4, 110.1, 110.2, 110.3])
    gauge.now += timedelta(minutes=50)
    assert gauge.feed([1102.3, 1104.1]) == [(Flag.SUSPECT, "unit")] * 2
    lower = Gauge()
    lower.feed([70.4, 70.1, 70.2, 70.3])
    lower.now += timedelta(minutes=50)
    assert lower.feed([702.3, 704.1])[1] == (Flag.GOOD, "")


def test_a_slip_is_held_for_a_day_and_no_longer() -> None:
    gauge = Gauge()
    gauge.feed([20.1, 20.0, 20.2, 20.1])
    verdicts = gauge.feed([201.0, 203.0] * 80)
    assert [test for _, test in verdicts[:145]] == ["unit"] * 145
    assert verdicts[145] == (Flag.GOOD, "")


def test_digits_tell_it_also_when_the_last_good_value_ended_in_a_zero_and_after_a_silence() -> None:
    gauge = Gauge()
    gauge.feed([20.2, 20.1, 20.2, 20.0])
    gauge.now += timedelta(minutes=40)
    assert {test for _, test in gauge.feed([201.0, 203.0] * 6)} == {"unit"}


def test_a_gauge_whose_digits_are_fewer_for_another_reason_is_not_held_back() -> None:
    """Feet told in centimetres have four digits, a page that rounds them one: that is no tenfold."""
    gauge = Gauge()
    gauge.feed([20.4216, 20.1168, 20.4216, 20.1168])
    assert gauge.feed([201.2, 205.1, 203.4, 201.2])[-1] == (Flag.GOOD, "")


@pytest.mark.parametrize("code", sorted(CODES))
def test_codes_for_missing_are_not_water_however_often(code: float) -> None:
    gauge = healthy()
    assert {test for _, test in gauge.feed([code] * 30)} == {"sentinel" if abs(code) <= 500.0 or code > 0.0 else GROSS}
    assert gauge.feed([51.0]) == [(Flag.GOOD, "")]
    fresh = Gauge()
    fresh.feed([code] * 5)
    assert fresh.believed == []


def test_a_code_that_the_river_can_reach_is_water() -> None:
    gauge = Gauge()
    gauge.feed([320.0, 322.0, 325.0])
    assert gauge.feed([327.67]) == [(Flag.GOOD, "")]


def test_a_jump_that_was_false_is_undone_when_the_gauge_is_back_where_it_was() -> None:
    gauge = healthy()
    gauge.feed([351.0, 400.0])
    assert gauge.believed[-1][1] == 400.0
    gauge.feed([52.0, 51.0])
    assert gauge.believed[-1][1] == 400.0
    gauge.feed([52.0])
    assert gauge.believed[-1][1] == 52.0


def test_spikes_now_and_then_are_no_babble() -> None:
    gauge = healthy()
    for _ in range(12):
        gauge.feed([600.0, *CALM * 4])
    assert gauge.feed([151.0, 190.0]) == [(Flag.GOOD, "corroborated"), (Flag.GOOD, "")]


@pytest.mark.parametrize(("level", "believed"), [(24.0, True), (28.0, False)])
def test_how_near_zero_a_zero_is_water(level: float, believed: bool) -> None:
    gauge = Gauge()
    gauge.feed([level, level + 0.2, level])
    assert good(gauge.feed([0.0])) == [believed]


@pytest.mark.parametrize(("level", "test"), [(12.0, "unit"), (9.0, "jump")])
def test_from_which_level_on_a_tenfold_is_another_unit(level: float, test: str) -> None:
    gauge = Gauge()
    gauge.feed([level, level + 0.2, level])
    assert gauge.feed([10.0 * level])[0][1] == test


def test_a_spike_that_a_steep_rise_made_believable_does_not_hide_the_rise() -> None:
    gauge = healthy()
    gauge.feed([100.0, 180.0, 250.0])
    gauge.feed([400.0])
    assert gauge.believed[-1][1] == 400.0
    gauge.feed([300.0, 340.0])
    assert gauge.believed[-1][1] == 340.0


def test_a_gauge_that_dies_after_a_jump_is_not_taken_back_to_where_it_is_not() -> None:
    gauge = healthy()
    gauge.feed([201.0, 340.0])
    gauge.feed([5.0, 5.1, 5.0, 5.2, 5.1, 5.0])
    assert gauge.believed[-1][1] == 340.0


def test_a_jump_after_which_nothing_moved_may_be_a_moved_zero() -> None:
    gauge = healthy()
    verdicts = gauge.feed([111.0, 111.4, 110.8, 111.1, 111.3, 110.9, 111.0, 111.2])
    assert verdicts[0] == (Flag.SUSPECT, "step")
    assert all(good(verdicts[1:]))
    flood = healthy()
    assert "step" not in {test for _, test in flood.feed([111.0, 150.0, 170.0, 172.0, 171.0, 169.0, 168.0, 168.0])}


def test_a_wreck_that_comes_back_high_needs_long_to_be_believed() -> None:
    gauge = healthy()
    gauge.feed([-300.0, -301.0, -299.0, -302.0, -300.0, -301.0, -300.0, -299.0])
    gauge.feed([400.0 + 4.0 * (step % 2) for step in range(11)])
    assert gauge.believed[-1][1] == 51.0
    gauge.feed([404.0])
    assert gauge.believed[-1][1] == 404.0
    babbling = healthy()
    babbling.feed([-300.0, 600.0, -300.0, 600.0, 100.0, 700.0, 300.0, 800.0])
    babbling.feed([601.0 + step for step in range(23)])
    assert babbling.believed[-1][1] == 51.0
    babbling.feed([624.0])
    assert babbling.believed[-1][1] == 624.0


def test_a_gauge_that_babbles_between_good_values_is_not_believed_by_halves() -> None:
    gauge = healthy()
    for high in (600.0, 350.0, 820.0, 440.0, 270.0, 700.0, 510.0, 380.0, 690.0, 300.0):
        gauge.feed([high, 51.0])
    before = len(gauge.believed)
    assert gauge.feed([160.0, 180.0, 190.0]) == [(Flag.SUSPECT, "jump")] * 3
    gauge.feed([51.0] * 17)
    assert len(gauge.believed) == before
    gauge.feed([51.0, 52.0])
    assert len(gauge.believed) == before + 2


def test_a_spike_in_front_of_a_flash_flood_costs_one_interval_more_at_most() -> None:
    gauge = healthy()
    gauge.feed([-300.0, 120.0, 190.0])
    assert [value for _, value in gauge.believed][-2:] == [120.0, 190.0]
    gauge = healthy()
    gauge.feed([700.0, 120.0, 190.0])
    assert [value for _, value in gauge.believed][-2:] == [120.0, 190.0]


def test_the_stations_own_rates_make_it_wait_and_lose_nothing() -> None:
    calm = Rates(rise=0.3, fall=0.3)
    memory = Memory(good=Point(T0, 50.0))
    sample = Sample(T0 + timedelta(minutes=10), 65.0, Flag.GOOD, "")
    assert check(memory, sample, Quantity.LEVEL, flooded=False).verdicts[-1].flag is Flag.GOOD
    doubted = check(memory, sample, Quantity.LEVEL, flooded=False, rates=calm)
    assert doubted.verdicts[-1].test == "jump"
    later = Sample(T0 + timedelta(minutes=20), 71.0, Flag.GOOD, "")
    decided = check(doubted.memory, later, Quantity.LEVEL, flooded=False, rates=calm)
    assert [point.value for point in decided.believed] == [65.0, 71.0]
