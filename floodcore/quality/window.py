"""Checks of a sample among its neighbours in time: the fold over one series. Pure, one sample at a time.

A fold, not a batch function: what is thought of a sample depends on what was believed before it, and
only a fold gives the same verdicts live, in replay and in a hindcast, however samples were batched.

Laws (tests/quality): a bad sample is never believed; a true rise is never suppressed. So a jump that
the river could make is believed at once; a larger one is SUSPECT and the next sample decides:
corroborated, both are believed; contradicted, the first has failed. The very same value at a new time
corroborates too; the old value in another unit decides nothing. A large *drop* is another matter, because
gauges die at the crest (reliability.md finding 4): it is believed only after hours of readings that are steady
and yet move, and until then the last good value stands.

The tests, each in its module: `pace` (what a river may do), `rates` (one station's own), `codes` (codes, zero, unit),
`still` (stuck), `spikes` (known afterwards), `repeats` (a leap said again). Kerr 2025, 8 m in
45 min, is 178 cm in 10 min: its first step waits for the next sample, no other does. Numbers of the proof are owned
here.
"""

from datetime import timedelta

from msgspec.structs import replace

from floodcore.quality.codes import CODES, SENTINEL, is_other_unit, no_water
from floodcore.quality.lapse import is_back, lapsed, lies
from floodcore.quality.memory import Checked, Memory, Point, Sample, Verdict, minutes_between
from floodcore.quality.pace import (
    PACE_FACTOR,
    STEEP_FALL_LASTS_MIN,
    STEEPEST_FALL,
    decayed,
    ordinary,
    plausible,
    step_of,
)
from floodcore.quality.rates import GENERIC, Rates
from floodcore.quality.repeats import said_again, taken_back
from floodcore.quality.spikes import SPIKE, moved_on, spike_of, stood_out
from floodcore.quality.still import dwelt, is_stuck
from floodcore.words import Flag, Quantity

__all__ = ["CHECKED", "Checked", "Memory", "Point", "Sample", "Verdict", "check"]

JUMP = "jump"
DROP = "drop"
UNIT = "unit"
STUCK = "stuck"
UNPROVEN = "unproven"
RETURNING = "returning"
CORROBORATED = "corroborated"

CHECKED = frozenset({Quantity.LEVEL, Quantity.DISCHARGE})

# A rise is corroborated by a sample that keeps at least this share of it, and fell no faster than a river may.
_KEPT = 0.6
_EASES_CM = 20.0
# Kerr 2025 rose 7.9 m in 45 min, 18 cm a minute; the steepest part of such a rise in the shape of an S is half as
# steep again, and half of that for luck. Beyond this a second sample corroborates nothing.
_FASTEST_RISE = 40.0
# How many samples must agree before a gauge is believed again, by how many were doubted since; above what was
# believed last more.
_AGREE_AFTER_FEW = 3
_AGREE_AFTER_MANY = 6
_AGREE_BACK = 2
_AGREE_ABOVE = 6
_AGREE_AFTER_WRECK = 9
_FEW = 1
_MANY = 6
# A spike and the rise that it cut in two.
_LITTLE = 2
_SHORT_SPELL = 3
# Higher than this allows is above what was believed, however long ago that was.
_AT_ONCE_MIN = 10.0
_DROP_AGREE = 18
_DROP_LASTS = timedelta(hours=12)
# After a spike so much of its pace is remembered that a gauge that trembles by as much is not doubted each time.
_TREMBLES = 0.5
# A drop back to within this of where a jump began at most so long ago undoes the jump.
_BACK_CM = 10.0
_BACK_WITHIN = timedelta(hours=3)
_LONE_WITHIN = timedelta(minutes=60)
# A gauge whose doubts went to and fro so often, of late, babbles: whatever it says next must agree with itself for so
# many samples, three hours at ten minutes. Each believed value takes a twenty-fifth off.
_BABBLES = 8.0
_AGREE_AFTER_BABBLE = 18
_FORGIVEN = 0.96
_NO_TROUBLE = 0.1


