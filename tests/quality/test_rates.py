"""What a station's own record says of its steps: from how many, within what, and by which name."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from floodcore.quality.rates import GENERIC, LEAST, MOST, Rates, learn
from tests.quality.gauge import T0

TEN = timedelta(minutes=10)
ENOUGH = 2000


def learnt(shares: Sequence[float], step: timedelta = TEN) -> Rates:
    return rates_of([T0 + n * step for n in range(len(shares) + 1)], shares)


def rates_of(at: Sequence[datetime], shares: Sequence[float]) -> Rates:
    found = learn(at, shares)
    return GENERIC if found is None else found.rates


def record(rise: float, fall: float, steps: int = 4000) -> list[float]:
    """Steps to and fro, all the same up and all the same down."""
    return [rise if n % 2 else -fall for n in range(steps)]


def test_a_rate_is_half_as_much_again_as_the_record_s_own() -> None:
    rates = learnt(record(0.4, 0.6))
    assert (rates.rise, rates.fall) == pytest.approx((0.6, 0.9))


def test_a_rate_is_rounded_to_a_ten_thousandth() -> None:
    assert learnt(record(0.23457, 0.6)).rise == 0.3519


def test_it_is_never_less_than_a_quarter_nor_more_than_twice() -> None:
    assert (LEAST, MOST) == (0.25, 2.0)
    rates = learnt(record(0.01, 5.0))
    assert (rates.rise, rates.fall) == (0.25, 2.0)


def test_one_step_in_a_thousand_is_left_out_and_more_are_not() -> None:
    calm = [0.2] * 2997
    assert learnt([*calm, 1.0, 1.0, 1.0]).rise == pytest.approx(0.3)
    assert learnt([*calm, 1.0, 1.0, 1.0, 1.0]).rise == pytest.approx(1.5)
    assert learnt([*calm, -1.0, -1.0, -1.0, -1.0]).fall == pytest.approx(1.5)


def test_fewer_than_two_thousand_steps_say_nothing() -> None:
    assert learnt([0.4] * (ENOUGH - 1)) is GENERIC
    assert learnt([0.4] * ENOUGH) != GENERIC
    assert Rates(1.0, 1.0, "generic") == GENERIC


def test_a_step_over_more_than_an_hour_is_left_out() -> None:
    assert learnt([0.4] * ENOUGH, timedelta(minutes=60)).rise == pytest.approx(0.6)
    assert learnt([0.4] * ENOUGH, timedelta(minutes=61)) is GENERIC
    times = [T0 + n * TEN for n in range(ENOUGH + 1)]
    times += [times[-1] + timedelta(hours=2) * n for n in range(1, 11)]
    assert rates_of(times, [0.4] * ENOUGH + [1.0] * 10).rise == pytest.approx(0.6)


def test_the_version_names_what_was_learnt() -> None:
    def with_a_gap(begin: float, gap: float) -> Rates:
        first = [T0 + timedelta(hours=begin) + n * TEN for n in range(2000)]
        return rates_of([*first, *(first[-1] + timedelta(hours=gap) + n * TEN for n in range(2001))], record(0.4, 0.6))

    rates = learnt(record(0.4, 0.6))
    assert rates == learnt(record(0.4, 0.6))
    others = [learnt(record(0.5, 0.6)), learnt(record(0.4, 0.5)), learnt(record(0.4, 0.6, 4002))]
    others += [with_a_gap(0.0, 2.0), with_a_gap(0.0, 3.0), with_a_gap(1.0, 2.0)]
    times = [T0 + n * TEN for n in range(4001)]
    others += [rates_of(at, record(0.4, 0.6)) for at in ([T0 - TEN, *times[1:]], [*times[:-1], times[-1] + TEN])]
    versions = {each.version for each in (rates, *others)}
    assert len(versions) == len(others) + 1
    assert all(len(version) == 12 and int(version, 16) >= 0 for version in versions)


def test_as_many_steps_as_lie_between_the_times() -> None:
    with pytest.raises(ValueError, match="zip"):
        learn([T0, T0 + TEN], [0.1, 0.2])
