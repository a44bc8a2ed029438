"""Rates learnt from a station's own record against the generic ones: from the first half, counted on the second."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from floodcore.quality.pace import shares
from floodcore.quality.rates import GENERIC, Rates, learn
from floodcore.quality.window import Memory, Sample, check
from floodcore.words import Flag
from scripts.quality_parts.tracks import Track

_BUMP = (8.0, 30.0)
_AROUND = 24


@dataclass(slots=True)
class Compared:
    """Good readings doubted at once, and small bumps doubted at once, with one kind of rates."""

    readings: int = 0
    doubted: int = 0
    bumps: int = 0
    caught: int = 0


def learnt(one: Track) -> tuple[Rates | None, int]:
    """The rates of the first half of a record, and where the second half begins."""
    half = len(one.at) // 2
    known = np.flatnonzero(np.isfinite(one.value[:half]))
    at, value = [one.at[int(i)] for i in known], [float(one.value[i]) for i in known]
    found = learn(at, shares(at, value, one.quantity))
    return None if found is None else found.rates, half


def taught(tracks: Sequence[Track]) -> list[Track]:
    """The tracks, each with the rates of its first half where that is long enough."""
    found = ((one, learnt(one)[0]) for one in tracks)
    return [one if rates is None else replace(one, rates=rates) for one, rates in found]


def compare(tracks: Sequence[Track], count: int, seed: int) -> tuple[int, Compared, Compared]:
    """How many stations have rates of their own; then generic and own, on the later halves of those."""
    rng = Random(seed)  # noqa: S311 - seeded on purpose
    generic, own, stations = Compared(), Compared(), 0
    for one in tracks:
        rates, half = learnt(one)
        if rates is None:
            continue
        stations += 1
        places = [rng.randrange(half + _AROUND, len(one.at) - 2) for _ in range(count)]
        sizes = [rng.choice((-1.0, 1.0)) * rng.uniform(*_BUMP) for _ in range(count)]
        for given, compared in ((GENERIC, generic), (rates, own)):
            compared.readings += len(one.at) - half
            compared.doubted += _doubted(one, range(half, len(one.at)), given)
            compared.bumps += count
            compared.caught += sum(_caught(one, i, size, given) for i, size in zip(places, sizes, strict=True))
    return stations, generic, own


def _doubted(one: Track, places: range, rates: Rates) -> int:
    memory, doubted = Memory(), 0
    for i in places:
        if np.isfinite(one.value[i]):
            sample = Sample(one.at[i], float(one.value[i]), Flag.GOOD, "")
            checked = check(memory, sample, one.quantity, flooded=False, rates=rates)
            memory = checked.memory
            doubted += checked.verdicts[-1].flag is not Flag.GOOD
    return doubted


def _caught(one: Track, place: int, size: float, rates: Rates) -> bool:
    memory, flag = Memory(), Flag.GOOD
    for i in range(place - _AROUND, place + 1):
        value = float(one.value[i]) + (size if i == place else 0.0)
        if np.isfinite(value):
            checked = check(memory, Sample(one.at[i], value, Flag.GOOD, ""), one.quantity, flooded=False, rates=rates)
            memory, flag = checked.memory, checked.verdicts[-1].flag
    return flag is not Flag.GOOD
