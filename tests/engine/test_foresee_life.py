"""The laws of an expectation: told once, told anew when it matters, ended openly, never by silence."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerting.foresee_life import (
    EARLIER,
    FADING,
    LIKELY,
    REPEAT,
    STANDING,
    Moment,
    Reason,
    Turn,
    Warned,
    step,
    step_late,
)
from floodcore.store.foresight import Told

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)


def warned(degree: int, at: datetime, *, inside: timedelta = timedelta(minutes=60), chance: float = 0.8) -> Warned:
    soon = at + inside
    return Warned(degree, chance, 240, soon, soon - timedelta(minutes=20), soon + timedelta(minutes=40))


def live(moments: list[Moment]) -> list[Turn]:
    told: Told | None = None
    turns = []
    for moment in moments:
        told, turn = step(told, moment, "fresh")
        turns += [turn] if turn is not None else []
    return turns


def at(number: int, *degrees: int, reached: int = 0, due: bool = True, chance: float = 0.8) -> Moment:
    now = T0 + number * TEN
    found = [warned(degree, T0 + timedelta(hours=2), inside=timedelta(), chance=chance) for degree in degrees]
    return Moment(now, reached, "chain" if reached else "", found, due)


def told(turns: list[Turn]) -> list[tuple[int, str, int, int]]:
    return [((turn.at - T0) // TEN, str(turn.reason), turn.from_degree, turn.to_degree) for turn in turns]


def test_told_once_then_fulfilled() -> None:
    turns = live([at(0), at(1, 1), at(2, 1), at(3, 1), at(4, reached=1), at(5, reached=1)])
    assert told(turns) == [(1, "expected", 0, 1), (4, "fulfilled", 1, 1)]
    assert {turn.chain for turn in turns} == {"fresh"}


def test_the_highest_degree_is_told_and_the_chain_is_that_of_the_flood() -> None:
    turns = live([at(0, 1, 2), at(1, 1, 2, 3), at(2, 2, 3, reached=1), at(3, reached=3)])
    assert told(turns) == [(0, "expected", 0, 2), (1, "expected", 2, 3), (3, "fulfilled", 3, 3)]
    turns = live([at(0, 2, reached=1)])
    assert [turn.chain for turn in turns] == ["chain"]


def test_one_reached_and_the_next_expected_is_one_change() -> None:
    assert told(live([at(0, 1), at(1, 2, reached=1)])) == [(0, "expected", 0, 1), (1, "expected", 1, 2)]
    assert told(live([at(0, 1), at(1, 3, reached=2)])) == [(0, "expected", 0, 1), (1, "expected", 2, 3)]


def test_withdrawn_only_after_half_an_hour_of_readings_without_it() -> None:
    assert told(live([at(0, 2), at(1), at(2), at(3, 2), at(4), at(5), at(6)])) == [(0, "expected", 0, 2)]
    assert told(live([at(0, 2), at(1), at(2), at(3), at(4), at(5)])) == [
        (0, "expected", 0, 2),
        (4, "withdrawn", 2, 0),
    ]
    assert told(live([at(0, 1, 3), at(1, 1), at(2, 1), at(3, 1), at(4, 1)])) == [
        (0, "expected", 0, 3),
        (4, "lowered", 3, 1),
    ]


def test_what_is_not_due_withdraws_nothing_but_fulfils() -> None:
    assert told(live([at(0, 2), *(at(n, due=False) for n in range(1, 20))])) == [(0, "expected", 0, 2)]
    assert told(live([at(0, 2), at(9, reached=2, due=False)]))[-1] == (9, "fulfilled", 2, 2)


def test_told_anew_when_it_matters_and_not_sooner() -> None:
    first = Moment(T0, 0, "", [warned(2, T0, inside=timedelta(minutes=150))], due=True)
    now = T0 + REPEAT

    def again(inside: timedelta, chance: float = 0.8, when: datetime = now) -> list[str]:
        later = Moment(when, 0, "", [warned(2, when, inside=inside, chance=chance)], due=True)
        return [str(turn.reason) for turn in live([first, later])[1:]]

    same = timedelta(minutes=120)
    assert again(same) == []
    assert again(same - EARLIER) == ["changed"]
    assert again(same - EARLIER + timedelta(minutes=1)) == []
    assert again(same + timedelta(minutes=60)) == ["changed"]
    assert again(same + timedelta(minutes=60), chance=LIKELY - 0.01) == []
    assert again(same - EARLIER, when=now - TEN) == [], "not twice within half an hour"
    overdue = T0 + timedelta(minutes=195)
    assert again(timedelta(minutes=5), when=overdue) == ["changed"], "its time has run out"


STORY = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 4), st.sets(st.integers(1, 4)), st.booleans(), st.floats(0.0, 1.0)),
    max_size=60,
)


@given(STORY)
def test_any_story_is_consistent(story: list[tuple[int, int, set[int], bool, float]]) -> None:
    now, standing = T0, 0
    memory: Told | None = None
    for minutes, reached, degrees, due, chance in story:
        now += timedelta(minutes=minutes)
        above = [warned(degree, now, chance=chance) for degree in sorted(degrees) if degree > reached] if due else []
        after, turn = step(memory, Moment(now, reached, "chain" if reached else "", above, due), "fresh")
        assert after is None or after.degree > reached, "what is reached is not expected"
        highest = max((one.degree for one in above), default=0)
        assert highest <= (0 if after is None else after.degree), "every warning is told"
        raised = turn is not None and turn.reason is Reason.EXPECTED
        assert raised == (highest > (memory.degree if memory is not None and memory.degree > reached else 0))
        if turn is not None:
            assert turn.at == now
            assert (turn.told is not None) == (turn.reason in STANDING)
            assert turn.told == after or turn.reason not in STANDING
            if turn.reason in {Reason.WITHDRAWN, Reason.LOWERED}:
                assert memory is not None
                assert memory.fading is not None
                assert now.timestamp() - memory.fading >= FADING.total_seconds()
            if turn.reason in {Reason.WITHDRAWN, Reason.LOWERED, Reason.FULFILLED}:
                assert turn.from_degree == standing
        standing = 0 if after is None else after.degree
        if memory is not None and after is None:
            assert turn is not None, "nothing ends without a word"
        memory = after


def test_what_comes_late_raises_and_does_nothing_else() -> None:
    told_then, _ = step(None, at(0, 1), "fresh")
    fading = msgspec.structs.replace(told_then, fading=T0.timestamp()) if told_then is not None else None
    assert fading is not None
    for late in (at(9), at(9, reached=1), at(9, 1, chance=0.9), Moment(T0 + 9 * TEN, 0, "", [warned(1, T0)], due=True)):
        assert step(fading, late, "fresh")[1] is not None or late.warned, "in order it would be told"
        assert step_late(fading, late, "fresh") == (fading, None)
    raised, turn = step_late(fading, at(9, 1, 2), "fresh")
    assert turn is not None
    assert (turn.reason, turn.to_degree) == (Reason.EXPECTED, 2)
    assert raised is turn.told
    begun, turn = step_late(None, at(3, 1), "fresh")
    assert turn is not None
    assert (begun is turn.told, turn.at) == (True, T0 + 3 * TEN)
