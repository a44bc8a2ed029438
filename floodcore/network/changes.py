"""Rules of dated changes of limits: whose they are, since when they hold, and that they follow one another. Pure."""

from collections.abc import Iterator
from datetime import datetime

from floodcore.network.faults import Fault
from floodcore.network.mounting import moment
from floodcore.network.rules import Entries, Entry, rising_faults


def change_faults(entries: Entries) -> list[Fault]:
    """Every wrong date, wrong order, limit that does not rise, and quantity that is not measured."""
    return sorted({fault for station in entries["stations"] for fault in _of_station(station)})


def _of_station(station: Entry) -> Iterator[Fault]:
    measured = {node.value for node in station.node.items("quantities")}
    newest: dict[str, datetime] = {}
    for change in station.node.items("changes"):
        quantity = change.text("quantity") or ""
        if quantity and quantity not in measured:
            yield station.fault(change, f"changes limits of {quantity} but does not measure it; see quantities")
        yield from rising_faults(station, change)
        text = change.text("valid_from")
        if text is None:
            continue  # the schema says so
        try:
            since = moment(text)
        except ValueError:
            yield station.fault(change, _undated(text))
            continue
        if quantity in newest and since <= newest[quantity]:
            yield station.fault(change, "valid_from is not after that of the change above; write the oldest first")
        newest[quantity] = since


def _undated(text: str) -> str:
    return f"valid_from {text[:40]!r} is neither a day as 2026-03-01 nor a moment as 2026-03-01T10:30:00Z"
