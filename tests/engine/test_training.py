"""What a station's own past teaches: lags of gauges above and of rain, and no more than the past can show."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_local, forecast_odds, forecast_past
from alerting.engine.forecast import Scene
from alerting.engine.forecast_local import Local
from alerting.engine.forecast_past import STEPS
from hladina.hindcast import main

Array = NDArray[np.float64]
T0 = datetime(2025, 3, 1, tzinfo=UTC)
LAG = 9
STATIONS = """
- {id: UP, quantity: level, unit: cm, thresholds: {1: 300}}
- {id: DOWN, quantity: level, unit: cm, thresholds: {1: 100, 2: 130}, upstream: [UP], rain_gauges: [RAIN]}
- {id: RAIN, quantity: rain, unit: mm}
"""


def river(days: int, seed: int) -> tuple[Array, Array, Array]:
    """(upper, lower, rain) every ten minutes: showers, a store that empties, and the wave an hour and a half later."""
    rng = np.random.default_rng(seed)
    count = 144 * days
    rain = np.zeros(count)
    for day in range(1, days, 2):
        start = 144 * day + int(rng.integers(0, 100))
        rain[start : start + 9] += rng.uniform(0.5, 4.0)
    store, upper = 0.0, np.empty(count)
    for i in range(count):
        store = 0.96 * store + (rain[i - 3] if i >= 3 else 0.0)
        upper[i] = 60.0 + 3.0 * store
    lower = 40.0 + 0.7 * np.r_[np.full(LAG, upper[0]), upper[:-LAG]]
    return np.round(upper, 1), np.round(lower, 1), rain


def write(path: Path, begin: datetime, parts: tuple[Array, Array, Array]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("station_id", "timestamp", "value", "unit", "role"))
        for name, unit, values in zip(("UP", "DOWN", "RAIN"), ("cm", "cm", "mm"), parts, strict=True):
            writer.writerows(
                (name, f"{begin + timedelta(minutes=10 * i):%Y-%m-%dT%H:%M:%SZ}", value, unit, "")
                for i, value in enumerate(values.tolist())
            )


def hindcast(folder: Path, *more: str) -> dict[str, str]:
    (folder / "s.yaml").write_text(STATIONS, encoding="utf-8")
    out = folder / ("taught" if more else "plain")
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / "r.csv"), "--out", str(out)]
    assert main([*files, *more]) == 0
    with (out / "skill.csv").open(newline="", encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["horizon_min"] == "120")


def test_lags_are_learnt_and_the_level_gets_better_on_floods_not_learnt_from(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", T0, river(24, seed=1))
    write(tmp_path / "r.csv", T0 + timedelta(days=40), river(12, seed=2))
    plain, taught = hindcast(tmp_path), hindcast(tmp_path, "--train", str(tmp_path / "t.csv"))
    learnt = json.loads((tmp_path / "taught/stations.json").read_text("utf-8"))
    station = learnt["stations"]["DOWN"]
    assert station["lag_min"] == {"UP": 10.0 * LAG}
    assert 0.6 < station["gain"]["UP"] < 0.8
    assert station["events"] >= 3
    assert float(taught["level_rmse_ratio"]) < 0.7 * float(plain["level_rmse_ratio"])
    assert float(taught["brier_near"]) <= float(plain["brier_near"])
    summary = json.loads((tmp_path / "taught/summary.json").read_text("utf-8"))
    assert summary["train"] == {"files": ["t.csv"], "version": learnt["version"], "stations": 2}
    before = (tmp_path / "taught/forecasts.csv").read_bytes()
    hindcast(tmp_path, "--train", str(tmp_path / "t.csv"))
    assert (tmp_path / "taught/forecasts.csv").read_bytes() == before


def test_too_little_past_teaches_nothing_and_is_said(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", T0, river(3, seed=1))
    write(tmp_path / "r.csv", T0 + timedelta(days=40), river(4, seed=2))
    hindcast(tmp_path)
    hindcast(tmp_path, "--train", str(tmp_path / "t.csv"))
    learnt = json.loads((tmp_path / "taught/stations.json").read_text("utf-8"))
    assert learnt["stations"] == {}
    assert set(learnt["too_few_floods"]) == {"UP", "DOWN"}
    plain, taught = ((tmp_path / kind / "forecasts.csv").read_bytes() for kind in ("plain", "taught"))
    assert plain == taught


def test_rain_counts_in_the_ten_minutes_it_fell_and_never_before_it_is_told() -> None:
    at = np.array([600.0, 1200.0, 4800.0])
    amount = np.array([5.0, 2.0, 6.0])
    found = forecast_past.showers(at, amount, np.array([1200.0, 4200.0, 4800.0]))
    assert found.shape == (3, STEPS)
    assert found[0, :2].tolist() == [2.0, 0.0]
    assert found[1, :6].tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    assert np.allclose(found[2, :7], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0])
    assert not forecast_past.showers(np.empty(0), np.empty(0), np.array([5.0])).any()


def test_no_history_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    scene = Scene(np.cumsum(rng.normal(0.0, 3.0, (40, STEPS)), axis=1))
    limits = scene.own[:, :1] + np.array([[-5.0, 5.0, 60.0, np.nan]])
    width = forecast_local.features(scene).shape[1]
    nothing = Local(np.zeros((width, 5)), np.zeros((width, 4)), np.zeros(4), np.ones(5), np.zeros(5), np.zeros(5))
    plain = forecast.foresee(forecast_odds.generic(), scene, limits)
    same = forecast_local.refine(nothing, scene, limits, plain)
    for name in ("probability", "foreseen", "level"):
        assert np.allclose(getattr(plain, name), getattr(same, name), atol=1e-6, equal_nan=True), name
    eager = Local(
        np.zeros((width, 5)),
        np.zeros((width, 4)),
        np.zeros(4),
        np.ones(5),
        np.zeros(5),
        np.array([0.5, 0.1, 2.0, 0.0, -3.0]),
    )
    pushed = forecast_local.refine(eager, scene, limits, plain).probability
    known = np.isfinite(limits)
    assert (np.diff(pushed[known], axis=1) >= 0.0).all(), "still no fall with the horizon"
    assert (pushed[:, 0] == 1.0).all(), "what is reached stays reached"
