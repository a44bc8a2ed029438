"""The gauges above a gauge of a recorded flood, also those above the ones it names."""

from collections.abc import Mapping

from hladina.station_list import Recorded

# Farther up the water needs longer than any forecast here reaches.
_MOST = 3


def above(station_id: str, stations: Mapping[str, Recorded]) -> tuple[str, ...]:
    """Up to three gauges above, the nearer first; those it names, then those they name."""
    found: list[str] = []
    asked = [station_id]
    while asked and len(found) < _MOST:
        upper = [name for each in asked if each in stations for name in stations[each].upstream]
        asked = [name for name in dict.fromkeys(upper) if name not in found and name != station_id]
        found += asked
    return tuple(found[:_MOST])
