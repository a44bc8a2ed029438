"""When a wreck is water again: it rises one way for long, climbs for longer, or goes as water goes. Pure (ADR 0020)."""

from datetime import timedelta
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
# A gauge that only lay low is water within the hour of its return if two steps up in a row are alike (neither more than
# twice the other) and make so much of the leap, and it never went back by more than a gentle step meanwhile; or if four
# steps go one way, each almost as the one before.
_RETURNED = timedelta(minutes=60)
_PAIR, _ALIKE, _STRONG_CM, _STRONG_SHARE = 2, 2.0, 30.0, 0.3
_STEADY, _BEND_CM, _BEND_SHARE = 5, 2.0, 0.01
_WAY_CM, _WAY_SHARE, _ROUGH = 4.0, 0.02, 5.0


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


def resumes(proof: Proof, seen: Seen) -> bool:
    """Whether a gauge that lay low, and did not babble, goes as water goes within the hour of its return.

    What rests where it came back to does not: its zero may have been moved.
    """
    if not proof.lay or seen.newest.at - proof.since > _RETURNED or seen.quantity is not Quantity.LEVEL:
        return False
    begin = proof.since.timestamp()
    steps = [b - a for (_, a), (_, b) in pairwise([point for point in seen.points if point[0] >= begin])]
    strong = steps[-_PAIR:]
    alike = len(strong) == _PAIR and 0.0 < max(strong) <= _ALIKE * min(strong)
    if alike and min(steps) >= -_GENTLE_CM:
        return sum(strong) >= max(_STRONG_CM, _STRONG_SHARE * proof.leap)
    last = steps[1 - _STEADY :]
    if len(last) < _STEADY - 1 or min(last) * max(last) <= 0.0:
        return False
    bent = max(abs(b - a) for a, b in pairwise(last))
    usual = abs(proof.pace) * _RETURNED.total_seconds() / 60.0
    moved = max(_WAY_CM, _WAY_SHARE * proof.leap, _ROUGH * proof.rough) + usual
    return bent <= max(_BEND_CM, _BEND_SHARE * proof.leap) and abs(sum(last)) > moved
