"""Faults change what they say they change, and nothing else."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulators import misbehave
from simulators.misbehave import apply
from simulators.sample import Sample

START = datetime(2030, 7, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)
GOOD = tuple(Sample(START + TEN * i, 50.0 + i, START + TEN * i + timedelta(minutes=1)) for i in range(20))
BEGIN, END = START + TEN * 5, START + TEN * 8


def values(samples: tuple[Sample, ...]) -> list[float | None]:
    return [sample.value for sample in samples]


def outside(samples: tuple[Sample, ...]) -> list[Sample]:
    return [sample for sample in samples if not BEGIN <= sample.at < END]


def test_a_spike_is_one_sample() -> None:
    changed = apply(GOOD, [misbehave.spike(BEGIN, 400.0)])
    assert [s for s, g in zip(changed, GOOD, strict=True) if s != g] == [changed[5]]
    assert changed[5].value == 455.0


def test_a_spike_on_a_level_of_zero_is_a_spike() -> None:
    zero = (Sample(START, 0.0, START),)
    assert values(apply(zero, [misbehave.spike(START, 7.0)])) == [7.0]


def test_a_stuck_gauge_repeats_its_first_value() -> None:
    changed = apply(GOOD, [misbehave.stuck(BEGIN, END)])
    assert values(changed)[5:9] == [55.0, 55.0, 55.0, 58.0]
    assert outside(changed) == outside(GOOD)


def test_zero_missing_and_no_number_are_three_things() -> None:
    assert values(apply(GOOD, [misbehave.zero(BEGIN, END)]))[5:8] == [0.0, 0.0, 0.0]
    assert values(apply(GOOD, [misbehave.missing(BEGIN, END)]))[5:8] == [None, None, None]
    nonsense = values(apply(GOOD, [misbehave.not_a_number(BEGIN, END)]))[5:8]
    assert all(value is not None and math.isnan(value) for value in nonsense)


def test_a_silent_gauge_comes_back_and_a_lost_one_does_not() -> None:
    assert len(apply(GOOD, [misbehave.silent(BEGIN, END)])) == 17
    assert len(apply(GOOD, [misbehave.silent(BEGIN)])) == 5


def test_a_clock_ahead_moves_the_stamp_not_the_sending() -> None:
    changed = apply(GOOD, [misbehave.future(BEGIN, END, timedelta(hours=3))])
    assert changed[5].at == GOOD[5].at + timedelta(hours=3)
    assert changed[5].sent_at == GOOD[5].sent_at


def test_a_buffer_is_emptied_at_once() -> None:
    changed = apply(GOOD, [misbehave.buffered(BEGIN, END)])
    assert [s.sent_at for s in changed if BEGIN <= s.at < END] == [END, END, END]
    assert sorted(values(changed), key=lambda v: v or 0.0) == values(GOOD)


def test_a_wrong_unit_and_a_drift() -> None:
    assert values(apply(GOOD, [misbehave.scaled(BEGIN, END, 10.0)]))[4:9] == [54.0, 550.0, 560.0, 570.0, 58.0]
    drifted = values(apply(GOOD, [misbehave.drifting(BEGIN, 6.0)]))
    assert drifted[5:7] == [55.0, 57.0]


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 120))
def test_repeats_and_disorder_lose_nothing_and_leave_in_order_of_sending(every: int, nth: int, delay: int) -> None:
    changed = apply(GOOD, [misbehave.duplicated(every), misbehave.late(nth, timedelta(minutes=delay))])
    assert {s.at for s in changed} == {s.at for s in GOOD}
    assert len(changed) - 20 in {20 // every, math.ceil(20 / every)}
    assert [s.sent_at for s in changed] == sorted(s.sent_at for s in changed)
