"""Rises believed with reservation: the degree is raised at once, residents are told when it is proved. Pure (ADR 0020).

A zero that moves up, a unit that slips on a low level and a wreck that wanders high look, for one sample, like a wall
of water, and a wall of water must not be suppressed. What tells them apart is what comes after: water that has leapt
goes on moving, a gauge that was moved rests, or goes on as the river did before, with the offset.

Laws (tests/engine/test_proof.py, written first):
1. A rise by ordinary steps or by pace is proved at once.
2. A leap that goes on rising beyond what the water did before is proved with the sample that does so, which may be the
   one that corroborated it.
3. A leap at rest is not proved by time. It is by moving as water does, by a further limit it climbs to, by what stands
   beside it or by people (`vouched`).
4. A rise out of a wreck is proved by long movement in one direction only, or by others. A gauge that fell and comes
   back to where it fell from is none: what rises from there by ordinary steps is proved at once.
5. Residents are never told of a degree that was not proved, nor of its end.
6. Whatever is proved: `firm` <= the degree reached.

All numbers are judged on the recorded floods and the faults put into them (docs/quality.md).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import inf
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from alerting.engine.lifecycle import Reason, State, Told, Transition, catch_up
from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.pace import ordinary
from floodcore.words import Degree, Quantity

Window = Sequence[tuple[float, float]]

# Onward by so much, or by this share of the leap, beyond what the water did before: it moves.
_ONWARD_CM, _ONWARD_SHARE = 2.0, 0.02
# More at once than this many leaps again is as likely a second false value: it needs one sample more.
_ONWARD_MOST = 2.0
_TWO = 2
# After half an hour at rest so little is the river's own again: then a tenth of the leap within the hour, up or down;
# after three hours a fifth of it, and up.
_AT_ONCE = timedelta(minutes=30)
_LATER_CM, _LATER_SHARE = 6.0, 0.1
_LAST_CM, _LAST_SHARE = 10.0, 0.2
# What the gauge usually did from reading to reading before the leap is no proof, nor is five times of it.
_ROUGH = 5.0
# Of a discharge: shares of what it was.
_ONWARD_OF, _LATER_OF, _LAST_OF = 0.02, 0.06, 0.1
# Back to within this of where it began, the leap is undone.
_BACK_CM, _BACK_SHARE = 10.0, 0.2
# A leap that raised nothing is remembered for so long, a fall like a wreck's for half a day.
_REMEMBERED = timedelta(hours=3)
_FALLEN_FOR = timedelta(hours=12)
_FALLEN_CM = 60.0
# So many doubted samples, or contradictions, before it: a wreck (as `floodcore.quality.window` has it).
_NONSENSE = 2
_SPELL = 3
_BABBLES = 8.0
_LAY = 0.5
# A wreck is water again when it goes on rising from where it leapt to: through so many readings by so much of the leap
# within the hour, hardly back on the way, and not by one more leap.
_WRECK_READINGS = 5
_WRECK_CM, _WRECK_SHARE = 30.0, 0.25
_ONE_WAY = 0.85
_ONE_STEP = 0.6
# Or when it climbs for long by ordinary steps, through so many readings by so much, going back by no more than makes
# seven tenths of its way go up; steps of a few centimetres may go either way, no wreck keeps to them.
_CLIMB_READINGS = 12
_CLIMB_CM = 30.0
_CLIMB_UP = 0.7
_GENTLE_CM = 4.0
# A leap of no more than so many rises of the hour before goes on with them.
_GOES_ON = 2.0
# Leaps that follow one another so soon are one.
_SAME = timedelta(minutes=60)
# Ten or a hundred times what was believed last, within a tenth or 1 cm of the old value.
_FACTORS = (10.0, 100.0)
_FACTOR_SHARE, _FACTOR_CM = 0.1, 1.0
# In the old unit any gauge trembles by so much.
_SLIP_CM = 0.4


class Doubt(StrEnum):
    """Why a rise is not proved; stored with the event, and said to people."""

    LEAP = "leap"
    """The level leapt and rests."""
    UNIT = "unit"
    """The level leapt to about ten or a hundred times what it was."""
    WRECK = "wreck"
    """The gauge lay dead or babbled before."""
    UNDONE = "undone"
    """Not a doubt: the leap was taken back; what it raised ends with the calm time."""
    FALLEN = "fallen"
    """Not a doubt yet: the gauge fell as a dying one does, or talked nonsense; a leap after that is a wreck's."""


