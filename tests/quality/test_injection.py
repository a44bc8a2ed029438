"""Seeded faults and genuine rises through the live fold: a small form on invented series, a fuller one on records."""

from functools import cache
from pathlib import Path

import pytest

from scripts.quality_parts import measure
from scripts.quality_parts.faults import spike
from scripts.quality_parts.measure import DRY, FLOOD
from scripts.quality_parts.tracks import Track, recorded, synthetic

DEV = Path(__file__).resolve().parents[3] / "shared" / "data" / "floods_dev"
SEED = 20260601
SMALL, FULL = 24, 500

# Of the injections at least this share is noticed at all; of one bad sample, or of all of them, nothing may follow.
NOTICED = {
    "spike": 0.99,
    "two spikes": 0.99,
    "repeated spike": 0.99,
    "not finite": 1.0,
    "times 100": 0.99,
    "wrecked": 0.99,
    "sentinel": 0.98,
    "zero": 0.95,
    "swept away": 1.0,
    "clock": 1.0,
    "duplicate": 1.0,
}
HARMLESS = ("not finite", "swept away", "duplicate", "clock", "zero", "sentinel")


@cache
def invented() -> tuple[Track, ...]:
    return tuple(synthetic(n) for n in range(6))


@cache
def real() -> tuple[Track, ...]:
    return tuple(recorded(DEV))


@pytest.mark.parametrize("where", [DRY, FLOOD])
@pytest.mark.parametrize("kind", NOTICED)
def test_faults_in_invented_series_are_noticed(kind: str, where: str) -> None:
    found = measure.faults(invented(), kind, where, SMALL, SEED)
    assert found.injections == SMALL
    assert found.detected >= NOTICED[kind] * SMALL
    if kind in HARMLESS:
        assert found.false_degrees == found.false_falls == 0


@pytest.mark.parametrize("kind", ["8 m in 45 min", "9 m in 12 h"])
def test_genuine_extreme_rises_on_invented_series_are_none_suppressed(kind: str) -> None:
    risen = measure.rises(invented(), kind, 4 * SMALL, SEED)
    assert (risen.rises, risen.suppressed) == (4 * SMALL, 0)
    assert sorted(risen.delay)[len(risen.delay) // 2] == 0
    assert max(risen.delay) <= 1


def test_a_spike_in_a_flash_flood_costs_no_degree() -> None:
    assert measure.rises(invented(), "8 m in 45 min", 4 * SMALL, SEED, spike).suppressed == 0


def test_a_gauge_stuck_in_a_flood_is_found_within_the_hour() -> None:
    found = measure.faults(invented(), "stuck", FLOOD, SMALL, SEED)
    assert found.detected >= 0.9 * SMALL
    assert sum(delay <= 60.0 for delay in found.delay) >= 0.9 * SMALL


def test_an_invented_river_without_faults_is_not_doubted() -> None:
    total, tests = measure.untouched(invented(), lambda _: None)
    assert sum(tests.values()) <= 0.001 * total


@pytest.mark.skipif(not DEV.is_dir(), reason="the records are not beside the checkout")
def test_recorded_floods_of_colorado_are_not_doubted_by_more_than_their_own_faults() -> None:
    """Of 4,438 levels 129 are those of a gauge stuck in the flood for a day, one a single drop within a rise."""
    total, tests = measure.untouched(recorded(DEV, ("colorado2013",)), lambda _: None)
    assert total == 4_438
    assert tests == {"spike": 1, "stuck": 129}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(not DEV.is_dir(), reason="the records are not beside the checkout")
def test_a_thousand_spikes_and_rises_in_recorded_series_and_the_records_as_they_are() -> None:
    """Of 239,676 recorded levels 145 are faults of the records: a gauge stuck in the flood for a day, and zeros."""
    total, tests = measure.untouched(real(), lambda _: None)
    assert total == 239_676
    assert sum(tests.values()) - 145 <= 0.001 * total
    spikes = [measure.faults(real(), "spike", where, FULL, SEED) for where in (DRY, FLOOD)]
    assert sum(one.detected for one in spikes) >= 0.99 * sum(one.injections for one in spikes)
    for kind in ("8 m in 45 min", "9 m in 12 h"):
        risen = measure.rises(real(), kind, 2 * FULL, SEED)
        assert risen.suppressed == 0
        assert sorted(risen.delay)[len(risen.delay) // 2] == 0
        assert max(risen.delay) <= 1
