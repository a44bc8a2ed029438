"""Others answer for a rise: what is told then, when there is something to tell, and what stays (ADR 0020)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alerting.engine.judge import Standing
from alerting.engine.lifecycle import Reason, State, Told, Transition
from alerting.engine.proof import Doubt, Known, Proof
from alerting.engine.rules import Rules
from alerting.engine.vouching import Vouch, vouched
from floodcore.quality.memory import Memory, Point
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
BEGAN, LEAPT, NOW = T0 - timedelta(hours=2), T0 - timedelta(minutes=20), T0
RULES = Rules(Quantity.LEVEL, timedelta(minutes=10), {Degree(1): 100.0, Degree(2): 150.0, Degree(3): 200.0})
HELD = Proof(Degree(1), Doubt.LEAP, LEAPT, 110.0, 210.0, Degree(3))
VOUCH = Vouch(4, NOW, Reason.NEIGHBOUR)
POINTS = ((LEAPT.timestamp(), 210.0), (NOW.timestamp(), 211.0))


def standing(told: Told | None = None, degree: int = 3, since: datetime | None = BEGAN) -> Standing:
    life = State(Degree(degree), since, evidence_at=NOW)
    return Standing(Memory(good=Point(NOW, 211.0)), life, POINTS, 7, told, HELD, T0 - timedelta(days=1))


def test_residents_are_told_of_the_whole_degree_at_the_sample_it_was_answered_for() -> None:
    after, (turn,) = vouched(standing(), VOUCH, RULES)
    assert turn.known == Known(Transition(NOW, Degree(1), Degree(3), Reason.NEIGHBOUR, BEGAN), Degree(1), Degree(3))
    assert (turn.value, turn.limit, turn.window, turn.rain) == (211.0, 200.0, POINTS, None)
    assert after == replace(standing(), proof=None, vouched=NOW)
    assert (after.firm, after.degree) == (3, 3)


@pytest.mark.parametrize("reason", [Reason.CONFIRMED, Reason.NEIGHBOUR, Reason.RAIN])
def test_the_reason_is_that_of_who_answers(reason: Reason) -> None:
    assert vouched(standing(), Vouch(4, NOW, reason), RULES)[1][0].transition.reason is reason


def test_where_nothing_is_held_back_nothing_is_told_and_the_answer_is_kept() -> None:
    proved = replace(standing(), proof=None)
    assert vouched(proved, VOUCH, RULES) == (replace(proved, vouched=NOW), ())
    mute = replace(standing(), memory=Memory())
    assert vouched(mute, VOUCH, RULES) == (replace(mute, proof=None, vouched=NOW), ())


def test_what_was_told_beside_the_samples_in_order_stays_so_and_is_proved_whole() -> None:
    later = BEGAN + timedelta(minutes=30)
    beside = Told(Degree(3), later, Degree(1))
    after, (turn,) = vouched(standing(beside, degree=2), VOUCH, RULES)
    assert after.told == Told(Degree(3), later)
    assert (turn.known.firm_from, turn.known.firm_to, turn.transition.since) == (1, 3, later)
    # another beginning is another story
    after, _ = vouched(standing(Told(Degree(3), later, Degree(1))), VOUCH, RULES)
    assert after.told == Told(Degree(3), later)


def test_what_was_told_is_forgotten_where_only_the_proof_was_beside() -> None:
    after, (turn,) = vouched(standing(Told(Degree(3), BEGAN, Degree(0))), VOUCH, RULES)
    assert after.told is None
    assert (turn.known.firm_from, turn.known.firm_to) == (0, 3)


def test_an_episode_whose_beginning_nobody_knows_begins_with_the_answer() -> None:
    (turn,) = vouched(standing(since=None), VOUCH, RULES)[1]
    assert turn.transition.since == NOW
