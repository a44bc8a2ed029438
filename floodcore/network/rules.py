"""Rules over all files together that no schema can say: references, cycles, rising limits. Pure.

Each rule takes trees whose shape may still be wrong and looks only at what it understands, so that
one check shows the faults of shape and of sense together.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from floodcore.network.faults import Fault, suggestion
from floodcore.network.model import DEGREES
from floodcore.network.tree import Node
from floodcore.quality.door import GROSS_RANGE
from floodcore.words import Quantity

KINDS = ("rivers", "places", "partners", "sources", "exports", "stations")
_SINGULAR = {kind: kind.removesuffix("s") for kind in KINDS}
_EXTREME = 4
_RANGES = {str(quantity): GROSS_RANGE[quantity] for quantity in (Quantity.LEVEL, Quantity.DISCHARGE)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One river, station and so on, with the file it stands in."""

    file: str
    node: Node
    id: str

    def fault(self, node: Node, message: str) -> Fault:
        """A fault at `node` of this entry."""
        return Fault(self.file, node.line, f"{self.id}: {message}")


Entries = Mapping[str, tuple[Entry, ...]]


def entries_of(trees: Mapping[str, Node]) -> dict[str, tuple[Entry, ...]]:
    """The entries of each kind over all files; those without a readable id are left to the schema."""
    return {
        kind: tuple(
            Entry(file, node, identifier)
            for file, tree in sorted(trees.items())
            for node in tree.items(kind)
            if (identifier := node.text("id")) is not None
        )
        for kind in KINDS
    }


def rule_faults(entries: Entries, unread: AbstractSet[str] = frozenset()) -> list[Fault]:
    """Every breach of every rule. References to kinds of which a file is `unread` are not judged."""
    rules = (_twice, _addresses_twice, _limits, _upstream, _spares, _cycles)
    found = {fault for rule in rules for fault in rule(entries)}
    return sorted(found.union(_unknown(entries, unread)))


def anomalies(entries: Entries) -> list[Fault]:
    """The anomalies that the files themselves document, as notices."""
    return [
        station.fault(limits.get("values") or limits, f"known anomaly of the source: {words}")
        for station in entries["stations"]
        for limits in (*station.node.items("limits"), *station.node.items("changes"))
        if (words := limits.text("anomaly")) is not None
    ]


def _twice(entries: Entries) -> Iterator[Fault]:
    for kind in KINDS:
        first: dict[str, Entry] = {}
        for entry in entries[kind]:
            earlier = first.setdefault(entry.id, entry)
            if earlier is not entry:
                there = f"{earlier.file}:{earlier.node.line}"
                yield entry.fault(entry.node, f"this {_SINGULAR[kind]} is already in {there}; an id stands once")


def _references(entries: Entries) -> Iterator[tuple[Entry, Node, str]]:
    """Every reference: whose, where, and to which kind."""
    single = (
        ("rivers", "into", "rivers"),
        ("stations", "river", "rivers"),
        ("stations", "source", "sources"),
        ("stations", "spare_for", "stations"),
    )
    for kind, key, target in single:
        for entry in entries[kind]:
            node = entry.node.get(key)
            if node is not None:
                yield entry, node, target
    many = (("stations", "upstream", "stations"), ("stations", "places", "places"), ("partners", "rivers", "rivers"))
    for kind, key, target in many:
        for entry in entries[kind]:
            for node in entry.node.items(key):
                yield entry, node, target
    inside = (("limits", "source", "sources"), ("changes", "source", "sources"), ("links", "export", "exports"))
    for items, key, target in inside:
        found = ((entry, item.get(key)) for entry in entries["stations"] for item in entry.node.items(items))
        yield from ((entry, node, target) for entry, node in found if node is not None)
    yield from _sources_of_rules(entries)


def _sources_of_rules(entries: Entries) -> Iterator[tuple[Entry, Node, str]]:
    for entry in entries["stations"]:
        for item in (*entry.node.items("by_person"), *_of_rain(entry.node.get("rain_degrees"))):
            node = item.get("source")
            if node is not None:
                yield entry, node, "sources"


