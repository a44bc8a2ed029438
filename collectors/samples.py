"""What a sensor or logger measured, each kind a type of its own, before it is known where it hangs. Pure.

A distance is no level and a depth is no level: only `collectors.mounted`, with the offset that the
station had at the time of the sample, makes one of the other. Structs, since every message makes some and
they cost a fifth of a dataclass.
"""

from datetime import datetime

import msgspec

from floodcore.words import Quantity


class Distance(msgspec.Struct, frozen=True, gc=False):
    """From the sensor down to the water, mm."""

    mm: float


class Depth(msgspec.Struct, frozen=True, gc=False):
    """Of water over a pressure probe, mm."""

    mm: float


class Level(msgspec.Struct, frozen=True, gc=False):
    """Above the zero that the source keeps, cm; `raw_value` in `raw_unit` as the source said it."""

    cm: float
    raw_value: float
    raw_unit: str


class Plain(msgspec.Struct, frozen=True, gc=False):
    """What needs no offset. `value` in the canonical unit; `raw_value` and `raw_unit` as the sensor said it."""

    quantity: Quantity
    value: float
    raw_value: float
    raw_unit: str


class Tips(msgspec.Struct, frozen=True, gc=False):
    """Of a rain bucket: in the last `interval_s` seconds, and `total` since the counter of `bucket` began."""

    interval: int
    interval_s: int
    total: int
    bucket: str = ""


Measure = Distance | Depth | Level | Plain | Tips


class Measured(msgspec.Struct, frozen=True, gc=False):
    """One measure. `at` None is the time of the frame; `history` is a measure of long ago out of a device's memory."""

    what: Measure
    at: datetime | None = None
    history: bool = False
