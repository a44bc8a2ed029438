"""The checks among neighbours in time: a bad sample is never believed, a true rise is never suppressed."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodcore.words import Flag, Quantity
from tests.quality.gauge import Gauge, good, healthy


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


def test_what_falls_faster_than_a_river_corroborates_nothing() -> None:
    gauge = healthy()
    assert gauge.feed([451.0, 374.0])[1][0] is Flag.SUSPECT  # 77 cm in ten minutes
    gauge = healthy()
    assert gauge.feed([451.0, 377.0])[1] == (Flag.GOOD, "")
    quick = healthy()
    assert quick.feed([151.0, 132.0], every=1.0)[1] == (Flag.GOOD, "")  # waves of a fast sensor
    quick = healthy()
    assert quick.feed([151.0, 129.0], every=1.0)[1][0] is Flag.SUSPECT
    discharge = Gauge(Quantity.DISCHARGE)
    discharge.feed([100.0, 100.1, 100.0])
    assert discharge.feed([400.0, 290.0])[1] == (Flag.GOOD, "")


def test_what_loses_more_than_two_fifths_of_the_jump_corroborates_nothing() -> None:
    gauge = healthy()
    gauge.feed([151.0, 109.0])
    assert [value for _, value in gauge.believed][-1] == 51.0
    gauge = healthy()
    gauge.feed([151.0, 113.0])
    assert [value for _, value in gauge.believed][-2:] == [151.0, 113.0]


def test_a_value_said_again_at_a_new_time_corroborates_and_its_return_undoes_it() -> None:
    gauge = healthy()
    assert good(gauge.feed([349.1, 349.1])) == [True, True]
    gauge.feed([51.0, 50.0, 51.0, 349.1, 51.0, 349.1, 349.1, 51.0])
    assert gauge.believed[-1][1] == 51.0
    assert [test for _, test in gauge.flags.values()].count("spike") == 5


def test_water_that_leapt_and_moves_again_is_believed() -> None:
    gauge = healthy()
    assert good(gauge.feed([349.0, 352.0])) == [True, True]
    gauge = healthy()
    assert good(gauge.feed([349.0])) == [False]
    assert good(gauge.feed([349.0, 350.0])) == [True, True]
    assert [value for _, value in gauge.believed][-3:] == [349.0, 349.0, 350.0]


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


def test_a_stuck_gauge_that_comes_loose_far_away_is_not_believed_for_its_long_silence() -> None:
    gauge = Gauge(flooded=True)
    gauge.feed([150.2, 150.6, *[152.0] * 150])
    assert gauge.feed([-236.0]) == [(Flag.SUSPECT, "drop")]
    assert gauge.feed([260.0]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([153.0]) == [(Flag.GOOD, "")]
    assert list(gauge.flags.values())[-4] == (Flag.SUSPECT, "stuck")


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
