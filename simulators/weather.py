"""Invented storms over the region: rain at any place and time. Pure; every storm is synthetic.

A storm is a round cell of Gaussian profile that swells and fades as sin² over its life and may drift.
Magnitudes are chosen to resemble 7 August 2010 (179 mm a day at Hejnice, reported at
https://www.centrum-voda.cz/en/news/floods-in-germany-comparison-of-the-current-floods-in-germany-with-2009-and-2010-czech-floods),
but no storm here has happened.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_KM_PER_DEGREE = 111.2  # of latitude; of longitude times cos(latitude)
_STEPS_PER_INTERVAL = 5
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Storm:
    """One cell. `lat`, `lon` are its centre at `start`; it moves by the drift (km/h, east and north positive)."""

    start: datetime
    duration: timedelta
    lat: float
    lon: float
    radius_km: float
    peak_mm_per_h: float
    drift_east_km_h: float = 0.0
    drift_north_km_h: float = 0.0

    @property
    def end(self) -> datetime:
        """When it stops raining."""
        return self.start + self.duration


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Distance on a plane through both places; good to a per cent over the region."""
    east = (other_lon - lon) * _KM_PER_DEGREE * math.cos(math.radians((lat + other_lat) / 2.0))
    return math.hypot(east, (other_lat - lat) * _KM_PER_DEGREE)


def intensity(storm: Storm, lat: float, lon: float, at: datetime) -> float:
    """Rain of `storm` at a place and time, mm/h, never negative."""
    life = (at - storm.start) / storm.duration
    if not 0.0 < life < 1.0:
        return 0.0
    hours = (at - storm.start) / _HOUR
    centre_lat = storm.lat + storm.drift_north_km_h * hours / _KM_PER_DEGREE
    centre_lon = storm.lon + storm.drift_east_km_h * hours / (_KM_PER_DEGREE * math.cos(math.radians(storm.lat)))
    return (
        storm.peak_mm_per_h
        * math.sin(math.pi * life) ** 2
        * _profile(storm, distance_km(lat, lon, centre_lat, centre_lon))
    )


def exposure(storm: Storm, lat: float, lon: float) -> float:
    """How much of the storm's strength a place gets, 0 to 1, by its distance from the middle of the track."""
    hours = storm.duration / _HOUR / 2.0
    middle_lat = storm.lat + storm.drift_north_km_h * hours / _KM_PER_DEGREE
    middle_lon = storm.lon + storm.drift_east_km_h * hours / (_KM_PER_DEGREE * math.cos(math.radians(storm.lat)))
    return _profile(storm, distance_km(lat, lon, middle_lat, middle_lon))


def rain(storms: Sequence[Storm], lat: float, lon: float, start: datetime, end: datetime) -> float:
    """Rain of all `storms` at a place from `start` to `end`, mm (midpoint rule in five steps)."""
    step = (end - start) / _STEPS_PER_INTERVAL
    moments = [start + step * (index + 0.5) for index in range(_STEPS_PER_INTERVAL)]
    rates = math.fsum(intensity(storm, lat, lon, moment) for storm in storms for moment in moments)
    return rates * (step / _HOUR)


def _profile(storm: Storm, distance: float) -> float:
    return math.exp(-0.5 * (distance / storm.radius_km) ** 2)
