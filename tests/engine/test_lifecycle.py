"""The laws of the lifecycle (style.md section 8), written before the code."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine.lifecycle import Evidence, Reason, State, Told, Transition, catch_up, step
from floodcore.words import Degree

T0 = datetime(2026, 6, 1, tzinfo=UTC)
CALM = timedelta(minutes=30)
GAP = timedelta(minutes=21)

degrees = st.sampled_from(Degree)
minutes = st.integers(min_value=1, max_value=90)
# The degree held is never below the one reached: limits less hysteresis lie below the limits.
pairs = st.tuples(degrees, degrees).map(lambda pair: (min(pair), max(pair)))
Story = list[tuple[int, tuple[Degree, Degree] | None]]
stories: st.SearchStrategy[Story] = st.lists(st.tuples(minutes, st.none() | pairs), max_size=40)


def play(story: Story, state: State | None = None) -> tuple[State, list[Transition], list[Evidence]]:
    """Run a story of (minutes later, (reached, held) or nothing believed)."""
    now, known, told, heard = T0, state or State(), list[Transition](), list[Evidence]()
    for later, pair in story:
        now += timedelta(minutes=later)
        evidence = None if pair is None else Evidence(now, *pair)
        known, transitions = step(known, evidence, CALM, GAP)
        told += transitions
        heard += [] if evidence is None else [evidence]
    return known, told, heard


def at(minute: int, reached: int, held: int | None = None) -> Evidence:
    return Evidence(T0 + timedelta(minutes=minute), Degree(reached), Degree(reached if held is None else held))


def run(*evidence: Evidence | None) -> tuple[State, list[tuple[int, int, int]]]:
    """Step through `evidence`; the changes as (minute, from, to)."""
    state, told = State(), list[Transition]()
    for one in evidence:
        state, transitions = step(state, one, CALM, GAP)
        told += transitions
    return state, [(int((t.at - T0) / timedelta(minutes=1)), t.from_degree, t.to_degree) for t in told]


@given(stories)
@settings(max_examples=300)
def test_law_1_silence_changes_nothing_and_is_no_calm(story: Story) -> None:
    state, _, _ = play(story)
    assert step(state, None, CALM, GAP) == (state, ())
    spoken = [(later, pair) for later, pair in story if pair is not None]
    gaps = 0
    kept: Story = []
    for later, pair in story:
        gaps += later
        if pair is not None:
            kept.append((gaps, pair))
            gaps = 0
    assert len(kept) == len(spoken)
    assert play(kept)[1] == play(story)[1]


@given(stories, minutes, pairs)
@settings(max_examples=500)
def test_law_2_rises_are_immediate_from_any_state(story: Story, later: int, pair: tuple[Degree, Degree]) -> None:
    state, _, _ = play(story)
    moment = (state.evidence_at or T0) + timedelta(minutes=later)
    new, transitions = step(state, Evidence(moment, *pair), CALM, GAP)
    if pair[0] > state.degree:
        (transition,) = transitions
        assert (transition.at, transition.from_degree, transition.to_degree) == (moment, state.degree, pair[0])
        assert transition.reason is (Reason.REACHED if pair[0] == state.degree + 1 else Reason.SKIPPED)
    assert new.degree >= pair[0]


@given(stories)
@settings(max_examples=500)
def test_law_3_a_fall_needs_the_full_calm_of_unbroken_evidence(story: Story) -> None:
    _, told, heard = play(story)
    for fall in (t for t in told if t.to_degree < t.from_degree):
        spell = [e for e in heard if e.at <= fall.at and e.at >= fall.at - CALM]
        before = [e for e in heard if e.at < fall.at - CALM]
        if spell[0].at > fall.at - CALM:
            spell = [before[-1], *spell]
        assert spell[0].at <= fall.at - CALM
        assert all(e.held <= fall.to_degree for e in spell)
        assert all(b.at - a.at <= GAP for a, b in pairwise(spell))


@given(stories)
@settings(max_examples=300)
def test_law_4_the_same_evidence_again_changes_and_sends_nothing(story: Story) -> None:
    state, told, heard = play(story)
    again = [step(state, evidence, CALM, GAP) for evidence in heard]
    assert all(outcome == (state, ()) for outcome in again)
    assert play(story) == (state, told, heard)


@given(stories)
def test_a_chain_lasts_from_the_first_rise_to_the_return_to_zero(story: Story) -> None:
    state, told, _ = play(story)
    since: datetime | None = None
    for transition in told:
        since = transition.at if since is None else since
        assert transition.since == since
        assert transition.from_degree != transition.to_degree
        if transition.to_degree is Degree.NONE:
            since = None
    assert state.since == since
    assert [t.to_degree for t in told[:-1]] == [t.from_degree for t in told[1:]]


@given(stories)
def test_an_unreached_degree_is_never_told(story: Story) -> None:
    _, told, heard = play(story)
    for rise in (t for t in told if t.to_degree > t.from_degree):
        assert any(e.at == rise.at and e.reached == rise.to_degree for e in heard)


def test_a_fall_comes_with_the_first_evidence_at_the_end_of_the_calm() -> None:
    _, told = run(at(0, 2), at(10, 0), at(20, 0), at(30, 0), at(39, 0))
    assert told == [(0, 0, 2)]
    _, told = run(at(0, 2), at(10, 0), at(20, 0), at(30, 0), at(40, 0))
    assert told == [(0, 0, 2), (40, 2, 0)]


def test_a_return_to_the_level_restarts_the_calm_even_without_reaching_the_limit() -> None:
    _, told = run(at(0, 1), at(10, 0), at(20, 0), at(30, 0, held=1), at(40, 0), at(50, 0), at(60, 0))
    assert told == [(0, 0, 1)]
    _, told = run(at(0, 1), at(10, 0), at(30, 0, held=1), at(40, 0), at(50, 0), at(60, 0), at(70, 0))
    assert told == [(0, 0, 1), (70, 1, 0)]


def test_each_degree_has_its_own_calm() -> None:
    _, told = run(at(0, 3), at(10, 2), at(20, 2), at(30, 0), at(40, 0), at(50, 0), at(60, 0))
    assert told == [(0, 0, 3), (40, 3, 2), (60, 2, 0)]


def test_a_gap_breaks_the_calm() -> None:
    _, told = run(at(0, 1), at(10, 0), at(31, 0), at(52, 0))
    assert told == [(0, 0, 1), (52, 1, 0)]
    _, told = run(at(0, 1), at(10, 0), at(20, 0), at(42, 0))
    assert told == [(0, 0, 1)]


def test_what_is_not_believed_does_not_end_a_calm_that_evidence_keeps_unbroken() -> None:
    _, told = run(at(0, 1), at(10, 0), at(20, 0), None, at(40, 0))
    assert told == [(0, 0, 1), (40, 1, 0)]


def test_old_evidence_is_no_evidence() -> None:
    state, _ = run(at(0, 0), at(10, 0))
    assert step(state, at(10, 4), CALM, GAP) == (state, ())
    assert step(state, at(5, 4), CALM, GAP) == (state, ())


def test_degrees_are_skipped_both_ways() -> None:
    _, told = run(at(0, 0), at(10, 4), at(20, 0), at(30, 0), at(40, 0), at(50, 0))
    assert told == [(10, 0, 4), (50, 4, 0)]


def test_the_clocks_cover_every_degree() -> None:
    assert len(State().below) == len(Degree) - 1


def test_a_new_episode_begins_after_the_return_to_zero() -> None:
    state, since = State(), list[datetime]()
    for evidence in (at(0, 1), at(10, 2), at(20, 0), at(30, 0), at(40, 0), at(50, 0), at(60, 1)):
        state, transitions = step(state, evidence, CALM, GAP)
        since += [transition.since for transition in transitions]
        assert (state.since is None) == (state.degree is Degree.NONE)
    assert since == [T0, T0, T0, T0 + timedelta(minutes=60)]


def test_a_fall_names_its_reason_and_without_a_known_beginning_its_own_time() -> None:
    left = tuple(T0 for _ in range(4))
    now = T0 + timedelta(minutes=40)
    state = State(Degree.READINESS, None, left, T0 + timedelta(minutes=20))
    fallen, (transition,) = step(state, Evidence(now, Degree.NONE, Degree.NONE), CALM, GAP)
    assert transition == Transition(now, Degree.READINESS, Degree.NONE, Reason.CALM, now)
    assert (fallen.degree, fallen.since) == (Degree.NONE, None)


SINCE, NOW = T0 - timedelta(hours=1), T0 + timedelta(minutes=5)


def known(degree: int, since: datetime | None = T0) -> State:
    return State(Degree(degree), since, evidence_at=NOW)


def test_late_samples_that_say_more_are_told_at_once() -> None:
    beside, (rise,) = catch_up(Told(Degree(0), None), known(1), NOW, may_fall=False)
    assert rise == Transition(NOW, Degree(0), Degree(1), Reason.REACHED, NOW)
    assert beside == Told(Degree(1), NOW)  # the episode people know begins now
    beside, (rise,) = catch_up(Told(Degree(1), SINCE), known(3), NOW, may_fall=True)
    assert rise == Transition(NOW, Degree(1), Degree(3), Reason.SKIPPED, SINCE)
    assert beside == Told(Degree(3), SINCE)


def test_late_samples_that_say_less_wait_for_one_in_order() -> None:
    told = Told(Degree(3), SINCE)
    assert catch_up(told, known(1), NOW, may_fall=False) == (told, ())
    beside, (fall,) = catch_up(told, known(1), NOW, may_fall=True)
    assert fall == Transition(NOW, Degree(3), Degree(1), Reason.CALM, SINCE)
    assert beside == Told(Degree(1), SINCE)
    beside, (fall,) = catch_up(told, known(0, None), NOW, may_fall=True)
    assert fall == Transition(NOW, Degree(3), Degree(0), Reason.CALM, SINCE)
    assert beside is None


def test_what_was_told_is_kept_apart_only_while_it_differs() -> None:
    assert catch_up(Told(Degree(2), SINCE), known(2, SINCE), NOW, may_fall=True) == (None, ())
    assert catch_up(Told(Degree(0), None), known(0, None), NOW, may_fall=True) == (None, ())
    other = Told(Degree(2), SINCE)
    assert catch_up(other, known(2), NOW, may_fall=True) == (other, ())
