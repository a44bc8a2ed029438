"""From a measure to a reading of a station, by the mounting that held at the measure's own time. Pure.

This is the only place where a distance or a depth becomes a level. Without an offset for that time it
becomes nothing: a level from a wrong zero is a false flood or a missed one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from collectors.faults import DecodeError
from collectors.samples import Depth, Distance, Level, Measure, Measured, Plain, Tips
from floodcore.network.model import Mounting, Station, mounting_at
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

DISTANCE_UNIT = "mm distance"
DEPTH_UNIT = "mm depth"
_TIP_MM = 0.1  # the bucket that Decentlab delivers by default
_DECIMALS = 4


class Count(msgspec.Struct, frozen=True, gc=False):
    """The counter of a bucket at one moment; `counter` names the bucket, `tip_mm` is the rain of one tip."""

    station_id: str
    counter: str
    at: datetime
    tips: Tips
    tip_mm: float


class Heard(msgspec.Struct):
    """What a message gave: readings, counters still to be compared, and why single measures were not usable."""

    readings: list[Reading] = []  # msgspec makes a new list for each
    counts: list[Count] = []
    faults: list[str] = []

    def add(self, other: "Heard") -> None:
        """Take over what another message gave."""
        self.readings += other.readings
        self.counts += other.counts
        self.faults += other.faults


def heard(
    station: Station, mountings: tuple[Mounting, ...], measures: Iterable[Measured], at: datetime, counter: str = ""
) -> Heard:
    """The readings of `measures`, of those quantities that the station has; `at` is the time of the frame.

    `counter` names the device, for the counters of its buckets.

    Raises:
        DecodeError: nothing was usable, with the reason of the first.
    """
    found = Heard()
    now = mounting_at(mountings, at)
    for measured in measures:
        moment, mounting = (at, now) if measured.at is None else (measured.at, mounting_at(mountings, measured.at))
        try:
            _take(found, station, mounting, measured, moment, at, counter)
        except DecodeError as error:
            found.faults.append(str(error))
    if found.faults and not (found.readings or found.counts):
        raise DecodeError(found.faults[0])
    return found


def _take(
    found: Heard,
    station: Station,
    mounting: Mounting | None,
    measured: Measured,
    moment: datetime,
    at: datetime,
    counter: str,
) -> None:
    what = measured.what
    if moment > at:
        message = f"the device remembers a measure of {moment.isoformat()}, which is still to come"
        raise DecodeError(message)
    if isinstance(what, Tips):
        if Quantity.RAIN in station.quantities:
            tip_mm = _TIP_MM if mounting is None or mounting.tip_mm is None else mounting.tip_mm
            found.counts.append(Count(station.id, f"{counter}:{what.bucket}", moment, what, tip_mm))
        return
    quantity = what.quantity if isinstance(what, Plain) else Quantity.LEVEL
    if quantity in station.quantities:
        value, raw, unit = converted(what, mounting, moment)
        found.readings.append(Reading(station.id, quantity, moment, value, raw, unit, measured.history))


def converted(what: Measure, mounting: Mounting | None, moment: datetime) -> tuple[float, float, str]:
    """Canonical value, raw value, raw unit of `what`, measured at `moment` under `mounting`.

    Raises:
        DecodeError: it needs an offset, and there is none for that time.
    """
    if isinstance(what, Distance):
        zero = None if mounting is None else mounting.zero_cm
        if zero is None:
            raise _no_offset("zero_cm", "the height of the sensor above the gauge's zero", mounting, moment)
        return round(zero - what.mm / 10, _DECIMALS), float(what.mm), DISTANCE_UNIT
    if isinstance(what, Plain):
        return what.value, float(what.raw_value), what.raw_unit
    if isinstance(what, Depth):
        probe = None if mounting is None else mounting.probe_cm
        if probe is None:
            raise _no_offset("probe_cm", "the height of the probe above the gauge's zero", mounting, moment)
        return round(probe + what.mm / 10, _DECIMALS), float(what.mm), DEPTH_UNIT
    if isinstance(what, Level):
        if mounting is None:
            raise _no_offset("mounted", "the zero that the source kept", mounting, moment)
        return round(what.cm + mounting.shift_cm, _DECIMALS), float(what.raw_value), what.raw_unit
    message = "tips are compared with those before, not converted"
    raise DecodeError(message)


def _no_offset(key: str, words: str, mounting: Mounting | None, moment: datetime) -> DecodeError:
    if mounting is None:
        return DecodeError(f"no mounting is configured for {moment.date().isoformat()} (valid_from is later): {words}")
    return DecodeError(f"{words} ({key}) is not configured")


def measure(kind: str, value: float, unit: str) -> Measure:
    """What a file or text calls `kind` ("level", "distance", "depth" or a quantity), `value` in `unit`.

    Raises:
        DecodeError: an unknown kind.
        UnknownUnitError: a unit that this kind does not have.
    """
    if kind in {"distance", "depth", "level"}:
        cm = to_canonical(Quantity.LEVEL, value, unit)
        if kind == "level":
            return Level(cm, value, unit)
        return Distance(round(cm * 10, _DECIMALS)) if kind == "distance" else Depth(round(cm * 10, _DECIMALS))
    try:
        quantity = Quantity(kind)
    except ValueError:
        message = f"{kind[:40]!r} is nothing that is measured here"
        raise DecodeError(message) from None
    return Plain(quantity, to_canonical(quantity, value, unit), value, unit)


def first_fault(faults: Sequence[str]) -> str:
    """One line for many faults."""
    return f"{len(faults)} faults, the first: {faults[0]}" if faults else ""
