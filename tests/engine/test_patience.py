"""How long a reading waits for the gauges above it, and for which: each number from both sides (docs/expected.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting import foresee_load
from alerting.engine.rules import Rules
from alerting.foresee_load import Above
from floodcore.store.believed import Believed
from floodcore.words import Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
TEN = 10 * MINUTE
RULES = Rules(Quantity.LEVEL, TEN)


def own(*received: timedelta) -> Believed:
    """Readings every ten minutes from T0 on, which came so long after T0."""
    at = tuple((T0 + n * TEN).timestamp() for n in range(len(received)))
    came = tuple((T0 + each).timestamp() for each in received)
    judged = T0 + (len(received) - 1) * TEN
    return Believed(1, judged, at, (50.0,) * len(at), (False,) * len(at), came, len(at))


def above(heard: timedelta) -> Above:
    return Above(RULES, Believed(2, T0 + heard, (), (), (), (), 0))


def covered(heard: timedelta, after: timedelta) -> datetime:
    """Up to where the readings of T0 and ten minutes later are foreseen `after` the later one came here."""
    mine = own(timedelta(0), TEN)
    since = T0 - TEN
    return foresee_load._covered(mine, [above(heard)], since, mine.judged_until, T0 + TEN + after)


@pytest.mark.parametrize(("after", "waits"), [(3 * MINUTE - SECOND, True), (3 * MINUTE, False), (9 * MINUTE, False)])
def test_a_reading_waits_three_minutes_from_when_it_came(after: timedelta, waits: bool) -> None:
    assert covered(timedelta(0), after) == (T0 if waits else T0 + TEN)


@pytest.mark.parametrize(("heard", "waits"), [(timedelta(0), True), (SECOND, False), (TEN, False)])
def test_for_a_gauge_above_that_should_have_reported_by_its_time(heard: timedelta, waits: bool) -> None:
    assert covered(heard, MINUTE) == (T0 if waits else T0 + TEN)


@pytest.mark.parametrize(("silent", "waits"), [(90 * MINUTE, True), (90 * MINUTE + SECOND, False)])
def test_a_gauge_above_that_has_been_silent_for_an_hour_and_a_half_is_not_waited_for(
    silent: timedelta, waits: bool
) -> None:
    late = own(timedelta(0))
    now = T0 + MINUTE
    found = foresee_load._covered(late, [above(-silent)], T0 - TEN, T0, now)
    assert found == (T0 - TEN if waits else T0)


def test_without_gauges_above_nothing_waits() -> None:
    mine = own(timedelta(0), TEN)
    assert foresee_load._covered(mine, [], T0 - TEN, mine.judged_until, T0 + TEN) == T0 + TEN