class Proof(Struct, frozen=True, gc=False):
    """A leap that is not proved.

    `firm` is the degree that is; residents know no more. The leap came to `first` at `since`, from `base`; it reached
    the degree `made`. `rough` is what the gauge did from one reading to the next in the hour before, `pace` its slope
    per minute, both in the new unit if the leap looks like one. Of a fall, `base` is where it ended and `first` the
    level from before. A wreck climbs since the level `foot` through `climbed` readings; `spare` is how far up it is
    beyond the share of its way that has to go up.
    """

    firm: Degree
    why: Doubt
    since: datetime
    base: float
    first: float
    made: Degree
    rough: float = 0.0
    pace: float = 0.0
    foot: float = 0.0
    climbed: int = 0
    spare: float = 0.0

    @property
    def doubt(self) -> Doubt:
        """Why the rise is not proved, in a word there is a text for."""
        return self.why if self.why in {Doubt.UNIT, Doubt.WRECK} else Doubt.LEAP

    @property
    def leap(self) -> float:
        """The height of the leap."""
        return self.first - self.base


class Seen(Struct, frozen=True, gc=False):
    """A sample that was just believed: `memory` and `window` are from before it, `points` with it.

    `was` is the degree before it, `degree` the one now, `reached` that of the value. `vouched` is up to when others
    answer for the gauge.
    """

    memory: Memory
    window: Window
    points: Window
    believed: Sequence[Point]
    quantity: Quantity
    was: Degree
    degree: Degree
    reached: Degree
    vouched: datetime | None

    @property
    def newest(self) -> Point:
        """The value that was believed last."""
        return self.believed[-1]


class Known(Struct, frozen=True, gc=False):
    """A change as it is told: what residents knew and know now, and why they are not told of the rest."""

    transition: Transition
    firm_from: Degree
    firm_to: Degree
    doubt: str = ""


NOTHING: tuple[Known, ...] = ()


def follow(proof: Proof | None, seen: Seen) -> Proof | None:
    """What is unproved after a sample that was believed; None if nothing is and nothing has to be remembered."""
    plain = proof is None or proof.why is Doubt.FALLEN
    firm = min(seen.was if plain or proof is None else proof.firm, seen.degree)
    found = _odd(proof, seen, firm)
    if found is None:
        return None
    found = replace(found, firm=firm)
    if found.why is Doubt.FALLEN:
        return _remembered(replace(found, firm=seen.degree), seen, _FALLEN_FOR)
    if found.why is Doubt.WRECK:
        found = _climbing(found, seen)
        proved = _goes_one_way(found, seen) or _climbs(found, seen)
        return _remembered(_raised(found, seen) if proved else found, seen, _FALLEN_FOR)
    if found.why is not Doubt.UNDONE and _is_back(found, seen):
        found = replace(found, why=Doubt.UNDONE)
    if found.why is Doubt.UNDONE:
        found = _raised(found, seen)
        return found if found.firm < seen.degree else None
    if _moves(found, seen):
        found = _raised(found, seen)
        return found if found.firm < seen.degree else None
    return _remembered(found, seen, _REMEMBERED)


def _raised(proof: Proof, seen: Seen) -> Proof:
    """What the value reaches is proved."""
    return replace(proof, firm=max(proof.firm, min(seen.reached, seen.degree)))


def _remembered(proof: Proof, seen: Seen, lasting: timedelta) -> Proof | None:
    """A reservation upon no degree ends after a while."""
    return proof if proof.firm < seen.degree or seen.newest.at - proof.since <= lasting else None


