"""Rivers, stations, places and partners as immutable words. What is unknown is None or empty, never guessed.

Coordinates are WGS 84 degrees. Limits are in the canonical unit of their quantity (level cm,
discharge m³/s); the cm value binds, the m³/s value is auxiliary.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from floodcore.network.rain import PersonRule, RainDegrees
from floodcore.quality.rates import Learnt
from floodcore.words import Degree, Language, Quantity

# How many degrees a scheme has: Czech SPA (Act 254/2001, section 70), Saxon Alarmstufen, Polish warning and alarm.
DEGREES = {"spa": 3, "alarmstufe": 4, "imgw": 2}


@dataclass(frozen=True, slots=True)
class Names:
    """A name in the languages that have one of their own; others show the local name."""

    local: str
    translated: Mapping[Language, str] = field(default_factory=dict)

    def of(self, language: Language) -> str:
        """The name in `language`, else the local one."""
        return self.translated.get(language, self.local)


@dataclass(frozen=True, slots=True)
class River:
    """A watercourse. `into` is the id of the river it joins; `course` a rough line of (lat, lon) for the map."""

    id: str
    names: Names
    basin: str
    into: str | None = None
    course: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one quantity at one station, with where they come from and since when they hold.

    `scheme` says whose degrees these are: "spa" (Czech 1-3, 4 = ČHMÚ extreme), "alarmstufe" (Saxon
    stages 1-4) or "imgw" (Polish warning = 1 and alarm = 2). Schemes are never translated into one another.
    """

    quantity: Quantity
    values: Mapping[Degree, float]
    source: str
    valid_from: date | None
    scheme: str = "spa"

    @property
    def complete(self) -> bool:
        """Whether every degree of the scheme has its limit; the ČHMÚ extreme is no degree of the law."""
        return all(Degree(degree) in self.values for degree in range(1, DEGREES[self.scheme] + 1))


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the limits of one quantity: which hold from `valid_from` (aware UTC) on, who set them, and why."""

    limits: Limits
    valid_from: datetime
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mounting:
    """What hung at a station, and how, from `valid_from` (aware UTC; None: always) until the next one.

    `sensor` is the payload decoder. `zero_cm` is the height of a distance sensor above the gauge's
    zero (level = zero_cm - distance), `probe_cm` that of a pressure probe (level = probe_cm + depth,
    mostly negative), `shift_cm` what is added to a level that the source measures from another zero.
    `tip_mm` is the rain of one tip of a bucket.
    """

    valid_from: datetime | None = None
    sensor: str = ""
    zero_cm: float | None = None
    probe_cm: float | None = None
    shift_cm: float = 0.0
    tip_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One way a station's data reach us.

    `kind` is the collector ("chmu", "tts", "push", …); `address` the id of the station there (objID,
    device id, serial number; empty for push). `sensor` and `zero_cm` are the short form of a single
    mounting that always held; `mounted` the dated ones, oldest first. `export` is the id of the form
    of a vendor's file; `channels` say what the columns of a logger measure; `quantity` and `unit`
    what a datastream holds; `pattern` is how a logger's text is read, `zone` that of the time in it.
    """

    kind: str
    address: str = ""
    sensor: str = ""
    zero_cm: float | None = None
    mounted: tuple[Mounting, ...] = ()
    export: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    quantity: str = ""
    unit: str = ""
    pattern: str = ""
    zone: str = ""

    @property
    def mountings(self) -> tuple[Mounting, ...]:
        """The dated mountings, or the one of the short form."""
        return self.mounted or (Mounting(None, self.sensor, self.zero_cm),)


