"""The readings of a hindcast (CSV, plain or gzip). The contract is in docs/engine.md.

A row that cannot be understood is counted and named, and never stops the next good one.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from hladina.station_list import InputError, Recorded, canonical, first_line

_COLUMNS = ("station_id", "timestamp", "value", "unit")
_NAMED = 20
_GZIP = b"\x1f\x8b"
# No reading is so long; what is may not fill the memory.
_LONGEST_LINE = 65_536


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

    def said(self) -> list[str]:
        """What is to be told about the rows, one line each."""
        lines = list(self.faults)
        if self.rejected > len(self.faults):
            lines.append(f"… and {self.rejected - len(self.faults)} more rows not understood")
        if self.strangers:
            count, names = sum(self.strangers.values()), ", ".join(name[:40] for name in sorted(self.strangers)[:5])
            lines.append(f"{count} rows of {len(self.strangers)} stations not in the list left out: {names}")
        if late := sum(len(record.late) for record in self.by_station.values()):
            lines.append(f"{late} rows older than the one before them decided nothing; sort each station by time")
        if not self.rows:
            lines.append("there are no readings below the headers")
        return lines

    @property
    def usable(self) -> bool:
        """Whether there was nothing to use, or something of it could be."""
        return not self.rows or self.rows > self.rejected + sum(self.strangers.values())


class _ShapeError(ValueError):
    """The file is not of the contract's shape; the text says what is wanted."""


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
        except OSError as error:
            faults.append(f"{path}: cannot be read: {error.strerror or first_line(error)}")
        except (EOFError, zlib.error) as error:
            faults.append(f"{path}: cannot be read: the gzip is broken ({first_line(error)}); fetch the file again")
        except _ShapeError as error:
            faults.append(f"{path}: cannot be read: {error}")
    if faults:
        raise InputError(faults)
    return records


def _read_file(path: Path, stations: dict[str, Recorded], records: Records) -> None:
    for line, (name, stamp, text, unit) in _rows(path, records):
        station = stations.get(name)
        if station is None:
            records.strangers[name] = records.strangers.get(name, 0) + 1
            continue
        try:
            at = _stamp(stamp)
            value = _value(text, unit, station)
        except (ValueError, OverflowError) as error:
            records.reject(f"{path}:{line}: {name}: {first_line(error)}")
            continue
        records.by_station[name].add(at, value)


def _rows(path: Path, records: Records) -> Iterator[tuple[int, tuple[str, str, str, str]]]:
    """Line number and the four columns of each row; a short row has empty cells."""
    with _opened(path) as file:
        lines = _lines(file, path, records)
        _, first = next(lines, (0, ""))
        a, b, c, d = _columns(_cells(first))
        last = max(a, b, c, d)
        for number, line in lines:
            records.rows += 1
            row = _cells(line)
            row.extend([""] * (last + 1 - len(row)))
            yield number, (row[a], row[b], row[c], row[d])


def _columns(header: Sequence[str]) -> list[int]:
    """Where the columns stand.

    Raises:
        _ShapeError: one is missing or stands twice.
    """
    names = [name.strip() for name in header]
    wanted = f"the first line must be {','.join(_COLUMNS)},role (UTF-8, with commas; more columns may follow)"
    if missing := [column for column in _COLUMNS if column not in names]:
        message = f"the header lacks {', '.join(missing)}; {wanted}"
        raise _ShapeError(message)
    if doubled := [column for column in _COLUMNS if names.count(column) > 1]:
        message = f"the header has {', '.join(doubled)} more than once; {wanted}"
        raise _ShapeError(message)
    return [names.index(column) for column in _COLUMNS]


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The text of a file, unpacked if it is a gzip; bytes that are no UTF-8 spoil only their row."""
    with path.open("rb") as raw:
        packed = raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        with (
            gzip.GzipFile(fileobj=raw) if packed else raw as plain,
            io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace") as text,
        ):
            yield text


def _lines(file: TextIO, path: Path, records: Records) -> Iterator[tuple[int, str]]:
    """The lines that say something with their numbers; one that is too long is passed over."""
    number, whole = 1, True
    while line := file.readline(_LONGEST_LINE):
        ends = line.endswith("\n")
        if not ends and len(line) == _LONGEST_LINE:
            if whole:
                records.rows += 1
                records.reject(f"{path}:{number}: longer than {_LONGEST_LINE} characters; no reading is")
        elif whole and not line.isspace():
            yield number, line
        whole = ends or len(line) < _LONGEST_LINE
        number += ends


def _cells(line: str) -> list[str]:
    """The cells of one line; a quote that is not closed ends with it."""
    if '"' not in line:
        return line.rstrip("\n").split(",")
    return next(csv.reader([line.rstrip("\n")]), [])


def _value(text: str, unit: str, station: Recorded) -> float | None:
    """The value in the canonical unit; None for an empty cell."""
    if not text.strip():
        return None
    try:
        number = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        number = None
    if number is None:
        message = f"value {text[:40]!r} is not a number with a decimal point"
        raise ValueError(message)
    return canonical(station, number, unit.strip())


def _stamp(text: str) -> datetime:
    """An ISO 8601 time; by the rule of this format one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"time {text[:40]!r} is not ISO 8601, such as 2025-05-01T10:30:00Z"
        raise ValueError(message) from None
