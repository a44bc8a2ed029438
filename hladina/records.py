"""The readings of a hindcast (CSV, plain or gzip). The contract is in docs/engine.md.

A row that cannot be understood is counted and named, and never stops the next good one. A file is read in blocks of
whole lines: one that is clean through and through at once (`hladina.clean_rows`), any other row by row.
"""

import csv
import gzip
import io
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from hladina.clean_rows import Rows, rows
from hladina.station_list import InputError, Recorded, canonical, first_line

_COLUMNS = ("station_id", "timestamp", "value", "unit")
_NAMED = 20
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
# No reading is so long; what is may not fill the memory.
_LONGEST_LINE = 65_536
# What is read at once. Longer blocks are not faster.
PIECE = 1 << 20
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _whole() -> "array[int]":
    return array("q")


def _double() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Record:
    """The readings of one station in time order, canonical units; small enough to travel.

    `stamps` are microseconds since 1970, `numbers` the values, `missing` 1 where there is none.
    """

    stamps: "array[int]" = field(default_factory=_whole)
    numbers: "array[float]" = field(default_factory=_double)
    missing: bytearray = field(default_factory=bytearray)
    repeated: int = 0
    contradictory: int = 0
    late: list[datetime] = field(default_factory=list)

    def __len__(self) -> int:
        """How many readings count."""
        return len(self.stamps)

    @property
    def at(self) -> list[datetime]:
        """The times, made anew at each call."""
        return [moment.replace(tzinfo=UTC) for moment in np.array(self.stamps).view("datetime64[us]").tolist()]

    @property
    def value(self) -> list[float | None]:
        """The values, made anew at each call; None where one is missing."""
        return [None if gone else value for value, gone in zip(self.numbers, self.missing, strict=True)]

    def add(self, at: datetime, value: float | None) -> None:
        """Take one reading by the rules of the store: the first of a time stands, an older one is late."""
        stamp, last = (at - _EPOCH) // _MICROSECOND, self.stamps[-1] if self.stamps else None
        if last is None or stamp > last:
            self.stamps.append(stamp)
            self.numbers.append(np.nan if value is None else value)
            self.missing.append(value is None)
        elif stamp == last:
            self.repeated += 1
            self.contradictory += value != (None if self.missing[-1] else self.numbers[-1])
        else:
            self.late.append(at)

    def extend(self, at: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Take readings, none of which is NaN but where it is missing; `at` (readings,) in microseconds since 1970."""
        if (at[1:] > at[:-1]).all() and (not self.stamps or at[0] > self.stamps[-1]):
            self.stamps.frombytes(at.tobytes())
            self.numbers.frombytes(value.tobytes())
            self.missing.extend(np.isnan(value).tobytes())
            return
        for stamp, number in zip(at.tolist(), value.tolist(), strict=True):
            self.add(_EPOCH + timedelta(microseconds=stamp), None if np.isnan(number) else number)


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


def read_readings(paths: Sequence[Path], stations: dict[str, Recorded], piece: int = PIECE) -> Records:
    """All readings of `paths`, in the order of the files, `piece` bytes at once; 0: every row by itself.

    Raises:
        InputError: a file cannot be read or lacks a column; with every such fault.
    """
    records = Records({station: Record() for station in stations})
    faults: list[str] = []
    for path in paths:
        try:
            _File(path, stations, records).read(piece)
        except OSError as error:
            faults.append(f"{path}: cannot be read: {error.strerror or first_line(error)}")
        except (EOFError, zlib.error) as error:
            faults.append(f"{path}: cannot be read: the gzip is broken ({first_line(error)}); fetch the file again")
        except _ShapeError as error:
            faults.append(f"{path}: cannot be read: {error}")
    if faults:
        raise InputError(faults)
    return records


@dataclass(slots=True)
class _File:
    """A file being read: where its columns stand (None before the header), and the number of the line that comes."""

    path: Path
    stations: dict[str, Recorded]
    records: Records
    columns: list[int] | None = None
    number: int = 1

    def read(self, piece: int) -> None:
        """Read all of it.

        Raises:
            _ShapeError: it has no header.
        """
        with _opened(self.path) as file:
            if not piece:
                self._slowly(file)
            else:
                self._in_blocks(file, piece)
        if self.columns is None:
            self.columns = _columns([""])

    def _in_blocks(self, file: BinaryIO, piece: int) -> None:
        rest = b""
        while new := file.read(piece):
            block = rest + new
            cut = block.rfind(b"\n") + 1
            if not cut and len(block) > _LONGEST_LINE:  # no lines, or none that end so
                self._slowly(io.BufferedReader(_Chained(block, file)))
                return
            self._block(block[:cut])
            rest = block[cut:]
        self._block(rest)

    def _block(self, block: bytes) -> None:
        """A block of whole lines; only the last of a file may end without a line end."""
        while self.columns is None and block:
            cut = block.find(b"\n") + 1 or len(block)
            self._slowly(io.BytesIO(block[:cut]))
            block = block[cut:]
        if self.columns is None or not block:
            return
        plain = block.replace(b"\r\n", b"\n") if b"\r" in block else block
        plain = plain if plain.endswith(b"\n") else plain + b"\n"
        found = rows(plain, self.columns, _LONGEST_LINE)
        if found is None or not self._taken(found):
            self._slowly(io.BytesIO(block))
        else:
            count = plain.count(b"\n")
            self.records.rows += count
            self.number += count

    def _taken(self, found: Sequence[Rows]) -> bool:
        """Take the rows of a clean block: all of them, or none if a unit is not understood."""
        try:
            values = [self._canonical(each) for each in found]
        except (ValueError, OverflowError):
            return False
        for each, value in zip(found, values, strict=True):
            if value is None:
                self.records.strangers[each.name] = self.records.strangers.get(each.name, 0) + each.at.size
            else:
                self.records.by_station[each.name].extend(each.at, value)
        return True

    def _canonical(self, each: Rows) -> NDArray[np.float64] | None:
        """The values in the canonical unit, NaN where missing; None of a station that is not in the list."""
        station = self.stations.get(each.name)
        if station is None:
            return None
        value, known, unit = each.value.copy(), ~np.isnan(each.value), each.unit.strip()
        # by their bits, so that -0.0 stays what it is
        bits, place = np.unique(value[known].view(np.int64), return_inverse=True)
        value[known] = np.array([canonical(station, one, unit) for one in bits.view(np.float64).tolist()])[place]
        return value

    def _slowly(self, file: BinaryIO) -> None:
        """Row by row: what a row says, or why it says nothing."""
        for number, line in self._lines(file):
            cells = _cells(line)
            if self.columns is None:
                self.columns = _columns(cells)
                continue
            self.records.rows += 1
            cells.extend([""] * (max(self.columns) + 1 - len(cells)))
            name, stamp, text, unit = (cells[column] for column in self.columns)
            station = self.stations.get(name)
            if station is None:
                self.records.strangers[name] = self.records.strangers.get(name, 0) + 1
                continue
            try:
                at = _stamp(stamp)
                value = _value(text, unit, station)
            except (ValueError, OverflowError) as error:
                self.records.reject(f"{self.path}:{number}: {name}: {first_line(error)}")
                continue
            self.records.by_station[name].add(at, value)

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, str]]:
        """The lines that say something with their numbers; one that is too long is passed over."""
        whole = True
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace")
        while line := text.readline(_LONGEST_LINE):
            ends = line.endswith("\n")
            if not ends and len(line) == _LONGEST_LINE:
                if whole:
                    self.records.rows += 1
                    self.records.reject(
                        f"{self.path}:{self.number}: longer than {_LONGEST_LINE} characters; no reading is"
                    )
            elif whole and not line.isspace():
                yield self.number, line
            whole = ends or len(line) < _LONGEST_LINE
            self.number += ends
        text.detach()


class _Chained(io.RawIOBase):
    """What was read of a file already, and then its rest."""

    def __init__(self, begin: bytes, rest: BinaryIO) -> None:
        self._begin, self._rest = io.BytesIO(begin), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        found = self._begin.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


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
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file behind its mark of order, unpacked if it is a gzip."""
    with path.open("rb") as raw:
        packed = raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        with io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw as plain:
            if plain.peek(len(_BOM))[: len(_BOM)] == _BOM:
                plain.read(len(_BOM))
            yield plain


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
