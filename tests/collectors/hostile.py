"""Hostile bytes: one way to damage what a source really sends, and every decoder that must stand it.

The suite tries some thousands of copies of each, `scripts/fuzz.py` a million (docs/sources/fuzzing.md). A decoder may
refuse with the error it names and with no other; any other ends the trial.
"""

import gzip
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from random import Random

from collectors import chmu, saxony, tts
from collectors.catalogue import CATALOGUE
from collectors.faults import DecodeError
from collectors.fetch import inflated
from collectors.repair_ways import stored_uplinks
from collectors.sensors.registry import registry
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.words import Quantity

FIXTURES = Path(__file__).with_name("fixtures")
Probe = Callable[[bytes], object]

WORDS = [
    b"null", b"true", b"1e999", b"-1e400", b"99999999999999999999999", b"NaN", b"[]", b"{}", b'""', b"0001-01-01",
    b"9999-12-31", b"&#0;", b"<!DOCTYPE a>", b"\xff", b"\x00", b"\xed\xa0\x80", b"31.02.2026 25:61", b"-0",
    b"29.03.2026 02:30", b"1,2,3", b"+99:99", b"\xe2\x88\x92", b"-7", b"1.7976931348623157e308", b"25.10.2026 02:30",
    b"24:00", b"0000-00-00 00:00:00", b"2026-02-30T12:00:00Z", b"1_0", b"\xd9\xa1", b"inf",
]  # fmt: skip
VALUES = [
    b"null", b"true", b"false", b"0", b"-0.0", b"-1", b"1e308", b"-1e308", b"1e999", b"5e-324", b"18446744073709551616",
    b"9" * 400, b"[]", b"{}", b"[[null]]", b'[1,"a"]', b'{"a":null}', b'""', b'" "', b'"\\u0000"', b'"\\ud800"', b'"x"',
    b'"1,5"', b'"-999"', b'"NaN"', b'"inf"', b'"1_0"', b'"\\u0661"', b'"=="', b'"AAAA"', b'"' + b"a" * 3000 + b'"',
    b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59Z"', b'"9999-12-31T23:59:59-23:59"', b'"2026-02-30T12:00:00Z"',
    b'"2026-11-22T23:00:00"', b'"2026-11-22T23:00:60Z"', b'"25.10.2026 02:30"', b'"29.03.2026 02:30"', b'"+99:99"',
    b'"0001-01-01 00:00:00"', b'"9999-12-31 23:59:59"', b"253402300800", b"-62135596801", b"1e18",
]  # fmt: skip
_OF_JSON = re.compile(rb'"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|null|true|false')
_OF_TEXT = re.compile(rb"[-+]?\d[\d.,:TZ+-]*|[^\W\d]+")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial: how many inputs, how many were refused, the longest processor seconds of one."""

    inputs: int
    refused: int
    longest_s: float


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoder with everything but the bytes filled in, what it may be sent when all is well, how it refuses."""

    probe: Probe
    seeds: tuple[bytes, ...]
    refusal: type[Exception] = DecodeError


def mutant(body: bytes, rng: Random) -> bytes:
    """A damaged copy: every other time its shape is kept and values in it are made absurd."""
    places = _values(body)
    return _absurd(body, places, rng) if places and rng.random() < 0.5 else _broken(body, rng)


@cache
def _values(body: bytes) -> tuple[tuple[int, int], ...]:
    """Where numbers, words and dates stand; nowhere in what is no text."""
    if not body.isascii() and b"\x00" in body:
        return ()
    return tuple(match.span() for match in (_OF_JSON if body[:1] in {b"{", b"["} else _OF_TEXT).finditer(body))


def _absurd(body: bytes, places: tuple[tuple[int, int], ...], rng: Random) -> bytes:
    values = VALUES if body[:1] in {b"{", b"["} else WORDS
    damaged = body
    for start, end in sorted(rng.sample(places, min(len(places), rng.randrange(1, 4))), reverse=True):
        damaged = damaged[:start] + rng.choice(values) + damaged[end:]
    return damaged


