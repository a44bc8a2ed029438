"""A vendor's file by the form that the configuration gives it: CSV or JSON to what is heard of stations. Pure.

Nothing about a vendor stands here: columns, units, separators, encoding, time and zone are those of the
`Export` (station_configs/exports.yaml). docs/sources/export.md.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import Heard, heard, measure
from collectors.numerals import number
from collectors.radio import Device
from collectors.rowtimes import Stamp, moments, stamp
from collectors.samples import Measured
from collectors.source import Offer, Source, Way
from floodcore.network.model import Column, Export, Link, Mounting, Names, Station
from floodcore.units import UnknownUnitError
from floodcore.words import Quantity

KIND = "export"
_MOST_ROWS = 20_000  # more than four months of one station in steps of ten minutes; half a second of work
_MOST_FAULTS = 1000
_ABSENT = object()
_LARGEST = 1e15  # of a number that names a station or a time; Python writes out larger ones slowly
_PLAIN = 1e5  # -999.0 and -999 are the same sign of nothing


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as it stands: whose it is, when, and the cells of the wanted columns in their order."""

    address: str
    stamp: Stamp | str  # or why it has none
    cells: tuple[object, ...]


def stations_of(stations: Mapping[str, Station], export: str) -> dict[str, Device]:
    """The stations that `export` feeds, by what its files call them; by "" the one of a file of one station."""
    return {
        link.address: Device(station, link, link.mountings)
        for station in stations.values()
        for link in station.links
        if link.kind == KIND and link.export == export
    }


def decode(body: bytes, export: Export, known: Mapping[str, Device]) -> Heard:
    """What one file says of the stations that it feeds; rows of other stations are not ours.

    Raises:
        DecodeError: no file of this form, or no usable value in it.
    """
    rows = list(_csv_rows(body, export) if export.layout == "csv" else _json_rows(body, export))
    mine = [row for row in rows if row.address in known]
    if rows and not mine:
        fault = f"the file speaks of {rows[0].address[:40]!r} and of no station that this export feeds"
        raise DecodeError(fault)
    found = Heard()
    stamps = [(row.address, row.stamp) for row in mine]
    for row, at in zip(mine, moments(stamps, export.zone, export.repeated_hour), strict=True):
        if isinstance(at, str):
            found.faults.append(at)
            continue
        device = known[row.address]
        try:
            measured = list(_measured(row.cells, export))
            found.add(heard(device.station, device.mountings, measured, at))
        except (DecodeError, UnknownUnitError) as error:
            found.faults.append(str(error))
        if len(found.faults) > _MOST_FAULTS:
            break
    if found.faults and not found.readings:
        raise DecodeError(found.faults[0])
    return found


def _measured(cells: tuple[object, ...], export: Export) -> Iterator[Measured]:
    for column, cell in zip(export.columns, cells, strict=True):
        if cell is _ABSENT or (isinstance(cell, str) and cell.strip() in export.missing):
            continue
        value = number(cell, export.decimal)
        if value is not None and _text(cell) not in export.missing:
            yield Measured(measure(column.measures, value, column.unit))


def _csv_rows(body: bytes, export: Export) -> Iterator[_Row]:
    try:
        text = body.decode("utf-8-sig" if export.encoding.lower() in {"utf-8", "utf8"} else export.encoding)
    except (UnicodeError, LookupError) as error:
        fault = f"the file is not {export.encoding}: {error}"[:200]
        raise DecodeError(fault) from None
    lines = text.splitlines()[export.skip_lines :]
    table = csv.reader(lines, delimiter=export.separator)
    try:
        header = [cell.strip() for cell in next(table, [])]
        places = {name: _place(header, name) for name in _names(export)}
        for count, cells in enumerate(table):
            if count >= _MOST_ROWS:
                fault = f"more than {_MOST_ROWS} rows: send fewer at a time"
                raise DecodeError(fault)
            if cells:
                yield _csv_row(cells, places, len(header), export)
    except csv.Error as error:
        fault = f"not a csv file: {error}"
        raise DecodeError(fault) from None