def _odd(proof: Proof | None, seen: Seen, firm: Degree) -> Proof | None:
    """The reservation as it was, or that of a new leap or fall."""
    memory, newest = seen.memory, seen.newest
    good = memory.good
    if good is None or memory.last is None or (seen.vouched is not None and newest.at <= seen.vouched):
        return proof
    first = seen.believed[0]
    nonsense = memory.doubted - memory.agreeing > _NONSENSE or memory.trouble >= _BABBLES
    above = newest.value - good.value > ordinary(seen.quantity, good.value, 10.0)
    if first.value > good.value and (len(seen.believed) > 1 or (above and memory.doubted > 0)):
        return _leap(proof, seen, good, firm, wreck=nonsense or _rose_from_below(memory, good, newest))
    below = good.value - newest.value
    again = proof is None or proof.why is Doubt.FALLEN or not _is_back(proof, seen)
    fell = seen.quantity is Quantity.LEVEL and below >= _FALLEN_CM and again
    if not fell and not nonsense and memory.doubted <= _SPELL:
        return proof
    if proof is not None and firm < seen.degree:
        return replace(proof, since=newest.at) if proof.why is Doubt.WRECK else proof
    stood = newest.value if nonsense else good.value
    if proof is not None:
        stood = max(stood, proof.first)
    return Proof(firm, Doubt.FALLEN, newest.at, newest.value, stood, seen.reached)


def _leap(proof: Proof | None, seen: Seen, good: Point, firm: Degree, *, wreck: bool) -> Proof | None:
    """A leap that has to prove itself.

    One that a river could have made while nothing was heard has not, nor one that goes on with a rise of the last hour
    that was half as large; and what leaps on within the hour is one leap.
    """
    first = seen.believed[0]
    was_wreck = proof is not None and proof.why in {Doubt.WRECK, Doubt.FALLEN}
    silent = seen.memory.doubted <= 1
    gone = ordinary(seen.quantity, good.value, minutes_between(good, first))
    risen = max(good.value - min((value for _, value in seen.window), default=good.value), 0.0)
    if proof is None and not wreck and first.value - good.value <= max(gone if silent else 0.0, _GOES_ON * risen):
        return None
    if proof is not None and proof.why is Doubt.FALLEN and not wreck and _returns(proof, seen):
        return proof
    if proof is not None and proof.why is Doubt.LEAP and not wreck and first.at - proof.since <= _SAME:
        return proof
    factor = _factor(good.value, first.value) if seen.quantity is Quantity.LEVEL else 1.0
    rough, pace = _habits(seen.window)
    why = Doubt.WRECK if wreck or was_wreck else Doubt.UNIT if factor > 1.0 else Doubt.LEAP
    base = good.value if proof is None or proof.why is Doubt.UNDONE else min(good.value, proof.base)
    start = seen.memory.agreeing_from
    if start is not None and seen.memory.agreeing > 1 and start.value > good.value and why is not Doubt.WRECK:
        first = start  # it was held back for long: what it did meanwhile counts
    usual = rough if factor == 1.0 else factor * max(rough, _SLIP_CM)
    return Proof(firm, why, first.at, base, first.value, seen.reached, usual, factor * pace)


def _returns(proof: Proof, seen: Seen) -> bool:
    """Whether a gauge that fell stands where it fell from, within an ordinary step."""
    return all(point.value <= proof.first + ordinary(seen.quantity, proof.first, 10.0) for point in seen.believed)


def _rose_from_below(memory: Memory, good: Point, newest: Point) -> bool:
    """Whether the gauge lay lower by a flood's worth, for two readings or more, before it said the higher value.

    Readings that lay there agreed with one another; where each contradicted the one before, false ones came among true.
    """
    last = memory.last
    if last is None or memory.doubted - memory.agreeing < _NONSENSE or memory.trouble > memory.doubted - _LAY:
        return False
    return last.value - memory.step * max(minutes_between(last, newest), 5.0) < good.value - _FALLEN_CM


def _factor(old: float, new: float) -> float:
    """The factor between two values if it looks like another unit, else 1."""
    near = max(_FACTOR_CM, _FACTOR_SHARE * abs(old))
    return next((factor for factor in _FACTORS if old > 0.0 and abs(new / factor - old) <= near), 1.0)