def _broken(body: bytes, rng: Random) -> bytes:
    """Bytes changed, dropped, doubled, cut; strange words put in."""
    damaged = bytearray(body)
    for _ in range(rng.randrange(1, 6)):
        start = rng.randrange(len(damaged) + 1)
        end = min(len(damaged), start + rng.choice((0, 1, 2, 5, 20, 200)))
        match rng.randrange(5):
            case 0:
                damaged[start:end] = rng.choice(WORDS)
            case 1:
                del damaged[start:end]
            case 2:
                damaged[start:start] = damaged[start:end]
            case 3:
                damaged[start : start + 1] = bytes([rng.randrange(256)])
            case _:
                del damaged[rng.randrange(len(damaged) + 1) :]
    return bytes(damaged)


def survive(decoder: Decoder, name: str, count: int) -> Tried:
    """Try `count` damaged copies; the same ones for the same `name`."""
    rng, longest, refused = Random(name), 0.0, 0
    for number in range(count):
        damaged = mutant(decoder.seeds[number % len(decoder.seeds)], rng)
        refused += 1
        begun = time.thread_time()
        with suppress(decoder.refusal):
            decoder.probe(damaged)
            refused -= 1
        longest = max(longest, time.thread_time() - begun)
    return Tried(count, refused, longest)


def resident_kb() -> int:
    """What this process holds in memory now, kB."""
    fields = Path("/proc/self/status").read_text("utf-8").split()
    return int(fields[fields.index("VmRSS:") + 1])


def seeds_of(source: str) -> tuple[bytes, ...]:
    """The fixtures of `source`."""
    found = tuple(path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.stem.partition("-")[0] == source)
    assert found, f"a fixture is missing: tests/collectors/fixtures/{source}.*"
    return found


def sources() -> dict[str, Decoder]:
    """Every source of the catalogue."""
    return {name: Decoder(source.probe, seeds_of(name)) for name, source in CATALOGUE.items()}


def sensors() -> dict[str, Decoder]:
    """Every payload of a sensor; an input is the port and the payload."""

    def of_sensor(name: str, body: bytes) -> object:
        return registry()[name].decode(body[1:], body[0]) if body else None

    return {name: Decoder(partial(of_sensor, name), _payloads(name)) for name in registry()}


def _payloads(sensor: str) -> tuple[bytes, ...]:
    cases = json.loads((FIXTURES / "sensors" / f"{sensor}.json").read_text())
    return tuple(bytes([case["port"]]) + bytes.fromhex(case["payload"]) for case in cases)


def others() -> dict[str, Decoder]:
    """What else of ours reads strange bytes: indexes, published limits, the way back, compressed bodies."""
    (uplink,) = seeds_of("tts")
    kept = b"".join(b'{"result":' + b"".join(uplink.split(b"\n")) + b"}\n" for _ in range(3))
    link = Link(tts.KIND, "probe", mounted=(Mounting(None, "dragino_ldds", 400.0),))
    station = Station("probe", Names("probe"), None, "CZ", "", tuple(Quantity), timedelta(minutes=10), links=(link,))
    known = tts.devices({"probe": station})
    packed = tuple(gzip.compress(body, mtime=0) for body in (b"", *seeds_of("chmu"), b"0" * 500_000))
    return {
        "chmu index": Decoder(chmu.listed, (_INDEX,)),
        "chmu limits": Decoder(chmu.profiles, (_METADATA,)),
        "saxony limits": Decoder(saxony.profiles, seeds_of("saxony")),
        "tts storage": Decoder(lambda body: stored_uplinks(body, "probe", known), (kept,)),
        "gzip": Decoder(lambda body: inflated(body, 1_000_000), packed, ValueError),
    }


def every() -> Mapping[str, Decoder]:
    """All of them by name."""
    return sources() | sensors() | others()


_INDEX = b"".join(
    b'<tr><td><a href="0-203-1-99900%d.json">0-203-1-99900%d.json</a></td><td>22-Nov-2026 23:51</td></tr>\n' % (n, n)
    for n in range(8)
)
_METADATA = json.dumps(
    {
        "zaznamID": "1",
        "data": {
            "type": "DataCollection",
            "data": {
                "header": "objID,DBC,STATION_NAME,SPA_TYP,SPA1H,SPA2H,SPA3H,SPA4H,ISFORECAST",
                "values": [
                    [f"0-203-1-99900{n}", f"99900{n}", "Vymyšlená", "H", 85, 125.5, None, 342, 0] for n in range(5)
                ],
            },
        },
    },
    ensure_ascii=False,
).encode()
