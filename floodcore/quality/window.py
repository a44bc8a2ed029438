"""Checks of a sample among its neighbours in time: jump, exact zero, stuck. Pure, one sample at a time.

A fold, not a batch function: what is thought of a sample depends on what was believed before it, and
only a fold gives the same verdicts live, in replay and in a hindcast, however samples were batched.

Laws (tests/quality): a bad sample is never believed; a true rise is never suppressed. So a jump that
the river could make is believed at once; a larger one is SUSPECT and the next sample decides:
corroborated, both are believed; contradicted, the first has failed. The very same value once more
decides nothing. A large *drop* is another matter, because gauges die at the crest (reliability.md
finding 4): it is believed only after hours of steady readings, and until then the last good value stands.

Numbers, owned here. What a level may do in dt minutes at once: 10 + 1.5 dt cm, i.e. 25 cm in 10 min
(the steepest rise of August 2010 was 22 cm in 10 min, domain.md section 9; in the development records
true steps in 15 min reach 43 cm on a rise that was already steep), or three times the pace it had in
the last hour. Kerr 2025, 8 m in 45 min, is 178 cm in 10 min: its first step waits for the next sample,
no other does. Discharge: 1 m³/s + (0.3 + 0.05 dt) of the last value (judged on the development
records, hydropeaking among them).
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from floodcore.words import Flag, Quantity

JUMP = "jump"
DROP = "drop"
SPIKE = "spike"
ZERO = "zero"
STUCK = "stuck"
UNPROVEN = "unproven"
RETURNING = "returning"
CORROBORATED = "corroborated"

CHECKED = frozenset({Quantity.LEVEL, Quantity.DISCHARGE})

# A rise is measured against at most an hour of silence; a single value after a long gap proves nothing.
_REACH = timedelta(minutes=60)
# The pace of a river is remembered for about an hour: it halves in half an hour.
_PACE_HALVES_MIN = 30.0
_PACE_FACTOR = 3.0
# Steps over less than this are measured as if over this, or the noise of a fast sensor looks like pace.
_SHORTEST_STEP_MIN = 5.0
# A rise is corroborated by a sample that keeps at least this share of it.
_KEPT = 0.6
# Kerr 2025 rose 7.9 m in 45 min, 18 cm a minute; beyond this a second sample corroborates nothing.
_FASTEST_RISE = 20.0
# How many samples must agree before a gauge is believed again, by how many were doubted since.
_AGREE_AFTER_FEW = 3
_AGREE_AFTER_MANY = 6
_FEW = 1
_MANY = 6
_SHORT_SPELL = 3
_DROP_AGREE = 18
_DROP_LASTS = timedelta(hours=3)
# A recorded wild river fell 74 cm in 10 min (bad_inputs, gauge A); so steep a fall is believed after three
# samples in keeping, if it is of no more than what half an hour allows.
_STEEPEST_FALL = 7.5
_STEEP_FALL_LASTS_MIN = 30.0
# An exact zero is written for "missing" by many loggers. It is believed only if the river stood so near it
# that it could have come there in this time, however long ago that was.
_ZERO_NEAR_MIN = 10.0
# Unchanged to the last digit: in a flood an hour (goal G8), in calm a week (24 h occur in the records).
_STUCK_SAMPLES = 4
_STUCK_IN_FLOOD = timedelta(minutes=60)
_STUCK_IN_CALM = timedelta(days=7)


class Sample(Struct, frozen=True, gc=False):
    """A stored value in observation time: canonical unit, with the verdict of the door."""

    at: datetime
    value: float | None
    flag: Flag
    test: str


class Point(Struct, frozen=True, gc=False):
    """A value in observation time."""

    at: datetime
    value: float


class Verdict(Struct, frozen=True, gc=False):
    """What is thought of the sample of `at` now; may change once, when the next sample decides."""

    at: datetime
    flag: Flag
    test: str


class Memory(Struct, frozen=True, gc=False):
    """What the checks remember between samples.

    `good` is the newest believed point, `pace` the recent speed in units per minute. `doubted` counts
    the samples not believed since; `last` is the newest of them and `agreeing` how many up to it, from
    `agreeing_from`, are in keeping with one another; `step` is the pace of its last step.
    """

    good: Point | None = None
    pace: float = 0.0
    last: Point | None = None
    step: float = 0.0
    doubted: int = 0
    agreeing: int = 0
    agreeing_from: Point | None = None
    same_since: datetime | None = None
    same_count: int = 0


class Checked(Struct, frozen=True, gc=False):
    """The outcome for one sample: new memory, verdicts to record, and the points now believed, oldest first."""

    memory: Memory
    verdicts: tuple[Verdict, ...]
    believed: tuple[Point, ...] = ()


def check(memory: Memory, sample: Sample, quantity: Quantity, *, flooded: bool) -> Checked:
    """Judge `sample`, newer than everything in `memory`; `flooded` says that a limit is reached."""
    if sample.value is None or sample.flag is not Flag.GOOD:
        return Checked(memory, (Verdict(sample.at, sample.flag, sample.test),))
    point = Point(sample.at, sample.value)
    if quantity not in CHECKED:
        return Checked(replace(memory, good=point), (_good(point),), (point,))
    if memory.good is None:
        return _first(memory, point, quantity)
    return _after(memory, memory.good, point, quantity, flooded=flooded)


def _after(memory: Memory, good: Point, point: Point, quantity: Quantity, *, flooded: bool) -> Checked:
    """Judge a value against the one believed last."""
    if point.value == 0.0 and abs(good.value) > _ordinary(quantity, good.value, _ZERO_NEAR_MIN):
        return Checked(memory, (Verdict(point.at, Flag.FAIL, ZERO),))
    if _plausible(memory, good, point, quantity):
        return _near(memory, good, point, quantity, flooded=flooded)
    if point.value > good.value:
        return _jump(memory, good, point, quantity)
    return _drop(memory, good, point, quantity)


def _good(point: Point, test: str = "") -> Verdict:
    return Verdict(point.at, Flag.GOOD, test)


def _first(memory: Memory, point: Point, quantity: Quantity) -> Checked:
    """Nothing is believed yet: two samples in keeping with one another are."""
    doubt = _doubt(memory, point, quantity)
    if memory.last is None or doubt.agreeing == 1:
        return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, UNPROVEN)))
    return _believe(memory, (memory.last, point))


def _near(memory: Memory, good: Point, point: Point, quantity: Quantity, *, flooded: bool) -> Checked:
    """The river could have come here: believed, unless the gauge talked nonsense for long or is stuck."""
    if memory.doubted > _SHORT_SPELL:
        doubt = _doubt(memory, point, quantity)
        if doubt.agreeing < _needed(doubt):
            return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, RETURNING)))
        return _believe(memory, (point,))
    if _decides(memory, good, point, quantity) and memory.last is not None:
        return _believe(memory, (memory.last, point))
    settled = _contradicted(memory)
    if point.value != good.value:
        return _believe(memory, (point,), settled)
    since = memory.same_since or good.at
    lasting = _STUCK_IN_FLOOD if flooded else _STUCK_IN_CALM
    if memory.same_count + 1 >= _STUCK_SAMPLES and point.at - since >= lasting:
        calm = replace(_settle(memory), same_since=since, same_count=memory.same_count + 1)
        return Checked(calm, (*settled, Verdict(point.at, Flag.SUSPECT, STUCK)))
    return _believe(memory, (point,), settled)


def _jump(memory: Memory, good: Point, point: Point, quantity: Quantity) -> Checked:
    """Higher than the river could be by what is known. The next sample decides; after nonsense, several."""
    doubt = _doubt(memory, point, quantity)
    if _decides(memory, good, point, quantity) and memory.last is not None:
        return _believe(memory, (memory.last, point))
    moved = memory.last is not None and point.value != memory.last.value
    if memory.doubted > _FEW and moved and doubt.agreeing >= _needed(doubt):
        return _believe(memory, (point,))
    return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, JUMP)))


def _drop(memory: Memory, good: Point, point: Point, quantity: Quantity) -> Checked:
    """Lower than the river could be: a dying gauge until long steadiness proves otherwise."""
    doubt = _doubt(memory, point, quantity)
    first = doubt.agreeing_from or point
    steady = doubt.agreeing >= _DROP_AGREE and point.at - first.at >= _DROP_LASTS
    steep = any(
        good.value - there.value > _STEEPEST_FALL * min(_minutes(good, there), _STEEP_FALL_LASTS_MIN)
        for there in (first, point)
    )
    healthy = quantity is Quantity.LEVEL and _nonsense(doubt) <= _MANY
    if steady or (healthy and not steep and doubt.agreeing >= _AGREE_AFTER_FEW):
        return _believe(memory, (point,))
    return Checked(doubt, (*_undecided(memory, doubt), Verdict(point.at, Flag.SUSPECT, DROP)))


def _needed(doubt: Memory) -> int:
    """How many doubted samples must agree before a gauge that has talked nonsense is believed."""
    return _AGREE_AFTER_MANY if _nonsense(doubt) > _MANY else _AGREE_AFTER_FEW


def _nonsense(doubt: Memory) -> int:
    """How many samples were doubted before those that agree."""
    return doubt.doubted - doubt.agreeing


def _decides(memory: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether `point` corroborates the one doubted rise before it.

    It must keep enough of the rise and go on no faster than a river might. The very same value once more
    proves nothing: water that has just leapt moves, a sensor at the end of its range does not.
    """
    first = memory.last
    if memory.doubted != _FEW or first is None or first.value <= good.value or point.value == first.value:
        return False
    rise = first.value - good.value
    further = point.value - first.value
    minutes = _minutes(first, point)
    onward = _PACE_FACTOR * rise * max(1.0, minutes / max(_minutes(good, first), 1.0))
    fastest = max(onward, _FASTEST_RISE * minutes) if quantity is Quantity.LEVEL else onward
    return -(1.0 - _KEPT) * rise <= further <= fastest


