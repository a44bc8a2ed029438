"""The series faults are put into: recorded floods, and synthetic ones where there are no records."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from floodcore.quality.rates import GENERIC, Rates
from floodcore.words import Degree, Quantity
from hladina.records import Record, read_readings
from hladina.station_list import Recorded

LEVEL_GROUPS = ("occitanie_spring2020", "aire2015", "colorado2013", "calder2025")
DISCHARGE_GROUPS = ("airgr", "hydropeak2014")
_SHARES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Track:
    """A series as it was recorded. `value` (n,) in the canonical unit, NaN missing; `step` is its usual interval.

    `limits` stand at a quarter, half and three quarters of the way from the median to the highest value.
    `flood` and `dry` (k,) are the places at or above the lowest limit, and within a tenth of the way. `rates` are its
    own, where it is studied with them.
    """

    name: str
    quantity: Quantity
    step: timedelta
    at: Sequence[datetime]
    value: NDArray[np.float64]
    limits: dict[Degree, float]
    flood: NDArray[np.intp]
    dry: NDArray[np.intp]
    rates: Rates = GENERIC


def track(name: str, quantity: Quantity, at: Sequence[datetime], value: NDArray[np.float64]) -> Track:
    """A track with its limits and its wet and dry places."""
    middle, top = float(np.nanmedian(value)), float(np.nanmax(value))
    limits = {Degree(n): middle + share * (top - middle) for n, share in enumerate(_SHARES, start=1)}
    step = timedelta(seconds=float(np.median(np.diff([moment.timestamp() for moment in at[:51]]))))
    known = np.isfinite(value)
    return Track(
        name,
        quantity,
        step,
        at,
        value,
        limits,
        np.flatnonzero(known & (value >= limits[Degree(1)])),
        np.flatnonzero(known & (value <= middle + 0.1 * (top - middle))),
    )


def recorded(folder: Path, groups: Sequence[str] = LEVEL_GROUPS) -> list[Track]:
    """The level (or discharge) records of `folder`, which holds `stations_meta.csv` and `records/`."""
    with (folder / "stations_meta.csv").open(newline="", encoding="utf-8") as file:
        meta = [row for row in csv.DictReader(file) if row["group"] in groups]
    return [one for group in groups for one in _group(folder, group, [row for row in meta if row["group"] == group])]


def _group(folder: Path, group: str, meta: Sequence[dict[str, str]]) -> Iterator[Track]:
    stations = {row["station_id"]: _station(row) for row in meta}
    records = read_readings([folder / "records" / f"{group}.csv.gz"], stations)
    for row in meta:
        station, record = stations[row["station_id"]], records.by_station[row["station_id"]]
        if station.quantity in {Quantity.LEVEL, Quantity.DISCHARGE} and record.at:
            yield track(station.id, station.quantity, record.at, _values(record))


def _values(record: Record) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in record.value])


def _station(row: dict[str, str]) -> Recorded:
    role = {"upstream": "level"}.get(row["role"], row["role"])
    area = float(row["area_km2"]) if row["area_km2"] else None
    return Recorded(row["station_id"], Quantity(role), row["unit"], {}, area)


def synthetic(seed: int, step_min: int = 10, days: int = 12) -> Track:
    """An invented gauge: a slow base with noise of the sensor, and two floods of 1 to 3 m."""
    rng = Random(seed)  # noqa: S311 - seeded on purpose
    draw = np.random.default_rng(seed)
    n = days * 24 * 60 // step_min
    hours = np.arange(n) * step_min / 60.0
    level = 30.0 + 90.0 * rng.random() + 4.0 * np.sin(hours / 40.0) + draw.normal(0.0, 0.4, n)
    for begin in (0.3, 0.7):
        since = hours - begin * hours[-1] - 12.0 * rng.random()
        height, rise = 100.0 + 200.0 * rng.random(), 3.0 + 6.0 * rng.random()
        wave = np.where(since < rise, since / rise, np.exp(-(since - rise) / 14.0))
        level += np.where(since > 0.0, height * wave, 0.0)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    at = [start + timedelta(minutes=step_min * i) for i in range(n)]
    return track(f"invented {seed}", Quantity.LEVEL, at, np.round(level, 1))