def mounting_at(mountings: tuple[Mounting, ...], moment: datetime) -> Mounting | None:
    """The one of `mountings` (oldest first) that held at `moment`; None before the first."""
    for mounting in reversed(mountings):
        if mounting.valid_from is None or mounting.valid_from <= moment:
            return mounting
    return None


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a row of an export: where it stands, what it is ("level", "distance", …), its unit there."""

    name: str
    measures: str
    unit: str


@dataclass(frozen=True, slots=True)
class Export:
    """The form of a vendor's file, so that it needs no code.

    `layout` is "csv" or "json". Names of columns (csv) or dotted paths inside a row (json; `rows` is
    the path to the list of rows). `time` is one name, or two for date and time of day. `time_format`
    is "iso", "unix", "unix_ms" or a pattern of `strptime`; `zone` is "stamp" (the stamp carries its
    own), "UTC", a fixed offset such as "+01:00", or a zone such as Europe/Prague; `repeated_hour` is
    what the hour that comes twice in autumn means there: "refuse", "first", "second" or "order".
    """

    id: str
    layout: str
    time: tuple[str, ...]
    time_format: str
    zone: str
    columns: tuple[Column, ...]
    repeated_hour: str = "refuse"
    station: str = ""
    rows: str = ""
    encoding: str = "utf-8"
    separator: str = ";"
    decimal: str = "."
    skip_lines: int = 0
    missing: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Station:
    """A gauge or rain gauge. `rates` are how fast its river goes by its own record.

    `interval` is the expected time between readings. `limits` are those before the first of their dated `changes`,
    oldest first; `at` is the station as it is at a moment. `upstream` are ids of the next stations above.
    `spare_for` is the id of the main gauge of the same site, if this is its spare one (ADR 0014).
    `rain_degrees` are the limits of its rain sums, `by_person` the rules no gauge can judge (ADR 0022).
    `reach` names the stretch of the river for which its degrees hold, by language; empty is not known.
    `missing` are names of facts still unknown, for `hladina check` to show.
    """

    id: str
    names: Names
    river: str | None
    country: str
    operator: str
    quantities: tuple[Quantity, ...]
    interval: timedelta
    lat: float | None = None
    lon: float | None = None
    river_km: float | None = None
    catchment_km2: float | None = None
    category: str | None = None
    limits: tuple[Limits, ...] = ()
    changes: tuple[Change, ...] = ()
    rates: Mapping[Quantity, Learnt] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    upstream: tuple[str, ...] = ()
    spare_for: str | None = None
    places: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    synthetic: bool = False
    rain_degrees: RainDegrees | None = None
    by_person: tuple[PersonRule, ...] = ()
    reach: Mapping[Language, str] = field(default_factory=dict)

    def at(self, moment: datetime) -> "Station":
        """The station with the limits that hold at `moment`."""
        changed = {change.limits.quantity: change.limits for change in self.changes if change.valid_from <= moment}
        if not changed:
            return self
        kept = tuple(limits for limits in self.limits if limits.quantity not in changed)
        return replace(self, limits=(*kept, *changed.values()))

    def limits_of(self, quantity: Quantity) -> Limits | None:
        """The limits of `quantity`, or None when unknown."""
        return next((limits for limits in self.limits if limits.quantity is quantity), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Which facts about this station are not known.

        `degrees` means that some limits of level are known and others of their scheme are not;
        `valid_from` that limits are known, but not since when they hold.
        """
        gauge = Quantity.LEVEL in self.quantities
        level = self.limits_of(Quantity.LEVEL)
        czech = level is not None and level.scheme == "spa"
        facts = {
            "coordinates": self.lat is None or self.lon is None,
            "limits": gauge and level is None,
            "degrees": level is not None and not level.complete,
            "valid_from": any(limits.valid_from is None for limits in self.limits) and not self.synthetic,
            "river_km": gauge and self.river_km is None and not self.synthetic,
            "catchment_km2": gauge and self.catchment_km2 is None and not self.synthetic,
            "reach": czech and not self.reach and not self.synthetic,
            "links": not self.links,
        }
        return tuple(name for name, absent in facts.items() if absent)


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality whose people are warned. `cisorp` is the Czech ORP code (4 digits) for CAP areas."""

    id: str
    names: Names
    country: str
    lat: float
    lon: float
    cisorp: str | None = None
    radius_km: float = 5.0


@dataclass(frozen=True, slots=True)
class Partner:
    """Someone across the border who takes over our alerts. `rivers` restricts them; empty means all.

    `silence_after` is how long they may not fetch before they are thought not to be listening.
    """

    id: str
    names: Names
    country: str
    languages: tuple[Language, ...]
    rivers: tuple[str, ...] = ()
    silence_after: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Network:
    """The whole, keyed by id. `outline` is the region's border as (lat, lon) for the map."""

    rivers: Mapping[str, River] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    partners: Mapping[str, Partner] = field(default_factory=dict)
    exports: Mapping[str, Export] = field(default_factory=dict)
    outline: tuple[tuple[float, float], ...] = ()

    def at(self, moment: datetime) -> "Network":
        """The network with the limits that hold at `moment`."""
        changed = {key: station.at(moment) for key, station in self.stations.items() if station.changes}
        return replace(self, stations={**self.stations, **changed}) if changed else self
