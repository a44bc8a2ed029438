"""All feeds of an invented exercise: scenario and network in, samples out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from floodcore.network.model import Link, Network, Station
from floodcore.words import Degree, Quantity
from simulators.chance import uniform
from simulators.misbehave import Fault, apply
from simulators.rivers import Hydrograph, discharge, hydrographs
from simulators.sample import Feed, Sample, grid
from simulators.scenarios import Scenario
from simulators.shapes import PUBLIC
from simulators.weather import Storm, rain

_SCAN = timedelta(minutes=5)
# From measuring to being seen outside. Real ČHMÚ files are minutes old; in a sped-up demo the way into
# the house itself takes that long.
_PUBLISHED_AFTER = {"push": timedelta(seconds=2)}
_OTHERS_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Exercise:
    """A scenario on a network. `starts` are the moments at which its storms begin, one for each run of it."""

    network: Network
    scenario: Scenario
    starts: tuple[datetime, ...]
    seed: int

    def feeds(self, begin: datetime, end: datetime) -> tuple[Feed, ...]:
        """Every feed with its samples stamped in [begin, end); faults may move single stamps outside."""
        storms = tuple(storm for start in self.starts for storm in self.scenario.storms(start))
        waters = hydrographs(self.network, storms, self.scenario.severity, self.seed)
        world = _World(storms, waters, self.seed)
        faults = self._faults(waters)
        found = []
        for station in self.network.stations.values():
            moments = tuple(grid(begin, end, station.interval))
            for link in _served(station):
                for quantity in _measured(station, link):
                    samples = world.samples(station, link, quantity, moments)
                    found.append(_feed(station, link, quantity, apply(samples, faults.get(station.id, ()))))
        return tuple(found)

    def reached(self, waters: Mapping[str, Hydrograph], start: datetime) -> list[tuple[datetime, str]]:
        """When the gauges reach their first limit in the run that begins at `start`, the first one first."""
        found = []
        for key, limit in _first_limits(self.network).items():
            moments = (start + _SCAN * index for index in range(self.scenario.length // _SCAN))
            at = next((moment for moment in moments if waters[key].level(moment) >= limit), None)
            if at is not None:
                found.append((at, key))
        return sorted(found)

    def _faults(self, waters: Mapping[str, Hydrograph]) -> Mapping[str, tuple[Fault, ...]]:
        found: dict[str, tuple[Fault, ...]] = {}
        for start in self.starts:
            order = self.reached(waters, start)
            for trouble in self.scenario.troubles:
                if trouble.rank < len(order):
                    at, key = order[trouble.rank]
                    found[key] = (*found.get(key, ()), trouble.fault(at))
        return found


def _first_limits(network: Network) -> dict[str, float]:
    """The lowest ordinary limit of each gauge that reports a level."""
    found = {}
    for key, station in network.stations.items():
        limits = station.limits_of(Quantity.LEVEL)
        if station.links and limits is not None and Degree.VIGILANCE in limits.values:
            found[key] = limits.values[Degree.VIGILANCE]
    return found


@dataclass(frozen=True, slots=True)
class _World:
    """Sky and water of one exercise."""

    storms: Sequence[Storm]
    waters: Mapping[str, Hydrograph]
    seed: int

    def samples(
        self, station: Station, link: Link, quantity: Quantity, moments: Sequence[datetime]
    ) -> tuple[Sample, ...]:
        """What a good gauge says at `moments`."""
        wait = _PUBLISHED_AFTER.get(link.kind, _OTHERS_AFTER)
        return tuple(Sample(at, self._measure(station, quantity, at), at + wait) for at in moments)

    def _measure(self, station: Station, quantity: Quantity, at: datetime) -> float | None:
        """One value in the canonical unit; None where the simulation knows nothing of this quantity."""
        match quantity:
            case Quantity.LEVEL:
                return round(self.waters[station.id].level(at))
            case Quantity.DISCHARGE:
                return discharge(station, self.waters[station.id].level(at)) if station.id in self.waters else None
            case Quantity.RAIN:
                if station.lat is None or station.lon is None:
                    return None
                return round(rain(self.storms, station.lat, station.lon, at - station.interval, at), 1)
            case Quantity.WATER_TEMPERATURE:
                return round(9.0 + 2.0 * uniform(self.seed, station.id, at.date().isoformat()), 1)
            case _:
                return None


def _served(station: Station) -> tuple[Link, ...]:
    """The main link, and the public services that show the same gauge as well."""
    return (*station.links[:1], *(link for link in station.links[1:] if link.kind in PUBLIC))


def _feed(station: Station, link: Link, quantity: Quantity, samples: tuple[Sample, ...]) -> Feed:
    hung = link.mountings[-1]
    height = hung.zero_cm if hung.probe_cm is None else hung.probe_cm
    address = link.address or station.id
    return Feed(station.id, quantity, link.kind, address, hung.sensor, height, station.interval, samples)


def _measured(station: Station, link: Link) -> tuple[Quantity, ...]:
    """What of the station's quantities comes by this link."""
    match link.mountings[-1].sensor:
        case "dragino_ldds" | "decentlab_mbx" | "decentlab_lid" | "decentlab_ctd10" | "milesight_em500_udl":
            return (Quantity.LEVEL,)
        case "decentlab_tbrg":
            return (Quantity.RAIN,)
        case _:
            return tuple(q for q in station.quantities if q is not Quantity.BATTERY)
