"""Rules of sensors and their dated offsets: what turns a distance or a depth into a level, and since when. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise

from floodcore.network.faults import Fault, suggestion
from floodcore.network.rules import Entries, Entry
from floodcore.network.tree import Node

# Name of each payload decoder, and the key of the offset without which it gives no level; "" needs none.
Sensors = Mapping[str, str]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {"zero_cm": "the height of the sensor above the gauge's zero", "probe_cm": "the height of the probe above it"}


def moment(text: str) -> datetime:
    """A day as 2026-03-01 (its begin in UTC) or an ISO moment with `Z` or an offset, as aware UTC.

    Between the day and the time of a moment may stand a blank, as YAML writes it.

    Raises:
        ValueError: neither, or a moment without its zone.
    """
    found = datetime.fromisoformat(text)
    if _DAY.fullmatch(text) is not None:
        return found.replace(tzinfo=UTC)
    if found.utcoffset() is None:
        message = f"{text!r} has no zone"
        raise ValueError(message)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        message = f"{text!r} lies outside the calendar"
        raise ValueError(message) from None


def mounting_faults(entries: Entries, sensors: Sensors | None) -> list[Fault]:
    """Every unknown sensor, missing offset, wrong date and wrong order; sensors None are not judged."""
    found = {
        fault
        for station in entries["stations"]
        for link in station.node.items("links")
        for fault in _of_link(station, link, sensors)
    }
    return sorted(found)


def _of_link(station: Entry, link: Node, sensors: Sensors | None) -> Iterator[Fault]:
    mounted = link.items("mounted")
    if mounted and (link.get("sensor") is not None or link.get("zero_cm") is not None):
        yield station.fault(link, "write sensor and zero_cm inside mounted, or without mounted")
    for mounting in (link, *mounted):
        if sensors is not None:
            yield from _of_sensor(station, mounting, sensors)
    yield from _dates(station, mounted)


def _of_sensor(station: Entry, mounting: Node, sensors: Sensors) -> Iterator[Fault]:
    name = mounting.text("sensor")
    if name is None:
        return
    if name not in sensors:
        yield station.fault(mounting, f"there is no sensor {name[:60]!r}{suggestion(name, sensors)}")
        return
    needed = sensors[name]
    if needed and mounting.get(needed) is None:
        yield station.fault(mounting, f"the sensor {name} needs {needed}, {_WORDS.get(needed, 'its offset')}")


def _dates(station: Entry, mounted: tuple[Node, ...]) -> Iterator[Fault]:
    dated: list[tuple[datetime, Node]] = []
    for mounting in mounted:
        text = mounting.text("valid_from")
        if text is None:
            continue  # the schema says so
        try:
            dated.append((moment(text), mounting))
        except ValueError:
            yield station.fault(
                mounting,
                f"valid_from {text[:40]!r} is neither a day as 2026-03-01 nor a moment as 2026-03-01T10:30:00Z",
            )
    for (earlier, _), (later, mounting) in pairwise(dated):
        if later <= earlier:
            yield station.fault(mounting, "valid_from is not after that of the mounting above; write the oldest first")
