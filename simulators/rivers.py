"""Invented hydrographs for a whole network: how high the water stands at any gauge and time. Pure.

The rain of a storm fills two linear reservoirs in a row above each topmost gauge (a Nash cascade), and
what leaves a gauge reaches the next one after a travel time and through one more linear reservoir. So
a gauge downstream rises later and more slowly; inflow between two gauges is left out. The shape is then
scaled to a chosen part of the way from low water to the highest limit: the numbers are plausible, not
calibrated, and nothing computed here may be taken for a forecast.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from floodcore.network.model import Network, Station
from floodcore.words import Degree, Quantity
from simulators.chance import normal, uniform
from simulators.weather import Storm, distance_km, exposure, intensity

_STEP = timedelta(minutes=5)
_MEMORY = timedelta(hours=96)  # how long after its start a storm is felt
_CELERITY_KM_H = 7.2  # of a flood wave in a steep small river; invented, about 2 m/s
_UNKNOWN_TRAVEL = timedelta(minutes=30)
_LEAST_TRAVEL = timedelta(minutes=10)
_UNKNOWN_STORAGE_MIN = 30.0
_NOISE_CM = 0.35
_DAILY_WAVE_CM = 1.0


@dataclass(frozen=True, slots=True)
class Rise:
    """The answer of one gauge to one storm: its shape from 0 to 1 every five minutes from `start`, and the crest."""

    start: datetime
    shape: tuple[float, ...]
    crest_cm: float

    def at(self, moment: datetime) -> float:
        """Centimetres above low water at `moment`, between the steps linearly."""
        position = (moment - self.start) / _STEP
        index = math.floor(position)
        if index < 0 or index + 1 >= len(self.shape):
            return 0.0
        share = position - index
        return self.crest_cm * (self.shape[index] * (1.0 - share) + self.shape[index + 1] * share)

    @property
    def crest_at(self) -> datetime:
        """When it is highest."""
        return self.start + _STEP * self.shape.index(max(self.shape))


@dataclass(frozen=True, slots=True)
class Hydrograph:
    """The water at one gauge: low water and what each storm adds."""

    station_id: str
    seed: int
    base_cm: float
    rises: tuple[Rise, ...]

    def level(self, at: datetime) -> float:
        """Level in cm at `at`, in tenths, with the unrest of a real gauge; the same for the same seed."""
        rise = math.fsum(rise.at(at) for rise in self.rises)
        hour = at.hour + at.minute / 60.0
        wave = _DAILY_WAVE_CM * math.cos(2.0 * math.pi * (hour - 6.0) / 24.0)
        unrest = _NOISE_CM * normal(self.seed, self.station_id, int(at.timestamp()))
        return round(self.base_cm + rise + wave + unrest, 1)


def hydrographs(network: Network, storms: Sequence[Storm], severity: float, seed: int) -> dict[str, Hydrograph]:
    """A hydrograph for each gauge of `network` with a level.

    `severity` 1.0 lets a gauge in the middle of the storm just touch its highest limit below "extreme".
    """
    gauges = {key: station for key, station in network.stations.items() if Quantity.LEVEL in station.quantities}
    answers: dict[str, list[Rise]] = {key: [] for key in gauges}
    for storm in storms:
        shapes = _shapes(gauges, storm)
        for key, station in gauges.items():
            strength = basin_exposure(gauges, key, storm)
            crest = (top_cm(station) - base_cm(station)) * severity * strength * _temper(seed, key)
            answers[key].append(Rise(storm.start, shapes[key], crest))
    return {key: Hydrograph(key, seed, base_cm(gauges[key]), tuple(answers[key])) for key in gauges}


def base_cm(station: Station) -> float:
    """Low water: well under the first limit; 40 cm where no limit is known."""
    return round(0.35 * min(_level_limits(station), default=115.0), 1)


def top_cm(station: Station) -> float:
    """The highest limit below "extreme", else 100 cm above low water."""
    return max(_level_limits(station), default=base_cm(station) + 100.0)


def discharge(station: Station, level_cm: float) -> float:
    """m³/s for a level by straight lines through the limits known in both units, never negative."""
    curve = _rating(station)
    lower, upper = curve[-2], curve[-1]
    for left, right in pairwise(curve):
        if level_cm <= right[0]:
            lower, upper = left, right
            break
    slope = (upper[1] - lower[1]) / (upper[0] - lower[0])
    return round(max(0.0, lower[1] + (level_cm - lower[0]) * slope), 3)


def basin_exposure(gauges: Mapping[str, Station], key: str, storm: Storm) -> float:
    """Mean exposure of a gauge and all gauges above it, 0 to 1; 0 where no place is known."""
    places = [gauges[each] for each in _basin(gauges, key)]
    known = [exposure(storm, s.lat, s.lon) for s in places if s.lat is not None and s.lon is not None]
    return math.fsum(known) / len(known) if known else 0.0


def _temper(seed: int, key: str) -> float:
    """Not every storm hits every gauge alike: 0.9 to 1.1."""
    return 0.9 + 0.2 * uniform(seed, key, "temper")


def _level_limits(station: Station) -> list[float]:
    """The ordinary limits; where only "extreme" is known, 0.4 and 0.55 of it stand for them."""
    limits = station.limits_of(Quantity.LEVEL)
    if limits is None:
        return []
    ordinary = [value for degree, value in limits.values.items() if degree is not Degree.EXTREME]
    return ordinary or [0.4 * value for value in limits.values.values()] + [0.55 * v for v in limits.values.values()]


def _rating(station: Station) -> list[tuple[float, float]]:
    """Points (cm, m³/s), rising in both; at least two."""
    levels, flows = station.limits_of(Quantity.LEVEL), station.limits_of(Quantity.DISCHARGE)
    points = [(0.0, 0.0)]
    if levels is not None and flows is not None:
        shared = sorted(set(levels.values) & set(flows.values))
        points += [(levels.values[degree], flows.values[degree]) for degree in shared]
    rising = [points[0]]
    for point in sorted(points[1:]):
        if point[0] > rising[-1][0] and point[1] > rising[-1][1]:
            rising.append(point)
    return rising if len(rising) > 1 else [(0.0, 0.0), (100.0, 10.0)]


def _basin(gauges: Mapping[str, Station], key: str) -> list[str]:
    """The gauge and all above it."""
    found = [key]
    for each in found:
        found += [up for up in gauges[each].upstream if up in gauges and up not in found]
    return found


def _downstream_order(gauges: Mapping[str, Station]) -> list[str]:
    return sorted(gauges, key=lambda key: (len(_basin(gauges, key)), key))


def _shapes(gauges: Mapping[str, Station], storm: Storm) -> dict[str, tuple[float, ...]]:
    steps = _MEMORY // _STEP
    flows: dict[str, list[float]] = {}
    for key in _downstream_order(gauges):
        station = gauges[key]
        above = [up for up in station.upstream if up in flows]
        if not above:
            flows[key] = _cascade(_rain_at(station, storm, steps), _storage_min(station) / 2.0, 2)
            continue
        routed = [_routed(flows[up], travel_time(gauges[up], station)) for up in above]
        areas = [gauges[up].catchment_km2 or 1.0 for up in above]
        flows[key] = [
            math.fsum(area * flow for area, flow in zip(areas, each, strict=True)) for each in zip(*routed, strict=True)
        ]
    return {key: _normalised(flow) for key, flow in flows.items()}


def travel_time(upper: Station, lower: Station) -> timedelta:
    """Invented travel time of a flood wave between two gauges, from the distance as the crow flies."""
    if upper.lat is None or upper.lon is None or lower.lat is None or lower.lon is None:
        return _UNKNOWN_TRAVEL
    hours = 1.3 * distance_km(upper.lat, upper.lon, lower.lat, lower.lon) / _CELERITY_KM_H
    return max(_LEAST_TRAVEL, timedelta(hours=hours))


def _storage_min(station: Station) -> float:
    """Time constant of the catchment, minutes: 35 for 26 km², 112 for 350 km². Invented."""
    return _UNKNOWN_STORAGE_MIN if station.catchment_km2 is None else 8.0 * max(1.0, station.catchment_km2) ** 0.45


def _rain_at(station: Station, storm: Storm, steps: int) -> list[float]:
    lat, lon = (
        (station.lat, station.lon) if station.lat is not None and station.lon is not None else (storm.lat, storm.lon)
    )
    return [intensity(storm, lat, lon, storm.start + _STEP * index) for index in range(steps)]


def _cascade(inflow: list[float], storage_min: float, reservoirs: int) -> list[float]:
    keep = math.exp(-(_STEP / timedelta(minutes=1)) / storage_min)
    flow = inflow
    for _ in range(reservoirs):
        level = 0.0
        outflow = []
        for amount in flow:
            level = keep * level + (1.0 - keep) * amount
            outflow.append(level)
        flow = outflow
    return flow


def _routed(flow: list[float], travel: timedelta) -> list[float]:
    delay = max(1, round(travel / _STEP))
    delayed = ([0.0] * delay + flow)[: len(flow)]
    return _cascade(delayed, max(5.0, travel / timedelta(minutes=2)), 1)


def _normalised(flow: list[float]) -> tuple[float, ...]:
    peak = max(flow)
    return tuple(value / peak for value in flow) if peak > 0.0 else tuple(0.0 for _ in flow)
