"""A checked tree into the words of the model. Pure; call it only for trees without faults."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from floodcore.network import own_rates
from floodcore.network.model import (
    Change,
    Column,
    Export,
    Limits,
    Link,
    Mounting,
    Names,
    Network,
    Partner,
    Place,
    River,
    Station,
)
from floodcore.network.mounting import moment
from floodcore.network.rain_rules import person_rules, rain_degrees
from floodcore.network.rules import Entries, Entry
from floodcore.network.tree import Node
from floodcore.words import Degree, Language, Quantity

Point = tuple[float, float]


def network_of(entries: Entries, trees: Mapping[str, Node]) -> Network:
    """The network that the files describe.

    Raises:
        LookupError: a key is missing that the schema requires; the trees were not checked.
    """
    sources = {entry.id: entry.node for entry in entries["sources"]}
    outline = next((tree for tree in trees.values() if tree.get("outline") is not None), None)
    rates = own_rates.rates_of(trees[own_rates.FILE]) if own_rates.FILE in trees else {}
    return Network(
        rivers={entry.id: _river(entry) for entry in entries["rivers"]},
        stations={entry.id: _station(entry, sources, rates) for entry in entries["stations"]},
        places={entry.id: _place(entry) for entry in entries["places"]},
        partners={entry.id: _partner(entry) for entry in entries["partners"]},
        exports={entry.id: _export(entry) for entry in entries["exports"]},
        outline=() if outline is None else _line(outline, "outline"),
    )


def measured(entries: Entries) -> dict[str, tuple[Quantity, ...]]:
    """What each station measures, as far as it can be read; for rules that must know before there is a network."""
    return {
        entry.id: tuple(Quantity(word) for word in _texts(entry.node, "quantities") if word in set(Quantity))
        for entry in entries["stations"]
    }


def _river(entry: Entry) -> River:
    node = entry.node
    return River(entry.id, _names(node), _text(node, "basin"), node.text("into"), _line(node, "course"))


def _place(entry: Entry) -> Place:
    node = entry.node
    place = Place(
        id=entry.id,
        names=_names(node),
        country=_text(node, "country"),
        lat=_number(node, "lat"),
        lon=_number(node, "lon"),
        cisorp=node.text("cisorp"),
    )
    radius = node.number("radius_km")
    return place if radius is None else replace(place, radius_km=radius)


def _partner(entry: Entry) -> Partner:
    node = entry.node
    partner = Partner(
        id=entry.id,
        names=_names(node),
        country=_text(node, "country"),
        languages=tuple(Language(word) for word in _texts(node, "languages")),
        rivers=_texts(node, "rivers"),
    )
    silence = node.number("silence_after_s")
    return partner if silence is None else replace(partner, silence_after=timedelta(seconds=silence))


def _station(entry: Entry, sources: Mapping[str, Node], rates: own_rates.Learned) -> Station:
    node = entry.node
    return Station(
        id=entry.id,
        names=_names(node),
        river=node.text("river"),
        country=_text(node, "country"),
        operator=_text(node, "operator"),
        quantities=tuple(Quantity(word) for word in _texts(node, "quantities")),
        interval=timedelta(minutes=_number(node, "interval_min")),
        lat=node.number("lat"),
        lon=node.number("lon"),
        river_km=node.number("river_km"),
        catchment_km2=node.number("catchment_km2"),
        category=node.text("category"),
        limits=tuple(_limits(limits, sources) for limits in node.items("limits")),
        changes=tuple(_change(change, sources) for change in node.items("changes")),
        rates={quantity: one for (station, quantity), one in rates.items() if station == entry.id},
        links=tuple(_link(link) for link in node.items("links")),
        upstream=_texts(node, "upstream"),
        spare_for=node.text("spare_for"),
        places=_texts(node, "places"),
        source=_text(sources[_text(node, "source")], "text"),
        note=node.text("note") or "",
        synthetic=node.is_true("synthetic"),
        rain_degrees=rain_degrees(node, sources),
        by_person=person_rules(node, sources),
        reach=_by_language(node.get("reach")),
    )


def _limits(node: Node, sources: Mapping[str, Node]) -> Limits:
    valid_from = node.text("valid_from") or sources[_text(node, "source")].text("state")
    return _limits_from(node, sources, None if valid_from is None else date.fromisoformat(valid_from))


def _limits_from(node: Node, sources: Mapping[str, Node], valid_from: date | None) -> Limits:
    values = node.get("values") or Node(node.line, {})
    found = {degree: values.number(str(degree.value)) for degree in Degree}
    return Limits(
        quantity=Quantity(_text(node, "quantity")),
        values={degree: value for degree, value in found.items() if value is not None},
        source=_text(sources[_text(node, "source")], "text"),
        valid_from=valid_from,
        scheme=node.text("scheme") or "spa",
    )


def _change(node: Node, sources: Mapping[str, Node]) -> Change:
    valid_from = moment(_text(node, "valid_from"))
    limits = _limits_from(node, sources, valid_from.date())
    return Change(limits, valid_from, _text(node, "author"), _text(node, "reason"))


def _link(node: Node) -> Link:
    return Link(
        kind=_text(node, "kind"),
        address=node.text("address") or "",
        sensor=node.text("sensor") or "",
        zero_cm=node.number("zero_cm"),
        mounted=tuple(_mounting(item) for item in node.items("mounted")),
        export=node.text("export") or "",
        channels={_text(channel, "label"): _text(channel, "measures") for channel in node.items("channels")},
        quantity=node.text("quantity") or "",
        unit=node.text("unit") or "",
        pattern=node.text("pattern") or "",
        zone=node.text("zone") or "",
    )


def _mounting(node: Node) -> Mounting:
    return Mounting(
        valid_from=moment(_text(node, "valid_from")),
        sensor=node.text("sensor") or "",
        zero_cm=node.number("zero_cm"),
        probe_cm=node.number("probe_cm"),
        shift_cm=node.number("shift_cm") or 0.0,
        tip_mm=node.number("tip_mm"),
    )


def _export(entry: Entry) -> Export:
    node = entry.node
    given = {key: value for key in ("rows", "station", "encoding", "separator", "decimal", "repeated_hour")
             if (value := node.text(key)) is not None}  # fmt: skip
    export = Export(
        id=entry.id,
        layout=_text(node, "layout"),
        time=_texts(node, "time"),
        time_format=_text(node, "time_format"),
        zone=_text(node, "zone"),
        columns=tuple(
            Column(_text(column, "name"), _text(column, "measures"), _text(column, "unit"))
            for column in node.items("columns")
        ),
        skip_lines=int(node.number("skip_lines") or 0),
        missing=("", *_texts(node, "missing")),
    )
    return replace(export, **given)  # type: ignore[arg-type]  # all of them texts


def _names(node: Node) -> Names:
    return Names(_text(node, "name"), _by_language(node.get("names")))


def _by_language(node: Node | None) -> dict[Language, str]:
    found = {} if node is None else {language: node.text(language.value) for language in Language}
    return {language: text for language, text in found.items() if text is not None}


def _line(node: Node, key: str) -> tuple[Point, ...]:
    return tuple(_point(point) for point in node.items(key))


def _point(node: Node) -> Point:
    lat, lon = node.value if isinstance(node.value, tuple) else ()
    return _known(lat.as_number(), "lat"), _known(lon.as_number(), "lon")


def _text(node: Node, key: str) -> str:
    found = node.text(key)
    if found is None:
        raise LookupError(key)
    return found


def _number(node: Node, key: str) -> float:
    return _known(node.number(key), key)


def _known(number: float | None, key: str) -> float:
    if number is None:
        raise LookupError(key)
    return number


def _texts(node: Node, key: str) -> tuple[str, ...]:
    return tuple(item.value for item in node.items(key) if isinstance(item.value, str))
