"""Changes of the reached degree on all development records: none missed, none invented, no flapping."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from floodcore.words import Degree, Quantity
from hladina.judged import Outcome, judge
from hladina.lab import spans
from hladina.records import Record, read_readings
from hladina.station_list import Recorded
from scripts.study_parts.gauges import limits_of, truth_of
from tests.engine import scoring

Array = NDArray[np.float64]
DEV = Path(__file__).resolve().parents[3] / "shared" / "data" / "floods_dev"
TWO_HOURS = 120.0
# The engine may wait for a second reading to believe a leap.
_PATIENCE_STEPS = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A series with its truth on an even grid (minutes, values) and what the engine made of it."""

    station: Recorded
    step: float
    at: Array
    truth: Array
    outcome: Outcome


def judged() -> Iterator[Judged]:
    with (DEV / "stations_meta.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["role"] in {"level", "upstream", "discharge"}]
    for group in sorted({row["group"] for row in rows}):
        mine = {row["station_id"]: row for row in rows if row["group"] == group}
        stations = {key: _station(row) for key, row in mine.items()}
        records = read_readings([DEV / "records" / f"{group}.csv.gz"], stations)
        for key, row in mine.items():
            yield _judged(stations[key], row, records.by_station[key])


def _station(row: dict[str, str]) -> Recorded:
    quantity = Quantity.DISCHARGE if row["role"] == "discharge" else Quantity.LEVEL
    return Recorded(row["station_id"], quantity, row["unit"], {}, float(row["area_km2"]) if row["area_km2"] else None)


def _judged(station: Recorded, row: dict[str, str], record: Record) -> Judged:
    step = float(row["step_min"])
    at, truth = truth_of(record, step)
    published = row["thresholds"] if station.quantity is Quantity.LEVEL else ""
    limits = sorted(set(limits_of(truth, step, {**row, "thresholds": published})))[:4]
    station = replace(station, limits={Degree(n): limit for n, limit in enumerate(limits, start=1)})
    return Judged(station, step, at / 60.0, truth, judge(station, record))


def _lasting(truth: Array) -> Array:
    """Without single readings that stand out by a tenth of the flood and are gone with the next: spikes, not water."""
    allowed = 0.1 * (np.nanmax(truth) - np.nanmedian(truth))
    before, after = np.r_[truth[:1], truth[:-1]], np.r_[truth[1:], truth[-1:]]
    return np.where(truth - np.fmax(before, after) > allowed, np.fmax(before, after), truth)


def stood(one: Judged, degree: Degree) -> list[tuple[float, float]]:
    return [
        (s.begin.timestamp() / 60.0, np.inf if s.end is None else s.end.timestamp() / 60.0)
        for s in spans(one.outcome.transitions, degree)
    ]


def missed(one: Judged) -> list[tuple[str, int, float]]:
    """Crossings after which the degree does not stand within a step."""
    found = []
    for degree, limit in one.station.limits.items():
        held = stood(one, degree)
        for crossing in scoring.crossings(one.at, _lasting(one.truth), limit, one.step):
            until = crossing + (0.5 + _PATIENCE_STEPS) * one.step
            if not any(begin <= until and end >= crossing for begin, end in held):
                found.append((one.station.id, int(degree), crossing))
    return found


def invented(one: Judged) -> list[tuple[str, int, float]]:
    """Rises without a true value at or above the limit within two steps."""
    found = []
    for degree, limit in one.station.limits.items():
        above = one.at[one.truth >= limit]
        for begin, _ in stood(one, degree):
            if not above.size or np.abs(above - begin).min() > 2.0 * one.step:
                found.append((one.station.id, int(degree), begin))
    return found


def again(held: Sequence[tuple[float, float]]) -> list[float]:
    """When a degree came back within two hours of being left."""
    return [later[0] for earlier, later in pairwise(held) if later[0] - earlier[1] <= TWO_HOURS]


@pytest.mark.skipif(not DEV.is_dir(), reason="the development flood records are not beside this checkout")
@pytest.mark.long
@pytest.mark.timeout(300)
def test_no_crossing_is_missed_no_rise_is_invented_and_no_degree_flaps() -> None:
    crossings = flapping = 0
    faults: list[tuple[str, int, float]] = []
    for one in judged():
        faults += missed(one) + invented(one)
        for degree, limit in one.station.limits.items():
            crossings += len(scoring.crossings(one.at, one.truth, limit, one.step))
            # hydropower waves come back every hour or two: that is the water, not the engine
            returns = [] if one.station.id.startswith("AT_HP_") else again(stood(one, degree))
            flapping += sum(1 for a, b in pairwise(returns) if b - a <= TWO_HOURS)
    assert faults == []
    assert flapping == 0, "a degree came back twice within two hours"
    assert crossings > 1000


def test_the_measure_itself() -> None:
    assert again([(0.0, 100.0), (219.0, 300.0), (500.0, 600.0)]) == [219.0]
    spiky = np.array([0.0, 0.0, 50.0, 0.0, 0.0, 60.0, 100.0, 95.0])
    assert _lasting(spiky).tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 60.0, 100.0, 95.0]
