"""A leap that the gauge only says again: believed with its second reading, taken back with the first that goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerting.engine.judge import Job, Standing, walk
from alerting.engine.rules import Rules
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample
from floodcore.words import Degree, Flag, Quantity
from tests.quality.gauge import Gauge, good, healthy

T0 = datetime(2026, 6, 1, tzinfo=UTC)
SPIKE = (Flag.SUSPECT, "spike")


def degrees(values: list[float], limit: float, every: int = 10) -> list[tuple[int, int]]:
    """The degree, and that of residents, after each value."""
    rules, step = Rules(Quantity.LEVEL, timedelta(minutes=every), {Degree.VIGILANCE: limit}), timedelta(minutes=every)
    samples = [Sample(T0 + n * step, v, *of_value(Quantity.LEVEL, v)) for n, v in enumerate(values)]
    return [(int(w.standing.degree), int(w.standing.firm)) for w in walk(Job(rules, Standing(), samples))]


def test_a_crest_of_equal_readings_is_told_to_officers_with_the_second() -> None:
    found = degrees([*[20.0] * 40, 24.0, 31.0, 58.0, 58.0, 58.0, 54.0], 50.0)
    assert found[42:] == [(0, 0), (1, 0), (1, 0), (1, 0)]


def test_a_leap_that_stays_is_told_to_officers_and_kept_from_residents_until_it_moves() -> None:
    found = degrees([*[20.0] * 40, *[60.0] * 30, 63.0, 68.0, 75.0, 82.0], 50.0)
    assert found[40:42] == [(0, 0), (1, 0)]
    assert set(found[41:70]) == {(1, 0)}
    assert found[-1] == (1, 1)


@given(
    st.floats(12.0, 200.0),
    st.floats(26.0, 600.0),
    st.lists(st.sampled_from([0.0, 0.0, -1.5, 2.5, -8.0, 15.0]), min_size=2, max_size=2),
    st.sampled_from([(), (400.0,), (-300.0,), (300.0, 0.0), (-300.0, -300.5)]),
    st.sampled_from([5, 10, 15]),
)
@settings(max_examples=300)
def test_a_leap_that_is_still_there_after_two_further_readings_has_raised_the_degree(
    calm: float, leap: float, further: list[float], bad: tuple[float, ...], every: int
) -> None:
    calm, top = round(calm, 1), round(calm, 1) + round(leap, 1) + 0.05
    assume(not any(abs(top / factor - calm) < 12.0 + 0.1 * calm for factor in (10.0, 100.0)))  # another unit
    values = [*[calm, calm + 0.5] * 10, *(calm + one for one in bad), top]
    for change in further:
        values.append(values[-1] + change)
    found = degrees(values, min(values[-3:]) - 1.0, every)
    assert found[-1][0] == 1
    assert all(firm <= degree for degree, firm in found)


def test_the_first_reading_that_goes_back_undoes_what_was_only_said_again() -> None:
    gauge = healthy()
    assert good(gauge.feed([349.1, 349.1])) == [True, True]
    assert gauge.feed([51.5]) == [(Flag.GOOD, "")]
    assert list(gauge.flags.values())[-3:-1] == [SPIKE, SPIKE]
    assert gauge.memory.pace < 0.1
    assert gauge.feed([349.1]) == [(Flag.SUSPECT, "jump")]
    assert gauge.feed([50.5, 51.0]) == [(Flag.GOOD, "")] * 2


@pytest.mark.parametrize(
    ("after", "undone"),
    [((191.0, 191.0, 130.9), True), ((191.0, 191.0, 131.1), False), ((191.0, 190.0, 100.0), False)],
)
def test_what_keeps_more_than_two_fifths_of_the_leap_or_moved_undoes_nothing(
    after: tuple[float, ...], undone: bool
) -> None:
    gauge = healthy()
    gauge.feed([71.0, 91.0, 91.0, *after])
    assert (list(gauge.flags.values())[-3] == SPIKE) is undone


def test_a_leap_said_again_for_more_than_an_hour_is_not_undone_by_one_reading() -> None:
    for readings, flag in ((4, Flag.GOOD), (6, Flag.SUSPECT)):
        gauge = healthy()
        gauge.feed([349.1] * readings)
        assert gauge.feed([51.0])[0][0] is flag


def test_readings_after_a_false_leap_said_again_raise_what_is_true_and_no_more() -> None:
    calm = [100.0, 100.5] * 10
    found = degrees([*calm, 400.0, 400.0, 101.0, 400.0, 400.0, 400.0, 101.0, *calm], 150.0)
    assert max(firm for _, firm in found) == 0
    assert found[-1] == (0, 0)


RISING = [20.0, 20.4, 21.0, 22.0, 23.8, 26.6, 30.8, 36.8, 45.0, 55.5, 68.5]


def test_a_reading_repeated_on_a_rise_does_not_hold_the_next_one_back() -> None:
    gauge = Gauge()
    gauge.feed([20.0] * 60)
    assert good(gauge.feed([*RISING, 68.5, 97.0, 110.0])) == [True] * 14
    assert degrees([*[20.0] * 60, *RISING, 68.5, 97.0, 110.0], 95.0)[-2] == (1, 1)


def test_it_is_the_pace_that_counts_from_before_the_repeat() -> None:
    def last(*values: float) -> bool:
        gauge = Gauge()
        gauge.feed([20.0] * 60)
        return good(gauge.feed(values))[-1]

    assert not last(*RISING, 68.5, 120.0)  # three times its pace over two intervals are 49 cm
    assert not last(20.4, 20.4, 47.0)  # no pace to speak of: 25 cm
    assert not last(*RISING, 60.0, 60.0, 90.0)  # it fell: no rise is repeated
    assert last(*RISING, 68.5, 68.5, 97.0)  # half an hour
    assert not last(*RISING, 68.5, 68.5, 68.5, 97.0)  # longer: it stands


def test_a_discharge_repeated_on_a_rise() -> None:
    gauge = Gauge(Quantity.DISCHARGE)
    gauge.feed([197.0, 197.5, 197.0, 197.5], every=5.0)
    assert good(gauge.feed([280.5, 280.5, 493.0], every=5.0)) == [True] * 3
