"""The life of an expectation: from what the decision warns of to what people are told, and when. Pure.

Laws (tests/engine/test_foresee_life.py):
1. An expectation is told at the first warning of a degree above the one reached and above the one told.
2. It is told anew only when its time has moved so far that people would act otherwise, or has run out.
3. It ends openly: fulfilled when the limit is reached, else withdrawn or lowered, and that only when the
   decision has not borne it out for half an hour of readings. The decision itself does not let go while the
   water rises (forecast_decision), and half an hour outlasts a warning that is given up and taken up again.
4. What comes late may tell of a higher degree, at the newest reading, and of nothing else (ADR 0023).
5. Nothing happens without a believed reading: a silent gauge raises nothing and withdraws nothing.

Reading time is the only clock (ADR 0003), so live, replay and any batching tell the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from floodcore.store.foresight import Told

# Half an hour of readings without the warning, as a fall of the reached degree has to prove itself.
FADING = timedelta(minutes=30)
# Told anew: half an hour earlier is less time to act; an hour later is worth a word, no sooner than after half an hour.
EARLIER = timedelta(minutes=30)
LATER = timedelta(minutes=60)
REPEAT = timedelta(minutes=30)
# What is no longer more likely than not is not told anew; it comes, or it is withdrawn.
LIKELY = 0.5


class Reason(StrEnum):
    """Why an expectation changed; stored with the event."""

    EXPECTED = "expected"
    """A higher degree than told is expected now."""
    CHANGED = "changed"
    """The same degree, at another time."""
    LOWERED = "lowered"
    """A lower one than told, still above the one reached."""
    WITHDRAWN = "withdrawn"
    """It did not come true."""
    FULFILLED = "fulfilled"
    """It came true: the reached degree tells it."""


# Those that say that something is expected.
STANDING = frozenset({Reason.EXPECTED, Reason.CHANGED, Reason.LOWERED})


@dataclass(frozen=True, slots=True)
class Warned:
    """A degree the decision warns of: its probability within `horizon_min`, and when (median, middle four fifths)."""

    degree: int
    probability: float
    horizon_min: int
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """A believed reading of time `at`: the degree reached then in its chain (empty at 0), and what is warned of.

    `warned` are the degrees above the reached one; `due` False where too little was known to forecast.
    """

    at: datetime
    reached: int
    chain: str
    warned: Sequence[Warned]
    due: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A change to record. `told` is what is expected from now on; None where nothing is any more."""

    at: datetime
    reason: Reason
    from_degree: int
    to_degree: int
    chain: str
    told: Told | None


def step(told: Told | None, moment: Moment, fresh_chain: str) -> tuple[Told | None, Turn | None]:
    """What stands after `moment`, and the change if there is one; `fresh_chain` names a story that begins now."""
    highest = max(moment.warned, key=lambda one: one.degree, default=None)
    fulfilled = told is not None and told.degree <= moment.reached
    if highest is not None and (told is None or fulfilled or highest.degree > told.degree):
        return _tell(told, moment, highest, Reason.EXPECTED, fresh_chain)
    if told is not None and fulfilled:
        return None, Turn(moment.at, Reason.FULFILLED, told.degree, moment.reached, told.chain, None)
    if told is None or not moment.due:
        return told, None
    if highest is None or highest.degree < told.degree:
        return _fade(told, moment, highest, fresh_chain)
    if _matters(told, highest, moment.at):
        return _tell(told, moment, highest, Reason.CHANGED, fresh_chain)
    return _unfading(told), None


def step_late(told: Told | None, moment: Moment, fresh_chain: str) -> tuple[Told | None, Turn | None]:
    """The same at a reading that was lived through before, now that something late is known: it may only raise."""
    after, turn = step(told, moment, fresh_chain)
    return (after, turn) if turn is not None and turn.reason is Reason.EXPECTED else (told, None)


def _tell(
    told: Told | None, moment: Moment, warned: Warned, reason: Reason, fresh_chain: str
) -> tuple[Told, Turn | None]:
    chain = moment.chain or (told.chain if told is not None else fresh_chain)
    before = moment.reached if told is None else max(told.degree, moment.reached)
    raised = reason is Reason.EXPECTED
    new = Told(
        degree=warned.degree,
        at=moment.at,
        since=moment.at if told is None or raised else told.since,
        chain=chain,
        probability=warned.probability,
        horizon_min=warned.horizon_min,
        expected_at=warned.expected_at,
        earliest_at=warned.earliest_at,
        latest_at=warned.latest_at,
    )
    return new, Turn(moment.at, reason, before, warned.degree, chain, new)


def _matters(told: Told, warned: Warned, at: datetime) -> bool:
    moved = warned.expected_at - told.expected_at
    matters = moved <= -EARLIER or moved >= LATER or at > told.latest_at
    return matters and at - told.at >= REPEAT and warned.probability >= LIKELY


def _unfading(told: Told) -> Told:
    return told if told.fading is None else msgspec.structs.replace(told, fading=None)


def _fade(told: Told, moment: Moment, highest: Warned | None, fresh_chain: str) -> tuple[Told | None, Turn | None]:
    """The warning of the told degree no longer stands."""
    now = moment.at.timestamp()
    if told.fading is None:
        return msgspec.structs.replace(told, fading=now), None
    if now - told.fading < FADING.total_seconds():
        return told, None
    if highest is not None:
        return _tell(told, moment, highest, Reason.LOWERED, fresh_chain)
    turn = Turn(moment.at, Reason.WITHDRAWN, told.degree, moment.reached, moment.chain or told.chain, None)
    return None, turn
