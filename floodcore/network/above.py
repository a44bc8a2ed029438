"""The gauges above a gauge: those a forecast looks at, and upon whose rise what is expected of it may rest. Pure."""

from collections.abc import Mapping
from datetime import timedelta

from floodcore.network.model import Station

# As in a hindcast (hladina.neighbours).
_MOST = 3
# How far back a forecast sees a rise at a gauge above.
RISE_SEEN_FOR = timedelta(hours=6)


def above(station_id: str, stations: Mapping[str, Station]) -> list[str]:
    """Up to three known gauges above, the nearer first: those the station names, then those they name."""
    found: list[str] = []
    asked = [station_id]
    while asked and len(found) < _MOST:
        upper = [name for each in asked if each in stations for name in stations[each].upstream if name in stations]
        asked = [name for name in dict.fromkeys(upper) if name not in found and name != station_id]
        found += asked
    return found[:_MOST]