def _doubt(memory: Memory, point: Point, quantity: Quantity) -> Memory:
    """The memory after not believing `point`: how many, and whether they at least agree."""
    last = memory.last
    if last is None:
        step = 0.0 if memory.good is None else _step(memory.good, point)
        return replace(memory, last=point, doubted=1, agreeing=1, agreeing_from=point, step=step)
    step = _step(last, point)
    small = abs(point.value - last.value) <= _ordinary(quantity, last.value, _minutes(last, point))
    onward = step * memory.step > 0.0 and abs(step) <= _PACE_FACTOR * abs(memory.step)
    agrees = small or onward
    return replace(
        memory,
        last=point,
        step=step,
        doubted=memory.doubted + 1,
        agreeing=memory.agreeing + 1 if agrees else 1,
        agreeing_from=memory.agreeing_from if agrees else point,
    )


def _believe(memory: Memory, points: tuple[Point, ...], settled: tuple[Verdict, ...] = ()) -> Checked:
    """The memory after believing `points`, of which all but the last were pending."""
    newest = points[-1]
    believed = memory
    for point in points:
        believed = _follow(believed, point)
    earlier = tuple(_good(point, CORROBORATED) for point in points[:-1])
    return Checked(believed, (*settled, *earlier, _good(newest)), points)


