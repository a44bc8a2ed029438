"""`hladina hindcast`: the live engine over recorded data, honest about what it knew when."""

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from alerting.engine.forecast_past import Past
from hladina import foresight
from hladina.hindcast import main

T0 = datetime(2025, 5, 1, tzinfo=UTC)
STATIONS = """
- {id: X, name: X, river: R, quantity: level, unit: m, thresholds: {1: 0.8, 2: 1.0, 3: 1.2}}
- {id: Y, quantity: level, unit: cm, thresholds: {1: 80, 3: 120, 4: null}, upstream: [X]}
- {id: R, quantity: rain, unit: mm}
"""
FLOOD = [50.0, 52, 55, 60, 67, 75, 84, 92, 101, 111, 118, 123, 126, 124, 119, 110, 99, 90, 82, 76, 71, 68, 66, 65, 64]
DEV = Path(__file__).resolve().parents[3] / "shared" / "data" / "floods_dev"

Run = Callable[..., int]


def lines(station: str, values: Sequence[float | None], unit: str = "cm", first: int = 0) -> list[str]:
    scale = 100.0 if unit == "m" else 1.0
    return [
        f"{station},{T0 + timedelta(minutes=10 * (first + i)):%Y-%m-%dT%H:%M:%SZ},"
        f"{'' if v is None else v / scale},{unit},level"
        for i, v in enumerate(values)
    ]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(data: Sequence[str], stations: str = STATIONS, out: str = "out", header: str = "") -> int:
        (tmp_path / "stations.yaml").write_text(stations, encoding="utf-8")
        text = "\n".join([header or "station_id,timestamp,value,unit,role", *data]) + "\n"
        with gzip.open(tmp_path / "readings.csv.gz", "wt", encoding="utf-8") as file:
            file.write(text)
        arguments = ["--stations", tmp_path / "stations.yaml", "--readings", tmp_path / "readings.csv.gz"]
        return main([str(a) for a in [*arguments, "--out", tmp_path / out]])

    return call


def test_degrees_of_a_flood_in_metres_and_centimetres(run: Run, tmp_path: Path) -> None:
    assert run([*lines("X", FLOOD, "m"), *lines("Y", FLOOD)]) == 0
    found = [
        (r["station_id"], r["at"][11:16], r["from"], r["to"], r["reason"]) for r in rows(tmp_path / "out/degrees.csv")
    ]
    assert found == [
        ("X", "01:00", "0", "1", "reached"),
        ("X", "01:20", "1", "2", "reached"),
        ("X", "01:50", "2", "3", "reached"),
        ("X", "03:00", "3", "2", "calm"),
        ("X", "03:20", "2", "1", "calm"),
        ("X", "03:50", "1", "0", "calm"),
        ("Y", "01:00", "0", "1", "reached"),
        ("Y", "01:50", "1", "3", "skipped"),
        ("Y", "03:00", "3", "1", "calm"),
        ("Y", "03:50", "1", "0", "calm"),
    ]


def test_every_reading_has_a_quality_and_a_spike_raises_nothing(run: Run, tmp_path: Path) -> None:
    assert run(lines("Y", [50, 51, 400, 52, None, 0.0, 51, 9999])) == 0
    assert rows(tmp_path / "out/degrees.csv") == []
    found = [(r["flag"], r["test"]) for r in rows(tmp_path / "out/quality.csv")]
    assert found == [
        ("good", "corroborated"),
        ("good", ""),
        ("fail", "spike"),
        ("good", ""),
        ("missing", "missing"),
        ("fail", "zero"),
        ("good", ""),
        ("fail", "gross_range"),
    ]


def test_forecasts_name_degrees_not_yet_reached_and_warn_before_the_crossing(run: Run, tmp_path: Path) -> None:
    assert run(lines("Y", FLOOD)) == 0
    found = rows(tmp_path / "out/forecasts.csv")
    assert {r["degree"] for r in found} == {"1", "3"}
    assert {r["horizon_min"] for r in found} == {"30", "60", "120", "180"}
    for row in found:
        level = FLOOD[int((datetime.fromisoformat(row["issued_at"]) - T0) / timedelta(minutes=10))]
        assert level < {"1": 80, "3": 120}[row["degree"]]
        assert 0.02 <= float(row["probability"]) <= 1.0
        assert (row["expected_at"] != "") == (row["warn"] == "1")
        if row["expected_at"]:
            ahead = datetime.fromisoformat(row["expected_at"]) - datetime.fromisoformat(row["issued_at"])
            assert timedelta(0) < ahead <= timedelta(minutes=int(row["horizon_min"]))
    warned = sorted(r["issued_at"][11:16] for r in found if (r["degree"], r["warn"]) == ("1", "1"))
    assert "00:40" <= warned[0] < "01:00"


