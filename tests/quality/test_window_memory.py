"""What the fold remembers of what it believed: since when the same, how much trouble, where a jump began."""

import pytest

from floodcore.words import Flag, Quantity
from tests.quality.gauge import Gauge, healthy


@pytest.mark.parametrize(("every", "index"), [(10.0, 6), (20.0, 3), (30.0, 3)])
def test_a_gauge_that_never_said_anything_else_is_stuck_from_its_first_value_on(every: float, index: int) -> None:
    """An hour in flood, and four readings."""
    gauge = Gauge(flooded=True)
    assert [test for _, test in gauge.feed([150.0] * 8, every)].index("stuck") == index


def test_a_spike_known_afterwards_is_trouble_leaves_half_its_pace_and_no_rise() -> None:
    gauge = healthy()
    gauge.feed([75.0, 51.5])
    assert gauge.memory.trouble == 1.0
    assert gauge.memory.pace == pytest.approx(2.35 / 2.0)
    assert gauge.memory.moved == 0.0
    gauge.feed([51.0 + step % 2 for step in range(10)])
    before = gauge.memory.trouble
    gauge.feed([76.0, 52.0])
    assert gauge.memory.trouble == pytest.approx(before * 0.96**2 + 1.0)


def test_water_that_moved_on_after_a_jump_and_comes_back_has_no_moved_zero() -> None:
    gauge = healthy()
    gauge.feed([111.0, 125.0, 135.0, 130.0, 122.0, 115.0, 112.0, 111.0, 111.5, 111.0])
    assert (Flag.SUSPECT, "step") not in gauge.flags.values()


@pytest.mark.parametrize("contradictions", [7, 8])
def test_once_a_gauge_that_babbled_is_believed_its_trouble_is_forgotten(contradictions: int) -> None:
    gauge = healthy()
    gauge.feed([(600.0, -300.0, 900.0, -400.0, 1500.0, -200.0, 700.0, -350.0)[n] for n in range(contradictions)])
    gauge.feed([52.0 + step % 2 for step in range(17)])
    assert gauge.memory.trouble >= 8.0
    gauge.feed([53.0])
    assert gauge.memory.trouble == 0.0


def test_of_what_is_not_checked_the_newest_value_is_the_good_one() -> None:
    gauge = Gauge(Quantity.RAIN)
    assert gauge.feed([0.4, 3.0, 0.0]) == [(Flag.GOOD, "")] * 3
    assert gauge.memory.good is not None
    assert (gauge.memory.good.at, gauge.memory.good.value) == (gauge.now, 0.0)
