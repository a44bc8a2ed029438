"""The districts (ORP) of the Liberec Region by their CISORP code, in which warnings are issued. Pure.

ČSÚ code list 65; the order of the codes was derived from the alphabet and is to be confirmed with ČSÚ, so the
code stands beside the name wherever it is shown.
"""

from collections.abc import Iterable

from floodcore.network.model import Network, Station

NAMES = {
    "5101": "Česká Lípa",
    "5102": "Frýdlant",
    "5103": "Jablonec nad Nisou",
    "5104": "Jilemnice",
    "5105": "Liberec",
    "5106": "Nový Bor",
    "5107": "Semily",
    "5108": "Tanvald",
    "5109": "Turnov",
    "5110": "Železný Brod",
}


def ours(network: Network) -> frozenset[str]:
    """The codes of the region and of every place of the network."""
    return frozenset(NAMES) | {place.cisorp for place in network.places.values() if place.cisorp is not None}


def of_station(network: Network, station: Station) -> frozenset[str]:
    """The codes in which the warned places of a gauge lie; of a Czech gauge without any, the whole region."""
    places = [network.places[key] for key in station.places if key in network.places]
    codes = frozenset(place.cisorp for place in places if place.cisorp is not None)
    return ours(network) if not codes and station.country == "CZ" else codes


def named(codes: Iterable[str]) -> str:
    """`Liberec (5105), Turnov (5109)`; a code without a name stands alone."""
    return ", ".join(f"{NAMES[code]} ({code})" if code in NAMES else code for code in sorted(codes))
