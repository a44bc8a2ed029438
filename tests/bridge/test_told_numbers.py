"""How long a message lives, what it replaces and how grave it is: each number from both sides (docs/expected.md)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge_de.told import REFRESH_BEFORE, STORY_WAITS, is_past, telling
from bridge_de.wording import Phase
from floodcore.store.warnings import ChainMessage, ToldEvent

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta.resolution
REACHED = ToldEvent(7, 1, "S", "level", "reached", NOW, 0, 2, 213.0, "cm", "rising", "chain", exercise=False)
CLEAR = replace(REACHED, from_degree=2, to_degree=0)
GONE = replace(REACHED, kind="expected", from_degree=2, to_degree=0, reason="withdrawn")


def ahead(minutes: float, *, chance: float = 0.8, held: int = 0, degree: int = 2) -> ToldEvent:
    """Expected in so many minutes, within forty more at the latest."""
    comes = NOW + minutes * MINUTE
    return replace(
        REACHED,
        kind="expected",
        to_degree=degree,
        reason="expected",
        probability=chance,
        horizon_min=240,
        expected_at=comes,
        earliest_at=comes - 5 * MINUTE,
        latest_at=comes + 40 * MINUTE,
        held=held,
    )


@pytest.mark.parametrize(
    ("event", "lives"),
    [
        (REACHED, 6 * HOUR),
        (CLEAR, 3 * HOUR),
        (GONE, 3 * HOUR),
        (replace(GONE, held=1), 6 * HOUR),
        (ahead(30), 70 * MINUTE + HOUR),
        (ahead(-60), HOUR),  # its time is over: an hour from now
        (ahead(259), 299 * MINUTE + HOUR),
        (ahead(261), 6 * HOUR),
        (ahead(30, held=1), 6 * HOUR),
    ],
)
def test_a_message_lives_no_longer_than_what_it_says(event: ToldEvent, lives: timedelta) -> None:
    assert telling(event, [], NOW).expires - NOW == lives


def test_a_message_in_force_is_told_anew_two_hours_before_its_end_and_a_story_waits_an_hour() -> None:
    assert (REFRESH_BEFORE, STORY_WAITS) == (2 * HOUR, HOUR)


def earlier(number: int, sent: datetime, lives: timedelta = 6 * HOUR, event_id: int = 1) -> ChainMessage:
    return ChainMessage(number, event_id, 0, sent, sent + lives, f"ref{number}", all_clear=False)


def test_all_that_live_are_replaced_and_else_the_last_is_named() -> None:
    first, second = earlier(1, NOW - 5 * HOUR), earlier(2, NOW - 4 * HOUR)
    assert telling(REACHED, [], NOW).references == ()
    assert telling(REACHED, [first, second], NOW).references == ("ref1", "ref2")
    assert telling(REACHED, [first, second], NOW + HOUR).references == ("ref2",), "the end itself is no life"
    assert telling(REACHED, [first, second], NOW + 9 * HOUR).references == ("ref2",), "the chain does not break"


def test_a_message_is_sent_after_what_it_replaces() -> None:
    before = earlier(1, NOW + MINUTE)
    assert telling(REACHED, [before], NOW).sent == NOW + MINUTE + timedelta(seconds=1)
    assert telling(REACHED, [earlier(1, NOW)], NOW).sent == NOW + timedelta(seconds=1)
    late = NOW + timedelta(seconds=30, microseconds=999_999)
    assert telling(REACHED, [earlier(1, NOW)], late).sent == NOW + timedelta(seconds=30)


def test_each_revision_of_an_event_has_a_number_of_its_own() -> None:
    same = [replace(earlier(n, NOW, event_id=7), revision=n) for n in (0, 1)]
    assert [telling(REACHED, same[:n], NOW).revision for n in (0, 1, 2)] == [0, 1, 2]
    assert telling(REACHED, [earlier(1, NOW)], NOW).revision == 0
    assert telling(REACHED, same[:1], NOW).phase is Phase.HOLD


@pytest.mark.parametrize(
    ("event", "grade"),
    [
        (replace(REACHED, to_degree=1), ("Expected", "Moderate", "2; yellow; Moderate", "Observed")),
        (REACHED, ("Immediate", "Severe", "3; orange; Severe", "Observed")),
        (replace(REACHED, to_degree=3), ("Immediate", "Extreme", "4; red; Extreme", "Observed")),
        (replace(REACHED, to_degree=4), ("Immediate", "Extreme", "4; red; Extreme", "Observed")),
        (CLEAR, ("Past", "Minor", "1; green; Minor", "Observed")),
        (replace(REACHED, unproved=True), ("Immediate", "Severe", "3; orange; Severe", "Possible")),
        (ahead(60), ("Expected", "Severe", "3; orange; Severe", "Likely")),
        (ahead(61), ("Future", "Severe", "3; orange; Severe", "Likely")),
        (ahead(60, chance=0.51), ("Expected", "Severe", "3; orange; Severe", "Likely")),
        (ahead(60, chance=0.5), ("Expected", "Severe", "3; orange; Severe", "Possible")),
    ],
)
def test_how_grave_it_is(event: ToldEvent, grade: tuple[str, str, str, str]) -> None:
    found = telling(event, [], NOW).grade
    assert (found.urgency, found.severity, found.awareness, found.certainty) == grade


def test_what_is_expected_is_past_at_its_latest_time() -> None:
    event = ahead(60)
    assert is_past(event, NOW + 100 * MINUTE)
    assert not is_past(event, NOW + 100 * MINUTE - INSTANT)
    assert not is_past(REACHED, NOW + 100 * HOUR)
