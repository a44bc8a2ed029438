"""Doubts between series, counted on recorded rivers: how many are cast in vain, and how many faults are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from floodcore.quality import beside
from floodcore.quality.beside import Beside, Doubt
from floodcore.quality.grid import Array, last_of_slot
from scripts.quality_parts.tracks import Track

_HOUR_S = 3600.0
_PER_HOUR = 4
_DAYS = 14
_NO_RAIN = np.full((1, 1), np.nan)


@dataclass(frozen=True, slots=True)
class River:
    """The gauges of one river on one grid: `hourly` and `fine` (quarter hours), rows are gauges."""

    name: str
    names: tuple[str, ...]
    hourly: Array
    fine: Array
    beside: Beside


def rivers(tracks: Sequence[Track], river_of: dict[str, str]) -> list[River]:
    """The rivers with three gauges or more."""
    by: dict[str, list[Track]] = {}
    for one in tracks:
        by.setdefault(river_of[one.name], []).append(one)
    return [_river(name, some) for name, some in by.items() if len(some) > beside._NEIGHBOURS]  # noqa: SLF001


def _river(name: str, tracks: Sequence[Track]) -> River:
    start = min(one.at[0].timestamp() for one in tracks) // _HOUR_S * _HOUR_S
    hours = int((max(one.at[-1].timestamp() for one in tracks) - start) // _HOUR_S) + 1
    seconds = [np.array([moment.timestamp() for moment in one.at]) for one in tracks]
    step = _HOUR_S / _PER_HOUR
    pairs = list(zip(seconds, tracks, strict=True))
    fine = np.stack([last_of_slot(at, one.value, start, step, hours * _PER_HOUR, 2) for at, one in pairs])
    hourly = np.stack([last_of_slot(at, one.value, start, _HOUR_S, hours) for at, one in pairs])
    return River(name, tuple(one.name for one in tracks), hourly, fine, ~np.eye(len(tracks), dtype=bool))


def looks(
    river: River, test: Callable[[Array], list[Doubt]], length: int, every: int, grid: Array
) -> set[tuple[str, str, int]]:
    """(gauge, test, day) of each doubt, looking every `every` columns at the `length` columns before."""
    per_day = 24 * (grid.shape[1] // river.hourly.shape[1])
    return {
        (river.names[doubt.row], doubt.test, end // per_day)
        for end in range(length, grid.shape[1] + 1, every)
        for doubt in test(grid[:, end - length : end])
    }


def in_vain(river: River) -> set[tuple[str, str, int]]:
    """The doubts upon the record as it is, by gauge and day."""
    dry = np.zeros((len(river.names), 1), dtype=bool)
    fine = river.fine
    half_day = 12 * _PER_HOUR
    rain = np.full((1, half_day), np.nan)
    return (
        looks(river, lambda level: beside.drifting(level, river.beside), _DAYS * 24, 6, river.hourly)
        | looks(
            river, lambda level: beside.stepped(level, rain, river.beside, dry, _PER_HOUR), half_day, _PER_HOUR, fine
        )
        | looks(river, lambda level: beside.held(level, river.beside, _PER_HOUR), half_day, _PER_HOUR, fine)
    )


def drifts_found(river: River, rng: Random, count: int, low: float, high: float) -> tuple[int, int]:
    """Of drifts of `low` to `high` cm a day for three days, how many are found at their end, and how many were put."""
    found = put = 0
    length = _DAYS * 24
    for _ in range(count if river.hourly.shape[1] > length else 0):
        end = rng.randrange(length, river.hourly.shape[1])
        row = rng.randrange(len(river.names))
        window = river.hourly[:, end - length : end].copy()
        pace = rng.choice((-1.0, 1.0)) * rng.uniform(low, high) / 24.0
        window[row, -72:] += pace * np.arange(1, 73)
        put += 1
        found += any(doubt.row == row for doubt in beside.drifting(window, river.beside))
    return found, put


def steps_found(river: River, rng: Random, count: int, low: float, high: float) -> tuple[int, int]:
    """The same of a zero moved by `low` to `high` cm, looked at three hours later."""
    found, half_day = 0, 12 * _PER_HOUR
    rain, dry = np.full((1, half_day), np.nan), np.zeros((len(river.names), 1), dtype=bool)
    for _ in range(count):
        end = rng.randrange(half_day, river.fine.shape[1])
        row = rng.randrange(len(river.names))
        window = river.fine[:, end - half_day : end].copy()
        window[row, -3 * _PER_HOUR :] += rng.choice((-1.0, 1.0)) * rng.uniform(low, high)
        doubts = beside.stepped(window, rain, river.beside, dry, _PER_HOUR)
        found += any(doubt.row == row for doubt in doubts)
    return found, count
