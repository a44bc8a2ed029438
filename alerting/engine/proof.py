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
   back to where it fell from is none: what rises from there by ordinary steps is proved at once. One that only lay low
   and did not babble is water sooner: within the hour, when it goes as water goes (ADR 0031).
5. Residents are never told of a degree that was not proved, nor of its end.
6. Whatever is proved: `firm` <= the degree reached.

Its parts: the words (`proof_words`), how water moves on (`proof_moves`), when a wreck is water (`proof_wreck`), what is
told (`proof_told`). All numbers are judged on the recorded floods and the faults put into them (docs/quality.md).
"""

from datetime import timedelta

from msgspec.structs import replace

from alerting.engine.proof_moves import REMEMBERED, factor_between, habits_of, is_back, moves_on
from alerting.engine.proof_told import NOTHING, Known, settle, tell
from alerting.engine.proof_words import Doubt, Proof, Seen
from alerting.engine.proof_wreck import climbing, climbs, goes_one_way, resumes
from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.pace import ordinary
from floodcore.words import Degree, Quantity

__all__ = ["NOTHING", "Doubt", "Known", "Proof", "Seen", "follow", "settle", "tell"]

# A fall like a wreck's is remembered for half a day.
_FALLEN_FOR = timedelta(hours=12)
_FALLEN_CM = 60.0
# So many doubted samples, or contradictions, before it: a wreck (as `floodcore.quality.window` has it).
_NONSENSE = 2
_SPELL = 3
_BABBLES = 8.0
_LAY = 0.5
# A gauge that lay low and came back contradicted itself twice; a little may stand from before.
_LAPSE = 3.0
# A leap of no more than so many rises of the hour before goes on with them.
_GOES_ON = 2.0
# Leaps that follow one another so soon are one.
_SAME = timedelta(minutes=60)
# In the old unit any gauge trembles by so much.
_SLIP_CM = 0.4


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
        return _remembered(_wreck(found, seen), seen, _FALLEN_FOR)
    if found.why is not Doubt.UNDONE and is_back(found, seen):
        found = replace(found, why=Doubt.UNDONE)
    if found.why is Doubt.UNDONE:
        found = _raised(found, seen)
        return found if found.firm < seen.degree else None
    if moves_on(found, seen):
        found = _raised(found, seen)
        return found if found.firm < seen.degree else None
    return _remembered(found, seen, REMEMBERED)


def _raised(proof: Proof, seen: Seen) -> Proof:
    """What the value reaches is proved."""
    return replace(proof, firm=max(proof.firm, min(seen.reached, seen.degree)))


def _wreck(proof: Proof, seen: Seen) -> Proof:
    """The reservation upon a wreck with its newest reading."""
    if resumes(proof, seen):
        return _water(proof, seen)
    found = climbing(proof, seen)
    return _raised(found, seen) if goes_one_way(found, seen) or climbs(found, seen) else found


def _water(proof: Proof, seen: Seen) -> Proof:
    """A gauge that lay low is back: all is proved, and that it lay is remembered."""
    return replace(
        proof, firm=seen.degree, why=Doubt.FALLEN, base=seen.newest.value, first=seen.newest.value, lay=False
    )


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
    again = proof is None or proof.why is Doubt.FALLEN or not is_back(proof, seen)
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
    factor = factor_between(good.value, first.value) if seen.quantity is Quantity.LEVEL else 1.0
    rough, pace = habits_of(seen.window)
    why = Doubt.WRECK if wreck or was_wreck else Doubt.UNIT if factor > 1.0 else Doubt.LEAP
    base = good.value if proof is None or proof.why is Doubt.UNDONE else min(good.value, proof.base)
    start = seen.memory.agreeing_from
    if start is not None and seen.memory.agreeing > 1 and start.value > good.value and why is not Doubt.WRECK:
        first = start  # it was held back for long: what it did meanwhile counts
    usual = rough if factor == 1.0 else factor * max(rough, _SLIP_CM)
    lay = why is Doubt.WRECK and seen.memory.trouble <= _LAPSE
    return Proof(firm, why, first.at, base, first.value, seen.reached, usual, factor * pace, lay=lay)


def _returns(proof: Proof, seen: Seen) -> bool:
    """Whether a gauge that fell stands where it fell from, within an ordinary step."""
    return all(point.value <= proof.first + ordinary(seen.quantity, proof.first, 10.0) for point in seen.believed)


def _rose_from_below(memory: Memory, good: Point, newest: Point) -> bool:
    """Whether the gauge lay lower by a flood's worth, for two readings or more, before it said the higher value.

    Readings that lay there agreed with one another; where each contradicted the one before, false ones came among true.
    """
    last = memory.last
    if memory.lay and memory.agreeing > 1 and memory.doubted - memory.agreeing >= _NONSENSE:
        return True  # believed with the third reading of its return
    if last is None or memory.doubted - memory.agreeing < _NONSENSE or memory.trouble > memory.doubted - _LAY:
        return False
    return last.value - memory.step * max(minutes_between(last, newest), 5.0) < good.value - _FALLEN_CM
