"""Hostile bytes for what is pushed to us, and for every sensor: 20,000 each in the suite, a million with --long.

Only `DecodeError` may come out, nothing takes a second, and memory stays flat. The polled sources stand the same in
`test_sources`; all share one way to damage bytes.
"""

import contextlib
import json
import resource
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from collectors.catalogue import CATALOGUE, TAKEN
from collectors.faults import DecodeError
from collectors.sensors.registry import registry
from tests.collectors.test_sources import mutants

FIXTURES = Path(__file__).with_name("fixtures")
SOURCES = sorted(source.name for source in TAKEN)
SENSORS = sorted(registry())
Probe = Callable[[bytes], object]


def seeds_of(source: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.stem.partition("-")[0] == source]


def payloads_of(sensor: str) -> list[bytes]:
    """Each payload of the fixture with its port in front."""
    cases = json.loads((FIXTURES / "sensors" / f"{sensor}.json").read_text())
    return [bytes([case["port"]]) + bytes.fromhex(case["payload"]) for case in cases]


def of_sensor(name: str) -> Probe:
    decode = registry()[name].decode
    return lambda body: decode(body[1:], body[0]) if body else None


def survive(probe: Probe, seeds: list[bytes], name: str, count: int) -> float:
    """Try `count` damaged copies; returns the longest processor seconds of one."""
    rng, longest = Random(name), 0.0
    for number in range(count):
        (damaged,) = mutants(seeds[number % len(seeds)], rng, 1)
        begun = time.thread_time()
        with contextlib.suppress(DecodeError):
            probe(damaged)
        longest = max(longest, time.thread_time() - begun)
    return longest


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_pushed_is_read_or_refused(name: str) -> None:
    assert survive(CATALOGUE[name].probe, seeds_of(name), name, 20_000) < 1.0


@pytest.mark.parametrize("name", SENSORS)
def test_every_payload_is_measured_or_refused(name: str) -> None:
    assert survive(of_sensor(name), payloads_of(name), name, 20_000) < 1.0


@pytest.mark.parametrize("name", SOURCES + SENSORS)
def test_memory_stays_flat(name: str) -> None:
    probe, seeds = (of_sensor(name), payloads_of(name)) if name in SENSORS else (CATALOGUE[name].probe, seeds_of(name))
    survive(probe, seeds, name, 300)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        survive(probe, seeds, name, 300)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SENSORS)
def test_a_million_payloads(name: str) -> None:
    survive(of_sensor(name), payloads_of(name), name, 50_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert survive(of_sensor(name), payloads_of(name), name, 1_000_000) < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kB"
