"""The numbers of docs/expected.md, "What is told, and when", each from both sides."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting import foresee
from alerting.foresee_life import Moment, Reason, Turn, Warned, step
from floodcore.store.foresight import Told
from floodcore.store.judging import NewEvent

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, INSTANT = timedelta(minutes=1), timedelta.resolution
COMES = T0 + timedelta(minutes=120)


def warned(degree: int = 2, *, comes: datetime = COMES, chance: float = 0.8) -> Warned:
    return Warned(degree, chance, 240, comes, comes - 20 * MINUTE, comes + 40 * MINUTE)


def moment(after: timedelta, *found: Warned, reached: int = 0, due: bool = True) -> Moment:
    return Moment(T0 + after, reached, "", found, due)


def begun() -> Told:
    told, turn = step(None, moment(timedelta(0), warned()), "fresh")
    assert told is not None
    assert turn is not None
    assert (turn.reason, turn.from_degree, turn.to_degree) == (Reason.EXPECTED, 0, 2)
    return told


def reason(turn: Turn | None) -> str:
    return "" if turn is None else str(turn.reason)


@pytest.mark.parametrize(("moved", "said"), [(-30, "changed"), (-29, ""), (0, ""), (59, ""), (60, "changed")])
def test_it_is_told_anew_half_an_hour_earlier_or_an_hour_later(moved: int, said: str) -> None:
    now = moment(timedelta(minutes=30), warned(comes=COMES + moved * MINUTE))
    assert reason(step(begun(), now, "fresh")[1]) == said


@pytest.mark.parametrize(("after", "said"), [(30 * MINUTE, "changed"), (30 * MINUTE - INSTANT, "")])
def test_at_most_every_half_hour(after: timedelta, said: str) -> None:
    told, turn = step(begun(), moment(after, warned(comes=COMES - 30 * MINUTE)), "fresh")
    assert reason(turn) == said
    assert told is not None
    assert (told.at == T0 + after) == bool(said)
    assert told.since == T0, "it is expected since it was told first"


@pytest.mark.parametrize(("chance", "said"), [(0.5, "changed"), (0.499, "")])
def test_only_while_it_is_more_likely_than_not(chance: float, said: str) -> None:
    now = moment(30 * MINUTE, warned(comes=COMES + 60 * MINUTE, chance=chance))
    assert reason(step(begun(), now, "fresh")[1]) == said


@pytest.mark.parametrize(("beyond", "said"), [(timedelta(0), ""), (INSTANT, "changed")])
def test_told_anew_when_its_latest_time_has_run_out(beyond: timedelta, said: str) -> None:
    now = moment(160 * MINUTE + beyond, warned(comes=COMES + 50 * MINUTE))
    assert reason(step(begun(), now, "fresh")[1]) == said


@pytest.mark.parametrize(("left", "ends"), [((), "withdrawn"), ((warned(1),), "lowered")])
def test_it_ends_after_half_an_hour_of_readings_without_it(left: tuple[Warned, ...], ends: str) -> None:
    fading, turn = step(begun(), moment(10 * MINUTE, *left), "fresh")
    assert turn is None
    still, turn = step(fading, moment(40 * MINUTE - timedelta(seconds=1), *left), "fresh")
    assert (still, turn) == (fading, None)
    after, turn = step(still, moment(40 * MINUTE, *left), "fresh")
    assert reason(turn) == ends
    assert (after is None) == (ends == "withdrawn")


def test_a_warning_taken_up_again_has_to_fade_anew() -> None:
    fading, _ = step(begun(), moment(10 * MINUTE), "fresh")
    again, turn = step(fading, moment(20 * MINUTE, warned()), "fresh")
    assert (again, turn) == (begun(), None)
    once_more, _ = step(again, moment(30 * MINUTE), "fresh")
    assert step(once_more, moment(59 * MINUTE), "fresh")[1] is None
    assert reason(step(once_more, moment(60 * MINUTE), "fresh")[1]) == "withdrawn"


def test_where_too_little_is_known_nothing_fades() -> None:
    told = begun()
    assert step(told, moment(100 * MINUTE, due=False), "fresh") == (told, None)
    assert step(None, moment(100 * MINUTE), "fresh") == (None, None)


def test_what_is_withdrawn_in_a_flood_ends_at_the_degree_that_holds() -> None:
    fading, _ = step(begun(), moment(10 * MINUTE, reached=1), "fresh")
    _, turn = step(fading, moment(40 * MINUTE, reached=1), "fresh")
    assert turn is not None
    assert (turn.reason, turn.from_degree, turn.to_degree, turn.chain) == (Reason.WITHDRAWN, 2, 1, "fresh")


def announced(turn: Turn) -> set[tuple[str, int, timedelta]]:
    """The announcements of a turn: channel, urgency, and how long they are of use."""
    event = NewEvent(
        1, "S", "level", "expected", turn.at, turn.from_degree, turn.to_degree, turn.reason, 50.0, "cm", None, "rising",
        None, "chain", "rules", exercise=False,
    )  # fmt: skip
    return {(one.channel, one.priority, one.valid_until - turn.at) for one in foresee._announcements(7, event, turn)}


@pytest.mark.parametrize(("comes", "minutes"), [(10, 30), (29, 30), (31, 31), (59, 59), (61, 60), (240, 60)])
def test_a_text_is_of_use_until_the_expected_time_half_an_hour_at_least_and_an_hour_at_most(
    comes: int, minutes: int
) -> None:
    _, turn = step(None, moment(timedelta(0), warned(3, comes=T0 + comes * MINUTE)), "fresh")
    assert turn is not None
    assert announced(turn) == {(channel, 2, minutes * MINUTE) for channel in ("sms", "cap")}, "less urgent than reached"


def test_a_withdrawal_is_least_urgent_and_what_came_true_is_told_by_the_limit_reached() -> None:
    told = begun()
    assert announced(Turn(T0, Reason.WITHDRAWN, 2, 0, "chain", None)) == {
        ("sms", 0, 30 * MINUTE),
        ("cap", 0, 30 * MINUTE),
    }
    _, turn = step(told, moment(20 * MINUTE, reached=2), "fresh")
    assert turn is not None
    assert turn.reason is Reason.FULFILLED
    assert announced(turn) == set()
