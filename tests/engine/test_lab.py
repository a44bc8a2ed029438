"""The threshold lab: other rules on the same record, and the history of rules."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hladina import rule_history
from hladina.cli import main
from hladina.station_list import InputError

T0 = datetime(2025, 5, 1, tzinfo=UTC)
STATIONS = "- {id: Y, quantity: level, unit: cm, thresholds: {1: 80, 2: 100}}\n- {id: Z, quantity: level, unit: m}\n"
FLOOD = [50, 50, 51, 52, 55, 60, 67, 75, 84, 92, 101, 111, 110, 99, 90, 82, 76, 71, 68, 66, 65, 64, 63, 62, 61, 60, 60]
SWELL = [60, 62, 65, 69, 72, 72, 71, 68, 66, 63, 61, 60, 60, 60, 60]

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "s.yaml").write_text(STATIONS, encoding="utf-8")

    def call(*more: str, values: Sequence[float] = (*FLOOD, *SWELL)) -> int:
        rows = [f"Y,{T0 + timedelta(minutes=10 * i):%Y-%m-%dT%H:%M:%SZ},{v},cm,level" for i, v in enumerate(values)]
        text = "\n".join(["station_id,timestamp,value,unit,role", *rows]) + "\n"
        (tmp_path / "r.csv").write_text(text, encoding="utf-8")
        files = ["--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
        return main(["lab", *files, *more])

    return call


def degrees(path: Path) -> list[dict[str, object]]:
    (station,) = json.loads(path.read_text("utf-8"))
    found: list[dict[str, object]] = station["degrees"]
    return found


def test_a_lower_limit_comes_earlier_and_is_false_once(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--thresholds", "Y:1=70,2=100", "--json", str(tmp_path / "o.json")) == 0
    first, second = degrees(tmp_path / "o.json")
    assert (first["limit"], first["reference"]) == (70.0, 80.0)
    assert first["alerts"] == [
        {"begin": "2025-05-01T01:10:00+00:00", "end": "2025-05-01T04:00:00+00:00"},
        {"begin": "2025-05-01T05:10:00+00:00", "end": "2025-05-01T06:30:00+00:00"},
    ]
    assert first["again_within_2h"] == 1
    assert first["crossings"] == [{"at": "2025-05-01T01:20:00+00:00", "alert_minutes_before": 10.0}]
    assert first["false"] == ["2025-05-01T05:10:00+00:00"]
    assert second["crossings"] == [{"at": "2025-05-01T01:40:00+00:00", "alert_minutes_before": 0.0}]
    assert first["counts"] == {
        "alerts": 2,
        "crossings": 1,
        "first_minutes_before": 10.0,
        "median_minutes_before": 10.0,
        "missed": 0,
        "false": 1,
    }
    said = capsys.readouterr().out
    assert "degree 1 at 70: 2 alerts, 1 again within 2 h; 1 crossings of 80, first 10 min before" in said


def test_a_limit_above_the_reference_comes_late_or_never(run: Run, tmp_path: Path) -> None:
    assert run("--thresholds", "1=92,2=300", "--json", str(tmp_path / "o.json")) == 0
    first, second = degrees(tmp_path / "o.json")
    assert first["crossings"] == [{"at": "2025-05-01T01:20:00+00:00", "alert_minutes_before": -10.0}]
    assert second["crossings"] == [{"at": "2025-05-01T01:40:00+00:00", "alert_minutes_before": None}]
    counts = second["counts"]
    assert isinstance(counts, dict)
    assert (counts["alerts"], counts["first_minutes_before"], counts["missed"]) == (0, None, 1)
    assert (first["false"], second["false"]) == ([], [])


def test_calm_time_and_hysteresis_hold_a_degree(run: Run, tmp_path: Path) -> None:
    ends = []
    for calm, hysteresis in (("0", "0"), ("60", "0"), ("60", "10")):
        assert run("--calm", calm, "--hysteresis", hysteresis, "--json", str(tmp_path / "o.json")) == 0
        ends.append([span["end"] for span in degrees(tmp_path / "o.json")[0]["alerts"]])  # type: ignore[attr-defined]
    assert ends == [
        ["2025-05-01T02:40:00+00:00"],
        ["2025-05-01T03:40:00+00:00"],
        ["2025-05-01T04:00:00+00:00"],
    ]


def test_every_change_is_a_version_with_author_reason_and_valid_from(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "rules.yaml"
    save = ["--save", str(history), "--author", "Zkušební autor", "--reason", "nový most"]
    assert run(*save) == 2, "without valid-from it is no version"
    assert run(*save, "--thresholds", "Y:1=70,2=90", "--valid-from", "2026-01-01") == 0
    assert run(*save, "--thresholds", "Y:1=75,2=90", "--calm", "45", "--valid-from", "2026-02-01T00:00:00Z") == 0
    before = history.read_text("utf-8")
    shown = str(tmp_path / "o.json")
    assert run(*save, "--thresholds", "Y:1=72,2=90", "--valid-from", "2026-03-01", "--json", shown) == 0
    (station,) = json.loads((tmp_path / "o.json").read_text("utf-8"))
    assert [(one["valid_from"][:10], one["limits"]["1"], one["author"]) for one in station["history"]] == [
        ("2026-01-01", 70.0, "Zkušební autor"),
        ("2026-02-01", 75.0, "Zkušební autor"),
        ("2026-03-01", 72.0, "Zkušební autor"),
    ]
    history.write_text(before, encoding="utf-8")
    assert run(*save, "--thresholds", "Y:1=60,2=90", "--valid-from", "2026-01-15") == 1
    assert "is not after the one before" in capsys.readouterr().err
    assert history.read_text("utf-8") == before
    versions = rule_history.parse(before, "rules.yaml")
    assert [(v.author, v.rules.limits[1], v.rules.calm) for v in versions] == [  # type: ignore[index]
        ("Zkušební autor", 70.0, timedelta(minutes=30)),
        ("Zkušební autor", 75.0, timedelta(minutes=45)),
    ]
    at = datetime(2026, 1, 20, tzinfo=UTC)
    assert rule_history.in_force(versions, "Y", at) == versions[0]
    assert rule_history.in_force(versions, "Y", datetime(2025, 1, 1, tzinfo=UTC)) is None
    with pytest.raises(InputError, match="a version is never changed"):
        rule_history.parse(before.replace("75.0", "76.0"), "rules.yaml")
    with pytest.raises(InputError, match="author missing"):
        rule_history.parse(before.replace("author: Zkušební autor", "author: ''"), "rules.yaml")


@pytest.mark.parametrize(
    "text", ["Q:1=5", "1:80", "1=a", "1=90,2=80", "0=5", "", "Y:1=nan,2=50", "1=inf", "1=-inf,2=50", "Z:1=1e308"]
)
def test_what_cannot_be_tried_is_said(run: Run, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert run("--thresholds", text) == 1
    assert "--thresholds" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-5", "-0.1", "x", ""])
@pytest.mark.parametrize("option", ["--calm", "--hysteresis"])
def test_what_is_no_amount_is_misuse(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    """Neither a rule of it nor a page: nan would stand in the history as a limit that nothing reaches."""
    history = tmp_path / "rules.yaml"
    why = ["--author", "Zkušební autor", "--reason", "nový most", "--valid-from", "2026-01-01"]
    assert run(f"{option}={text}", "--save", str(history), *why) == 2
    assert f"argument {option}: {text!r}: a finite number of at least 0 is wanted" in capsys.readouterr().err
    assert not history.exists()


def test_a_calm_time_of_more_than_a_year_is_misuse(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--calm", "1e300") == 2
    assert "no calm time" in capsys.readouterr().err
    assert run("--calm", "1440", "--hysteresis", "0") == 0
