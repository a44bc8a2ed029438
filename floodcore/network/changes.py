"""Rules of dated changes of limits: whose they are, since when they hold, and that they follow one another. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from floodcore.network.faults import Fault
from floodcore.network.mounting import moment
from floodcore.network.rules import Entries, Entry, rising_faults
from floodcore.network.tree import Node

_LEVEL, _DISCHARGE = "level", "discharge"
_BY_HAND = "a degree held then would never end: leave it out, and rewrite `limits` while the gauge holds no degree"


def change_faults(entries: Entries) -> list[Fault]:
    """Every wrong date, wrong order, limit that does not rise, quantity that is not measured, and other authority.

    A degree held when the other quantity comes to bind, or another scheme, would be ended by nobody.
    """
    return sorted({fault for station in entries["stations"] for fault in _of_station(station)})


def _of_station(station: Entry) -> Iterator[Fault]:
    measured = {node.value for node in station.node.items("quantities")}
    newest: dict[str, datetime] = {}
    dated: list[tuple[datetime, Node]] = []
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
        dated.append((since, change))
    yield from _rebound(station, dated)


def _rebound(station: Entry, dated: Sequence[tuple[datetime, Node]]) -> Iterator[Fault]:
    """Changes by which the level comes to bind in place of the discharge, or limits become those of another scheme."""
    schemes = {each.text("quantity"): _scheme(each) for each in station.node.items("limits")}
    # Of one moment the discharge comes last: what begins together replaces nothing.
    for _, change in sorted(dated, key=lambda each: (each[0], each[1].text("quantity") != _LEVEL)):
        quantity, scheme = change.text("quantity"), _scheme(change)
        if quantity == _LEVEL and _LEVEL not in schemes and _DISCHARGE in schemes:
            yield station.fault(change, f"makes the level bind in place of the discharge; {_BY_HAND}")
        elif schemes.get(quantity, scheme) != scheme:
            yield station.fault(change, f"changes the scheme {schemes[quantity]} into {scheme}; {_BY_HAND}")
        schemes[quantity] = scheme


def _scheme(limits: Node) -> str:
    return limits.text("scheme") or "spa"


def _undated(text: str) -> str:
    return f"valid_from {text[:40]!r} is neither a day as 2026-03-01 nor a moment as 2026-03-01T10:30:00Z"
