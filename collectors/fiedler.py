"""Fiedler loggers, the `.dta` export: text of marked parts to what is heard of a station. Pure.

`<station>`, `<channels>`, `<data>`, `<binaries>`, each with a header of quoted names parted by tabs, then
rows. Time rule: `DD.MM.YYYY HH:MM:SS` of the logger's own clock, less `UTC_Offset` (hours) of the station
row; the offset is fixed, so no hour comes twice. Decimal comma. What a channel measures is said by the
link; its unit by the file. docs/sources/fiedler.md.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from collectors.faults import DecodeError
from collectors.mounted import Heard, heard, measure
from collectors.numerals import decimal
from collectors.radio import Device, devices, known_device
from collectors.samples import Measured
from collectors.source import Offer, Source, Way
from collectors.walltime import dotted
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.units import UnknownUnitError
from floodcore.words import Quantity

KIND = "fiedler"
_PARTS = ("station", "channels", "data", "binaries")
_UNITS = {"°C": "degC", "m³/s": "m3/s", "mV": "mV"}
_NOTHING = {"???", "-"}
_NUMBER = re.compile(r"[+-]?[0-9]{1,2}(?:[.,][0-9]{1,2})?")
_LARGEST_OFFSET_H = 14.0
_MOST_FAULTS = 1000
_MOST_ROWS = 20_000  # more than four months of one station in steps of ten minutes; half a second of work

_Rows = list[list[str]]


def decode(body: bytes, known: Mapping[str, Device]) -> Heard:
    """What one file says of the logger whose serial number stands in it.

    Raises:
        DecodeError: no whole file of this form, of an unknown logger, or no usable value in it.
    """
    parts = _parts_of(body)
    station = _named(parts["station"])
    if len(station) != 1:
        fault = f"the part <station> has {len(station)} rows, not one"
        raise DecodeError(fault)
    device = known_device(known, station[0].get("Serial", ""))
    offset = _offset(station[0].get("UTC_Offset", ""))
    units = {row.get("Label", ""): row.get("Unit", "") for row in _named(parts["channels"])}
    columns, faults = _columns(parts["data"], units, device.link.channels)
    found = Heard(faults=faults)
    for at, measured, fault in _measures(parts["data"][1:], columns, offset):
        if fault:
            found.faults.append(fault)
            continue
        try:
            found.add(heard(device.station, device.mountings, measured, at))
        except DecodeError as error:
            found.faults.append(str(error))
        if len(found.faults) > _MOST_FAULTS:
            break
    if found.faults and not found.readings:
        raise DecodeError(found.faults[0])
    return found


def _parts_of(body: bytes) -> dict[str, _Rows]:
    """The rows of each part, header first. A file without its last mark is not whole yet."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1250", "replace")
    parts: dict[str, _Rows] = {}
    rows: _Rows | None = None
    for line in text.splitlines():
        mark = line.strip()
        if mark.startswith("<") and mark.endswith(">") and mark[1:-1] in _PARTS:
            rows = parts.setdefault(mark[1:-1], [])
        elif rows is not None and mark:
            rows.append([cell.strip().strip('"') for cell in line.split("\t")])
    lacking = [name for name in _PARTS if name not in parts]
    if lacking:
        fault = f"no whole .dta file: the part <{lacking[0]}> is missing"
        raise DecodeError(fault)
    if len(parts["data"]) > _MOST_ROWS:
        fault = f"more than {_MOST_ROWS} rows: send fewer at a time"
        raise DecodeError(fault)
    if not parts["data"] or not parts["channels"]:
        fault = "the parts <channels> and <data> have no header"
        raise DecodeError(fault)
    return parts


def _named(rows: _Rows) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def _offset(text: str) -> timedelta:
    hours = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    if hours is None or abs(hours) > _LARGEST_OFFSET_H:
        fault = f"UTC_Offset {text[:20]!r} is no offset in hours: the time would be guessed"
        raise DecodeError(fault)
    return timedelta(hours=hours)


def _columns(
    data: _Rows, units: Mapping[str, str], channels: Mapping[str, str]
) -> tuple[dict[int, tuple[str, str]], list[str]]:
    """Place of each wanted column with what it measures and its unit; and which wanted ones are not there."""
    header = data[0]
    if header[0] != "Time":
        fault = f"the first column of <data> is {header[0][:40]!r}, not Time"
        raise DecodeError(fault)
    if len(set(header)) != len(header):
        fault = "a column of <data> stands there twice"
        raise DecodeError(fault)
    places = {label: place for place, label in enumerate(header) if label in channels and label in units}
    found = {place: (channels[label], _UNITS.get(units[label], units[label])) for label, place in places.items()}
    return found, [f"the file has no channel {label[:40]!r}" for label in channels if label not in places]


def _measures(
    rows: _Rows, columns: Mapping[int, tuple[str, str]], offset: timedelta
) -> Iterator[tuple[datetime, list[Measured], str]]:
    for row in rows:
        try:
            at = _moment(row[0], offset)
            yield at, [each for place in columns if (each := _cell(row, place, *columns[place])) is not None], ""
        except (DecodeError, UnknownUnitError) as error:
            yield datetime.min.replace(tzinfo=UTC), [], str(error)


def _moment(text: str, offset: timedelta) -> datetime:
    try:
        return dotted(text).replace(tzinfo=UTC) - offset
    except OverflowError:
        fault = f"time stamp {text[:40]!r} lies outside the calendar"
        raise DecodeError(fault) from None


def _cell(row: list[str], place: int, kind: str, unit: str) -> Measured | None:
    """The value of one cell; None where nothing was measured."""
    text = row[place] if place < len(row) else ""
    value = None if text in _NOTHING else decimal(text, ",")
    return None if value is None else Measured(measure(kind, value, unit))


def _probe(body: bytes) -> object:
    channels = {"Hladina": "level", "Odstup": "distance", "Srazky": "rain", "Voda": "water_temperature"}
    link = Link(KIND, "00123", mounted=(Mounting(None, "", 400.0),), channels=channels)
    everything = tuple(Quantity)
    station = Station("probe", Names("probe"), None, "CZ", "", everything, timedelta(minutes=10), links=(link,))
    return decode(body, devices({"probe": station}, KIND))


SOURCE = Source(
    name=KIND,
    title="Fiedler loggers, .dta by upload or folder",
    way=Way.FILE,
    module="collectors/fiedler.py",
    offers=(
        Offer("channels of the link", Quantity.LEVEL, "of the file", "also distance and depth, by the mounting"),
        Offer("channels of the link", Quantity.RAIN, "mm"),
        Offer("channels of the link", Quantity.DISCHARGE, "m3/s, l/s"),
        Offer("channels of the link", Quantity.WATER_TEMPERATURE, "°C"),
        Offer("channels of the link", Quantity.BATTERY, "V, mV"),
    ),
    time_rule="the logger's clock less UTC_Offset of the file; a fixed offset, no hour comes twice",
    probe=_probe,
)
