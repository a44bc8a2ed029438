"""How many samples prove what, by the numbers of docs/quality.md: each limit from both sides. Ten minutes a step."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from floodcore.words import Flag, Quantity
from tests.quality.gauge import Gauge, good, healthy

LAST = 51.0  # what a healthy gauge said last


def believed(gauge: Gauge) -> float:
    return gauge.believed[-1][1]


def discharging() -> Gauge:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([100.0, 100.1, 100.0])
    return gauge


@pytest.mark.parametrize(("jump", "further"), [(100.0, 400.0), (200.0, 600.0)])
def test_a_corroborated_rise_goes_on_by_forty_a_minute_or_three_times_the_jump(jump: float, further: float) -> None:
    gauge = healthy()
    assert gauge.feed([LAST + jump, LAST + jump + further]) == [(Flag.GOOD, "corroborated"), (Flag.GOOD, "")]
    gauge = healthy()
    gauge.feed([LAST + jump, LAST + jump + further + 1.0])
    assert believed(gauge) == LAST


def test_after_a_longer_wait_it_may_have_gone_on_for_longer() -> None:
    gauge = healthy()
    gauge.feed([251.0])
    gauge.feed([251.0 + 1200.0], every=20.0)
    assert believed(gauge) == 1451.0
    gauge = healthy()
    gauge.feed([251.0])
    gauge.feed([251.0 + 1201.0], every=20.0)
    assert believed(gauge) == LAST


def test_a_discharge_goes_on_by_three_times_the_jump() -> None:
    gauge = discharging()
    gauge.feed([300.0, 900.0])
    assert believed(gauge) == 900.0
    gauge = discharging()
    gauge.feed([300.0, 901.0])
    assert believed(gauge) == 100.0


@pytest.mark.parametrize(
    ("bad", "then", "taken"),
    [
        ([-300.0], [120.0, 121.0], True),
        ([-300.0], [120.0, 119.0], False),
        ([-300.0, 700.0], [120.0, 121.0], True),
        ([-300.0, 700.0], [120.0, 119.0], False),
        ([-300.0, 700.0, -200.0], [120.0, 121.0], False),
    ],
)
def test_after_one_or_two_bad_samples_only_a_rise_that_goes_on_is_believed(
    bad: Sequence[float], then: Sequence[float], taken: bool
) -> None:
    gauge = healthy()
    gauge.feed([*bad, *then])
    assert (believed(gauge) == then[-1]) is taken


def crest() -> Gauge:
    """A gauge that rose and stood at 391 cm for an hour and a half."""
    gauge = healthy()
    gauge.feed([LAST + 20.0 * step for step in range(1, 18)])
    gauge.feed([391.0, 391.5, 391.0, 390.0, 390.5, 391.0, 390.0, 391.0, 390.5, 391.0])
    return gauge


@pytest.mark.parametrize(("first", "taken"), [(316.0, True), (315.0, False)])
def test_a_fall_no_steeper_than_seventy_five_in_ten_minutes_takes_three_samples(first: float, taken: bool) -> None:
    gauge = crest()
    gauge.feed([first, first - 20.0])
    assert believed(gauge) == 391.0
    gauge.feed([first - 30.0])
    assert (believed(gauge) == first - 30.0) is taken


@pytest.mark.parametrize(("last", "taken"), [(166.0, True), (165.0, False)])
def test_so_steep_a_fall_lasts_for_half_an_hour(last: float, taken: bool) -> None:
    gauge = crest()
    gauge.feed([320.0, 250.0, 200.0])
    assert believed(gauge) == 200.0
    gauge = crest()
    gauge.feed([last + 20.0, last + 10.0, last], every=40.0)
    assert (believed(gauge) == last) is taken


def test_a_steeper_fall_takes_half_a_day_and_eighteen_samples_that_move() -> None:
    def dropped(samples: int, every: float) -> Gauge:
        gauge = crest()
        gauge.feed([100.0 + 0.5 * (step % 2) for step in range(samples)], every)
        return gauge

    assert believed(dropped(18, 43.0)) < 101.0  # 17 intervals of 43 minutes are more than twelve hours
    assert believed(dropped(17, 46.0)) == 391.0
    assert believed(dropped(18, 42.0)) == 391.0
    assert believed(dropped(73, 10.0)) == 391.0, "the same value at last"
    assert believed(dropped(74, 10.0)) < 101.0


def jumped() -> Gauge:
    """A jump by three metres that was believed."""
    gauge = healthy()
    gauge.feed([351.0, 400.0])
    assert believed(gauge) == 400.0
    return gauge


@pytest.mark.parametrize(("back", "undone"), [(61.0, True), (61.2, False), (41.0, True), (40.8, False)])
def test_a_jump_is_undone_by_three_within_ten_centimetres_of_where_it_began(back: float, undone: bool) -> None:
    gauge = jumped()
    gauge.feed([402.0, 404.0, 406.0, 408.0, 410.0])
    gauge.feed([back, back - 0.05])
    assert believed(gauge) == 410.0
    gauge.feed([back])
    assert (believed(gauge) == back) is undone


@pytest.mark.parametrize(("steps", "undone"), [(13, True), (14, False)])
def test_a_jump_is_undone_within_three_hours(steps: int, undone: bool) -> None:
    gauge = jumped()
    gauge.feed([402.0 + step for step in range(steps)])
    last = believed(gauge)
    gauge.feed([51.0, 51.5, 51.0])
    assert (believed(gauge) == 51.0) is undone, last


def nonsense(count: int) -> Gauge:
    """A healthy gauge after so many samples that contradict one another."""
    gauge = healthy()
    gauge.feed([(600.0, -300.0, 900.0, -400.0, 1500.0, -200.0, 700.0, -350.0)[n % 8] for n in range(count)])
    assert believed(gauge) == LAST
    return gauge


def dead(count: int) -> Gauge:
    """A healthy gauge after it lay dead, far below, for so many samples."""
    gauge = healthy()
    gauge.feed([-300.0 - step % 2 for step in range(count)])
    assert believed(gauge) == LAST
    return gauge


@pytest.mark.parametrize(("count", "needed"), [(3, 1), (4, 3), (6, 3)])
def test_after_more_than_three_contradictory_ones_three_must_agree(count: int, needed: int) -> None:
    gauge = nonsense(count)
    verdicts = gauge.feed([52.0, 51.0, 52.5][:needed])
    assert good(verdicts) == [False] * (needed - 1) + [True]


@pytest.mark.parametrize(("count", "needed"), [(3, 1), (4, 1), (17, 1), (18, 6), (30, 6)])
def test_a_gauge_back_where_it_was_within_three_hours_is_believed_at_once_and_else_after_six(
    count: int, needed: int
) -> None:
    gauge = dead(count)
    verdicts = gauge.feed([52.0, 51.0, 52.5, 51.5, 52.0, 51.0][:needed])
    assert good(verdicts) == [False] * (needed - 1) + [True]


@pytest.mark.parametrize(("count", "needed"), [(3, 9), (4, 9), (6, 9), (7, 12), (30, 12)])
def test_above_what_was_believed_nine_must_agree_and_after_more_than_six_twelve(count: int, needed: int) -> None:
    gauge = dead(count)
    verdicts = gauge.feed([200.0 + 3.0 * (step % 2) for step in range(needed)])
    assert good(verdicts) == [False] * (needed - 1) + [True]


def test_a_gauge_that_babbled_needs_eighteen() -> None:
    gauge = nonsense(8)
    back = [52.0 + step % 2 for step in range(18)]
    assert good(gauge.feed(back)) == [False] * 17 + [True]
    assert good(gauge.feed([52.0])) == [True]


def test_each_good_value_takes_a_twenty_fifth_off_the_trouble() -> None:
    gauge = healthy()
    gauge.feed([600.0])
    assert gauge.memory.trouble == 1.0
    gauge.feed([52.0])
    assert gauge.memory.trouble == pytest.approx(0.96)
    gauge.feed([51.0 + step % 2 for step in range(60)])
    assert gauge.memory.trouble == 0.0


def test_the_hour_of_a_silence_is_not_held_against_a_river() -> None:
    gauge = healthy()
    gauge.now += timedelta(minutes=50)
    assert gauge.feed([LAST + 100.0]) == [(Flag.GOOD, "")]
    gauge = healthy()
    gauge.now += timedelta(hours=5)
    assert gauge.feed([LAST + 100.1]) == [(Flag.SUSPECT, "jump")]


@pytest.mark.parametrize(("level", "needed"), [(LAST + 100.0, 2), (LAST + 100.1, 9), (LAST + 140.0, 9)])
def test_who_returns_higher_than_an_hour_allows_is_above_what_was_believed(level: float, needed: int) -> None:
    """In an hour a river may rise by a metre; a gauge that lay dead and rests higher is a wreck until it is proved."""
    gauge = healthy()
    gauge.feed([-300.0, -301.0, -300.0, -301.0], every=15.0)
    verdicts = gauge.feed([level + 4.0 * (n % 2) for n in range(needed)], every=15.0)
    assert good(verdicts)[-1:] == [True]
    assert good(verdicts[:-1]) == [level <= LAST + 100.0] * (needed - 1)


def test_after_two_bad_samples_a_level_that_eases_takes_three() -> None:
    gauge = healthy()
    gauge.feed([-300.0, 900.0])
    assert good(gauge.feed([200.0, 199.0, 198.5])) == [False, False, True]


def climbing() -> Gauge:
    """A river that rose by two metres in half an hour to 250 cm, and then said 400, as its pace allows."""
    gauge = healthy()
    gauge.feed([100.0, 180.0, 250.0, 400.0])
    assert believed(gauge) == 400.0
    return gauge


@pytest.mark.parametrize(
    ("back", "undone"),
    [
        ((210.0, 211.0), True),  # 40 cm below 250 in the twenty minutes since
        ((209.9, 211.0), False),
        ((265.0, 270.0), True),
        ((305.0, 306.0), True),  # above it, by its pace
    ],
)
def test_a_lone_value_is_undone_by_two_that_the_river_could_have_reached_from_before(
    back: tuple[float, float], undone: bool
) -> None:
    gauge = climbing()
    assert good(gauge.feed(back)) == [False, undone]


@pytest.mark.parametrize(("every", "undone"), [(25.0, True), (26.0, False)])
def test_a_lone_value_is_undone_within_the_hour(every: float, undone: bool) -> None:
    gauge = healthy()
    gauge.feed([200.0, 370.0, 540.0, 900.0])
    assert believed(gauge) == 900.0
    assert good(gauge.feed([500.0, 501.0], every)) == [False, undone]


def test_above_the_value_before_it_may_be_by_as_much_as_its_pace_allows() -> None:
    gauge = healthy()
    gauge.feed([200.0, 370.0, 540.0, 900.0])
    assert good(gauge.feed([620.0, 621.0])) == [False, True]


def test_on_the_way_back_it_must_have_been_there_from_the_first() -> None:
    gauge = jumped()
    gauge.feed([402.0, 404.0, 406.0, 408.0, 410.0])
    assert good(gauge.feed([75.0, 65.0, 52.0])) == [False] * 3


def test_twelve_hours_to_the_minute_prove_a_fall() -> None:
    gauge = crest()
    verdicts = gauge.feed([100.0 + 0.1 * step for step in range(19)], every=40.0)
    assert good(verdicts) == [False] * 18 + [True]


def test_a_discharge_has_no_steepest_fall_to_be_proved_by() -> None:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([8.0, 8.1, 8.0], every=70.0)
    assert good(gauge.feed([1.0, 1.1, 1.0], every=1.0)) == [False] * 3


@pytest.mark.parametrize(("count", "taken"), [(6, True), (7, False)])
def test_after_more_than_six_doubted_three_prove_no_fall(count: int, taken: bool) -> None:
    gauge = crest()
    gauge.feed([-300.0 - step % 2 for step in range(count)])
    gauge.feed([250.0, 245.0, 244.0])
    assert (believed(gauge) == 244.0) is taken


def test_eight_contradictions_are_babble() -> None:
    gauge = nonsense(7)
    back = [52.0 + step % 2 for step in range(18)]
    assert good(gauge.feed(back)) == [False] * 17 + [True]


@pytest.mark.parametrize(("second", "taken"), [(207.5, True), (207.4, False)])
def test_after_three_low_ones_water_that_goes_on_rising_is_believed_with_the_second(second: float, taken: bool) -> None:
    gauge = dead(3)
    assert good(gauge.feed([200.0, second])) == [taken, taken]


def test_a_code_at_the_very_beginning_is_no_water_and_leaves_no_trace() -> None:
    gauge = Gauge()
    assert gauge.feed([999.9, 999.9, -99.9]) == [(Flag.FAIL, "sentinel")] * 3
    assert gauge.feed([50.0]) == [(Flag.SUSPECT, "unproven")]
    assert gauge.feed([51.0]) == [(Flag.GOOD, "")]


def test_a_slip_that_comes_down_within_reach_is_known_from_its_second_value() -> None:
    """A tenth of the old value, after a silence as long as a fall may take: the first is not yet in doubt."""
    gauge = Gauge()
    gauge.feed([90.0, 90.3, 90.1])
    gauge.now += timedelta(hours=1)
    assert gauge.feed([9.0]) == [(Flag.GOOD, "")]
    gauge = Gauge()
    gauge.feed([90.0, 90.3, 90.1])
    assert gauge.feed([9.0]) == [(Flag.SUSPECT, "unit")]
    gauge.now += timedelta(hours=1)
    assert gauge.feed([9.01]) == [(Flag.SUSPECT, "unit")]


def test_three_fifths_of_a_jump_are_kept_and_a_discharge_goes_on_by_three_times_of_it() -> None:
    gauge = healthy()
    gauge.feed([151.0, 111.0])
    assert believed(gauge) == 111.0
    for further, taken in ((300.0, True), (301.0, False)):
        gauge = discharging()
        gauge.feed([200.0, 200.0 + further])
        assert (believed(gauge) == 200.0 + further) is taken


def test_a_fast_sensor_s_jump_is_measured_over_its_minute() -> None:
    for value, taken in ((441.0, True), (442.0, False)):  # 30 cm in a minute: three times that in each of four
        gauge = healthy()
        gauge.feed([81.0], every=1.0)
        gauge.feed([value], every=4.0)
        assert (believed(gauge) == value) is taken


def test_a_stuck_gauge_that_comes_loose_higher_is_doubted_as_any_other() -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([150.2, 150.6, *[152.0] * 20])
    assert gauge.feed([212.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([214.0]) == [(Flag.GOOD, "")]


@pytest.mark.parametrize(("second", "taken"), [(425.0, True), (425.1, False), (375.0, True), (374.9, False)])
def test_the_first_two_are_in_keeping_within_an_ordinary_step(second: float, taken: bool) -> None:
    gauge = Gauge()
    assert good(gauge.feed([400.0, second])) == [taken, taken]


@pytest.mark.parametrize(("second", "agree"), [(-275.0, True), (-274.9, False)])
def test_doubted_ones_agree_within_an_ordinary_step(second: float, agree: bool) -> None:
    gauge = healthy()
    assert gauge.feed([-300.0, second])[0] == ((Flag.SUSPECT, "drop") if agree else (Flag.FAIL, "spike"))
