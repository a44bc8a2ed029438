"""Files of loggers and vendors: Fiedler `.dta`, and any CSV or JSON whose form the configuration gives. Pure.

Written from the forms alone, with arithmetic of its own: what a decoder misreads shows as a difference.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from floodcore.network.model import Export

# A row: the station as the file calls it, the time (aware UTC), the values of the columns in the unit of the file.
Row = tuple[str, datetime, Sequence[float | None]]


def dta(
    serial: str, offset_h: float, units: Mapping[str, str], rows: Sequence[tuple[datetime, Sequence[float | None]]]
) -> bytes:
    """A `.dta` file of one logger; `units` are the units of its channels by label, in the order of the values."""
    tab = "\t".join
    lines = ["<station>", tab(['"Name"', '"Serial"', '"UTC_Offset"']), tab(["Exercise", serial, _comma(offset_h)]), ""]
    lines += ["<channels>", tab(['"Channel"', '"Label"', '"Unit"'])]
    lines += [tab([str(number), f'"{label}"', unit]) for number, (label, unit) in enumerate(units.items(), 1)]
    lines += ["", "<data>", tab(['"Time"', *(f'"{label}"' for label in units)])]
    for at, values in rows:
        stamp = f"{at.replace(tzinfo=None) + timedelta(hours=offset_h):%d.%m.%Y %H:%M:%S}"
        lines.append(tab([stamp, *("???" if value is None else _comma(value) for value in values)]))
    return "\r\n".join([*lines, "", "<binaries>", ""]).encode()


def export(form: Export, rows: Sequence[Row]) -> bytes:
    """A file of `form`; a missing value is the last of its signs for that."""
    return _csv(form, rows) if form.layout == "csv" else _json(form, rows)


def _csv(form: Export, rows: Sequence[Row]) -> bytes:
    header = [*([form.station] if form.station else []), *form.time, *(column.name for column in form.columns)]
    lines = ["Exercise"] * form.skip_lines + [form.separator.join(header)]
    for station, at, values in rows:
        cells = [form.missing[-1] if value is None else f"{value}".replace(".", form.decimal) for value in values]
        lines.append(form.separator.join([*([station] if form.station else []), *_times(form, at), *cells]))
    return ("\r\n".join(lines) + "\r\n").encode(form.encoding)


def _json(form: Export, rows: Sequence[Row]) -> bytes:
    items: list[object] = []
    for station, at, values in rows:
        item: dict[str, object] = {}
        if form.station:
            _put(item, form.station, station)
        for name, text in zip(form.time, _times(form, at), strict=True):
            _put(item, name, float(text) if form.time_format.startswith("unix") else text)
        for column, value in zip(form.columns, values, strict=True):
            _put(item, column.name, value)
        items.append(item)
    if form.rows == ".":
        return json.dumps(items).encode()
    document: dict[str, object] = {}
    _put(document, form.rows, items)
    return json.dumps(document).encode()


def _put(into: dict[str, object], path: str, value: object) -> None:
    """Put `value` where the dotted `path` leads."""
    step, _, rest = path.partition(".")
    if not rest:
        into[step] = value
        return
    inner = into.setdefault(step, {})
    if isinstance(inner, dict):
        _put(inner, rest, value)


def _times(form: Export, at: datetime) -> list[str]:
    if form.time_format.startswith("unix"):
        return [str(round(at.timestamp() * (1000 if form.time_format == "unix_ms" else 1)))]
    if form.zone == "stamp":
        return [at.isoformat() if form.time_format == "iso" else at.strftime(form.time_format)]
    wall = at.astimezone(_zone(form.zone)).replace(tzinfo=None)
    text = wall.isoformat() if form.time_format == "iso" else wall.strftime(form.time_format)
    return text.split(" ", 1) if len(form.time) > 1 else [text]


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if name[0] in "+-":
        minutes = int(name[1:3]) * 60 + int(name[4:6])
        return timezone(timedelta(minutes=minutes if name[0] == "+" else -minutes))
    return ZoneInfo(name)


def _comma(value: float) -> str:
    return f"{value:g}".replace(".", ",")