def check(memory: Memory, sample: Sample, quantity: Quantity, *, flooded: bool, rates: Rates = GENERIC) -> Checked:
    """Judge `sample`, newer than everything in `memory`; `flooded` says that a limit is reached.

    `rates` are the station's own, from its record. Of several verdicts the last is that on `sample`.
    """
    if sample.value is None or sample.flag is not Flag.GOOD:
        return Checked(memory, (Verdict(sample.at, sample.flag, sample.test),))
    point = Point(sample.at, sample.value)
    if quantity not in CHECKED:
        return Checked(replace(memory, good=point), (_good(point),), (point,))
    if memory.good is None:
        return _first(memory, point, quantity)
    return _after(memory, memory.good, point, quantity, flooded=flooded, rates=rates)


def _after(memory: Memory, good: Point, point: Point, quantity: Quantity, *, flooded: bool, rates: Rates) -> Checked:
    """Judge a value against the one believed last."""
    if test := no_water(good, point.value, quantity):
        return Checked(memory, (Verdict(point.at, Flag.FAIL, test),))
    if (restored := taken_back(memory, point, quantity)) is not None:
        return _believe(restored, (point,), quantity, said_again(memory))
    renamed = memory.doubted > 0 and point.value < good.value and is_other_unit(memory, point, quantity)
    if not renamed and plausible(memory, good, point, quantity, rates):
        return _near(memory, good, point, quantity, flooded=flooded)
    return (_jump if point.value > good.value else _drop)(memory, good, point, quantity)


def _good(point: Point, test: str = "") -> Verdict:
    return Verdict(point.at, Flag.GOOD, test)


def _first(memory: Memory, point: Point, quantity: Quantity) -> Checked:
    """Nothing is believed yet: two samples in keeping with one another are, if they are no codes."""
    if quantity is Quantity.LEVEL and point.value in CODES:
        return Checked(memory, (Verdict(point.at, Flag.FAIL, SENTINEL),))
    doubt = _doubt(memory, point, quantity)
    if memory.last is None or doubt.agreeing == 1:
        return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, UNPROVEN)))
    return _believe(memory, (memory.last, point), quantity)


def _near(memory: Memory, good: Point, point: Point, quantity: Quantity, *, flooded: bool) -> Checked:
    """The river could have come here: believed, unless the gauge talked nonsense for long or is stuck."""
    odd = memory.doubted > _SHORT_SPELL or memory.trouble >= _BABBLES
    if odd and not lapsed(memory, point, quantity):
        return _returning(memory, good, point, quantity)
    if _decides(memory, good, point, quantity) and memory.last is not None:
        return _believe(memory, (memory.last, point), quantity)
    settled = _contradicted(memory)
    if point.value == good.value and is_stuck(memory, good, point, quantity, flooded=flooded):
        return Checked(_stuck(memory, good, point), (*settled, Verdict(point.at, Flag.SUSPECT, STUCK)))
    return _believe(memory, (point,), quantity, settled)


def _stuck(memory: Memory, good: Point, point: Point) -> Memory:
    """The memory after a stuck value: the gauge was heard, so whatever it says next is measured from there."""
    return replace(
        memory,
        last=point,
        step=0.0,
        doubted=1,
        agreeing=2,  # with the last good one, and so contradicted by nothing
        agreeing_from=good,
        same_since=memory.same_since or good.at,
        same_count=memory.same_count + 1,
    )


def _returning(memory: Memory, good: Point, point: Point, quantity: Quantity) -> Checked:
    """In reach of the river again, after nonsense."""
    doubt = _doubt(memory, point, quantity)
    above = point.value - good.value > ordinary(quantity, good.value, _AT_ONCE_MIN)
    if _is_back(memory, doubt, good, point, quantity):
        return _believe(memory, (point,), quantity)
    if doubt.agreeing < (_needed_above(doubt, point, quantity) if above else _needed(doubt)):
        return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, RETURNING)))
    return _believe(memory, (point,), quantity)


def _jump(memory: Memory, good: Point, point: Point, quantity: Quantity) -> Checked:
    """Higher than the river could be by what is known. The next sample decides; after nonsense, several."""
    doubt = _doubt(memory, point, quantity)
    slip = is_other_unit(memory, point, quantity)
    if not slip and _decides(memory, good, point, quantity) and memory.last is not None:
        return _leap(memory, (memory.last, point), quantity)
    if not slip and memory.last is not None and _is_back(memory, doubt, good, point, quantity):
        return _leap(memory, (memory.last, point), quantity)
    if not slip and memory.doubted > _FEW and doubt.agreeing >= _needed_above(doubt, point, quantity):
        return _leap(memory, (point,), quantity)
    test = UNIT if slip else JUMP
    return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, test)))


