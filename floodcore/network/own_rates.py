"""What the record taught of single rivers (`rates.yaml`): checked, read and written. Pure.

The file is made by `hladina rates` from a record and not by hand: a version is the hash of what was learnt, so that
nobody changes a number and keeps its name.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from floodcore.network.faults import Fault, suggestion
from floodcore.network.tree import Node
from floodcore.quality.rates import LEAST, MOST, Learnt
from floodcore.words import Quantity

FILE = "rates.yaml"
Learned = dict[tuple[str, Quantity], Learnt]
Measured = Mapping[str, tuple[Quantity, ...]]


def rates_faults(tree: Node, measured: Measured, file: str = FILE) -> list[Fault]:
    """Rates of stations that are not there or do not measure it, twice, out of range, or changed by hand."""
    return [fault for _, fault in _faults(tree, measured, file)]


def _faults(tree: Node, measured: Measured, file: str) -> Iterator[tuple[Node, Fault]]:
    seen: set[tuple[str, str]] = set()
    for node in tree.items("rates"):
        station, quantity = node.text("id"), node.text("quantity")
        if station is None or quantity is None:
            continue  # the schema says so
        for message in _messages(node, station, quantity, measured):
            yield node, Fault(file, node.line, f"{station}: {message}")
        if (station, quantity) in seen:
            yield node, Fault(file, node.line, f"{station}: its rates of {quantity} stand here a second time")
        seen.add((station, quantity))


def _messages(node: Node, station: str, quantity: str, measured: Measured) -> Iterator[str]:
    if station not in measured:
        yield f"there is no station {station!r}{suggestion(station, list(measured))}"
    elif quantity not in measured[station]:
        yield f"does not measure {quantity}"
    for key in ("rise", "fall"):
        share = node.number(key)
        if share is not None and not LEAST <= share <= MOST:
            yield f"{key} {share:g} is not within {LEAST:g} and {MOST:g}"
    learnt, stated = _learnt(node), node.text("version")
    if learnt is None:
        yield "from and to are times in UTC, as 2026-05-01T00:00:00+00:00"
    elif stated is not None and stated != learnt.version:
        yield f"version {stated} is not that of these numbers ({learnt.version}); learn them again with `hladina rates`"


def rates_of(tree: Node) -> Learned:
    """The rates of a tree without faults, by station and quantity."""
    return {
        (node.text("id") or "", Quantity(node.text("quantity") or "")): learnt
        for node in tree.items("rates")
        if (learnt := _learnt(node)) is not None
    }


def _learnt(node: Node) -> Learnt | None:
    begin, end = _moment(node.text("from")), _moment(node.text("to"))
    rise, fall, steps = (node.number(key) for key in ("rise", "fall", "steps"))
    if begin is None or end is None or rise is None or fall is None or steps is None:
        return None
    return Learnt(float(rise), float(fall), int(steps), begin, end)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def written(learned: Mapping[tuple[str, Quantity], Learnt]) -> str:
    """The file: one line for each series, in the order of the stations."""
    lines = [
        f'  - {{id: "{station}", quantity: {quantity}, rise: {one.rise:.4f}, fall: {one.fall:.4f}, steps: {one.steps}, '
        f'from: "{one.begin.isoformat()}", to: "{one.end.isoformat()}", version: "{one.version}"}}\n'
        for (station, quantity), one in sorted(learned.items())
    ]
    return "# Made by `hladina rates`; not to be changed by hand.\n" + (
        "rates:\n" + "".join(lines) if lines else "rates: []\n"
    )
