"""The words of the checks among neighbours in time: a sample, a point, a verdict, and what is remembered. Pure."""

from datetime import datetime, timedelta

from msgspec import Struct

from floodcore.words import Flag

_MINUTE = timedelta(minutes=1)


class Sample(Struct, frozen=True, gc=False):
    """A stored value in observation time: canonical unit, with the verdict of the door.

    `delivery` is the number of the batch that brought it, among those of its series.
    """

    at: datetime
    value: float | None
    flag: Flag
    test: str
    delivery: int = 1


class Point(Struct, frozen=True, gc=False):
    """A value in observation time."""

    at: datetime
    value: float


class Verdict(Struct, frozen=True, gc=False):
    """What is thought of the sample of `at` now; may change once, when later samples decide."""

    at: datetime
    flag: Flag
    test: str


class Memory(Struct, frozen=True, gc=False):
    """What the checks remember between samples.

    `good` is the newest believed point, `pace` the recent speed in units per minute; `earlier` is the one believed
    before it and `earlier_pace` the speed then. `same_since` and `same_count` tell since when and how often the value
    is unchanged. `doubted` counts the samples not believed since `good`; `last` is the newest of them and `agreeing`
    how many up to it, from `agreeing_from`, are in keeping with one another; `step` is the pace of its last step;
    `lay` says that those before them all lay lower than `good`. `trouble` counts doubts and contradictions, those of
    late too. `before` is the point before the last jump that was believed, `jumped` the first one after it while the
    water has not moved on from there. `moved` is the last change of a believed value (0 after the return from a
    spike), `dwell` the longest time in minutes that the gauge stood between its last changes.
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
    earlier: Point | None = None
    earlier_pace: float = 0.0
    trouble: float = 0.0
    before: Point | None = None
    jumped: Point | None = None
    moved: float = 0.0
    dwell: float = 0.0
    lay: bool = False


class Checked(Struct, frozen=True, gc=False):
    """The outcome for one sample: new memory, verdicts to record, and the points now believed, oldest first."""

    memory: Memory
    verdicts: tuple[Verdict, ...]
    believed: tuple[Point, ...] = ()


def minutes_between(earlier: Point, later: Point) -> float:
    """The time from one point to the next in minutes."""
    return (later.at - earlier.at) / _MINUTE
