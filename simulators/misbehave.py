"""How gauges lie: each fault is a pure function from what a good gauge says to what a bad one says.

Faults compose with `apply`, in the order given. They are taken from real records: spikes, held values,
zero for missing, a gauge lost on the rise, clocks that run ahead, buffers emptied out of order.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from simulators.sample import Sample, in_order

Fault = Callable[[tuple[Sample, ...]], tuple[Sample, ...]]


def apply(samples: Sequence[Sample], faults: Sequence[Fault]) -> tuple[Sample, ...]:
    """`samples` after all `faults`, ordered by `sent_at`."""
    changed = tuple(samples)
    for fault in faults:
        changed = fault(changed)
    return in_order(changed)


def spike(at: datetime, height: float) -> Fault:
    """The first sample stamped at or after `at` is off by `height`."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        hit = next((index for index, sample in enumerate(samples) if sample.at >= at), None)
        if hit is None or samples[hit].value is None:
            return samples
        bad = replace(samples[hit], value=(samples[hit].value or 0.0) + height)
        return (*samples[:hit], bad, *samples[hit + 1 :])

    return fault


def stuck(start: datetime, end: datetime) -> Fault:
    """From `start` to `end` the gauge repeats the first value of that time."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        held = next((sample.value for sample in samples if sample.at >= start), None)
        return tuple(replace(s, value=held) if start <= s.at < end else s for s in samples)

    return fault


def constant(start: datetime, end: datetime, value: float | None) -> Fault:
    """From `start` to `end` the gauge says `value`: 0 for missing, NaN, or nothing at all (None)."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(replace(s, value=value) if start <= s.at < end else s for s in samples)

    return fault


def zero(start: datetime, end: datetime) -> Fault:
    """The logger writes 0 where it has no value."""
    return constant(start, end, 0.0)


def not_a_number(start: datetime, end: datetime) -> Fault:
    """The logger writes NaN."""
    return constant(start, end, math.nan)


def missing(start: datetime, end: datetime) -> Fault:
    """The logger reports, but without a value."""
    return constant(start, end, None)


def silent(start: datetime, end: datetime | None = None) -> Fault:
    """Nothing comes from `start` to `end`; without `end` the gauge is lost."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(s for s in samples if s.at < start or (end is not None and s.at >= end))

    return fault


def future(start: datetime, end: datetime, ahead: timedelta) -> Fault:
    """The clock of the gauge runs `ahead` from `start` to `end`."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(replace(s, at=s.at + ahead) if start <= s.at < end else s for s in samples)

    return fault


def duplicated(every: int) -> Fault:
    """Each `every`-th sample comes twice."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(s for s in samples for _ in range(2 if _turn(s) % every == 0 else 1))

    return fault


def late(every: int, delay: timedelta) -> Fault:
    """Each `every`-th sample leaves `delay` after its neighbours: out of order."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(replace(s, sent_at=s.sent_at + delay) if _turn(s) % every == 0 else s for s in samples)

    return fault


def buffered(start: datetime, end: datetime) -> Fault:
    """The line is cut from `start` to `end`; the logger keeps its samples and sends all when it is back."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(replace(s, sent_at=end) if start <= s.sent_at < end else s for s in samples)

    return fault


def scaled(start: datetime, end: datetime, factor: float) -> Fault:
    """A wrong unit from `start` to `end`, as after a change of firmware."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(
            replace(s, value=s.value * factor) if s.value is not None and start <= s.at < end else s for s in samples
        )

    return fault


def drifting(start: datetime, per_hour: float) -> Fault:
    """From `start` on the zero of the gauge moves by `per_hour`."""

    def fault(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple(
            replace(s, value=s.value + per_hour * ((s.at - start) / timedelta(hours=1)))
            if s.value is not None and s.at >= start
            else s
            for s in samples
        )

    return fault


def _turn(sample: Sample) -> int:
    """The number of the sample's ten minutes since 1970: the same wherever a series was begun."""
    return int(sample.at.timestamp()) // 600
