"""What a simulated gauge says, and when it says it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from floodcore.words import Quantity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """`value` (None = the gauge measured nothing, NaN = it says it measured nonsense) stamped `at`, out at `sent_at`.

    `at` is what the gauge believes, `sent_at` when the outside can see it; both aware UTC data time.
    """

    at: datetime
    value: float | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """Everything one series of one station will ever say, in the order of `sent_at`.

    `way` is how it reaches us ("chmu", "tts", "push") and `address` its id there. Values are in the
    canonical unit of `quantity` (cm, m³/s, mm per interval). `exact` keeps the stamps as they are where a
    way would add the fraction of a second that it takes.
    """

    station_id: str
    quantity: Quantity
    way: str
    address: str
    sensor: str
    zero_cm: float | None
    interval: timedelta
    samples: tuple[Sample, ...]
    exact: bool = False


def grid(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """The multiples of `step` since 1970 in [start, end): where a logger with a right clock measures."""
    moment = start + (_EPOCH - start) % step
    while moment < end:
        yield moment
        moment += step


def in_order(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """`samples` sorted by when they leave the gauge; equal times keep their order."""
    return tuple(sorted(samples, key=lambda sample: sample.sent_at))
