"""When a wreck is water again: it rises one way for long, or climbs for longer. Pure (ADR 0020)."""

from itertools import pairwise

from msgspec.structs import replace

from alerting.engine.proof_words import Proof, Seen
from floodcore.quality.pace import ordinary
from floodcore.words import Quantity

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


def goes_one_way(proof: Proof, seen: Seen) -> bool:
    """Whether a wreck goes on rising from where it leapt to, as water does and nonsense does not."""
    begin = proof.since.timestamp()
    after = [value for at, value in seen.points if at >= begin]
    if len(after) < _WRECK_READINGS:
        return False
    steps = [later - earlier for earlier, later in pairwise(after)]
    risen = after[-1] - after[0]
    least = max(_WRECK_CM if seen.quantity is Quantity.LEVEL else 0.0, _WRECK_SHARE * abs(proof.leap))
    return risen >= max(least, _ONE_WAY * sum(map(abs, steps))) and max(steps) <= _ONE_STEP * risen


def climbing(proof: Proof, seen: Seen) -> Proof:
    """The climb of a wreck with its newest reading; it begins anew where too much of it went back, or at a leap."""
    good, now = seen.memory.good, seen.newest
    step = 0.0 if good is None else now.value - good.value
    spare = proof.spare + step - (_CLIMB_UP * abs(step) if abs(step) > _GENTLE_CM else 0.0)
    if good is None or spare <= 0.0 or len(seen.believed) > 1 or step > ordinary(seen.quantity, good.value, 10.0):
        return replace(proof, foot=now.value, climbed=0, spare=0.0)
    return replace(proof, foot=proof.foot if proof.climbed else good.value, climbed=proof.climbed + 1, spare=spare)


def climbs(proof: Proof, seen: Seen) -> bool:
    """Whether a wreck has climbed for so long by ordinary steps that it is water."""
    risen = seen.newest.value - proof.foot
    return proof.climbed >= _CLIMB_READINGS and risen >= (_CLIMB_CM if seen.quantity is Quantity.LEVEL else 0.0)
