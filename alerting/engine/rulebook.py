"""The rules of every series with their versions, worked out once per network. Pure."""

from dataclasses import dataclass, field

from alerting.engine.rules import Rules, canonical, rules_of, version
from floodcore.network.model import Network
from floodcore.words import Quantity


@dataclass(frozen=True, slots=True)
class Versioned:
    """Rules, their canonical JSON and its hash; `told`: people are told at once, not so of a spare gauge."""

    rules: Rules
    version: str
    canonical: str
    told: bool


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules by series; remembers what it worked out."""

    network: Network
    _known: dict[tuple[str, Quantity], Versioned] = field(default_factory=dict)

    def of(self, station_id: str, quantity: Quantity) -> Versioned:
        """The rules of a series."""
        found = self._known.get((station_id, quantity))
        if found is None:
            rules = rules_of(self.network, station_id, quantity)
            station = self.network.stations.get(station_id)
            told = rules.told and (station is None or station.spare_for is None)
            found = self._known[station_id, quantity] = Versioned(rules, version(rules), canonical(rules), told)
        return found
