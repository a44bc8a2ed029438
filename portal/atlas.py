"""The map, made with folium, without one request to the outside.

folium's own script and style list names public CDNs; here they are replaced by Leaflet from an
installed package and by our own files, served by ourselves. The ground is drawn from the network:
outline, rivers, places; tiles only where the operator names a tile server. folium renders the
page's one script as a file of its own, so that the content policy needs no exception for inline code.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import hypot

import folium
from branca.element import Element, Figure, MacroElement
from jinja2 import Template

from floodcore.network.model import Network, River, Station
from floodcore.words import Language
from portal import shapes

# The Liberec Region, when neither outline nor stations say where to look (WGS 84).
_REGION = ((50.45, 14.20), (51.10, 15.60))
_LONG_RIVER_DEG = 0.45

Point = tuple[float, float]


class GaugeMap(folium.Map):
    """folium's map without its head: page, styles and scripts are ours."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # folium's own class attribute
    default_css: list[tuple[str, str]] = []  # noqa: RUF012  # likewise
    _template = Template(
        "{% macro html(this, kwargs) %}"
        '<div class="folium-map" id="{{ this.get_name() }}"></div>'
        "{% endmacro %}"
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.words|tojson }})"
        ".fitBounds({{ this.bounds|tojson }}, {animate: false, padding: [12, 12]});"
        "{% endmacro %}"
    )

    def __init__(self, bounds: list[list[float]], words: dict[str, object]) -> None:
        super().__init__(location=bounds[0], tiles=None)
        self.bounds = bounds
        self.words = words


class Gauges(MacroElement):
    """Hands the map to our script, which draws the marks and keeps them true."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "hladina.start({{ this._parent.get_name() }}, {{ this.words|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, words: dict[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca
        self._name = "Gauges"
        self.words = words


def script(network: Network, language: Language, *, tiles: tuple[str, str], words: dict[str, object]) -> str:
    """The map's script in `language`: ground, rivers, places, and the call that brings the gauges.

    `tiles` are address and attribution, empty for none; `words` goes to the browser's script.
    """
    ground = GaugeMap(
        _bounds(network),
        {"minZoom": 7, "maxZoom": 16, "zoomControl": True, "zoomSnap": 0.5, "attributionControl": bool(tiles[1])},
    )
    address, attribution = tiles
    if address:
        folium.TileLayer(address, attr=attribution or " ", name="tiles").add_to(ground)
    if network.outline:
        _outline(network).add_to(ground)
    for river in sorted(network.rivers.values(), key=lambda river: river.id):
        _river(network, river, ground)
    _labels(network, language, ground)
    Gauges({**words, "paths": shapes.PATHS, "bounds": _bounds(network)}).add_to(ground)
    _name(ground)
    figure = ground.get_root()
    if not isinstance(figure, Figure):
        message = "folium puts every map into a figure"
        raise TypeError(message)
    figure.render()
    return str(figure.script.render())


def _outline(network: Network) -> folium.Polygon:
    return folium.Polygon([list(point) for point in network.outline], class_name="outline")


def _river(network: Network, river: River, ground: GaugeMap) -> None:
    for line in _courses(network, river):
        points = [list(point) for point in line]
        line_of = folium.PolyLine(points, class_name="river", smooth_factor=1.5)  # type: ignore[no-untyped-call]
        line_of.add_to(ground)


def _labels(network: Network, language: Language, ground: GaugeMap) -> None:
    """Names in the order of their right to be seen: long rivers, places, short rivers."""
    rivers = []
    for river in network.rivers.values():
        longest = max(_courses(network, river), key=_length, default=())
        if len(longest) > 1:
            rivers.append((_length(longest), river.id, longest))
    rivers.sort(reverse=True)
    short = [river for river in rivers if river[0] < _LONG_RIVER_DEG]
    for _, name, line in rivers[: len(rivers) - len(short)]:
        _label(_halfway(line), network.rivers[name].names.of(language), "river").add_to(ground)
    for place in sorted(network.places.values(), key=lambda place: (-place.radius_km, place.id)):
        _label((place.lat, place.lon), place.names.of(language), "place").add_to(ground)
    for _, name, line in short:
        _label(_halfway(line), network.rivers[name].names.of(language), "river").add_to(ground)


def _length(line: Sequence[Point]) -> float:
    """In degrees: good enough to rank."""
    return sum(hypot(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(line))


def _courses(network: Network, river: River) -> list[Sequence[Point]]:
    """The drawn course; without one, straight lines between neighbouring gauges of the river."""
    if len(river.course) > 1:
        return [river.course]
    lines = []
    for station in network.stations.values():
        above = [network.stations[key] for key in station.upstream if key in network.stations]
        lines += [_between(upper, station) for upper in above if river.id == upper.river]
    return [line for line in lines if line]


def _between(upper: Station, lower: Station) -> Sequence[Point]:
    if upper.lat is None or upper.lon is None or lower.lat is None or lower.lon is None:
        return ()
    return ((upper.lat, upper.lon), (lower.lat, lower.lon))


def _label(point: Point, text: str, kind: str) -> folium.Marker:
    icon = folium.DivIcon(html=f"<span>{_escaped(text)}</span>", class_name=f"label {kind}", icon_size=(0, 0))
    return folium.Marker(list(point), icon=icon, interactive=False, keyboard=False, z_index_offset=-1000)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _halfway(line: Sequence[Point]) -> Point:
    """The middle of the longest stretch, where a label has the most room."""
    stretches = list(pairwise(line))
    a, b = max(stretches, key=lambda ab: (ab[0][0] - ab[1][0]) ** 2 + (ab[0][1] - ab[1][1]) ** 2)
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _points(network: Network) -> Iterable[Point]:
    if network.outline:
        return network.outline
    return [(s.lat, s.lon) for s in network.stations.values() if s.lat is not None and s.lon is not None] or _REGION


def _bounds(network: Network) -> list[list[float]]:
    points = list(_points(network))
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return [[min(lats), min(lons)], [max(lats), max(lons)]]


def _name(ground: GaugeMap) -> None:
    """Replace folium's random names by numbers, so that the same network gives the same bytes and the same tag."""
    waiting: list[Element] = [ground]
    count = 0
    while waiting:
        element = waiting.pop(0)
        element._id = f"h{count}"  # noqa: SLF001  # folium offers no other way
        count += 1
        children = list(element._children.values())  # noqa: SLF001  # likewise
        waiting.extend(children)
