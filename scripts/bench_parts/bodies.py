"""A large body of each source, as the simulators write it, with its decoder and the barest parser of its form."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
from lxml import etree

from collectors import exports
from collectors.catalogue import CATALOGUE, POLLED
from collectors.source import Ask, Polled
from floodcore.clock import Clock
from floodcore.network.model import Column, Export, Link, Names, Network, Station
from floodcore.words import Quantity, Reading
from simulators import carriers, files
from simulators.chmu_server import ChmuServer
from simulators.open_data import SHAPES, OpenData
from simulators.sample import Feed, Sample, grid

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_STEP = timedelta(minutes=10)
_GAUGES = 20
_FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "collectors" / "fixtures"
_MEASURED = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.WATER_TEMPERATURE, Quantity.RAIN)
_FORM = Export(
    "bench", "csv", ("Datum",), "%d.%m.%Y %H:%M", "Europe/Prague",
    (Column("Hladina", "level", "cm"), Column("Srazky", "rain", "mm")), "order", "Stanice", decimal=",",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """What a source sends, what it means, and what parsing it at all costs; `bare` is None where there is no parser."""

    name: str
    body: bytes
    decode: Callable[[bytes], object]
    bare: Callable[[], object] | None


def cases() -> list[Case]:
    """One of every source of the catalogue."""
    polled = {each.name: each for each in POLLED}
    made = {name: _of_polled(polled[name]) if name in polled else _taken(name) for name in sorted(CATALOGUE)}
    return [Case(name, body, decode, bare_of(name, body)) for name, (body, decode) in made.items()]


def readings_of(decoded: object) -> tuple[Reading, ...]:
    """The readings in whatever a decoder gave; `Heard` stands last where there are several."""
    if isinstance(decoded, Reading):
        return (decoded,)
    if isinstance(decoded, tuple):
        return readings_of(decoded[-1])
    return tuple(getattr(decoded, "readings", ()))


def bare_of(name: str, body: bytes) -> Callable[[], object] | None:
    """The quickest honest parser of these bytes: msgspec, lxml or the csv of Python."""
    start = body.lstrip()[:5].lower()
    if start[:1] in {b"{", b"["}:
        return lambda: msgspec.json.decode(body)
    if start == b"<?xml":
        return lambda: etree.fromstring(body)
    if name in {"fiedler", "export"}:
        separator = "\t" if name == "fiedler" else _FORM.separator
        return lambda: list(csv.reader(body.decode().splitlines(), delimiter=separator))
    if start[:1] == b"<":
        return lambda: etree.HTML(body.decode("utf-8", "replace"))
    return None


def _of_polled(polled: Polled) -> tuple[bytes, Callable[[bytes], object]]:
    name = polled.name
    if name == "chmu_cap":
        return _from_fixture(name)
    if name not in SHAPES:
        return _chmu(polled)
    addresses = [f"1-{n}" if name.startswith("povodi") else f"{n:06}" for n in range(1, _GAUGES + 1)]
    server = OpenData(Clock())
    server.show([_feed(name, address, quantity) for address, quantity in product(addresses, _MEASURED)])
    asks = polled.asks({address: address for address in addresses}, NOW)
    ask = asks[-1] if name == "chmu_rain" else asks[0]
    gauge = next(iter(ask.stations)) if SHAPES[name].about else ""
    body = server.body(name, gauge, NOW, f"{NOW:%Y%m%d}" if name == "chmu_rain" else "")
    return body or b"", lambda data: polled.decode(data, ask, NOW)


def _chmu(polled: Polled) -> tuple[bytes, Callable[[bytes], object]]:
    server = ChmuServer(Network(), Clock())
    server.show([_feed("chmu", "a", quantity) for quantity in _MEASURED])
    ask = Ask("a", "", {"a": "a"})
    return server.body("a", NOW)[0], lambda data: polled.decode(data, ask, NOW)


def _taken(name: str) -> tuple[bytes, Callable[[bytes], object]]:
    """A day in one body where the way allows it, else the message of the fixture; as the probe's station sends it."""
    if name == "export":
        link = Link(exports.KIND, "LVS-1", export=_FORM.id)
        station = Station("probe", Names("probe"), None, "CZ", "", tuple(Quantity), _STEP, links=(link,))
        known = exports.stations_of({"probe": station}, _FORM.id)
        rows = [("LVS-1", sample.at, (sample.value, 0.2)) for sample in _day(Quantity.LEVEL)]
        return files.export(_FORM, rows), lambda data: exports.decode(data, _FORM, known)
    if name not in {"push", "fiedler", "hardwario"}:
        return _from_fixture(name)
    address = {"push": "", "fiedler": "00123", "hardwario": "2999000001"}[name]
    feed = _feed(name, address, Quantity.LEVEL)
    way = carriers.WAYS[name]
    return way.pack(feed, feed.samples[-way.at_once :], 1, NOW).body, CATALOGUE[name].probe


def _day(quantity: Quantity) -> Iterable[Sample]:
    about = 5.0 if quantity is Quantity.WATER_TEMPERATURE else 100.0
    moments = grid(NOW - timedelta(hours=24), NOW, _STEP)
    return [Sample(moment, about + number % 7 / 2, moment) for number, moment in enumerate(moments)]


def _feed(name: str, address: str, quantity: Quantity) -> Feed:
    station = "probe" if name in carriers.WAYS else address
    return Feed(station, quantity, name, address, "", 400.0, _STEP, tuple(_day(quantity)))


def _from_fixture(name: str) -> tuple[bytes, Callable[[bytes], object]]:
    (path, *_) = sorted(p for p in _FIXTURES.iterdir() if p.stem.partition("-")[0] == name)
    return path.read_bytes(), CATALOGUE[name].probe