def _of_rain(rain: Node | None) -> tuple[Node, ...]:
    """What names a source among the rain degrees of a station."""
    if rain is None:
        return ()
    saturation = rain.get("saturation")
    return rain.items("sums") if saturation is None else (*rain.items("sums"), saturation)


def sourced(node: Node, sources: Mapping[str, Node]) -> tuple[str, str | None]:
    """What the source that `node` names says of itself, and its day if it has one; of a checked tree."""
    source = sources[node.text("source") or ""]
    return source.text("text") or "", source.text("state")


def _unknown(entries: Entries, unread: AbstractSet[str]) -> Iterator[Fault]:
    known = {kind: {entry.id for entry in entries[kind]} for kind in KINDS}
    for entry, node, target in _references(entries):
        if isinstance(node.value, str) and target not in unread and node.value not in known[target]:
            message = f"there is no {_SINGULAR[target]} {node.value[:60]!r}{suggestion(node.value, known[target])}"
            yield entry.fault(node, message)


def _addresses_twice(entries: Entries) -> Iterator[Fault]:
    first: dict[tuple[str, str, str], Entry] = {}
    for station in entries["stations"]:
        for link in station.node.items("links"):
            kind, export = link.text("kind"), link.text("export") or ""
            # All rows of an export without a column of stations are of the one station that names it.
            address = link.text("address") or ("" if export else None)
            if kind is None or address is None:
                continue
            here = (kind, export, address)
            if here in first:
                fed = first[here].id
                named = f"{address[:60]!r}" if address else f"of the export {export[:60]!r}"
                yield station.fault(link, f"the {kind} address {named} already feeds station {fed}")
            first.setdefault(here, station)


def _limits(entries: Entries) -> Iterator[Fault]:
    for station in entries["stations"]:
        measured = {node.value for node in station.node.items("quantities")}
        seen: set[str] = set()
        for limits in station.node.items("limits"):
            quantity = limits.text("quantity")
            if quantity is not None and quantity in seen:
                yield station.fault(limits, f"the limits of {quantity} stand here a second time")
            if quantity is not None and quantity not in measured:
                yield station.fault(limits, f"has limits of {quantity} but does not measure it; see quantities")
            seen.add(quantity or "")
            yield from rising_faults(station, limits)


def rising_faults(station: Entry, limits: Node) -> Iterator[Fault]:
    """Limits rise strictly; only the ČHMÚ extreme may stand below, where the source does and the file says so.

    And they lie where a reading is believed: one beyond can never be reached.
    """
    values = limits.get("values")
    steps = _steps(values)
    yield from _out_of_range(station, limits, steps)
    scheme = limits.text("scheme") or "spa"
    broken = [(low, high) for low, high in pairwise(steps) if not steps[low] < steps[high]]
    excused = [pair for pair in broken if pair[1] == _EXTREME and limits.get("anomaly") is not None]
    for low, high in broken:
        if (low, high) not in excused and values is not None:
            hint = "; if the source itself says so, note it as `anomaly`" if high == _EXTREME else "; limits must rise"
            message = f"limit {high} ({steps[high]:g}) is not above limit {low} ({steps[low]:g}){hint}"
            yield station.fault(values.get(str(high)) or values, message)
    if limits.get("anomaly") is not None and not excused:
        yield station.fault(limits, "has an anomaly noted, but the limits rise as they should; remove the note")
    for degree in steps:
        if degree > (_EXTREME if scheme == "spa" else DEGREES.get(scheme, _EXTREME)):
            yield station.fault(limits, f"the scheme {scheme} has no degree {degree}")


def _out_of_range(station: Entry, limits: Node, steps: Mapping[int, float]) -> Iterator[Fault]:
    """Limits that no believed reading can reach, and what to do about them."""
    quantity = limits.text("quantity") or ""
    if quantity not in _RANGES:
        return
    low, high = _RANGES[quantity]
    if beyond := [degree for degree, value in steps.items() if not low <= value <= high]:
        first = steps[beyond[0]]
        hint = "; is the unit right?"
        if quantity == Quantity.LEVEL:
            hint = (
                "; give levels in cm above the gauge's own zero, and if its source gives heights above the sea, the "
                "height of that zero as a negative shift_cm of its mounting (docs/network.md)"
            )
        yield station.fault(
            limits.get("values") or limits,
            f"limit {beyond[0]} ({first:g}) lies outside {low:g} … {high:g}, where no {quantity} is believed{hint}",
        )


