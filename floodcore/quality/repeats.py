"""A leap that the gauge only said again: believed for officers at once, and as quickly taken back. Pure (ADR 0031).

The very same value at a new time corroborates a leap: a crest stands, a river that leapt may rest, and no officer is
to wait for water that does not move. It is also what a sensor does that jumps to one false value and back. So as long
as a leap rests on nothing but its own repetition, the first reading that the river could have reached from before it
undoes it. That lowers no degree by itself: the calm time does, with readings that stay down.
"""

from datetime import timedelta

from floodcore.quality.memory import Memory, Point, Verdict
from floodcore.quality.pace import plausible
from floodcore.quality.rates import GENERIC
from floodcore.quality.spikes import spike_of
from floodcore.words import Quantity

_WITHIN = timedelta(minutes=60)
# What keeps more than this of the leap is no way back (a rise is corroborated by three fifths of it).
_LEFT = 0.4


def taken_back(memory: Memory, point: Point, quantity: Quantity) -> Memory | None:
    """The memory from before a leap that was only said again, if `point` goes on from there; None if it does not.

    Of how fast the river was then only the way to `point` is known; that the gauge contradicted itself is remembered.
    """
    before, jumped, good = memory.before, memory.jumped, memory.good
    if before is None or jumped is None or good is None or memory.same_since != jumped.at:
        return None
    if memory.last is not None or point.at - before.at > _WITHIN:
        return None
    if point.value > before.value + _LEFT * (jumped.value - before.value):
        return None
    if not plausible(Memory(before), before, point, quantity, GENERIC):
        return None
    trouble = memory.trouble + 1.0
    return Memory(before, same_since=before.at, same_count=1, trouble=trouble, dwell=memory.dwell)


def said_again(memory: Memory) -> tuple[Verdict, ...]:
    """What such a leap is called afterwards: its first and its newest reading."""
    jumped, good = memory.jumped, memory.good
    if jumped is None or good is None:
        return ()
    return (spike_of(jumped),) if jumped.at == good.at else (spike_of(jumped), spike_of(good))
