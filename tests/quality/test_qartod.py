"""The fold against the tests of the QARTOD manual for water level, written here from its published definitions.

IOOS, Manual for Real-Time Quality Control of Water Level Data (2021): test 4 gross range, 6 climatology (not used), 7
spike, 8 rate of change, 9 flat line; flags 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing. Batch tests
over a whole series, with thresholds chosen for the invented river; the fold must flag at least what they fail, and
may not flag where all of them pass. `ioos_qc` itself needs pandas, xarray and netCDF4 and is not installed for this.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from random import Random

import pytest

from floodcore.quality.door import GROSS_RANGE
from floodcore.words import Flag, Quantity
from scripts.quality_parts.faults import KINDS, Sent
from scripts.quality_parts.fold import run
from scripts.quality_parts.tracks import synthetic

PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9
SPIKE_CM, RATE_CM, SAME = 40.0, 120.0, 7


def gross_range(value: Sequence[float | None]) -> list[int]:
    """Test 4: fail outside the sensor's range."""
    low, high = GROSS_RANGE[Quantity.LEVEL]
    return [MISSING if v is None else PASS if isfinite(v) and low <= v <= high else FAIL for v in value]


def spike(value: Sequence[float]) -> list[int]:
    """Test 7: fail where |v[n-1] - (v[n-2] + v[n]) / 2| exceeds the threshold."""
    middle = [
        FAIL if abs(b - (a + c) / 2.0) > SPIKE_CM else PASS
        for a, b, c in zip(value, value[1:], value[2:], strict=False)
    ]
    return [NOT_EVALUATED, *middle, NOT_EVALUATED]


def rate_of_change(value: Sequence[float]) -> list[int]:
    """Test 8: suspect where a step exceeds the threshold."""
    return [NOT_EVALUATED, *(SUSPECT if abs(b - a) > RATE_CM else PASS for a, b in pairwise(value))]


def flat_line(value: Sequence[float]) -> list[int]:
    """Test 9: fail where the last SAME values are one and the same."""
    return [FAIL if i + 1 >= SAME and len(set(value[i + 1 - SAME : i + 1])) == 1 else PASS for i in range(len(value))]


def stretch(seed: int, first: int = 300, last: int = 420) -> list[Sent]:
    track = synthetic(seed)
    return [Sent(at, at, float(v), float(v)) for at, v in zip(track.at, track.value, strict=True)][first:last]


def fold(sent: Sequence[Sent]) -> list[Flag]:
    track = synthetic(1)
    return run(sent, Quantity.LEVEL, track.step, {}).flag


def test_the_flags_are_those_of_the_manual() -> None:
    assert [int(flag) for flag in Flag] == [PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING]


@pytest.mark.parametrize("kind", ["spike", "not finite", "times 100", "sentinel"])
def test_what_the_manual_fails_is_never_good(kind: str) -> None:
    rng, found = Random(kind), 0
    for seed in range(12):
        sent = KINDS[kind](rng, stretch(seed), 60)
        flags = fold(sent)
        value = [s.value for s in sent]
        failed = [i for i, flag in enumerate(gross_range(value)) if flag == FAIL]
        usable = [i for i in range(len(value)) if i not in failed]
        known = [v for i, v in enumerate(value) if i in usable and v is not None]
        bad = [i for i, s in enumerate(sent) if s.bad]
        spiked = [usable[i] for i, flag in enumerate(spike(known)) if flag == FAIL]
        failed += [i for i in spiked if i in bad]  # its neighbours fail the manual's test beside it
        found += len(failed)
        assert all(flags[i] is not Flag.GOOD for i in failed)
    assert found >= 8


@pytest.mark.parametrize("seed", range(12))
def test_what_passes_every_test_of_the_manual_is_good(seed: int) -> None:
    sent = stretch(seed, 0, 700)
    value = [s.true for s in sent]
    assert {PASS, NOT_EVALUATED} >= {*gross_range(value), *spike(value), *rate_of_change(value), *flat_line(value)}
    assert set(fold(sent)[1:]) == {Flag.GOOD}


def test_a_flat_line_of_the_manual_is_stuck_in_a_flood_and_one_shorter_is_not() -> None:
    track = synthetic(2)
    start = int(track.flood[40])
    sent = [Sent(at, at, float(v), float(v)) for at, v in zip(track.at, track.value, strict=True)][: start + 30]
    held = sent[start].value
    stuck = [*sent[:start], *(Sent(s.arrives, s.at, held, s.true) for s in sent[start:])]
    value = [s.value for s in stuck if s.value is not None]
    outcome = run(stuck, Quantity.LEVEL, track.step, track.limits)
    assert [f is Flag.SUSPECT for f in outcome.flag[start:]] == [f == FAIL for f in flat_line(value)[start:]]
