"""A gauge is lost when its last believed value is older than its degree allows; what is told then (docs/engine.md)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alerting.engine.judge import Job, Standing, fold
from alerting.engine.lifecycle import Reason, State
from alerting.engine.rules import Rules
from alerting.engine.silence import silence
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample
from floodcore.words import Degree, Quantity, Trend

T0 = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, INSTANT = timedelta(minutes=1), timedelta.resolution
RULES = Rules(Quantity.LEVEL, MINUTE, {Degree(1): 100.0, Degree(2): 150.0, Degree(3): 200.0})


def standing(*values: float) -> Standing:
    """After readings of a minute each, the last at T0."""
    first = T0 - (len(values) - 1) * MINUTE
    samples = [Sample(first + n * MINUTE, v, *of_value(Quantity.LEVEL, v)) for n, v in enumerate(values)]
    return fold(Job(RULES, Standing(), samples)).standing


def held(degree: int) -> Standing:
    return replace(standing(*[90.0 + n % 2 for n in range(60)]), life=State(Degree(degree), T0 - 90 * MINUTE))


@pytest.mark.parametrize(("degree", "minutes"), [(1, 20), (2, 10), (3, 5)])
def test_it_is_lost_when_the_allowance_of_its_degree_is_over(degree: int, minutes: int) -> None:
    gone = T0 + minutes * MINUTE
    assert silence(RULES, held(degree), gone) is None
    found = silence(RULES, held(degree), gone + INSTANT)
    assert found is not None
    assert (found.at, found.degree, found.since) == (gone, degree, T0 - 90 * MINUTE), "and keeps its degree"
    assert found.reason is Reason.LOST_IN_FLOOD
    later = silence(RULES, held(degree), gone + timedelta(hours=9))
    assert later == found, "every look finds the same loss"
    assert silence(RULES, held(degree), gone + INSTANT, 3 * MINUTE) is None, "a source may be late"


def test_heard_is_only_what_was_believed() -> None:
    """Gauges die at the crest: one that talks nonsense is as lost as a mute one."""
    good = standing(*[196.0 + n % 2 for n in range(60)], 205.0)
    assert good.degree == 3
    dead = [Sample(T0 + n * MINUTE, -300.0 + n % 2, *of_value(Quantity.LEVEL, -300.0 + n % 2)) for n in range(1, 20)]
    babbling = fold(Job(RULES, good, dead)).standing
    assert babbling.memory.last is not None
    assert babbling.memory.good == good.memory.good
    found = silence(RULES, babbling, T0 + 6 * MINUTE)
    assert found is not None
    assert (found.at, found.value) == (T0 + 5 * MINUTE, 205.0)


def rising(per_minute: float, to: float) -> Standing:
    return standing(*[to - per_minute * n for n in range(60, -1, -1)])


@pytest.mark.parametrize(("to", "told"), [(69.9, False), (70.1, True)])
def test_a_rise_matters_that_would_meet_a_limit_within_three_hours(to: float, told: bool) -> None:
    found = silence(RULES, rising(1.0 / 6.0, to), T0 + 21 * MINUTE)  # 10 cm/h
    assert (found is not None) == told
    if found is not None:
        assert (found.reason, found.degree, found.trend) == (Reason.LOST_RISING, 0, Trend.RISING)
        assert found.since == T0, "no episode yet"


def test_a_gauge_in_calm_is_lost_only_below_a_flood() -> None:
    calm = standing(*[50.0 + n % 2 for n in range(60)])
    assert silence(RULES, calm, T0 + timedelta(hours=2)) is None
    found = silence(RULES, calm, T0 + timedelta(hours=2), flood_above=True)
    assert found is not None
    assert (found.reason, found.at) == (Reason.LOST_BELOW_FLOOD, T0 + 20 * MINUTE)
    far = silence(RULES, rising(1.0 / 6.0, 30.0), T0 + timedelta(hours=2), flood_above=True)
    assert far is not None
    assert far.reason is Reason.LOST_BELOW_FLOOD, "it rises, but towards no limit"


def test_a_rise_in_flood_is_lost_rising_however_far_the_next_limit() -> None:
    flood = replace(rising(1.0 / 6.0, 130.0), life=State(Degree(1), T0))
    found = silence(RULES, flood, T0 + 30 * MINUTE)
    assert found is not None
    assert found.reason is Reason.LOST_RISING


def test_without_a_value_or_without_limits_nobody_is_lost() -> None:
    assert silence(RULES, Standing(), T0 + timedelta(days=1), flood_above=True) is None
    bare = Rules(Quantity.LEVEL, MINUTE)
    assert silence(bare, held(0), T0 + timedelta(days=1), flood_above=True) is None