def _steps(values: Node | None) -> dict[int, float]:
    """Degree to limit, in rising order of degree, where both are readable."""
    if values is None:
        return {}
    pairs = ((degree, values.number(str(degree))) for degree in range(1, _EXTREME + 1))
    return {degree: value for degree, value in pairs if value is not None}


def _upstream(entries: Entries) -> Iterator[Fault]:
    """A gauge above has the smaller catchment, on the same river is farther from the mouth, and is as real."""
    by_id = {station.id: station.node for station in entries["stations"]}
    for station in entries["stations"]:
        for link in station.node.items("upstream"):
            above = by_id.get(link.value) if isinstance(link.value, str) else None
            if above is None:
                continue
            if above.is_true("synthetic") and not station.node.is_true("synthetic"):
                yield station.fault(link, f"{link.value} is synthetic; an invented level must not support a true one")
            area, area_above = station.node.number("catchment_km2"), above.number("catchment_km2")
            if area is not None and area_above is not None and area_above > area:
                yield station.fault(link, f"{link.value} cannot be upstream: its catchment is the larger one")
            km, km_above = station.node.number("river_km"), above.number("river_km")
            same = station.node.text("river") == above.text("river")
            if same and km is not None and km_above is not None and km_above < km:
                yield station.fault(link, f"{link.value} cannot be upstream: it is nearer to the mouth of the river")


def _spares(entries: Entries) -> Iterator[Fault]:
    """A spare stands at the site of its main gauge, one of each; both must be able to say something alike."""
    by_id = {station.id: station.node for station in entries["stations"]}
    taken: dict[str, str] = {}
    for station in entries["stations"]:
        link = station.node.get("spare_for")
        main = by_id.get(link.value) if link is not None and isinstance(link.value, str) else None
        if link is None or main is None:
            continue
        name = str(link.value)
        if name == station.id or main.get("spare_for") is not None:
            yield station.fault(link, f"{name} is itself a spare; name the main gauge")
        if taken.setdefault(name, station.id) != station.id:
            yield station.fault(link, f"{name} has a spare already, {taken[name]}")
        if main.text("river") != station.node.text("river"):
            yield station.fault(link, f"{name} stands on another river; a spare stands at the same site")
        if main.is_true("synthetic") != station.node.is_true("synthetic"):
            yield station.fault(link, f"of {name} and its spare one is synthetic and the other is not")
        if not station.node.items("limits") or not main.items("limits"):
            yield station.fault(link, f"{name} and its spare both need limits, each above its own zero")


def _cycles(entries: Entries) -> Iterator[Fault]:
    into: dict[str, list[str]] = defaultdict(list)
    for entry in entries["rivers"]:
        into[entry.id] += [river] if (river := entry.node.text("into")) is not None else []
    yield from _in_a_circle(entries["rivers"], into, "into", "flows into itself")
    above: dict[str, list[str]] = defaultdict(list)
    for entry in entries["stations"]:
        above[entry.id] += [node.value for node in entry.node.items("upstream") if isinstance(node.value, str)]
    yield from _in_a_circle(entries["stations"], above, "upstream", "is upstream of itself")


def _in_a_circle(
    entries: tuple[Entry, ...], following: Mapping[str, list[str]], key: str, message: str
) -> Iterator[Fault]:
    for entry in entries:
        reached = _reached(entry.id, following)
        if entry.id in reached:
            yield entry.fault(entry.node.get(key) or entry.node, f"{message}, through {_way(entry.id, following)}")


def _reached(start: str, following: Mapping[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(following.get(start, ()))
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(following.get(here, ()))
    return reached


def _way(start: str, following: Mapping[str, list[str]]) -> str:
    """The members of one circle through `start`, in alphabetical order, at most ten of them."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting and start not in came_from:
        here = waiting.popleft()
        for there in following.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    members = [start]
    while (before := came_from[members[-1]]) != start:
        members.append(before)
    return ", ".join(sorted(members)[:10])
