"""A recorded flood lived through the real stages: what people would have been told is what the hindcast warned of."""

import csv
import gzip
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from hladina.hindcast import main as hindcast

DEV = Path(__file__).resolve().parents[3] / "shared" / "data" / "floods_dev"
pytestmark = pytest.mark.skipif(not DEV.is_dir(), reason="the development flood records are not beside this checkout")
EVENTS = """
    SELECT station_id, at, to_degree FROM event WHERE kind = 'expected' AND reason = 'expected' ORDER BY 1, 2"""
Warned = dict[str, dict[datetime, int]]


def limits_of(row: dict[str, str]) -> dict[int, float]:
    low, high = float(row["vmedian"]), float(row["vmax"])
    return {n: round(100.0 * (low + n * 0.25 * (high - low)), 1) for n in (1, 2, 3)}


def station(name: str, limits: dict[int, float], interval: timedelta) -> Station:
    spa = Limits(Quantity.LEVEL, {Degree(n): v for n, v in limits.items()}, "invented", None)
    return Station(name, Names(name), None, "CZ", "test", (Quantity.LEVEL,), interval, limits=(spa,))


def told_by(warned: dict[datetime, int], changes: list[tuple[datetime, int]], live: list[tuple[datetime, int]]) -> None:
    """Every expectation told is a warning of that moment; every warning above what was told is told at that moment."""
    raised = dict(live)
    for at, degree in live:
        assert warned.get(at, 0) >= degree, (at, degree)
    first: dict[int, datetime] = {}
    for at in sorted(warned):
        held = next((to for when, to in reversed(changes) if when <= at), 0)
        degree = warned[at]
        if degree > held and degree not in first:
            first[degree] = at
            assert any(raised.get(when, 0) >= degree for when in raised if when <= at), (at, degree)


async def live_through(conn: AsyncConnection, readings: list[Reading], network: Network) -> None:
    rulebook, now = Rulebook(network), readings[-1].observed_at
    for start in range(0, len(readings), 400):
        async with conn.transaction():
            await store(conn, at_the_door(readings[start : start + 400], now), "test", now)
        while (await evaluate(conn, rulebook, now, exercise=False)).claimed:
            pass
        while (await foresee(conn, rulebook, now, exercise=False)).foreseen:
            pass


@pytest.mark.timeout(300)
async def test_a_recorded_flood_is_expected_live_as_in_the_hindcast(pool: Pool, tmp_path: Path) -> None:
    with (DEV / "stations_meta.csv").open(encoding="utf-8") as file:
        gauges = [row for row in csv.DictReader(file) if row["group"] == "colorado2013"][:3]
    limits = {row["station_id"]: limits_of(row) for row in gauges}
    rows: dict[str, list[Reading]] = defaultdict(list)
    lines = ["station_id,timestamp,value,unit,role"]
    with gzip.open(DEV / "records" / "colorado2013.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["station_id"]
            if name in limits and row["value"]:
                at, value = datetime.fromisoformat(row["timestamp"]), round(100.0 * float(row["value"]), 1)
                if rows[name] and at <= rows[name][-1].observed_at:
                    continue
                rows[name].append(Reading(name, Quantity.LEVEL, at, value, value, "cm"))
                lines.append(f"{name},{row['timestamp']},{value},cm,level")
    (tmp_path / "r.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.yaml").write_text(
        "".join(
            f"- {{id: '{name}', quantity: level, unit: cm, thresholds: {{1: {v[1]}, 2: {v[2]}, 3: {v[3]}}}}}\n"
            for name, v in limits.items()
        )
    )
    arguments = ["--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
    assert hindcast([*arguments, "--out", str(tmp_path / "out")]) == 0
    warned: Warned = defaultdict(dict)
    with (tmp_path / "out/forecasts.csv").open() as file:
        for row in csv.DictReader(file):
            if row["warn"] == "1":
                at = datetime.fromisoformat(row["issued_at"])
                known = warned[row["station_id"]]
                known[at] = max(known.get(at, 0), int(row["degree"]))
    changes: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    with (tmp_path / "out/degrees.csv").open() as file:
        for row in csv.DictReader(file):
            changes[row["station_id"]].append((datetime.fromisoformat(row["at"]), int(row["to"])))
    network = Network(stations={name: station(name, v, timedelta(minutes=15)) for name, v in limits.items()})
    async with pool.connection() as conn:
        for name in limits:
            await live_through(conn, rows[name], network)
        found = await (await conn.execute(EVENTS)).fetchall()
    assert len(found) >= 6
    for name in limits:
        told_by(warned[name], changes[name], [(at, degree) for who, at, degree in found if who == name])
