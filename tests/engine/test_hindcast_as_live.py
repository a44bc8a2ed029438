"""A hindcast across a change of limits, and of rain, is what the live house made of the same readings."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from alerting.engine import forecast_odds
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee_fold import DEGREES, Case, due, fold, points
from floodcore.network.model import Names, Network, Station
from floodcore.store.connect import Pool
from floodcore.words import Degree, Quantity
from hladina import foresight
from hladina.hindcast import main
from hladina.judged import judge
from hladina.records import Record
from hladina.station_list import Dated, Recorded, read_stations
from tests.engine import test_rain
from tests.engine.test_dated import MONDAY, RULEBOOK, STEP, T0, bring
from tests.engine.test_dated import judge as judge_live

LIST = """
- id: A
  quantity: level
  unit: cm
  thresholds: {1: 100, 2: 160}
  changes:
    - valid_from: 2026-06-01T03:20:00Z
      author: M. Vzorová
      reason: the weir was lowered
      source: invented anew
      quantity: level
      values: {1: 70, 2: 130}
"""
RAIN = """
- id: R
  quantity: rain
  unit: mm
  rain_degrees:
    scheme: SCHEME
    sums:
      - {window: 1h, values: {1: 10, 2: 20}}
      - {window: 24h, values: {1: 35, 2: 45}, saturated: {1: 25, 2: 30}}
    saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5}