def _follow(memory: Memory, point: Point) -> Memory:
    """The memory after believing `point`: whatever was doubted is settled."""
    good = memory.good
    if good is None:
        return Memory(point, memory.pace, same_since=point.at, same_count=1)
    pace = max(abs(_step(good, point)), _decayed(memory.pace, _minutes(good, point)))
    if point.value == good.value:
        return Memory(point, pace, same_since=memory.same_since, same_count=memory.same_count + 1)
    return Memory(point, pace, same_since=point.at, same_count=1)


def _settle(memory: Memory) -> Memory:
    """Forget the doubts."""
    return replace(memory, last=None, step=0.0, doubted=0, agreeing=0, agreeing_from=None)


def _undecided(memory: Memory, doubt: Memory) -> tuple[Verdict, ...]:
    """The verdict on the last doubted sample once another doubted one follows: still suspect if they agree."""
    return () if doubt.agreeing > 1 else _contradicted(memory)


def _contradicted(memory: Memory) -> tuple[Verdict, ...]:
    if memory.last is None or memory.agreeing > 1:
        return ()
    return (Verdict(memory.last.at, Flag.FAIL, SPIKE),)


def _plausible(memory: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether the river could have gone from `good` to `point`, by what is ordinary or by its recent pace."""
    change = point.value - good.value
    elapsed = point.at - good.at
    heard = memory.last.at if memory.last is not None else good.at
    reach = _REACH if change > 0.0 else max(_REACH, point.at - heard)
    minutes = min(elapsed, reach) / timedelta(minutes=1)
    paced = _PACE_FACTOR * _decayed(memory.pace, minutes) * max(minutes, _SHORTEST_STEP_MIN)
    return abs(change) <= max(_ordinary(quantity, good.value, minutes), paced)


def _ordinary(quantity: Quantity, value: float, minutes: float) -> float:
    if quantity is Quantity.LEVEL:
        return 10.0 + 1.5 * minutes
    return 1.0 + abs(value) * (0.3 + 0.05 * minutes)


def _decayed(pace: float, minutes: float) -> float:
    return float(pace * 0.5 ** (minutes / _PACE_HALVES_MIN))


def _step(earlier: Point, later: Point) -> float:
    """The pace from one point to the next, in units per minute."""
    return (later.value - earlier.value) / max(_minutes(earlier, later), _SHORTEST_STEP_MIN)


def _minutes(earlier: Point, later: Point) -> float:
    return (later.at - earlier.at) / timedelta(minutes=1)
