"""Hostile bytes for every decoder there is: of sources, of sensors, of indexes, published limits and ways back.

Only the refusal that a decoder names may come out, nothing takes a second, and memory stays flat: twenty thousand
damaged copies for each here, a million with `--long`, or with `scripts/fuzz.py`, which keeps a table of it
(docs/sources/fuzzing.md).
"""

import tracemalloc

import pytest

from collectors.catalogue import CATALOGUE
from tests.collectors.hostile import Decoder, every, others, resident_kb, sensors, sources, survive

SOURCES, SENSORS, OTHERS = sorted(sources()), sorted(sensors()), sorted(others())
NAMES = sorted(CATALOGUE)


def decoder_of(name: str) -> Decoder:
    return every()[name]


@pytest.mark.shows("hostile")
@pytest.mark.parametrize("name", NAMES)
def test_hostile_bytes_are_read_or_refused(name: str) -> None:
    assert survive(decoder_of(name), name, 20_000).longest_s < 1.0


@pytest.mark.parametrize("name", SENSORS + OTHERS)
def test_every_payload_and_list_is_read_or_refused(name: str) -> None:
    assert survive(decoder_of(name), name, 20_000).longest_s < 1.0


@pytest.mark.parametrize("name", SOURCES + SENSORS + OTHERS)
def test_memory_stays_flat(name: str) -> None:
    decoder = decoder_of(name)
    survive(decoder, name, 300)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        survive(decoder, name, 300)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SOURCES + SENSORS + OTHERS)
def test_a_million_hostile_inputs_are_quick_and_leave_nothing_behind(name: str) -> None:
    decoder = decoder_of(name)
    survive(decoder, name, 50_000)
    before = resident_kb()
    assert survive(decoder, name, 1_000_000).longest_s < 1.0
    assert resident_kb() - before < 20_000
