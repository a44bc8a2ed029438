"""What a sensor or logger measured, each kind a type of its own, before it is known where it hangs. Pure.

A distance is no level and a depth is no level: only `collectors.mounted`, with the offset that the
station had at the time of the sample, makes one of the other.
"""

from dataclasses import dataclass
from datetime import datetime

from floodcore.words import Quantity


@dataclass(frozen=True, slots=True)
class Distance:
    """From the sensor down to the water, mm."""

    mm: float


@dataclass(frozen=True, slots=True)
class Depth:
    """Of water over a pressure probe, mm."""

    mm: float


@dataclass(frozen=True, slots=True)
class Level:
    """Above the zero that the source keeps, cm; `raw_value` in `raw_unit` as the source said it."""

    cm: float
    raw_value: float
    raw_unit: str


@dataclass(frozen=True, slots=True)
class Plain:
    """What needs no offset. `value` in the canonical unit; `raw_value` and `raw_unit` as the sensor said it."""

    quantity: Quantity
    value: float
    raw_value: float
    raw_unit: str


@dataclass(frozen=True, slots=True)
class Tips:
    """Of a rain bucket: in the last `interval_s` seconds, and `total` since the counter of `bucket` began."""

    interval: int
    interval_s: int
    total: int
    bucket: str = ""


Measure = Distance | Depth | Level | Plain | Tips


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure. `at` None is the time of the frame; `history` is a measure of long ago out of a device's memory."""

    what: Measure
    at: datetime | None = None
    history: bool = False
