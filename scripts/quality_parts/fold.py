"""A stretch through exactly the live path: the door, the rules of the store, and the engine's fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerting.engine.judge import Job, Standing, walk
from alerting.engine.lifecycle import PROVED
from alerting.engine.rules import Rules
from floodcore.quality.door import REFUSED, at_the_door
from floodcore.quality.rates import GENERIC, Rates
from floodcore.quality.window import Sample
from floodcore.words import Degree, Flag, Quantity, Reading
from scripts.quality_parts.faults import Sent

LATE, REPEATED, CONTRADICTION = "late", "repeated", "contradiction"
_BELIEVED = {Flag.GOOD}


@dataclass(slots=True)
class Outcome:
    """What became of a stretch, by its places.

    `flag` and `test` are the last word on each reading, `doubted_at` the arrival time at which a reading was
    first called anything but good, and `degree` the one in force after each.
    """

    flag: list[Flag] = field(default_factory=list)
    test: list[str] = field(default_factory=list)
    doubted_at: dict[int, datetime] = field(default_factory=dict)
    degree: list[Degree] = field(default_factory=list)
    rises: list[tuple[int, Degree]] = field(default_factory=list)
    falls: list[tuple[int, Degree]] = field(default_factory=list)
    told: list[tuple[int, Degree]] = field(default_factory=list)
    """What residents were told on a rise: what was proved (ADR 0020)."""


def run(
    sent: Sequence[Sent],
    quantity: Quantity,
    step: timedelta,
    limits: Mapping[Degree, float],
    rates: Rates = GENERIC,
) -> Outcome:
    """Judge what was sent, in the order it arrives."""
    outcome = Outcome()
    kept = _kept(sent, quantity, outcome)
    samples = [sample for _, sample in kept]
    job = Job(Rules(quantity, step, dict(limits), rates=rates), Standing(), samples)
    place_of = {sample.at: place for place, sample in kept}
    degree_after: dict[int, Degree] = {}
    for (place, _), walked in zip(kept, walk(job), strict=True):
        for verdict in walked.verdicts:
            _say(outcome, place_of[verdict.at], verdict.flag, verdict.test, sent[place].arrives)
        for turn in walked.turns:
            way, known = turn.transition, turn.known
            if known.firm_to > known.firm_from:
                outcome.told.append((place, known.firm_to))
            if way.reason in PROVED:
                continue
            (outcome.rises if way.to_degree > way.from_degree else outcome.falls).append((place, way.to_degree))
        degree_after[place] = walked.standing.life.degree
    now = Degree.NONE
    for place in range(len(sent)):
        now = degree_after.get(place, now)
        outcome.degree.append(now)
    return outcome


def _kept(sent: Sequence[Sent], quantity: Quantity, outcome: Outcome) -> list[tuple[int, Sample]]:
    """What the store hands to the engine, with the place of each: not refused, not late, the first of its time."""
    kept: list[tuple[int, Sample]] = []
    newest: datetime | None = None
    first: dict[datetime, float | None] = {}
    for place, one in enumerate(sent):
        (seen,) = at_the_door([Reading("X", quantity, one.at, one.value, one.value, "cm")], one.arrives)
        outcome.flag.append(seen.flag)
        outcome.test.append(seen.test)
        if seen.test in REFUSED:
            outcome.doubted_at[place] = one.arrives
        elif one.at in first:
            word = REPEATED if first[one.at] == one.value else CONTRADICTION
            _say(outcome, place, Flag.SUSPECT, word, one.arrives)
        elif newest is not None and one.at < newest:
            first[one.at] = one.value
            _say(outcome, place, Flag.SUSPECT, LATE, one.arrives)
        else:
            newest = one.at
            first[one.at] = one.value
            kept.append((place, Sample(one.at, one.value, seen.flag, seen.test)))
    return kept


def _say(outcome: Outcome, place: int, flag: Flag, test: str, when: datetime) -> None:
    outcome.flag[place], outcome.test[place] = flag, test
    if flag not in _BELIEVED:
        outcome.doubted_at.setdefault(place, when)