def test_a_gauge_above_that_fell_silent_says_nothing() -> None:
    past = Past(np.array([0.0, 600.0]), np.array([1.0, 9.0]), np.array([0.0, 600.0]))
    found = foresight._upstream([past, None], np.array([600.0, 600.0 + 5400.0, 600.0 + 5401.0]))
    assert found is not None
    assert found.shape == (3, 2, 37)
    assert found[:2, 0, 0].tolist() == [9.0, 9.0]
    assert np.isnan(found[2, 0]).all()
    assert np.isnan(found[:, 1]).all()


def test_a_degree_still_held_by_its_calm_time_is_not_forecast(run: Run, tmp_path: Path) -> None:
    """Under the limit but within the hysteresis: the degree stands, however long ago the water was above."""
    hanging = [*[50.0] * 20, 55, 62, 70, 78, 83, 85, 81, *[79.0] * 9, 79.2, 79.4, 79.6, 79.8]
    assert run(lines("Y", hanging)) == 0
    (change,) = rows(tmp_path / "out/degrees.csv")
    assert change["to"] == "1"
    found = rows(tmp_path / "out/forecasts.csv")
    assert any(r["degree"] == "1" for r in found if r["issued_at"] < change["at"])
    assert not any(r["degree"] == "1" for r in found if r["issued_at"] >= change["at"])


def test_nothing_after_the_moment_of_issue_is_used(run: Run, tmp_path: Path) -> None:
    """The outcome up to any moment is the same when the record ends there: no look-ahead anywhere."""
    story = [*FLOOD[:9], 400.0, *FLOOD[9:13], None, 0.0, *FLOOD[13:], 90.0, 91.0, 95.0]
    assert run(lines("Y", story), out="whole") == 0
    for end in range(2, len(story), 3):
        assert run(lines("Y", story[:end]), out="part") == 0
        last = f"{T0 + timedelta(minutes=10 * (end - 1)):%Y-%m-%dT%H:%M:%SZ}"
        for name, column in (("degrees.csv", "at"), ("forecasts.csv", "issued_at")):
            whole = [row for row in rows(tmp_path / "whole" / name) if row[column] <= last]
            assert rows(tmp_path / "part" / name) == whole


