"""How a gauge moves after a leap, and what it did before: what tells water from a zero that moved. Pure (ADR 0020)."""

from datetime import timedelta
from itertools import pairwise
from math import inf
from statistics import median

from alerting.engine.proof_words import Proof, Seen, Window
from floodcore.words import Quantity

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
# A leap that raised nothing is remembered for so long, and so long a leap is young.
REMEMBERED = timedelta(hours=3)
# Ten or a hundred times what was believed last, within a tenth or 1 cm of the old value.
_FACTORS = (10.0, 100.0)
_FACTOR_SHARE, _FACTOR_CM = 0.1, 1.0


def factor_between(old: float, new: float) -> float:
    """The factor between two values if it looks like another unit, else 1."""
    near = max(_FACTOR_CM, _FACTOR_SHARE * abs(old))
    return next((factor for factor in _FACTORS if old > 0.0 and abs(new / factor - old) <= near), 1.0)


def habits_of(window: Window) -> tuple[float, float]:
    """What the gauge did of late, from one reading to the next: the usual change beside its slope, and that per minute.

    Medians, so that a flood that has just begun is no habit.
    """
    steps = [(b - a, max((then - now) / 60.0, 1.0)) for (now, a), (then, b) in pairwise(window)]
    if not steps:
        return 0.0, 0.0
    pace = median(change / minutes for change, minutes in steps)
    return median(abs(change - pace * minutes) for change, minutes in steps), pace


def is_back(proof: Proof, seen: Seen) -> bool:
    """Whether the gauge is where the leap began."""
    near = _BACK_SHARE * proof.leap
    if seen.quantity is Quantity.LEVEL:
        near = max(_BACK_CM, near)
    return seen.newest.value <= proof.base + near


def moves_on(proof: Proof, seen: Seen) -> bool:
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
    new = now.at - proof.since <= REMEMBERED
    share, least, of = (_LATER_SHARE, _LATER_CM, _LATER_OF) if new else (_LAST_SHARE, _LAST_CM, _LAST_OF)
    later = max(least if level else of * abs(proof.base), share * proof.leap, _ROUGH * proof.rough)
    later += abs(proof.pace) * (now.at.timestamp() - after[0][0]) / 60.0
    return now.value - low > later or (new and high - now.value > later)
