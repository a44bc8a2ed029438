"""What a source is, in words: its name, its way in, what it offers, its time rule. Pure.

A source is one module that ends in such a description, a fixture and a page in docs/sources. The description
is read by `collectors.catalogue`, by the stage that polls, by the tests that every source must stand, and by
`scripts/source_table.py`, which makes docs/sources/README.md of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from floodcore.context import Bulletin, GaugeClass
from floodcore.words import Degree, Quantity, Reading


class Way(StrEnum):
    """How a source reaches us."""

    POLLED = "polled"  # we ask
    PUSHED = "pushed"  # HTTP to us
    RADIO = "radio"  # LoRaWAN or mobile, over MQTT or a webhook
    FILE = "file"  # dropped or uploaded
    TEXT = "text"  # SMS, or a person at a form


@dataclass(frozen=True, slots=True)
class Offer:
    """One row of what a source offers.

    `name` and `unit` are the source's own words. `quantity` None is context: shown, never a series.
    """

    name: str
    quantity: Quantity | None
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A source as all ways share it.

    `name` stands in `observation.source`, in `source_health` and, for a source with stations, as the kind of
    their links. `probe` is its decoder with everything but the bytes filled in: whatever the bytes, it returns or
    raises `DecodeError`. `module` is where the decoder lives. `to_confirm` is what nobody has told us for certain and
    an operator must ask or measure before depending on the source.
    """

    name: str
    title: str
    way: Way
    module: str
    offers: tuple[Offer, ...]
    time_rule: str
    probe: Callable[[bytes], object]
    to_confirm: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One address to ask: `path` after the base address, `item` names its cursor.

    `stations` are ids of stations by their address at the source; what an answer says of others is not ours.
    """

    item: str
    path: str
    stations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one answer said: usable readings, why others were not usable, where the answer goes on.

    `more` is the path of the next page; `bulletin` and `classes` are context and never become readings.
    """

    readings: tuple[Reading, ...] = ()
    faults: tuple[str, ...] = ()
    more: str = ""
    bulletin: Bulletin | None = None
    classes: tuple[GaugeClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The limits a source publishes for one of its stations, cm above the gauge's zero."""

    address: str
    name: str
    limits: Mapping[Degree, float]


@dataclass(frozen=True, slots=True)
class Index:
    """A page that says which items can be asked for; what is not listed is not asked."""

    path: str
    listed: Callable[[bytes], frozenset[str]]
    html: bool = True
    cap: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Published:
    """Where a source publishes its limits, to be compared with ours; `by` is who says so, for the log.

    `scheme` is whose degrees they are, as in `floodcore.network.model.Limits`; ours of another scheme are not compared.
    """

    by: str
    scheme: str
    path: str
    profiles: Callable[[bytes], Iterable[Profile]]
    cap: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Polled:
    """A source that is asked.

    `asks` makes the addresses of a round from the stations (id by address) and the data time. `decode` takes
    the bytes, what was asked and the data time; any bytes give `Decoded` or `DecodeError`. `interval_s` is data
    time; `cap` is in bytes, on the wire and again after decompression. `pages` is how far `more` is followed.
    `past` is how far back one answer surely goes, for whoever repairs a gap of the gauge.
    `needs_stations` is false for a source of context that is asked whatever the network holds.
    """

    source: Source
    asks: Callable[[Mapping[str, str], datetime], tuple[Ask, ...]]
    decode: Callable[[bytes, Ask, datetime], Decoded]
    interval_s: float
    cap: int
    html: bool = False
    index: Index | None = None
    published: Published | None = None
    pages: int = 1
    needs_stations: bool = True
    past: timedelta = timedelta(0)

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name


def one_for_each(path: str) -> Callable[[Mapping[str, str], datetime], tuple[Ask, ...]]:
    """One ask for each station; `{}` in `path` is its address."""

    def asks(stations: Mapping[str, str], _now: datetime) -> tuple[Ask, ...]:
        return tuple(Ask(address, path.format(address), {address: stations[address]}) for address in sorted(stations))

    return asks


def one_for_all(item: str, path: str) -> Callable[[Mapping[str, str], datetime], tuple[Ask, ...]]:
    """One ask whose answer speaks of all stations."""

    def asks(stations: Mapping[str, str], _now: datetime) -> tuple[Ask, ...]:
        return (Ask(item, path, stations),)

    return asks


_TRIED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def tried(decode: Callable[[bytes, Ask, datetime], Decoded], address: str) -> Callable[[bytes], object]:
    """`decode` with everything but the bytes filled in, for `Source.probe`; `address` is that of its fixture."""
    ask = Ask(address, "", {address: "probe"})

    def probe(body: bytes) -> Decoded:
        return decode(body, ask, _TRIED_AT)

    return probe
