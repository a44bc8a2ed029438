"""The numbers of telling, each from both sides: how late is told, how long is waited, how often is tried (ADR 0007)."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.notify import gateways
from alerting.notify.overdue import AGAIN, LONGEST_VALIDITY
from alerting.notify.policy import (
    CODES,
    Action,
    Answer,
    Look,
    Outcome,
    Patience,
    Telling,
    after_look,
    after_post,
    backoff,
    of_use,
    telling,
)
from alerting.notify.receipts import Receipt, Standing, judge

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
INSTANT, MINUTE = timedelta.resolution, timedelta(minutes=1)
HELD = Patience()


def told(late: timedelta, *, newest: bool = True) -> Telling | None:
    """An event whose validity is over, so long after it."""
    return telling(NOW, NOW - late, NOW - late + 30 * MINUTE, newest=newest)


def test_past_its_use_the_current_state_is_told_for_six_hours_as_delayed() -> None:
    assert told(30 * MINUTE - INSTANT) == Telling(delayed=False, valid_until=NOW + INSTANT)
    assert told(30 * MINUTE) == Telling(delayed=True, valid_until=NOW + 30 * MINUTE)
    assert told(timedelta(hours=6)) == Telling(delayed=True, valid_until=NOW + 30 * MINUTE)
    assert told(timedelta(hours=6) + INSTANT) is None
    assert told(30 * MINUTE, newest=False) is None, "a state that has passed would mislead"


def test_a_text_overtaken_or_too_old_is_of_no_use() -> None:
    valid = NOW - timedelta(hours=5)
    assert of_use(NOW, NOW - timedelta(hours=6), valid, superseded=False)
    assert not of_use(NOW, NOW - timedelta(hours=6) - INSTANT, valid, superseded=False)
    assert not of_use(NOW, NOW - timedelta(hours=6), valid, superseded=True)


def test_waits_double_from_two_seconds_to_a_minute_half_of_it_by_chance() -> None:
    assert [backoff(n, 0.0) for n in range(8)] == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert backoff(1, 0.999) == pytest.approx(2.0, abs=0.01)
    assert backoff(10**6, 0.999) == pytest.approx(60.0, abs=0.1)


@pytest.mark.parametrize(("named", "pause"), [(None, 2.0), (0.0, 0.0), (59.0, 59.0), (61.0, 60.0), (1e6, 60.0)])
def test_a_pause_is_as_long_as_the_gateway_names_and_a_minute_at_most(named: float | None, pause: float) -> None:
    answer = Answer(Outcome.REFUSED, http_status=429, code=20429, retry_after_s=named)
    assert after_post(answer, 1, HELD, 0.0).pause_s == pause


def test_what_people_have_to_mend_is_tried_again_within_half_a_minute() -> None:
    for code in (20003, 21408):
        assert after_post(Answer(Outcome.REFUSED, code=code), 1, HELD, 0.0).wait_s == 15.0
        assert after_post(Answer(Outcome.REFUSED, code=code), 9, HELD, 1.0).wait_s == 30.0


def test_an_unknown_refusal_is_believed_at_the_third_time() -> None:
    unknown = Answer(Outcome.REFUSED, http_status=400, code=1)
    assert [after_post(unknown, n, HELD, 0.0).status for n in (1, 2, 3, 4)] == ["due", "due", "failed", "failed"]


def test_the_list_is_asked_every_two_seconds_and_believed_after_ten() -> None:
    asked = after_post(Answer(Outcome.AMBIGUOUS), 1, HELD, 0.0)
    assert (asked.status, asked.wait_s, asked.ambiguous) == ("sending", 2.0, True)
    early = after_look(Look.ABSENT, 9.0, HELD, doubled=False, valid=True)
    assert (early.status, early.wait_s, early.ambiguous) == ("sending", 1.0, True)
    assert after_look(Look.ABSENT, 10.0, HELD, doubled=False, valid=True).status == "due"
    assert HELD.settle_s > gateways.POST_LIMIT_S, "no POST is still on its way when its absence is believed"


def test_a_list_that_does_not_answer_is_waited_for_a_minute() -> None:
    assert after_look(Look.UNAVAILABLE, 59.9, HELD, doubled=False, valid=True).status == "sending"
    again = after_look(Look.UNAVAILABLE, 60.0, HELD, doubled=False, valid=True)
    assert (again.status, again.doubled) == ("due", True)
    assert after_look(Look.UNAVAILABLE, 600.0, HELD, doubled=True, valid=True).status == "sending"
    assert after_look(Look.UNAVAILABLE, 600.0, HELD, doubled=True, valid=False).status == "failed"


@pytest.mark.parametrize(("messages", "again"), [(1, True), (2, True), (3, False)])
def test_a_text_the_networks_lost_is_offered_three_times_in_all(messages: int, again: bool) -> None:
    retried = next(code for code, action in CODES.items() if action is Action.RETRY and code >= 30000)
    verdict = judge(Standing("sent", "SM1", messages, valid=True), Receipt("SM1", "undelivered", retried))
    assert verdict.again is again
    assert not judge(Standing("sent", "SM1", 1, valid=False), Receipt("SM1", "undelivered", retried)).again


def test_a_late_expectation_is_looked_at_every_minute_and_valid_for_an_hour_at_most() -> None:
    assert (MINUTE, timedelta(hours=1)) == (AGAIN, LONGEST_VALIDITY)