def _habits(window: Window) -> tuple[float, float]:
    """What the gauge did of late, from one reading to the next: the usual change beside its slope, and that per minute.

    Medians, so that a flood that has just begun is no habit.
    """
    steps = [(b - a, max((then - now) / 60.0, 1.0)) for (now, a), (then, b) in pairwise(window)]
    if not steps:
        return 0.0, 0.0
    pace = median(change / minutes for change, minutes in steps)
    return median(abs(change - pace * minutes) for change, minutes in steps), pace


def _is_back(proof: Proof, seen: Seen) -> bool:
    """Whether the gauge is where the leap began."""
    near = _BACK_SHARE * proof.leap
    if seen.quantity is Quantity.LEVEL:
        near = max(_BACK_CM, near)
    return seen.newest.value <= proof.base + near


def _moves(proof: Proof, seen: Seen) -> bool:
    """Whether the gauge moves as water does that has leapt."""
    now = seen.newest
    begin = proof.since.timestamp()
    after = [(at, value) for at, value in seen.points if at >= begin]
    if not after:
        return False
    low_at, low = min(after, key=lambda each: (each[1], each[0]))
    high = max(value for _, value in after)
    usual = max(proof.pace, 0.0) * (now.at.timestamp() - low_at) / 60.0
    level = seen.quantity is Quantity.LEVEL
    onward = max(_ONWARD_CM if level else _ONWARD_OF * abs(proof.base), _ONWARD_SHARE * proof.leap)
    onward = max(onward, _ROUGH * proof.rough) + usual
    if seen.reached > proof.made and now.value - proof.first > onward:
        return True
    if now.at - proof.since <= _AT_ONCE:
        most = _ONWARD_MOST * proof.leap if len(after) <= _TWO else inf
        return onward < now.value - min(low, proof.first) <= most
    new = now.at - proof.since <= _REMEMBERED
    share, least, of = (_LATER_SHARE, _LATER_CM, _LATER_OF) if new else (_LAST_SHARE, _LAST_CM, _LAST_OF)
    later = max(least if level else of * abs(proof.base), share * proof.leap, _ROUGH * proof.rough)
    later += abs(proof.pace) * (now.at.timestamp() - after[0][0]) / 60.0
    return now.value - low > later or (new and high - now.value > later)


def _goes_one_way(proof: Proof, seen: Seen) -> bool:
    """Whether a wreck goes on rising from where it leapt to, as water does and nonsense does not."""
    begin = proof.since.timestamp()
    after = [value for at, value in seen.points if at >= begin]
    if len(after) < _WRECK_READINGS:
        return False
    steps = [later - earlier for earlier, later in pairwise(after)]
    risen = after[-1] - after[0]
    least = max(_WRECK_CM if seen.quantity is Quantity.LEVEL else 0.0, _WRECK_SHARE * abs(proof.leap))
    return risen >= max(least, _ONE_WAY * sum(map(abs, steps))) and max(steps) <= _ONE_STEP * risen


def _climbing(proof: Proof, seen: Seen) -> Proof:
    """The climb of a wreck with its newest reading; it begins anew where too much of it went back, or at a leap."""
    good, now = seen.memory.good, seen.newest
    step = 0.0 if good is None else now.value - good.value
    spare = proof.spare + step - (_CLIMB_UP * abs(step) if abs(step) > _GENTLE_CM else 0.0)
    if good is None or spare <= 0.0 or len(seen.believed) > 1 or step > ordinary(seen.quantity, good.value, 10.0):
        return replace(proof, foot=now.value, climbed=0, spare=0.0)
    return replace(proof, foot=proof.foot if proof.climbed else good.value, climbed=proof.climbed + 1, spare=spare)


def _climbs(proof: Proof, seen: Seen) -> bool:
    """Whether a wreck has climbed for so long by ordinary steps that it is water."""
    risen = seen.newest.value - proof.foot
    return proof.climbed >= _CLIMB_READINGS and risen >= (_CLIMB_CM if seen.quantity is Quantity.LEVEL else 0.0)


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
