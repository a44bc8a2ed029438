"""Where a gauge's water goes: areas of the Czech places, and foreign places by name only.

Public warning in Saxony and Poland belongs to their authorities, so a place there is named in a
parameter and never claimed as an area.
"""

from math import cos, pi, radians, sin

from bridge_de.cap import Area
from floodcore.network.model import Network, Place, Station
from floodcore.texts import Texts
from floodcore.words import Language

HOME = "CZ"
# Kilometres in one degree of latitude on the WGS 84 ellipsoid at 50° north, rounded.
_KM_PER_DEGREE = 111.2
_CORNERS = 16
_GAUGE_RADIUS_KM = 2.0


def areas(network: Network, station: Station | None, language: Language, texts: Texts, name: str) -> tuple[Area, ...]:
    """One area for each Czech place of the station; else the surroundings of the gauge.

    Geometry and codes are the same in every language. A gauge without coordinates and places has an
    area of a name only: nothing more is known.
    """
    own = [place for place in _places(network, station) if place.country == HOME]
    if own:
        return tuple(_place_area(place, language) for place in own)
    label = texts.say(language, "cap.area.gauge", station=name)
    if station is None or station.lat is None or station.lon is None:
        return (Area(label),)
    centre = (station.lat, station.lon)
    return (Area(label, ring(centre, _GAUGE_RADIUS_KM), centre, _GAUGE_RADIUS_KM),)


def foreign_places(network: Network, station: Station | None) -> tuple[Place, ...]:
    """Places abroad at this gauge and at every gauge below it, nearest first."""
    if station is None:
        return ()
    found: dict[str, Place] = {}
    for below in _downstream(network, station):
        for place in _places(network, below):
            if place.country != HOME:
                found.setdefault(place.id, place)
    return tuple(found.values())


def valid_for(network: Network, station: Station | None, language: Language) -> str:
    """For where the degrees of the station hold: the reach its plan names, else river and places; may be empty."""
    if station is None:
        return ""
    named = station.reach.get(language) or station.reach.get(Language.CS)
    if named is not None:
        return named
    river = network.rivers.get(station.river or "")
    places = ", ".join(place.names.of(language) for place in _places(network, station) if place.country == HOME)
    return " – ".join(part for part in ("" if river is None else river.names.of(language), places) if part)


def ring(centre: tuple[float, float], radius_km: float) -> tuple[tuple[float, float], ...]:
    """A closed polygon of 16 corners for readers that know no circle: (lat, lon), first = last."""
    lat, lon = centre
    high = radius_km / _KM_PER_DEGREE
    wide = high / cos(radians(lat))
    corners = [
        (round(lat + high * cos(2 * pi * k / _CORNERS), 4), round(lon + wide * sin(2 * pi * k / _CORNERS), 4))
        for k in range(_CORNERS)
    ]
    return (*corners, corners[0])


def _place_area(place: Place, language: Language) -> Area:
    # EMMA_ID of a Czech ORP is CZ0 and its CISORP code, as in ČHMÚ's messages.
    codes = () if place.cisorp is None else (("CISORP", place.cisorp), ("EMMA_ID", f"CZ0{place.cisorp}"))
    centre = (place.lat, place.lon)
    return Area(place.names.of(language), ring(centre, place.radius_km), centre, place.radius_km, codes)


def _places(network: Network, station: Station | None) -> list[Place]:
    names = () if station is None else station.places
    return [network.places[name] for name in names if name in network.places]


def _downstream(network: Network, station: Station) -> list[Station]:
    """The station and all below it, breadth first; a ring in the configuration does no harm."""
    seen = {station.id: station}
    queue = [station]
    for current in queue:
        for below in network.stations.values():
            if current.id in below.upstream and below.id not in seen:
                seen[below.id] = below
                queue.append(below)
    return queue