def _drop(memory: Memory, good: Point, point: Point, quantity: Quantity) -> Checked:
    """Lower than the river could be: a dying gauge until long steadiness proves otherwise."""
    doubt = _doubt(memory, point, quantity)
    slip = is_other_unit(memory, point, quantity)
    if _undone(memory, doubt, point, quantity) or (not slip and _fallen(doubt, good, point, quantity)):
        return _believe(memory, (point,), quantity)
    test = UNIT if slip else DROP
    return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, test)))


def _fallen(doubt: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether the river is proved to have fallen: samples that agree and yet move, long enough for so steep a fall."""
    first = doubt.agreeing_from or point
    if first.value == point.value:
        return False
    if doubt.agreeing >= _DROP_AGREE and point.at - first.at >= _DROP_LASTS:
        return True
    steep = any(
        good.value - there.value > STEEPEST_FALL * min(minutes_between(good, there), STEEP_FALL_LASTS_MIN)
        for there in (first, point)
    )
    healthy = quantity is Quantity.LEVEL and _nonsense(doubt) <= _MANY
    return healthy and not steep and doubt.agreeing >= _AGREE_AFTER_FEW


def _is_back(memory: Memory, doubt: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether a gauge that lay lower for a while, and does not babble, is back."""
    babbles = doubt.agreeing < _AGREE_BACK or doubt.trouble >= _BABBLES
    return not babbles and is_back(memory, doubt, good, point, quantity)


def _undone(memory: Memory, doubt: Memory, point: Point, quantity: Quantity) -> bool:
    """Whether the gauge is back where it was before what was believed last: a jump not long ago, or one value."""
    first = doubt.agreeing_from
    if first is None or doubt.agreeing < _AGREE_BACK:
        return False
    if memory.before is not None and doubt.agreeing >= _AGREE_AFTER_FEW and point.at - memory.before.at <= _BACK_WITHIN:
        start = memory.before.value
        if abs(point.value - start) <= _BACK_CM and abs(first.value - start) <= _BACK_CM:
            return True
    if memory.earlier is None or point.at - memory.earlier.at > _LONE_WITHIN:
        return False
    slow, fast = Memory(memory.earlier), Memory(memory.earlier, memory.earlier_pace)
    return all(
        plausible(fast if there.value > memory.earlier.value else slow, memory.earlier, there, quantity, GENERIC)
        for there in (first, point)
    )


def _needed(doubt: Memory) -> int:
    """How many doubted samples must agree before a gauge that has talked nonsense is believed."""
    if doubt.trouble >= _BABBLES:
        return _AGREE_AFTER_BABBLE
    return _AGREE_AFTER_MANY if _nonsense(doubt) > _MANY else _AGREE_AFTER_FEW


def _needed_above(doubt: Memory, point: Point, quantity: Quantity) -> int:
    """The same above all that was believed: a gauge that lay dead is a wreck, unless the water goes on rising."""
    nonsense, needed, first = _nonsense(doubt), _needed(doubt), doubt.agreeing_from
    if nonsense > _MANY:
        return needed + _AGREE_ABOVE
    if nonsense <= _LITTLE or first is None:
        return needed
    rising = point.value - first.value >= ordinary(quantity, first.value, _AT_ONCE_MIN)
    return needed if rising and nonsense <= _SHORT_SPELL else max(needed, _AGREE_AFTER_WRECK)


def _nonsense(doubt: Memory) -> int:
    """How many samples were doubted before those that agree."""
    return doubt.doubted - doubt.agreeing


def _decides(memory: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether `point` corroborates the doubted rise before it.

    It must keep enough of the rise and go on no faster than a river might. The very same value at a new time
    is the gauge saying it again: enough for the officers, and no proof for residents (alerting/engine/proof.py). After
    one or two bad samples only water that does not fall is proof enough.
    """
    first = memory.last
    if first is None or first.value <= good.value or memory.trouble >= _BABBLES:
        return False
    if memory.doubted > _FEW and (memory.doubted > _SHORT_SPELL or point.value < first.value):
        return False
    rise = first.value - good.value
    further = point.value - first.value
    minutes = minutes_between(first, point)
    onward = PACE_FACTOR * rise * max(1.0, minutes / max(minutes_between(good, first), 1.0))
    fastest = max(onward, _FASTEST_RISE * minutes) if quantity is Quantity.LEVEL else onward
    lost = (1.0 - _KEPT) * rise
    if quantity is Quantity.LEVEL:
        lost = min(lost, max(_EASES_CM, STEEPEST_FALL * minutes))
    return -lost <= further <= fastest


def _doubt(memory: Memory, point: Point, quantity: Quantity) -> Memory:
    """The memory after not believing `point`: how many, and whether they at least agree."""
    last = memory.last
    if last is None:
        step = 0.0 if memory.good is None else step_of(memory.good, point)
        trouble = memory.trouble + 1.0
        return replace(memory, last=point, doubted=1, agreeing=1, agreeing_from=point, step=step, trouble=trouble)
    step = step_of(last, point)
    small = abs(point.value - last.value) <= ordinary(quantity, last.value, minutes_between(last, point))
    onward = step * memory.step > 0.0 and abs(step) <= PACE_FACTOR * abs(memory.step)
    back = lapsed(memory, point, quantity)
    agrees = (small or onward) and not back
    return replace(
        memory,
        last=point,
        step=step,
        doubted=memory.doubted + 1,
        agreeing=memory.agreeing + 1 if agrees else 1,
        agreeing_from=memory.agreeing_from if agrees else point,
        lay=memory.lay if agrees else lies(memory),
        trouble=memory.trouble if agrees else memory.trouble + 1.0,
    )


def _leap(memory: Memory, points: tuple[Point, ...], quantity: Quantity) -> Checked:
    """Believe a jump, and remember where it began."""
    checked = _believe(memory, points, quantity)
    known = replace(checked.memory, before=memory.good, jumped=points[0])
    return Checked(known, checked.verdicts, checked.believed)


def _believe(
    memory: Memory, points: tuple[Point, ...], quantity: Quantity, settled: tuple[Verdict, ...] = ()
) -> Checked:
    """The memory after believing `points`, of which all but the last were pending."""
    believed = memory if memory.trouble < _BABBLES else replace(memory, trouble=0.0)
    for point in points:
        believed, said = _follow(believed, point, quantity)
        settled += said
    earlier = tuple(_good(point, CORROBORATED) for point in points[:-1])
    return Checked(believed, (*settled, *earlier, _good(points[-1])), points)


def _follow(memory: Memory, point: Point, quantity: Quantity) -> tuple[Memory, tuple[Verdict, ...]]:
    """The memory after believing `point`: whatever was doubted is settled, and what it says about those before."""
    good = memory.good
    if good is None:
        return Memory(point, memory.pace, same_since=point.at, same_count=1), ()
    said: tuple[Verdict, ...] = ()
    pace = max(abs(step_of(good, point)), decayed(memory.pace, minutes_between(good, point)))
    trouble = memory.trouble * _FORGIVEN if memory.trouble > _NO_TROUBLE else 0.0
    moved = memory.moved if point.value == good.value else point.value - good.value
    if stood_out(memory, point, quantity):
        said, moved = (spike_of(good),), 0.0
        pace *= _TREMBLES
        trouble += 1.0
    before, jumped = memory.before, memory.jumped
    if before is not None:
        done, step = moved_on(memory, point, quantity)
        said += step
        jumped = None if done else jumped
        before = before if point.at - before.at <= _BACK_WITHIN else None
    same = point.value == good.value
    known = Memory(
        point,
        pace,
        same_since=memory.same_since if same else point.at,
        same_count=memory.same_count + 1 if same else 1,
        earlier=good,
        earlier_pace=memory.pace,
        before=before,
        jumped=jumped,
        trouble=trouble,
        moved=moved,
        dwell=dwelt(memory, point),
    )
    return known, said


def _undecided(memory: Memory, doubt: Memory) -> tuple[Verdict, ...]:
    """The verdict on the last doubted sample once another doubted one follows: still suspect if they agree."""
    return () if doubt.agreeing > 1 else _contradicted(memory)


def _contradicted(memory: Memory) -> tuple[Verdict, ...]:
    if memory.last is None or memory.agreeing > 1:
        return ()
    return (Verdict(memory.last.at, Flag.FAIL, SPIKE),)
