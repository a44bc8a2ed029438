"""The words all rooms share: quantities, degrees, flags, freshness, and a reading.

Canonical units (see `floodcore.units` and ADR 0002): level in cm above the gauge's zero, because
Czech limits are set in whole centimetres and the cm value is the binding one; discharge in m³/s;
rain in mm per interval. A value that is missing is `None`, never 0.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Quantity(StrEnum):
    """What a series measures. Distance and depth become a level only by a station's dated offset."""

    LEVEL = "level"
    DISCHARGE = "discharge"
    RAIN = "rain"
    WATER_TEMPERATURE = "water_temperature"
    BATTERY = "battery"


class Degree(IntEnum):
    """Degree of flood activity reached at a gauge.

    1-3 are the Czech SPA (Act 254/2001, section 70); 4 is the ČHMÚ "extreme" level (about the
    50-year flow), which is no legal SPA. Never equated with a Saxon Alarmstufe.
    """

    NONE = 0
    VIGILANCE = 1
    READINESS = 2
    EMERGENCY = 3
    EXTREME = 4


class Flag(IntEnum):
    """Quality of one value, in the QARTOD numbering (IOOS manual for real-time quality control)."""

    GOOD = 1
    UNCHECKED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Freshness(StrEnum):
    """How far a mark may be believed now. Silence is not calm: only FRESH may look calm."""

    FRESH = "fresh"
    LATE = "late"
    SILENT = "silent"
    DOUBTFUL = "doubtful"
    NEVER = "never"


class Trend(StrEnum):
    """Direction of the level over the trend window; UNKNOWN when the window holds too little."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    UNKNOWN = "unknown"


class Language(StrEnum):
    """The four languages people see. Czech first: some CAP readers take the first block."""

    CS = "cs"
    DE = "de"
    PL = "pl"
    EN = "en"


class Cause(StrEnum):
    """What a person at the desk says lies behind the figures of a gauge. A gauge alone never knows.

    All but DESTROYED and SENSOR tell where the water comes from and tag a degree; those two say that
    the gauge is not to be believed as before.
    """

    NATURAL = "natural"
    RELEASE = "release"
    ICE = "ice"
    WEED = "weed"
    BACKWATER = "backwater"
    WORKS = "works"
    TEST = "test"
    DESTROYED = "destroyed"
    SENSOR = "sensor"

    @property
    def tags_degree(self) -> bool:
        """Whether it says where the water comes from."""
        return self not in {Cause.DESTROYED, Cause.SENSOR}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as a decoder understood it, before quality control.

    `value` is in the canonical unit of `quantity`; `raw_value` and `raw_unit` are what the source
    said. `observed_at` is aware UTC. `history` is a value out of a device's memory: stored as late
    whenever it comes, so that it is never judged as news.

    Raises:
        ValueError: `observed_at` is naive.
    """

    station_id: str
    quantity: Quantity
    observed_at: datetime
    value: float | None
    raw_value: float | None
    raw_unit: str
    history: bool = False

    def __post_init__(self) -> None:
        aware_utc(self.observed_at)


@dataclass(frozen=True, slots=True)
class Observation:
    """A reading with the verdict of the checks at the door: what is stored."""

    reading: Reading
    flag: Flag
    test: str


def aware_utc(moment: datetime) -> datetime:
    """Return `moment` unchanged if it is aware UTC.

    Raises:
        ValueError: it is naive or of another zone; every source converts by its own time rule first.
    """
    if moment.utcoffset() != timedelta(0):
        message = f"time must be aware UTC, got {moment!r}"
        raise ValueError(message)
    return moment
