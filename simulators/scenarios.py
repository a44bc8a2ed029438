"""The named exercises: which storm, how strong, and which gauges misbehave. Everything is invented.

Gauges are chosen by the order in which they reach their first limit (0 = first), not by id, and faults
are timed from that moment, so that a scenario works on any network.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from simulators import misbehave
from simulators.misbehave import Fault
from simulators.weather import Storm

# The ridge of the Jizera mountains between Smědava and Bedřichov: most gauges of the region lie around it.
_RIDGE_LAT, _RIDGE_LON = 50.83, 15.17


@dataclass(frozen=True, slots=True)
class Cell:
    """One storm cell relative to the start of the exercise."""

    after: timedelta
    duration: timedelta
    radius_km: float
    peak_mm_per_h: float
    north_km: float = 0.0
    east_km: float = 0.0
    drift_east_km_h: float = 0.0

    def storm(self, start: datetime) -> Storm:
        """The cell as a storm of an exercise that begins at `start`."""
        return Storm(
            start + self.after,
            self.duration,
            _RIDGE_LAT + self.north_km / 111.2,
            _RIDGE_LON + self.east_km / (111.2 * math.cos(math.radians(_RIDGE_LAT))),
            self.radius_km,
            self.peak_mm_per_h,
            drift_east_km_h=self.drift_east_km_h,
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of the gauge that is the `rank`-th to reach its first limit, `after` it does."""

    rank: int
    kind: str
    after: timedelta
    lasting: timedelta = timedelta(hours=2)

    def fault(self, reached: datetime) -> Fault:
        """The fault of a gauge that reaches its first limit at `reached`.

        Raises:
            KeyError: `kind` is not a known fault.
        """
        begin = reached + self.after
        end = begin + self.lasting
        return {
            "lost": lambda: misbehave.silent(begin),
            "silent": lambda: misbehave.silent(begin, end),
            "spike": lambda: misbehave.spike(begin, 400.0),
            "stuck": lambda: misbehave.stuck(begin, end),
            "zero": lambda: misbehave.zero(begin, end),
            "nan": lambda: misbehave.not_a_number(begin, end),
            "missing": lambda: misbehave.missing(begin, end),
            "future": lambda: misbehave.future(begin, end, timedelta(hours=3)),
            "duplicated": lambda: misbehave.duplicated(3),
            "late": lambda: misbehave.late(4, timedelta(minutes=25)),
            "buffered": lambda: misbehave.buffered(begin, end),
            "scaled": lambda: misbehave.scaled(begin, end, 10.0),
            "drift": lambda: misbehave.drifting(begin, 6.0),
        }[self.kind]()


@dataclass(frozen=True, slots=True)
class Scenario:
    """An exercise. `severity` 1.0 lets the most exposed gauges just touch their highest ordinary limit."""

    name: str
    title: str
    severity: float
    cells: tuple[Cell, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def storms(self, start: datetime) -> tuple[Storm, ...]:
        """The storms of an exercise that begins at `start`."""
        return tuple(cell.storm(start) for cell in self.cells)

    @property
    def length(self) -> timedelta:
        """From the start of the exercise until the waters are low again."""
        return max((cell.after + cell.duration for cell in self.cells), default=timedelta()) + timedelta(hours=18)


def _min(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


_FLASH_CELL = Cell(_min(-40), _min(150), radius_km=16.0, peak_mm_per_h=70.0)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario("calm", "Low water everywhere, nothing happens", severity=0.0),
            Scenario(
                "flash",
                "A cloudburst over the Jizera mountains: degrees 1-3 within 90 minutes, one gauge lost on the rise",
                severity=1.9,
                cells=(_FLASH_CELL,),
                troubles=(Trouble(2, "lost", _min(10)),),
            ),
            Scenario(
                "long",
                "Two days of steady rain moving east: slow rises that reach the lower rivers",
                severity=1.3,
                cells=(
                    Cell(
                        _min(-120),
                        _min(20 * 60),
                        radius_km=35.0,
                        peak_mm_per_h=14.0,
                        east_km=-15.0,
                        drift_east_km_h=2.0,
                    ),
                    Cell(_min(20 * 60), _min(16 * 60), radius_km=30.0, peak_mm_per_h=18.0, north_km=8.0),
                ),
            ),
            Scenario(
                "broken",
                "The cloudburst with gauges that lie: spikes, held values, zeros, no numbers, wrong clocks, disorder",
                severity=1.9,
                cells=(_FLASH_CELL,),
                troubles=(
                    Trouble(1, "stuck", _min(5)),
                    Trouble(2, "lost", _min(10)),
                    Trouble(3, "zero", _min(5), _min(30)),
                    Trouble(4, "nan", _min(5), _min(30)),
                    Trouble(5, "future", _min(5), _min(30)),
                    Trouble(6, "duplicated", _min(0)),
                    Trouble(7, "late", _min(0)),
                    Trouble(8, "missing", _min(5), _min(40)),
                    Trouble(9, "spike", _min(-60)),
                    Trouble(10, "buffered", _min(-60), _min(90)),
                    Trouble(11, "scaled", _min(-60), _min(30)),
                    Trouble(12, "drift", _min(-60)),
                ),
            ),
        )
    }
)
DEFAULT = "flash"
