"""Rules of the forms of vendors' files that no schema can say: times and zones that cannot be read. Pure."""

import codecs
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from floodcore.network.faults import Fault
from floodcore.network.pattern import compiled
from floodcore.network.rules import Entries, Entry
from floodcore.network.tree import Node
from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Quantity

_KEYWORDS = {"iso", "unix", "unix_ms"}
_PROBE = datetime(2026, 11, 22, 23, 50, tzinfo=UTC)
_ALONE = {"stamp", "UTC"}


def export_faults(entries: Entries) -> list[Fault]:
    """Every time form that does not hold a time, every unknown zone and encoding, every contradiction of the two."""
    found: set[Fault | None] = {fault for export in entries["exports"] for fault in _of(export)}
    for export in entries["exports"]:
        found.update(_units(export, column, "measures") for column in export.node.items("columns"))
    for station in entries["stations"]:
        found.update(_units(station, link, "quantity") for link in station.node.items("links"))
        found.update(_patterns(station, link) for link in station.node.items("links"))
    stations = {station.id for station in entries["stations"]}
    found.update(
        export.fault(export.node, "is also the id of a station; files come under one name")
        for export in entries["exports"]
        if export.id in stations
    )
    return sorted(fault for fault in found if fault is not None)


def _patterns(station: Entry, link: Node) -> Fault | None:
    """The pattern of a logger's text must be one, and a text with the logger's time says in which zone."""
    text, zone = link.text("pattern"), link.text("zone")
    if zone is not None and (zone == "stamp" or not _is_zone(zone)):
        return station.fault(link, f"there is no zone {zone[:40]!r}; as Europe/Prague, UTC or +01:00")
    if text is None:
        return None
    try:
        timed = compiled(text).timed
    except ValueError as error:
        return station.fault(link, str(error))
    return station.fault(link, "the text holds a time; say with zone which clock it is") if timed and not zone else None


def _units(owner: Entry, node: Node, key: str) -> Fault | None:
    """The unit of a column or datastream must be one that we can convert: cm taken for mm would be a flood."""
    measured, unit = node.text(key), node.text("unit")
    if measured is None or unit is None:
        return None
    quantity = {"distance": "level", "depth": "level"}.get(measured, measured)
    try:
        to_canonical(Quantity(quantity), 1.0, unit)
    except UnknownUnitError as error:
        return owner.fault(node, str(error))
    except ValueError:  # no quantity: the schema says so
        return None
    return None


def _of(export: Entry) -> Iterator[Fault]:
    node = export.node
    form, zone, encoding = node.text("time_format"), node.text("zone"), node.text("encoding")
    where = node.get("time_format") or node
    if form is not None and form not in _KEYWORDS and not _holds_a_minute(form):
        yield export.fault(where, f"time_format {form[:40]!r} does not hold day and minute, as %d.%m.%Y %H:%M does")
    if zone is not None and not _is_zone(zone):
        yield export.fault(node.get("zone") or node, f"there is no zone {zone[:40]!r}; as Europe/Prague, UTC or +01:00")
    if zone == "stamp" and form not in {None, *_KEYWORDS} and "%z" not in (form or ""):
        yield export.fault(where, "the stamp carries no zone; name the zone the logger keeps")
    named = zone is not None and "/" in zone
    if named and node.get("repeated_hour") is None and form not in {"unix", "unix_ms"}:
        yield export.fault(
            node,
            "say with repeated_hour what the hour that comes twice in autumn means: refuse, first, second or order",
        )
    if node.text("layout") == "json" and node.get("rows") is None:
        yield export.fault(node, "lacks the key 'rows', the path to the list of rows; '.' for the document itself")
    if encoding is not None and not _is_encoding(encoding):
        yield export.fault(node.get("encoding") or node, f"there is no encoding {encoding[:40]!r}; as utf-8 or cp1250")


def _holds_a_minute(form: str) -> bool:
    try:
        return datetime.strptime(_PROBE.strftime(form), form).replace(tzinfo=UTC) == _PROBE
    except ValueError:
        return False


def _is_zone(name: str) -> bool:
    if name in _ALONE:
        return True
    try:
        return offset_of(name) if name[:1] in "+-" else bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def offset_of(text: str) -> bool:
    """Whether `text` is a fixed offset such as +01:00."""
    return datetime.fromisoformat(f"2026-01-01T00:00:00{text}").utcoffset() is not None


def _is_encoding(name: str) -> bool:
    try:
        return isinstance("".encode(codecs.lookup(name).name), bytes)
    except (LookupError, TypeError):
        return False