"""


def hindcast(folder: Path, stations: str, rows: list[tuple[int, float | None]], name: str, unit: str) -> list[str]:
    (folder / "s.yaml").write_text(stations, encoding="utf-8")
    lines = [f"{name},{T0 + i * STEP:%Y-%m-%dT%H:%M:%SZ},{'' if v is None else v},{unit}," for i, v in rows]
    (folder / "r.csv").write_text("\n".join(["station_id,timestamp,value,unit,role", *lines]), encoding="utf-8")
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / "r.csv"), "--out", str(folder / "out")]
    assert main(files) == 0
    return (folder / "out" / "degrees.csv").read_text(encoding="utf-8").splitlines()[1:]


def walk(seed: int) -> list[tuple[int, float | None]]:
    rng = random.Random(seed)
    level, found = 80.0, list[tuple[int, float | None]]()
    for i in range(60):
        level = min(max(level + rng.uniform(-14, 15), 50.0), 170.0)
        found.append((i, None if rng.random() < 0.05 else round(level, 1)))
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_a_change_of_limits_on_a_record_is_judged_as_live(pool: Pool, tmp_path: Path, seed: int) -> None:
    levels = walk(seed)
    written = hindcast(tmp_path, LIST, levels, "A", "cm")
    rng = random.Random(seed)
    async with pool.connection() as conn:
        while levels:
            size = rng.randint(1, 25)
            await bring(conn, "A", levels[:size])  # type: ignore[arg-type]
            levels = levels[size:]
            await judge_live(conn)
        cursor = await conn.execute(
            "SELECT at, from_degree, to_degree, reason FROM event WHERE kind = 'reached' ORDER BY event_id"
        )
        live = [f"A,{at:%Y-%m-%dT%H:%M:%SZ},{was},{now},{why}" for at, was, now, why in await cursor.fetchall()]
        cursor = await conn.execute("SELECT rule_version FROM rule_use ORDER BY delivery, since")
        versions = [version for (version,) in await cursor.fetchall()]
    assert written == live
    assert len(written) > 1
    summary = (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")
    assert [version in summary for version in versions] == [True, True]


async def test_rain_on_a_record_is_judged_as_live(pool: Pool, tmp_path: Path) -> None:
    rng = random.Random(5)
    mm = [(i, None if rng.random() < 0.02 else round(rng.choice((0, 0, 0, 0.2, 0.4, 3.0)) * rng.random(), 1))
          for i in range(800)]  # fmt: skip
    mm[400:404] = [(i, 6.5) for i in range(400, 404)]
    mm[450:] = [(i, 0.0 if i != 700 else 12.0) for i in range(450, 800)]
    written = hindcast(tmp_path, RAIN.replace("SCHEME", "rain"), mm, "R", "mm")
    async with pool.connection() as conn:
        for start in range(0, len(mm), 97):
            await test_rain.bring(conn, mm[start : start + 97])
            await test_rain.judge(conn)
        cursor = await conn.execute("SELECT at, from_degree, to_degree, reason FROM event ORDER BY event_id")
        live = [f"R,{at:%Y-%m-%dT%H:%M:%SZ},{was},{now},{why}" for at, was, now, why in await cursor.fetchall()]
        (version,) = await (await conn.execute("SELECT rule_version FROM rule_use")).fetchone() or ("",)
    assert written == live
    assert len(written) > 2
    assert version in (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")


async def test_a_reservoir_by_rain_has_the_rules_of_its_scheme(pool: Pool, tmp_path: Path) -> None:
    mm = [(i, 12.0 if i == 200 else 0.0) for i in range(260)]
    written = hindcast(tmp_path, RAIN.replace("SCHEME", "spa"), list(mm), "R", "mm")
    spa = replace(test_rain.DEGREES, scheme="spa")
    named = Station("R", Names("R"), None, "CZ", "t", (Quantity.RAIN,), STEP, rain_degrees=spa)
    async with pool.connection() as conn:
        await test_rain.bring(conn, list(mm))
        while (await evaluate(conn, Rulebook(Network(stations={"R": named})), T0, exercise=False)).claimed:
            pass
        (version,) = await (await conn.execute("SELECT rule_version FROM rule_use")).fetchone() or ("",)
    assert [line.split(",")[2:] for line in written] == [["0", "1", "reached"], ["1", "0", "calm"]]
    assert version in (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("quantity", [Quantity.LEVEL, Quantity.DISCHARGE])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_expected_across_a_change_is_that_of_the_live_fold(seed: int, quantity: Quantity) -> None:
    """Two folds of the live house, one before the change and one after it, and one hindcast."""
    rng = random.Random(seed)
    record, level = Record(), 60.0
    for i in range(300):
        level = min(max(level + 6.0 * np.sin(i / 9.0) + rng.uniform(-2, 2), 40.0), 190.0)
        record.add(T0 + i * STEP, round(level, 1))
    change = Dated(T0 + 150 * STEP, {Degree(1): 90.0, Degree(3): 170.0})
    unit = "cm" if quantity is Quantity.LEVEL else "m3/s"
    station = Recorded("A", quantity, unit, {Degree(1): 120.0, Degree(2): 150.0}, None, changes=(change,))
    outcome = judge(station, record)
    said = foresight.told(station, {"A": outcome}, {"A": station}, forecast_odds.generic())
    assert said is not None
    since = np.full((len(DEGREES), 4), np.nan)
    parts, place = [], 0
    for use, end in zip(outcome.uses, (change.since.timestamp(), np.inf), strict=True):
        known = outcome.heard
        pending = [late > at for at, late in zip(known.at, known.known, strict=True)]
        own = points(use.rules, known.at, known.value, pending)
        assert own is not None
        moments = own.moments[due(use.rules, own, own.moments)]
        moments = moments[(moments < end) & (moments >= (0.0 if place == 0 else change.since.timestamp()))]
        reached = list(outcome.heard.reached[place : place + moments.size])
        (seen,) = fold(forecast_odds.generic(), [Case(use.rules, own, (), moments, reached, since)])
        since, place = seen.since, place + moments.size
        parts.append(seen)
    assert said.degrees == (1, 2, 3)
    rows = [degree - 1 for degree in said.degrees]
    warned = np.concatenate([seen.warned[:, rows] for seen in parts])
    chances = np.concatenate([seen.foresight.probability[:, rows] for seen in parts])
    assert said.now.tolist() == [at for seen in parts for at in seen.case.due.tolist()]
    assert np.array_equal(warned, said.warn)
    assert warned[:140].any()
    assert warned[160:].any()
    assert np.array_equal(chances, said.probability, equal_nan=True)


def test_a_change_that_brings_the_first_limits_and_one_that_takes_a_degree(tmp_path: Path) -> None:
    stations = LIST.replace("  thresholds: {1: 100, 2: 160}\n", "").replace("{1: 70, 2: 130}", "{1: 70, 3: 130}")
    written = hindcast(tmp_path, stations, [(i, 75.0 + (i % 2) * 0.1) for i in range(40)], "A", "cm")
    assert written == ["A,2026-06-01T03:20:00Z,0,1,reached"]
    forecasts = (tmp_path / "out" / "forecasts.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert all(line.split(",")[1] >= "2026-06-01T03:20" for line in forecasts)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2026-06-01T03:20:00Z", "2026-06-01T03:20:00", "is not a day as 2026-03-01 or a moment"),
        ("2026-06-01T03:20:00Z", "soon", "is not a day as 2026-03-01 or a moment"),
        ("      values: {1: 70, 2: 130}\n", "", "valid_from and values are wanted"),
        ("{1: 70, 2: 130}", "{1: 70, 2: 60}", "thresholds fall"),
        ("quantity: level\n      values", "quantity: discharge\n      values", "is not that of the station"),
        ("changes:\n", "changes:\n    - {valid_from: 2026-06-02, values: {1: 9}}\n", "write the oldest first"),
    ],
)
def test_each_fault_of_a_change_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, fault: str
) -> None:
    assert old in LIST
    (tmp_path / "s.yaml").write_text(LIST.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "r.csv").write_text("station_id,timestamp,value,unit,role\n", encoding="utf-8")
    files = ["--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
    assert main([*files, "--out", str(tmp_path / "out")]) == 1
    assert fault in capsys.readouterr().err


def test_a_day_of_a_change_is_its_begin_in_utc(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(LIST.replace("2026-06-01T03:20:00Z", "2026-06-02"), encoding="utf-8")
    stations, notices = read_stations(tmp_path / "s.yaml")
    assert notices == []
    assert stations["A"].changes[0].since == datetime(2026, 6, 2, tzinfo=UTC)
    assert stations["A"].at(datetime(2026, 6, 2, tzinfo=UTC) - timedelta(microseconds=1)).limits[Degree(1)] == 100.0
    assert RULEBOOK.network.stations["A"].changes[0].valid_from == MONDAY
