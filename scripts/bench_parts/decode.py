"""Decoding and the checks at the door, per source, beside bare parsing of the same bytes by msgspec or lxml.

Bodies come from the simulators, a day of several gauges where the source shows that much, else from the fixtures.
Bare parsing makes no reading, checks nothing and knows no unit: the ratio is the price of that.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from lxml import etree

from collectors.catalogue import CATALOGUE, POLLED
from collectors.source import Ask, Decoded, Polled
from floodcore.clock import Clock
from floodcore.network.model import Network
from floodcore.quality import at_the_door
from floodcore.store import embedded
from floodcore.words import Quantity
from simulators.chmu_server import ChmuServer
from simulators.open_data import SHAPES, OpenData
from simulators.sample import Feed, Sample, grid

_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_GAUGES, _ROUNDS, _ROUND_S = 20, 5, 0.05
_FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "collectors" / "fixtures"


async def measure(_cluster: embedded.Cluster) -> list[str]:
    """A line for each source: microseconds per reading, and how many times bare parsing that is."""
    polled = [_line(each.name, *_case(each)) for each in POLLED]
    taken = [_line(name, *_from_fixture(name)) for name in sorted(set(CATALOGUE) - {each.name for each in POLLED})]
    return polled + taken


def _line(name: str, body: bytes, decode: Callable[[bytes], object]) -> str:
    decoded = decode(body)
    readings = getattr(decoded, "readings", ())
    bare = _bare(body)

    def ours() -> None:
        found = decode(body)
        if isinstance(found, Decoded):
            at_the_door(found.readings, _NOW)

    ours_s, bare_s = _median(ours), _median(bare) if bare is not None else None
    each = f"{ours_s / len(readings) * 1e6:7.2f} us a reading" if readings else f"{ours_s * 1e6:7.0f} us a message "
    ratio = "" if bare_s is None else f"   {ours_s / bare_s:5.1f} x bare"
    return f"  {name:<14}{len(body):9,} bytes {len(readings):6,} readings  {each}{ratio}"


def _median(what: Callable[[], object]) -> float:
    """Seconds of one call, the median of a few rounds."""
    took = []
    for _ in range(_ROUNDS):
        calls, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < _ROUND_S:
            what()
            calls += 1
        took.append(spent / calls)
    return sorted(took)[_ROUNDS // 2]


def _bare(body: bytes) -> Callable[[], object] | None:
    """The quickest honest parser of these bytes; None for what is neither JSON, XML nor HTML."""
    start = body.lstrip()[:5].lower()
    if start[:1] in {b"{", b"["}:
        return lambda: msgspec.json.decode(body)
    if start == b"<?xml":
        return lambda: etree.fromstring(body)
    if start[:1] == b"<":
        return lambda: etree.HTML(body.decode("utf-8", "replace"))
    return None


def _case(polled: Polled) -> tuple[bytes, Callable[[bytes], object]]:
    """A body that the simulator of `polled` writes, and its decoder."""
    name = polled.name
    if name not in SHAPES or name == "chmu_cap":
        return _from_fixture(name) if name == "chmu_cap" else _chmu(polled)
    addresses = [f"1-{n}" if name.startswith("povodi") else f"{n:06}" for n in range(1, _GAUGES + 1)]
    server = OpenData(Clock())
    server.show([feed for address in addresses for feed in _feeds(name, address)])
    asks = polled.asks({address: address for address in addresses}, _NOW)
    ask = asks[-1] if name == "chmu_rain" else asks[0]
    gauge = next(iter(ask.stations)) if SHAPES[name].about else ""
    body = server.body(name, gauge, _NOW, f"{_NOW:%Y%m%d}" if name == "chmu_rain" else "")
    return body or b"", lambda data: polled.decode(data, ask, _NOW)


def _chmu(polled: Polled) -> tuple[bytes, Callable[[bytes], object]]:
    server = ChmuServer(Network(), Clock())
    server.show(_feeds("chmu", "a"))
    ask = Ask("a", "", {"a": "a"})
    return server.body("a", _NOW)[0], lambda data: polled.decode(data, ask, _NOW)


def _feeds(name: str, address: str) -> list[Feed]:
    moments = list(grid(_NOW - timedelta(hours=24), _NOW, timedelta(minutes=10)))
    samples = tuple(Sample(moment, 100.0 + number % 7 / 2, moment) for number, moment in enumerate(moments))
    measured = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.WATER_TEMPERATURE, Quantity.RAIN)
    return [Feed(address, q, name, address, "", None, timedelta(minutes=10), samples) for q in measured]


def _from_fixture(name: str) -> tuple[bytes, Callable[[bytes], object]]:
    (path, *_) = sorted(p for p in _FIXTURES.iterdir() if p.stem.partition("-")[0] == name)
    return path.read_bytes(), CATALOGUE[name].probe
