"""The checks among neighbours in time: a bad sample is never believed, a true rise is never suppressed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodcore.quality.codes import CODES
from floodcore.quality.door import GROSS, of_value
from floodcore.quality.rates import Rates
from floodcore.quality.window import Checked, Memory, Point, Sample, check
from floodcore.words import Flag, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
CALM = [50.0, 51.0, 50.5, 51.5, 50.0, 51.0]


class Gauge:
    """Feeds samples and keeps what became of them."""

    def __init__(self, quantity: Quantity = Quantity.LEVEL, *, flooded: bool = False) -> None:
        self.quantity, self.flooded = quantity, flooded
        self.memory, self.now = Memory(), T0
        self.flags: dict[datetime, tuple[Flag, str]] = {}
        self.believed: list[tuple[datetime, float]] = []
        self.delay: dict[datetime, int] = {}
        self.count = 0

    def feed(self, values: Sequence[float | None], every: float = 10.0) -> list[tuple[Flag, str]]:
        """The verdicts that stand after all of `values`, one for each."""
        fed = []
        for value in values:
            self.now += timedelta(minutes=every)
            self.count += 1
            fed.append(self.now)
            self._take(check(self.memory, self._sample(value), self.quantity, flooded=self.flooded))
        return [self.flags[at] for at in fed]

    def _sample(self, value: float | None) -> Sample:
        return Sample(self.now, value, *of_value(self.quantity, value))

    def _take(self, checked: Checked) -> None:
        self.memory = checked.memory
        for verdict in checked.verdicts:
            self.flags[verdict.at] = verdict.flag, verdict.test
        for point in checked.believed:
            self.believed.append((point.at, point.value))
            self.delay[point.at] = round((self.now - point.at) / timedelta(minutes=1))


def good(verdicts: Sequence[tuple[Flag, str]]) -> list[bool]:
    return [flag is Flag.GOOD for flag, _ in verdicts]


def healthy(quantity: Quantity = Quantity.LEVEL) -> Gauge:
    gauge = Gauge(quantity)
    gauge.feed(CALM)
    return gauge


def test_the_first_sample_needs_a_second_in_keeping_with_it() -> None:
    gauge = Gauge()
    assert gauge.feed([400.0]) == [(Flag.SUSPECT, "unproven")]
    assert gauge.feed([50.0]) == [(Flag.SUSPECT, "unproven")]
    assert gauge.feed([51.0]) == [(Flag.GOOD, "")]
    assert [flag for flag, _ in gauge.flags.values()] == [Flag.FAIL, Flag.GOOD, Flag.GOOD]
    assert [value for _, value in gauge.believed] == [50.0, 51.0]


@pytest.mark.parametrize("spike", [90.0, 250.0, 500.0, 1990.0, -30.0, -350.0, -499.0, 505.0, 0.0])
def test_a_single_bad_sample_is_never_believed(spike: float) -> None:
    gauge = healthy()
    if abs(spike - 51.0) <= 25.0:  # what the river could do is no spike
        pytest.fail("not a spike")
    (_, after) = gauge.feed([spike, 51.0])
    assert after == (Flag.GOOD, "")
    flag, test = list(gauge.flags.values())[-2]
    assert flag is Flag.FAIL
    assert test == ("zero" if spike == 0.0 else "spike")
    assert spike not in [value for _, value in gauge.believed]


def test_a_spike_is_doubted_at_once_and_decided_by_the_next_sample() -> None:
    gauge = healthy()
    assert gauge.feed([400.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([-300.0]) == [(Flag.SUSPECT, "drop")]
    assert [flag for flag, _ in gauge.flags.values()][-2] is Flag.FAIL


@given(
    st.floats(min_value=0.5, max_value=17.8),
    st.floats(min_value=0.0, max_value=1.0),
    st.sampled_from([5.0, 10.0, 15.0]),
)
@settings(max_examples=300)
def test_a_true_rise_up_to_kerr_is_never_suppressed(pace: float, start: float, every: float) -> None:
    """Up to 8 m in 45 min, beginning anywhere between two samples: believed, at most one interval late."""
    gauge = healthy()
    steps = int(800.0 / (pace * every)) + 2
    rise = [50.0 + pace * every * (start + step) for step in range(steps)]
    crest = [rise[-1]] * 2
    gauge.feed([*rise, *crest], every)
    assert [value for _, value in gauge.believed][-len(rise) - 2 :] == [*rise, *crest]
    delays = [gauge.delay[at] for at, _ in gauge.believed[-len(rise) - 2 :]]
    assert max(delays) <= every
    assert sum(delays) <= 2 * every  # the first step waits, the river then has its pace


def test_the_steepest_rise_of_2010_is_believed_at_once() -> None:
    gauge = healthy()
    assert all(good(gauge.feed([52.0 + 22.0 * step for step in range(1, 20)])))
    assert set(list(gauge.delay.values())[2:]) == {0}


@given(st.floats(min_value=3.0, max_value=17.8), st.integers(min_value=1, max_value=3), st.data())
@settings(max_examples=200)
def test_bad_samples_in_a_steep_rise_delay_it_by_three_samples_at_most(
    pace: float, bad: int, data: st.DataObject
) -> None:
    gauge = healthy()
    rubbish = data.draw(
        st.lists(
            st.one_of(st.floats(min_value=-400.0, max_value=-100.0), st.none(), st.just(0.0), st.just(float("nan"))),
            min_size=bad,
            max_size=bad,
        )
    )
    rise = [50.0 + pace * 10.0 * step for step in range(1, 8)]
    gauge.feed([*rubbish, *rise])
    assert gauge.believed[-1][1] == rise[-1]
    assert len([v for _, v in gauge.believed if v in rise]) >= len(rise) - 3
    assert not [v for _, v in gauge.believed if v in rubbish]


def test_a_rise_that_eases_after_its_first_step_is_believed_with_that_step() -> None:
    gauge = healthy()
    assert gauge.feed([85.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([75.0]) == [(Flag.GOOD, "")]
    assert [value for _, value in gauge.believed][-2:] == [85.0, 75.0]
    assert [verdict for verdict in gauge.flags.values() if verdict[1] == "corroborated"][-1:] == [
        (Flag.GOOD, "corroborated")
    ]


def test_what_loses_more_than_two_fifths_of_the_jump_corroborates_nothing() -> None:
    gauge = healthy()
    gauge.feed([151.0, 109.0])
    assert [value for _, value in gauge.believed][-1] == 51.0
    gauge = healthy()
    gauge.feed([151.0, 113.0])
    assert [value for _, value in gauge.believed][-2:] == [151.0, 113.0]


def test_a_sensor_at_the_end_of_its_range_corroborates_nothing_however_long() -> None:
    gauge = healthy()
    gauge.feed([349.1, 349.1, 349.1, 349.1, 349.1, 349.1])
    assert gauge.believed[-1][1] == 51.0
    gauge.feed([51.0, 50.0, 51.0, 349.1, 51.0, 349.1, 349.1, 51.0])
    assert 349.1 not in [value for _, value in gauge.believed]


def test_water_that_leapt_and_moves_again_is_believed() -> None:
    gauge = healthy()
    assert good(gauge.feed([349.0, 352.0])) == [True, True]
    gauge = healthy()
    assert good(gauge.feed([349.0, 349.0])) == [False, False]
    assert good(gauge.feed([350.0])) == [True]
    assert [value for _, value in gauge.believed][-2:] == [349.0, 350.0]


def test_zero_plateaus_and_the_way_back_are_neither_fall_nor_rise() -> None:
    gauge = healthy()
    verdicts = gauge.feed([0.0, 0.0, 0.0, 51.0, 0.0, 0.0, 51.5])
    assert [flag is Flag.GOOD for flag, _ in verdicts] == [False, False, False, True, False, False, True]
    assert {test for flag, test in verdicts if flag is Flag.FAIL} == {"zero"}
    assert 0.0 not in [value for _, value in gauge.believed]


def test_a_gauge_near_zero_may_read_zero() -> None:
    gauge = Gauge()
    assert gauge.feed([2.0, 1.0, 0.0, 1.0, 0.0])[2:] == [(Flag.GOOD, "")] * 3


def test_a_gauge_that_drops_at_the_crest_is_not_believed_for_hours() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 20.0 * step for step in range(1, 18)])
    crest = gauge.believed[-1]
    gauge.feed([5.0 + 0.1 * step for step in range(71)])
    assert gauge.believed[-1] == crest
    gauge.feed([12.0, 12.1, 12.0])
    assert gauge.believed[-1][1] == 12.0  # half a day of readings that are steady and move


def test_a_dead_gauge_that_repeats_itself_is_never_believed() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 20.0 * step for step in range(1, 18)])
    crest = gauge.believed[-1]
    gauge.feed([5.0] * 300)
    assert gauge.believed[-1] == crest


def test_hours_alone_do_not_prove_a_drop() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 20.0 * step for step in range(1, 18)])
    crest = gauge.believed[-1]
    gauge.feed([5.0, 5.1, 5.0, 5.2, 5.1], every=55.0)
    assert gauge.believed[-1] == crest


def test_deep_false_values_and_the_return_from_them_are_no_rise() -> None:
    gauge = healthy()
    gauge.feed([-350.0, -352.0, -349.0, -351.0, 50.0, 51.0, 50.0])
    assert min(value for _, value in gauge.believed) >= 50.0
    assert gauge.memory.pace < 1.0


def test_a_wild_but_possible_fall_is_believed_after_three_samples() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 20.0 * step for step in range(1, 18)])
    gauge.feed([391.0, 391.5, 391.0, 390.0, 390.5, 391.0, 390.0, 391.0, 390.5, 391.0])
    gauge.feed([345.0, 315.0, 290.0])
    assert gauge.believed[-1][1] == 290.0


def test_after_a_long_silence_one_high_value_is_not_enough() -> None:
    gauge = healthy()
    gauge.now += timedelta(hours=12)
    assert gauge.feed([300.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([305.0]) == [(Flag.GOOD, "")]


def test_after_a_long_silence_the_river_may_have_fallen() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 20.0 * step for step in range(1, 10)])
    gauge.now += timedelta(hours=12)
    assert gauge.feed([60.0]) == [(Flag.GOOD, "")]


def test_a_gauge_that_talked_nonsense_must_prove_itself() -> None:
    gauge = healthy()
    gauge.feed([600.0, 120.0, 900.0, 300.0, 1500.0])
    assert gauge.feed([51.0]) == [(Flag.SUSPECT, "returning")]
    assert gauge.feed([52.0, 51.0])[-1] == (Flag.GOOD, "")
    gauge = healthy()
    gauge.feed([600.0, 120.0, 900.0, 300.0, 310.0, 1500.0, -100.0])
    before = len(gauge.believed)
    gauge.feed([51.0, 52.0, 51.0, 50.0, 51.0])
    assert len(gauge.believed) == before
    gauge.feed([51.0])
    assert len(gauge.believed) == before + 1


def test_stuck_in_flood_within_the_hour_and_never_in_ordinary_calm() -> None:
    gauge = Gauge(flooded=True)
    verdicts = gauge.feed([150.2, 150.6, *[152.0] * 8])
    assert [test for _, test in verdicts].index("stuck") == 8  # an hour after the first 152
    assert gauge.feed([153.0]) == [(Flag.GOOD, "")]
    calm = Gauge()
    assert all(good(calm.feed([50.0, 51.0, *[52.0] * 144])))
    assert calm.feed([52.0] * 900)[-1] == (Flag.SUSPECT, "stuck")


@pytest.mark.parametrize(("pace", "minutes"), [(4.0, 60), (2.0, 60), (1.2, 70), (1.0, 80), (0.5, 160)])
def test_a_gauge_of_whole_centimetres_may_stand_as_long_as_its_river_was_slow(pace: float, minutes: int) -> None:
    gauge = Gauge(flooded=True)
    every = 10.0 / min(pace, 1.0)
    gauge.feed([152.0 - 3 * max(pace, 1.0), 152.0 - 2 * max(pace, 1.0), 152.0 - max(pace, 1.0), 152.0], every)
    verdicts = gauge.feed([152.0] * 20)
    assert [test for _, test in verdicts].index("stuck") == minutes // 10 - 1


def test_a_stuck_gauge_that_comes_loose_far_away_is_not_believed_for_its_long_silence() -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([150.2, 150.6, *[152.0] * 150])
    assert gauge.feed([-236.0]) == [(Flag.SUSPECT, "drop")]
    assert gauge.feed([260.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([153.0]) == [(Flag.GOOD, "")]
    assert list(gauge.flags.values())[-4] == (Flag.SUSPECT, "stuck")


def test_values_held_on_a_rise_are_stuck_before_any_limit_is_reached() -> None:
    gauge = healthy()
    gauge.feed([51.0 + 6.1 * step for step in range(1, 6)])
    verdicts = gauge.feed([81.5] * 6)
    assert [test for _, test in verdicts] == ["", "", "", "", "", "stuck"]


def test_missing_and_impossible_values_are_no_evidence_and_leave_no_trace() -> None:
    gauge = healthy()
    before = gauge.memory
    assert gauge.feed([None, float("nan"), 9999.0]) == [
        (Flag.MISSING, "missing"),
        (Flag.FAIL, "not_finite"),
        (Flag.FAIL, "gross_range"),
    ]
    assert gauge.memory == before


@given(st.lists(st.one_of(st.none(), st.floats(), st.floats(min_value=-500, max_value=2000)), max_size=60))
@settings(max_examples=200)
def test_every_sample_gets_a_verdict_and_only_good_ones_are_believed(values: list[float | None]) -> None:
    for quantity in Quantity:
        gauge = Gauge(quantity)
        verdicts = gauge.feed(values)
        believed = {at for at, _ in gauge.believed}
        assert {at for at, (flag, _) in gauge.flags.items() if flag is Flag.GOOD} <= believed
        afterwards = {test for at, (flag, test) in gauge.flags.items() if flag is not Flag.GOOD and at in believed}
        assert afterwards <= {"spike", "step"}
        assert len(verdicts) == len(values)
        assert [at for at, _ in gauge.believed] == sorted(at for at, _ in gauge.believed)


@given(st.lists(st.integers(-249, 249), min_size=2, max_size=40))
def test_small_changes_pass_whatever_their_shape(changes: list[int]) -> None:
    gauge = healthy()
    level, values = 512, []
    for change in changes:  # in mm, as sensors measure: less than 25 cm in 10 min
        level += change
        values.append(level / 10.0)
    if 0.0 not in values:
        gauge.feed(values)
        assert [value for _, value in gauge.believed][-len(values) :] == values
        assert set(list(gauge.delay.values())[2:]) == {0}


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
    verdicts = gauge.feed([200.0, 205.0, 203.0, 201.0])
    assert verdicts == [(Flag.SUSPECT, "unit")] * 3 + [(Flag.GOOD, "")]


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
    gauge.feed([400.0 + step for step in range(11)])
    assert gauge.believed[-1][1] == 51.0
    gauge.feed([412.0])
    assert gauge.believed[-1][1] == 412.0
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
