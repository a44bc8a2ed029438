"""What follows from an answer: the table of codes and the laws of waiting."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify.policy import (
    CODES,
    LONGEST_BACKOFF_S,
    LONGEST_DELAY,
    LONGEST_PAUSE_S,
    Answer,
    Look,
    Outcome,
    Patience,
    after_look,
    after_post,
    backoff,
    telling,
)
from alerting.notify.sending import Pace

PATIENCE = Patience(look_s=2.0, settle_s=10.0, doubt_s=60.0)
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
jitters = st.floats(0.0, 1.0, exclude_max=True)
answers = st.builds(
    Answer,
    outcome=st.sampled_from(Outcome),
    http_status=st.sampled_from([200, 301, 400, 401, 404, 408, 429, 500, 503]),
    code=st.sampled_from([0, 1, *CODES]),
    retry_after_s=st.none() | st.floats(0.0, 1e6),
)


@pytest.mark.parametrize(
    ("http", "code", "status", "pauses", "blocks", "operator"),
    [
        (429, 20429, "due", True, False, False),
        (429, 0, "due", True, False, False),
        (400, 30001, "due", True, False, False),
        (401, 20003, "due", True, False, True),
        (404, 0, "due", True, False, True),
        (302, 0, "due", True, False, True),
        (400, 21606, "due", True, False, True),
        (400, 21611, "due", True, False, True),
        (400, 21408, "due", False, False, True),
        (400, 21610, "failed", False, True, False),
        (400, 21211, "failed", False, True, False),
        (400, 30005, "failed", False, False, False),
        (400, 30007, "failed", False, False, True),
        (400, 21617, "failed", False, False, True),
    ],
)
def test_each_class_of_refusal(http: int, code: int, status: str, pauses: bool, blocks: bool, operator: bool) -> None:
    decision = after_post(Answer(Outcome.REFUSED, http_status=http, code=code), 1, PATIENCE, 0.5)
    assert decision.status == status
    assert (decision.pause_s > 0.0, decision.block, decision.operator != "") == (pauses, blocks, operator)


def test_an_unknown_refusal_is_tried_three_times() -> None:
    strange = Answer(Outcome.REFUSED, http_status=400, code=99999)
    assert [after_post(strange, n, PATIENCE, 0.5).status for n in (1, 2, 3)] == ["due", "due", "failed"]


def test_retry_after_is_honoured_to_a_cap() -> None:
    def pause(seconds: float) -> float:
        return after_post(Answer(Outcome.REFUSED, "", 429, 20429, seconds), 1, PATIENCE, 0.0).pause_s

    assert pause(7.0) == 7.0
    assert pause(0.0) == 0.0
    assert pause(1e6) == LONGEST_PAUSE_S


@given(answers, st.integers(1, 100), jitters)
def test_an_open_question_is_never_simply_sent_again(answer: Answer, attempt: int, jitter: float) -> None:
    decision = after_post(answer, attempt, PATIENCE, jitter)
    assert (decision.status == "sending") == (answer.outcome is Outcome.AMBIGUOUS)
    assert decision.ambiguous == (answer.outcome is Outcome.AMBIGUOUS)
    assert decision.status in {"accepted", "due", "sending", "failed"}
    assert 0.0 <= decision.wait_s <= 1.2 * LONGEST_PAUSE_S
    assert not decision.doubled


@given(st.integers(-5, 10_000), jitters)
def test_waits_grow_to_a_cap(attempt: int, jitter: float) -> None:
    assert 1.0 <= backoff(attempt, jitter) <= LONGEST_BACKOFF_S
    assert backoff(attempt, jitter) <= backoff(attempt + 1, jitter)


@given(st.sampled_from(Look), st.floats(-10.0, 1e6), st.booleans(), st.booleans())
def test_laws_of_the_open_question(look: Look, open_s: float, doubled: bool, valid: bool) -> None:
    decision = after_look(look, open_s, PATIENCE, doubled=doubled, valid=valid)
    assert (decision.status == "accepted") == (look is Look.FOUND)
    if decision.status == "due":
        proven = look is Look.ABSENT and open_s >= PATIENCE.settle_s
        unproven = look is Look.UNAVAILABLE and open_s >= PATIENCE.doubt_s and not doubled and valid
        assert proven or unproven or (look is Look.BLIND and valid)
        assert decision.doubled == (not proven)
    if doubled and look is not Look.BLIND:
        assert not decision.doubled
    assert decision.ambiguous == (decision.status == "sending")
    if look is Look.ABSENT and decision.status == "sending":  # asked again when it is settled, not later
        assert decision.wait_s <= PATIENCE.settle_s - open_s


@pytest.mark.parametrize(
    ("look", "open_s", "doubled", "valid", "status"),
    [
        (Look.FOUND, 0.0, False, False, "accepted"),
        (Look.ABSENT, 9.9, False, True, "sending"),
        (Look.ABSENT, 10.0, False, True, "due"),
        (Look.ABSENT, 10.0, True, True, "due"),
        (Look.UNAVAILABLE, 59.9, False, True, "sending"),
        (Look.UNAVAILABLE, 60.0, False, True, "due"),
        (Look.UNAVAILABLE, 600.0, True, True, "sending"),
        (Look.UNAVAILABLE, 600.0, True, False, "failed"),
        (Look.UNAVAILABLE, 59.9, False, False, "sending"),
        (Look.UNAVAILABLE, 60.0, False, False, "failed"),
        (Look.BLIND, -1.0, True, True, "due"),
        (Look.BLIND, 0.0, False, False, "failed"),
    ],
)
def test_what_the_list_decides(look: Look, open_s: float, doubled: bool, valid: bool, status: str) -> None:
    assert after_look(look, open_s, PATIENCE, doubled=doubled, valid=valid).status == status


def test_in_time_is_told_as_it_is() -> None:
    until = NOW + timedelta(minutes=1)
    for newest in (True, False):
        plan = telling(NOW, NOW - timedelta(minutes=29), until, newest=newest)
        assert plan is not None
        assert (plan.delayed, plan.valid_until) == (False, until)


def test_after_an_outage_only_the_current_state_is_told_as_delayed() -> None:
    at = NOW - timedelta(hours=1)
    plan = telling(NOW, at, at + timedelta(minutes=30), newest=True)
    assert plan is not None
    assert plan.delayed
    assert plan.valid_until > NOW
    assert telling(NOW, at, at + timedelta(minutes=30), newest=False) is None
    old = NOW - LONGEST_DELAY - timedelta(seconds=1)
    assert telling(NOW, old, old + timedelta(minutes=30), newest=True) is None


def test_no_post_outlasts_what_the_list_is_asked_about() -> None:
    pace = Pace()
    assert pace.begin_s < pace.lease_s
    assert pace.post_limit_s < pace.patience.settle_s < pace.patience.doubt_s