def _csv_row(cells: list[str], places: Mapping[str, int], width: int, export: Export) -> _Row:
    if len(cells) < width:  # a cell too few, and every value behind it would stand in the wrong column
        missing = f"a row has {len(cells)} cells, the header {width}"
        address = cells[places[export.station]].strip() if places.get(export.station, width) < len(cells) else ""
        return _Row(address, missing, ())
    address = cells[places[export.station]].strip() if export.station else ""
    time = " ".join(cells[places[name]].strip() for name in export.time)
    return _Row(address, _stamp(time, export), tuple(cells[places[column.name]] for column in export.columns))


def _place(header: list[str], name: str) -> int:
    if header.count(name) != 1:
        fault = f"the header has the column {name[:40]!r} {header.count(name)} times: {'; '.join(header)[:120]}"
        raise DecodeError(fault)
    return header.index(name)


def _names(export: Export) -> list[str]:
    return [*([export.station] if export.station else []), *export.time, *(column.name for column in export.columns)]


def _json_rows(body: bytes, export: Export) -> Iterator[_Row]:
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"not a JSON file: {error}"
        raise DecodeError(fault) from None
    rows = document if export.rows == "." else _at(document, export.rows)
    if not isinstance(rows, list):
        fault = f"there is no list of rows at {export.rows!r}"
        raise DecodeError(fault)
    if len(rows) > _MOST_ROWS:
        fault = f"{len(rows)} rows are more than {_MOST_ROWS}"
        raise DecodeError(fault)
    for row in rows:
        address = _text(_at(row, export.station)) if export.station else ""
        time = " ".join(_text(_at(row, name)) for name in export.time)
        yield _Row(address, _stamp(time, export), tuple(_at(row, column.name) for column in export.columns))


def _at(value: object, path: str) -> object:
    """What stands at the dotted `path`; nothing where there is no such place."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step, _ABSENT)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):  # noqa: PLR2004
            value = value[int(step)]
        else:
            return _ABSENT
    return value


def _text(value: object) -> str:
    """A name, a time or a sign of nothing, which JSON may also write as a number."""
    if isinstance(value, str):
        return value.strip()[:100]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        return ""
    return f"{value:g}" if value == round(value, 3) and abs(value) < _PLAIN else str(value)


def _stamp(text: str, export: Export) -> Stamp | str:
    try:
        return stamp(text, export.time_format, export.zone)
    except DecodeError as error:
        return str(error)


_PROBED = Export(
    "probe", "csv", ("Datum", "Cas"), "%d.%m.%Y %H:%M", "Europe/Prague",
    (Column("Hladina [cm]", "level", "cm"), Column("Odstup [mm]", "distance", "mm"), Column("Srazky", "rain", "mm")),
    "order", "Stanice", encoding="cp1250", decimal=",", skip_lines=1, missing=("", "-", "-999"),
)  # fmt: skip
_PROBED_JSON = Export(
    "probe", "json", ("t",), "iso", "stamp", (Column("v.level", "level", "m"),), station="id", rows="data.items"
)


def _probe(body: bytes) -> object:
    """A CSV, or JSON when it begins like one."""
    export = _PROBED_JSON if body[:1] in {b"{", b"["} else _PROBED
    link = Link(KIND, "LVS-1", mounted=(Mounting(None, "", 400.0),), export="probe")
    everything = tuple(Quantity)
    station = Station("probe", Names("probe"), None, "CZ", "", everything, timedelta(minutes=10), links=(link,))
    return decode(body, export, stations_of({"probe": station}, "probe"))


SOURCE = Source(
    name=KIND,
    title="Vendors' CSV and JSON by a form in the configuration",
    way=Way.FILE,
    module="collectors/exports.py",
    offers=(Offer("columns of the form", Quantity.LEVEL, "of the form", "or any other quantity, as the form says"),),
    time_rule="zone and format of the form; the hour that comes twice by its stated rule, a missing hour refused",
    probe=_probe,
)
