"""The life of a reached degree at one gauge: one pure step from state and evidence to state and transitions.

Laws (tests/engine/test_lifecycle.py, written first):
1. Silence never changes a degree and does not count as calm.
2. Rises are immediate, and a return to the level restarts the calm clock.
3. A fall needs the full calm time of unbroken fresh evidence.
4. Replaying the same evidence changes nothing and sends nothing.
5. Samples that come late end in the state of the samples in order; they raise at once and never lower
   what people were told (`catch_up`, ADR 0016).

States are the degrees 0-4. A rise goes from any to any higher at once; a fall goes from any to any
lower, to the highest degree whose own calm clock has not run out. Observation time is the only clock
(ADR 0003).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from floodcore.words import Degree

_STOPPED: tuple[datetime | None, ...] = (None,) * (len(Degree) - 1)


class Reason(StrEnum):
    """Why a degree changed; logged, counted, stored with the event."""

    REACHED = "reached"
    """The next limit was reached."""
    SKIPPED = "skipped"
    """A limit was reached without a reading between it and one below."""
    CALM = "calm"
    """The value stayed below the limit, by the hysteresis, for the calm time."""
    MOVED = "moved"
    """Not a change: a rise believed with reservation is proved, for it moves as water does (ADR 0020)."""
    CONFIRMED = "confirmed"
    """The same: people who know the place say that it is water."""
    NEIGHBOUR = "neighbour"
    """The same: a gauge of the same river rose, too."""
    RAIN = "rain"
    """The same: it has rained enough around."""
    LOST_RISING = "lost_rising"
    """Not a change: the gauge fell silent while rising towards a limit."""
    LOST_BELOW_FLOOD = "lost_below_flood"
    """Not a change: the gauge fell silent in calm while a gauge above it is at a degree."""
    LOST_IN_FLOOD = "lost_in_flood"
    """Not a change: the gauge fell silent while a limit was reached."""


class State(Struct, frozen=True, gc=False):
    """The degree reached and what is needed to leave it.

    `since` is the start of the episode, None at degree 0; it names the chain of its messages.
    `below[n - 1]` is since when the value has been below the limit of degree n without a break.
    `evidence_at` is the time of the newest evidence.
    """

    degree: Degree = Degree.NONE
    since: datetime | None = None
    below: tuple[datetime | None, ...] = _STOPPED
    evidence_at: datetime | None = None


PROVED = frozenset({Reason.MOVED, Reason.CONFIRMED, Reason.NEIGHBOUR, Reason.RAIN})
"""The reasons of a proof, which is no change of degree: residents are told what they were not."""


class Told(Struct, frozen=True, gc=False):
    """What people were told, kept only where it is not what the samples in order say: some of them came late.

    `firm` is what residents were told, None if that is the degree.
    """

    degree: Degree
    since: datetime | None
    firm: Degree | None = None


class Evidence(Struct, frozen=True, gc=False):
    """A believed value of time `at`: the degree it reaches and the one it still holds (by the hysteresis)."""

    at: datetime
    reached: Degree
    held: Degree


class Transition(Struct, frozen=True, gc=False):
    """A change of degree at observation time `at`, within the episode that began at `since`."""

    at: datetime
    from_degree: Degree
    to_degree: Degree
    reason: Reason
    since: datetime


def step(
    state: State, evidence: Evidence | None, calm: timedelta, allowed_gap: timedelta
) -> tuple[State, tuple[Transition, ...]]:
    """The next state, and the change of degree if there is one.

    `evidence` None is a sample that is not believed, or silence: nothing changes. Evidence not newer
    than what is known is a repetition: nothing changes. A gap of more than `allowed_gap` since the
    last evidence breaks every calm.
    """
    if evidence is None or (state.evidence_at is not None and evidence.at <= state.evidence_at):
        return state, ()
    unbroken = state.evidence_at is not None and evidence.at - state.evidence_at <= allowed_gap
    below = _clocks(state.below if unbroken else _STOPPED, evidence)
    degree = state.degree
    if evidence.reached > degree:
        return _rise(state, below, evidence)
    target = _still_reached(below, evidence.at - calm, degree)
    if target < degree:
        return _fall(state, below, target, evidence.at)
    return State(degree, state.since, below, evidence.at), ()


def _clocks(below: tuple[datetime | None, ...], evidence: Evidence) -> tuple[datetime | None, ...]:
    """The calm clock of each degree: stopped while it is held, else running since it was left."""
    held = evidence.held
    if held == Degree.NONE and None not in below:
        return below
    return tuple(
        None if evidence.held >= degree else clock if clock is not None else evidence.at
        for degree, clock in enumerate(below, start=1)
    )


def _still_reached(below: tuple[datetime | None, ...], calm_since: datetime, degree: Degree) -> Degree:
    """The highest degree, up to `degree`, not left since before `calm_since`."""
    if degree == Degree.NONE:
        return Degree.NONE
    running = (n for n in range(degree, 0, -1) if (clock := below[n - 1]) is None or clock > calm_since)
    return Degree(next(running, 0))


def _rise(state: State, below: tuple[datetime | None, ...], evidence: Evidence) -> tuple[State, tuple[Transition, ...]]:
    reason = Reason.REACHED if evidence.reached == state.degree + 1 else Reason.SKIPPED
    since = state.since if state.since is not None else evidence.at
    transition = Transition(evidence.at, state.degree, evidence.reached, reason, since)
    return State(evidence.reached, since, below, evidence.at), (transition,)


def _fall(
    state: State, below: tuple[datetime | None, ...], target: Degree, at: datetime
) -> tuple[State, tuple[Transition, ...]]:
    since = state.since if state.since is not None else at
    transition = Transition(at, state.degree, target, Reason.CALM, since)
    return State(target, since if target > Degree.NONE else None, below, at), (transition,)


def catch_up(told: Told, state: State, at: datetime, *, may_fall: bool) -> tuple[Told | None, tuple[Transition, ...]]:
    """Tell what `state`, that of the samples in order, says beyond what was told; `at` is the newest sample.

    Late samples raise at once and never lower: a fall waits for a sample in order (`may_fall`). The
    episode keeps the beginning people know.
    """
    since = told.since if told.since is not None else at
    if state.degree > told.degree:
        reason = Reason.REACHED if state.degree == told.degree + 1 else Reason.SKIPPED
        return _beside(state.degree, since, state), (Transition(at, told.degree, state.degree, reason, since),)
    if state.degree < told.degree and may_fall:
        fallen = Transition(at, told.degree, state.degree, Reason.CALM, since)
        return _beside(state.degree, since if state.degree > Degree.NONE else None, state), (fallen,)
    return _beside(told.degree, told.since, state), ()


def _beside(degree: Degree, since: datetime | None, state: State) -> Told | None:
    """What was told, or None if `state` says the same."""
    return None if (degree, since) == (state.degree, state.since) else Told(degree, since)
