"""What the benchmark of decoding measures: real bodies of every source, and a fold that judges them."""

import pytest

from collectors.catalogue import CATALOGUE, POLLED
from floodcore.quality import at_the_door
from floodcore.words import Flag
from scripts.bench_parts.bodies import NOW, Case, cases, readings_of
from scripts.bench_parts.decode import folded, warmed

CASES = {case.name: case for case in cases()}
CONTEXT = {"chmu_cap", "lhp"}


def test_every_source_is_measured() -> None:
    assert set(CASES) == set(CATALOGUE)
    assert {each.name for each in POLLED} <= set(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_measured_is_read_and_believed(case: Case) -> None:
    readings = readings_of(case.decode(case.body))
    assert (not readings) == (case.name in CONTEXT)
    observations = at_the_door(readings, NOW)
    assert all(each.flag is Flag.GOOD for each in observations)
    memories = folded(observations, warmed(readings))
    assert {series for series, memory in memories.items() if memory.good is None} == set()
    newest = {(r.station_id, r.quantity): r.observed_at for r in sorted(readings, key=lambda each: each.observed_at)}
    assert {series: memory.good and memory.good.at for series, memory in memories.items()} == newest