def test_the_same_input_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for out in ("one", "two"):
        assert run([*lines("X", FLOOD, "m"), *lines("Y", FLOOD)], out=out) == 0
    for name in ("degrees.csv", "forecasts.csv", "quality.csv", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_stations_may_be_mixed_and_repeats_and_late_rows_change_nothing(run: Run, tmp_path: Path) -> None:
    plain = [*lines("X", FLOOD, "m"), *lines("Y", FLOOD)]
    assert run(plain, out="plain") == 0
    mixed = [line for pair in zip(lines("Y", FLOOD), lines("X", FLOOD, "m"), strict=True) for line in pair]
    mixed[20:20] = [*lines("Y", [130.0, 140.0]), mixed[18], mixed[19]]
    assert run(mixed, out="mixed") == 0
    assert rows(tmp_path / "mixed/degrees.csv") == rows(tmp_path / "plain/degrees.csv")
    told = json.loads((tmp_path / "mixed/summary.json").read_text("utf-8"))["stations"]
    assert (told["Y"]["late"], told["Y"]["repeated"], told["X"]["repeated"]) == (2, 1, 1)


def test_bad_rows_are_named_counted_and_do_not_stop_the_next_good_one(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ["Y,2025-05-01T00:05:00Z,0.260|0.267,cm,level", "Y,noon,50,cm,level", "Y,2025-05-01T00:06:00Z,5,ells,level"]
    assert (
        run([*lines("Y", FLOOD[:3]), *bad, "Z,2025-05-01T00:00:00Z,1,cm,level", "Y", *lines("Y", FLOOD[3:], first=3)])
        == 0
    )
    summary = json.loads((tmp_path / "out/summary.json").read_text("utf-8"))
    assert (summary["rejected"], summary["strangers"], summary["stations"]["Y"]["readings"]) == (
        4,
        {"Z": 1},
        len(FLOOD),
    )
    said = capsys.readouterr().err
    assert "readings.csv.gz:5: Y: value '0.260|0.267' is not a number with a decimal point" in said
    assert "unknown unit 'ells' for level" in said
    assert "not in the list left out: Z" in said
    assert "\r" not in said  # no bar in a pipe


@pytest.mark.parametrize(
    ("stations", "said"),
    [
        ("a: 1", ["a list of stations is wanted"]),
        ("- {id: A}\n- 7\n", ["station 1: quantity, unit missing", "station 2: keys and values are wanted"]),
        ("- {id: A, quantity: mood, unit: cm}", ["'mood' is none of level, discharge, rain"]),
        ("- {id: A, quantity: level, unit: cm, thresholds: {1: 9, 2: 8}}", ["thresholds fall"]),
        ("- {id: A, quantity: level, unit: cm, thresholds: {1: .nan, 7: 8}}", ["1: nan is not", "7: 8 is not"]),
        ("- {id: A, quantity: level, unit: cm}\n" * 2, ["the id A occurs twice"]),
        ("- [", ["cannot be read"]),
    ],
)
def test_all_faults_of_the_station_list_at_once(
    run: Run, capsys: pytest.CaptureFixture[str], stations: str, said: list[str]
) -> None:
    assert run(lines("Y", FLOOD), stations=stations) == 1
    err = capsys.readouterr().err
    assert all(text in err.replace("'", "") or text in err for text in said), err
    assert "Traceback" not in err


def test_files_that_cannot_be_used(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], header="station,time") == 1
    assert "the header lacks station_id, timestamp, value, unit" in capsys.readouterr().err
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"x" * 1000)[:30])
    stations = str(tmp_path / "stations.yaml")
    files = [str(tmp_path / "cut.csv.gz"), str(tmp_path / "none.csv")]
    assert main(["--stations", stations, "--readings", *files, "--out", str(tmp_path / "o")]) == 1
    said = capsys.readouterr().err
    assert "cut.csv.gz: cannot be read" in said
    assert "none.csv" in said
    assert main(["--stations", stations]) == 2
    assert main(["--help"]) == 0


def test_a_discharge_as_depth_over_the_catchment(run: Run, tmp_path: Path) -> None:
    station = "- {id: Q, quantity: discharge, unit: mm/15min, area_km2: 3.6, thresholds: {1: 2.0}}"
    data = [
        f"Q,{T0 + timedelta(minutes=15 * i):%Y-%m-%dT%H:%M:%SZ},{v},mm/15min,discharge"
        for i, v in enumerate((1, 1.5, 2, 2.1))
    ]
    assert run(data, stations=station) == 0
    assert [r["at"][11:16] for r in rows(tmp_path / "out/degrees.csv")] == ["00:30"]


@pytest.mark.skipif(not DEV.is_dir(), reason="the development flood records are not beside this checkout")
def test_a_recorded_flood(tmp_path: Path) -> None:
    """Colorado 2013: floods are found, wrecked gauges keep their degree, zeros of the store are no water."""
    with (DEV / "stations_meta.csv").open(encoding="utf-8") as file:
        gauges = [row for row in csv.DictReader(file) if row["group"] == "colorado2013"]
    stations = []
    for row in gauges:
        low, high = float(row["vmedian"]), float(row["vmax"])
        limits = ", ".join(f"{n}: {low + n * 0.25 * (high - low)}" for n in (1, 2, 3))
        stations.append(f"- {{id: {row['station_id']}, quantity: level, unit: m, thresholds: {{{limits}}}}}")
    (tmp_path / "s.yaml").write_text("\n".join(stations), encoding="utf-8")
    records = DEV / "records" / "colorado2013.csv.gz"
    out = tmp_path / "out"
    assert main(["--stations", str(tmp_path / "s.yaml"), "--readings", str(records), "--out", str(out)]) == 0
    degrees = rows(out / "degrees.csv")
    assert {row["station_id"] for row in degrees if row["to"] == "3"} == {row["station_id"] for row in gauges}
    with gzip.open(records, "rt", encoding="utf-8") as file:
        values = {(r["station_id"], r["timestamp"]): r["value"] for r in csv.DictReader(file)}
    levels = {row["station_id"]: (float(row["vmedian"]), float(row["vmax"])) for row in gauges}
    for row in (row for row in degrees if row["to"] > row["from"]):
        low, high = levels[row["station_id"]]
        value = float(values[row["station_id"], row["at"]])
        assert value >= low + int(row["to"]) * 0.25 * (high - low) - 0.01
    assert len(rows(out / "quality.csv")) == len(values)
