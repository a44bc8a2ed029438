"""Reads recorded floods: a folder with `stations_meta.csv`, `events/*.csv` and `records/*.csv.gz`.

An event file holds `event_id, station_id, station_name, river, role, timestamp, value, unit`; a record
`station_id, timestamp, value, unit, role`. Times are UTC, an empty value is missing, never 0.
"""

import csv
import gzip
import json
import math
import statistics
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from floodcore.words import Quantity

_LONG = timedelta(days=183)  # a record that long knows its own quantiles
_QUANTILES = {1: 0.90, 2: 0.97, 3: 0.995}
_WAY_TO_PEAK = {1: 0.25, 2: 0.50, 3: 0.75}
_QUARTER_HOUR_S = 900.0
_DECIMALS = 4  # of a canonical value, as in floodcore.units


class RecordsError(ValueError):
    """The folder does not hold what a replay needs; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Series:
    """One recorded series in its canonical unit (cm, m³/s, mm per interval); `limits` by degree, may be empty."""

    station_id: str
    name: str
    river: str
    quantity: Quantity
    points: tuple[tuple[datetime, float | None], ...]
    limits: Mapping[int, float]
    step: timedelta
    lat: float | None
    lon: float | None
    area_km2: float | None
    order: float | None
    source: str


def events(folder: Path) -> list[str]:
    """Names of the events in `folder`, the most telling first: many gauges and a fast rise.

    Raises:
        RecordsError: there is none.
    """
    names = sorted(path.stem for path in (folder / "events").glob("*.csv"))
    names += sorted(path.name.removesuffix(".csv.gz") for path in (folder / "records").glob("*.csv.gz"))
    if not names:
        message = f"{folder}: neither events/*.csv nor records/*.csv.gz; name a folder of recorded floods"
        raise RecordsError(message)
    weight = {row.get("event_id", ""): _weight(row) for row in _rows(folder / "events_catalog.csv")}
    return sorted(names, key=lambda name: -weight.get(name, 0.0))


def read(folder: Path, event: str) -> list[Series]:
    """The series of `event`, in canonical units.

    Raises:
        RecordsError: no such event, or a line that cannot be understood.
    """
    path = folder / "events" / f"{event}.csv"
    if not path.exists():
        path = folder / "records" / f"{event}.csv.gz"
    if not path.exists():
        message = f"no event {event!r} in {folder}; events are: {', '.join(sorted(events(folder)))}"
        raise RecordsError(message)
    meta = {row.get("station_id", ""): row for row in _rows(folder / "stations_meta.csv")}
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in _rows(path):
        grouped.setdefault(row.get("station_id", ""), []).append(row)
    try:
        return [_series(key, rows, meta.get(key, {}), folder) for key, rows in grouped.items()]
    except RecordsError:
        raise
    except (KeyError, ValueError) as error:
        message = f"{path}: not a recorded flood: {type(error).__name__} {error}"
        raise RecordsError(message) from error


def canonical(value: float, unit: str, area_km2: float | None) -> tuple[Quantity | None, float]:
    """The quantity a unit implies (None: depends on the role) and the value in the canonical unit.

    Raises:
        ValueError: an unknown unit, or a depth of runoff without a catchment.
    """
    match unit:
        case "m":
            return Quantity.LEVEL, round(value * 100.0, _DECIMALS)
        case "cm":
            return Quantity.LEVEL, round(value, _DECIMALS)
        case "mm":
            return Quantity.RAIN, round(value, _DECIMALS)
        case "m3/s":
            return Quantity.DISCHARGE, round(value, _DECIMALS)
        case "mm/h" | "mm/15min":
            return None, round(value, _DECIMALS)
        case _:
            message = f"unknown unit {unit!r} (area {area_km2})"
            raise ValueError(message)


def runoff(mm_per_quarter_hour: float, area_km2: float) -> float:
    """m³/s for a depth of runoff over a catchment in a quarter of an hour."""
    return round(mm_per_quarter_hour / 1000.0 * area_km2 * 1e6 / _QUARTER_HOUR_S, _DECIMALS)


def _series(key: str, rows: Sequence[dict[str, str]], meta: Mapping[str, str], folder: Path) -> Series:
    role = meta.get("role") or rows[0]["role"]
    area = _number(meta.get("area_km2", ""))
    quantity = {"rain": Quantity.RAIN, "discharge": Quantity.DISCHARGE}.get(role, Quantity.LEVEL)
    points: dict[datetime, float | None] = {}
    for row in rows:
        points.setdefault(_time(row["timestamp"]), _value(row["value"], row["unit"], quantity, area))
    ordered = tuple(sorted(points.items()))
    return Series(
        key,
        meta.get("station_name") or rows[0].get("station_name") or key,
        meta.get("river") or rows[0].get("river") or "",
        quantity,
        ordered,
        {} if quantity is Quantity.RAIN else _limits(ordered, meta, quantity, folder),
        timedelta(minutes=_number(meta.get("step_min", "")) or 15.0),
        _number(meta.get("lat", "")),
        _number(meta.get("lon", "")),
        area,
        _number(meta.get("order_downstream", "")),
        ", ".join(filter(None, (meta.get("source_repo"), meta.get("licence")))) or "recorded flood",
    )


def _value(text: str, unit: str, quantity: Quantity, area: float | None) -> float | None:
    if not text.strip():
        return None
    number = float(text)
    if not math.isfinite(number):
        return None  # no number is no measurement
    if quantity is Quantity.DISCHARGE and unit == "mm/15min":
        if area is None:
            message = "runoff in mm/15min without a catchment area"
            raise ValueError(message)
        return runoff(number, area)
    implied, value = canonical(number, unit, area)
    if implied is not None and implied is not quantity:
        message = f"{quantity} in {unit!r}"
        raise ValueError(message)
    return value


def _limits(
    points: Sequence[tuple[datetime, float | None]], meta: Mapping[str, str], quantity: Quantity, folder: Path
) -> dict[int, float]:
    """Where degrees begin: quantiles of a record of half a year, else parts of the way from median to peak.

    A published flood limit above the third becomes the fourth.
    """
    unit, area = meta.get("unit", ""), _number(meta.get("area_km2", ""))
    record = _record(meta, quantity, folder) if _is_long(meta) else []
    if record:
        limits = {degree: _quantile(record, part) for degree, part in _QUANTILES.items()}
    else:
        known = [value for _, value in points if value is not None]
        if not known:
            return {}
        low = _value(meta.get("vmedian", ""), unit, quantity, area) if meta.get("vmedian") else statistics.median(known)
        high = _value(meta.get("vmax", ""), unit, quantity, area) if meta.get("vmax") else max(known)
        if low is None or high is None or high <= low:
            return {}
        limits = {degree: low + part * (high - low) for degree, part in _WAY_TO_PEAK.items()}
    published = [_value(str(v), unit, quantity, area) for v in json.loads(meta.get("thresholds") or "{}").values()]
    above = [value for value in published if value is not None and value > limits[3]]
    if above:
        limits[4] = min(above)
    rounded = {degree: round(value, 1 if quantity is Quantity.LEVEL else 3) for degree, value in limits.items()}
    return rounded if len(set(rounded.values())) == len(rounded) else {}


def _is_long(meta: Mapping[str, str]) -> bool:
    return bool(meta.get("t0") and meta.get("t1")) and _time(meta["t1"]) - _time(meta["t0"]) > _LONG


def _record(meta: Mapping[str, str], quantity: Quantity, folder: Path) -> list[float]:
    rows = _rows(folder / "records" / f"{meta.get('group', '')}.csv.gz")
    area, key = _number(meta.get("area_km2", "")), meta["station_id"]
    values = [_value(row["value"], row["unit"], quantity, area) for row in rows if row["station_id"] == key]
    return sorted(value for value in values if value is not None)


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _weight(row: Mapping[str, str]) -> float:
    gauges = _number(row.get("n_level_gauges", "")) or 0.0
    rise = _number(row.get("rise_3h", "")) or 0.0
    return min(gauges, 6.0) * rise if row.get("unit") == "m" else 0.0


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file; none if there is no such file.

    Raises:
        RecordsError: it cannot be read, or is no CSV in UTF-8.
    """
    if not path.exists():
        return
    try:
        with _opened(path) as file:
            yield from csv.DictReader(file, restval="")
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise RecordsError(message) from error
    except (UnicodeDecodeError, EOFError, zlib.error, csv.Error) as error:
        message = f"{path}: not a CSV file of recorded floods: {error}"
        raise RecordsError(message) from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() != timedelta(0):
        message = f"time without UTC: {text!r}"
        raise ValueError(message)
    return moment
