"""Reading recorded floods: the station list (YAML) and the readings (CSV, CSV.gz) of a hindcast.

The contract is in docs/engine.md. Faults of the station list are reported all together and stop the
run; a row that cannot be understood is counted and named, and never stops the next good one.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import yaml

from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Degree, Quantity

_COLUMNS = ("station_id", "timestamp", "value", "unit")
_KINDS = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN)
_NAMED = 20

# Water depth over the catchment per interval, in use for small research catchments: 1 mm per hour over
# 1 km2 is 1 / 3.6 m3/s. As m3/s per mm and km2.
_DEPTHS = {"mm/h": 1.0 / 3.6, "mm/15min": 4.0 / 3.6}
# Rain is counted per interval of the record, whatever its length.
_RAIN = {"mm", "mm/h", "mm/15min", "mm/10min", "mm/5min"}


class InputError(ValueError):
    """The input cannot be used; `faults` holds a line for each reason."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A station of a recorded flood. `limits` are in the canonical unit; `area_km2` None when unknown."""

    id: str
    quantity: Quantity
    unit: str
    limits: dict[Degree, float]
    area_km2: float | None


@dataclass(slots=True)
class Record:
    """The readings of one station in time order, canonical units."""

    at: list[datetime] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    repeated: int = 0
    contradictory: int = 0
    late: list[datetime] = field(default_factory=list)

    def add(self, at: datetime, value: float | None) -> None:
        """Take one reading by the rules of the store: the first of a time stands, an older one is late."""
        if not self.at or at > self.at[-1]:
            self.at.append(at)
            self.value.append(value)
        elif at == self.at[-1]:
            self.repeated += 1
            self.contradictory += value != self.value[-1]
        else:
            self.late.append(at)


@dataclass(slots=True)
class Records:
    """All readings by station, and what could not be used."""

    by_station: dict[str, Record] = field(default_factory=dict)
    strangers: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list)

    def reject(self, fault: str) -> None:
        """Count a row that cannot be understood; only the first are named."""
        self.rejected += 1
        if len(self.faults) < _NAMED:
            self.faults.append(fault)


def read_stations(path: Path) -> dict[str, Recorded]:
    """The stations of a YAML list.

    Raises:
        InputError: with every fault of the file.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([f"{path}: cannot be read: {_first_line(error)}"]) from None
    if not isinstance(document, list):
        raise InputError([f"{path}: a list of stations is wanted"])
    faults: list[str] = []
    stations: dict[str, Recorded] = {}
    for number, item in enumerate(document, start=1):
        found = _station(item, f"{path}: station {number}", faults)
        if found is not None and found.id in stations:
            faults.append(f"{path}: station {number}: the id {found.id} occurs twice")
        elif found is not None:
            stations[found.id] = found
    if faults:
        raise InputError(faults)
    return stations


def _station(item: object, where: str, faults: list[str]) -> Recorded | None:
    if not isinstance(item, dict):
        faults.append(f"{where}: keys and values are wanted")
        return None
    missing = [key for key in ("id", "quantity", "unit") if item.get(key) in {None, ""}]
    if missing:
        faults.append(f"{where}: {', '.join(missing)} missing")
        return None
    where = f"{where} ({item['id']})"
    try:
        quantity = Quantity(str(item["quantity"]))
    except ValueError:
        quantity = Quantity.BATTERY
    if quantity not in _KINDS:
        faults.append(f"{where}: quantity {item['quantity']!r} is none of {', '.join(_KINDS)}")
        return None
    area = item.get("area_km2")
    if area is not None and not _positive(area):
        faults.append(f"{where}: area_km2 {area!r} is not a positive number")
        return None
    station = Recorded(str(item["id"]), quantity, str(item["unit"]), {}, None if area is None else float(area))
    station.limits.update(_limits(item.get("thresholds"), station, where, faults))
    return station


def _limits(item: object, station: Recorded, where: str, faults: list[str]) -> dict[Degree, float]:
    if item is None or item == {}:
        return {}
    if not isinstance(item, dict):
        faults.append(f"{where}: thresholds: degree and value pairs are wanted")
        return {}
    limits: dict[Degree, float] = {}
    for key, value in item.items():
        if value is None:
            continue
        if str(key) not in {"1", "2", "3", "4"} or not _number(value):
            faults.append(f"{where}: thresholds: {key!r}: {value!r} is not a degree 1-4 with a number")
            continue
        limits[Degree(int(key))] = canonical(station, float(value), station.unit)
    ordered = [limits[degree] for degree in sorted(limits)]
    if ordered != sorted(ordered):
        faults.append(f"{where}: thresholds fall from one degree to the next")
    return dict(sorted(limits.items()))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and _number(value) and value > 0


def canonical(station: Recorded, value: float, unit: str) -> float:
    """`value` in `unit` as the canonical unit of the station's quantity.

    A unit no table knows is taken as it is if the station declares the same: its limits are in it too,
    so degrees are right; only the absolute numbers of the quality checks are then of another scale.

    Raises:
        UnknownUnitError: the unit is unknown and not the station's own.
    """
    if station.quantity is Quantity.RAIN and unit in _RAIN:
        return value
    if station.quantity is Quantity.DISCHARGE and unit in _DEPTHS and station.area_km2 is not None:
        return value * _DEPTHS[unit] * station.area_km2
    try:
        return to_canonical(station.quantity, value, unit)
    except UnknownUnitError:
        if unit == station.unit:
            return value
        raise


def read_readings(paths: Sequence[Path], stations: dict[str, Recorded]) -> Records:
    """All readings of `paths`, in the order of the files.

    Raises:
        InputError: a file cannot be read or lacks a column; with every such fault.
    """
    records = Records({station: Record() for station in stations})
    faults: list[str] = []
    for path in paths:
        try:
            _read_file(path, stations, records)
        except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error, _NoColumnError) as error:
            faults.append(f"{path}: cannot be read: {_first_line(error)}")
    if faults:
        raise InputError(faults)
    return records


class _NoColumnError(ValueError):
    """The header lacks a column."""


def _read_file(path: Path, stations: dict[str, Recorded], records: Records) -> None:
    for line, (name, stamp, text, unit) in _rows(path):
        records.rows += 1
        station = stations.get(name)
        if station is None:
            records.strangers[name] = records.strangers.get(name, 0) + 1
            continue
        try:
            at = _stamp(stamp)
            value = None if not text.strip() else canonical(station, float(text), unit)
        except (ValueError, OverflowError) as error:
            records.reject(f"{path}:{line}: {name}: {_first_line(error)}")
            continue
        records.by_station[name].add(at, value)


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str, str, str]]]:
    """Line number and the four columns of each row; a short row has empty cells."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        missing = [column for column in _COLUMNS if column not in header]
        if missing:
            message = f"the header lacks {', '.join(missing)}"
            raise _NoColumnError(message)
        a, b, c, d = (header.index(column) for column in _COLUMNS)
        last = max(a, b, c, d)
        for row in reader:
            if not row:
                continue
            row.extend([""] * (last + 1 - len(row)))
            yield reader.line_num, (row[a], row[b], row[c], row[d])


def _stamp(text: str) -> datetime:
    """An ISO 8601 time; by the rule of this format one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
