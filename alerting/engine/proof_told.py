"""What residents are told of a degree, and when: only what is proved, each thing once. Pure (ADR 0020)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from alerting.engine.lifecycle import Reason, State, Told, Transition, catch_up
from alerting.engine.proof_words import Proof
from floodcore.words import Degree


class Known(Struct, frozen=True, gc=False):
    """A change as it is told: what residents knew and know now, and why they are not told of the rest."""

    transition: Transition
    firm_from: Degree
    firm_to: Degree
    doubt: str = ""


NOTHING: tuple[Known, ...] = ()


def tell(
    told: Told | None,
    known: Degree,
    life: State,
    held: Proof | None,
    at: datetime,
    transitions: Sequence[Transition],
    *,
    may_fall: bool = True,
) -> tuple[Told | None, tuple[Known, ...]]:
    """What people know once the samples in order say `life` and `held`, and the changes that tell them.

    `known` is what residents knew. `transitions` are those of the samples in order; where people were told something
    else (`told`), theirs are worked out.
    """
    degree, since = life.degree, life.since
    if told is not None:
        beside, transitions = catch_up(told, life, at, may_fall=may_fall)
        degree, since = (degree, since) if beside is None else (beside.degree, beside.since)
    firm, why = (life.degree, "") if held is None else (held.firm, held.doubt)
    changes = settle(known, transitions, min(firm, degree), why, at, since)
    if told is None:
        return None, changes
    knows = min(changes[-1].firm_to if changes else known, degree)
    same = (degree, since, knows) == (life.degree, life.since, firm)
    return None if same else Told(degree, since, None if knows == degree else knows), changes


def settle(
    known: Degree, transitions: Sequence[Transition], firm: Degree, why: str, at: datetime, since: datetime | None
) -> tuple[Known, ...]:
    """The changes of the degree with what residents are told of them, and the proof if there is one.

    Residents know `known`; `firm` is what is proved now, and `why` the rest is not. A rise is told to them whole or not
    at all.
    """
    told: list[Known] = []
    for one in transitions:
        rises = one.to_degree > one.from_degree
        proved = one.to_degree if firm >= one.to_degree else known
        after = proved if rises else min(known, one.to_degree)
        told.append(Known(one, known, after, why if rises and after < one.to_degree else ""))
        known = after
    if firm > known:
        moved = Transition(at, known, firm, Reason.MOVED, since if since is not None else at)
        told.append(Known(moved, known, firm))
    return tuple(told)
