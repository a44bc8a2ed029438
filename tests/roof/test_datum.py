"""Levels above the sea in a hindcast: judged as above the gauge's own zero, and never refused in silence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.words import Quantity
from hladina import datum
from hladina.hindcast import main

FLOOD = [
    50.0,
    51,
    52,
    55,
    60,
    67,
    75,
    84,
    92,
    101,
    111,
    118,
    123,
    126,
    124,
    119,
    110,
    99,
    90,
    82,
    76,
    71,
    68,
    66,
    65,
    64,
]


def run(folder: Path, height_m: float, more: str = "", thresholds: bool = True) -> int:
    limits = ", ".join(f"{n}: {height_m + v:.2f}" for n, v in ((1, 0.8), (2, 1.0), (3, 1.2))) if thresholds else ""
    (folder / "s.yaml").write_text(
        f"- {{id: X, quantity: level, unit: m, thresholds: {{{limits}}}{more}}}\n", encoding="utf-8"
    )
    rows = [f"X,2025-05-01T{i // 6:02d}:{i % 6 * 10:02d}:00Z,{height_m + v / 100.0:.2f},m" for i, v in enumerate(FLOOD)]
    (folder / "r.csv").write_text("\n".join(["station_id,timestamp,value,unit", *rows]) + "\n", encoding="utf-8")
    arguments = ["--stations", folder / "s.yaml", "--readings", folder / "r.csv", "--out", folder / "out"]
    return main([str(each) for each in arguments])


def degrees(folder: Path) -> str:
    return (folder / "out" / "degrees.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("height", "more"), [(72.0, ""), (72.0, ", zero: 72.0"), (2412.5, ""), (15.0, ", zero: 15")])
def test_a_gauge_above_the_sea_has_the_degrees_of_the_same_gauge_above_its_zero(
    tmp_path: Path, height: float, more: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    assert run(own, 0.0) == 0
    assert degrees(own).count("\n") == 7
    capsys.readouterr()
    assert run(tmp_path, height, more) == 0
    assert degrees(tmp_path) == degrees(own)
    said = capsys.readouterr().err
    assert ("as if zero were" in said) is (more == "")
    assert "not judged" not in said


def test_readings_that_are_all_refused_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, 72.0, thresholds=False) == 0
    assert "X: 26 of 26 readings lie outside -500 … 2000 and are not judged" in capsys.readouterr().err
    assert run(tmp_path, 72.0, ", zero: 72", thresholds=False) == 0
    assert "not judged" not in capsys.readouterr().err


@pytest.mark.parametrize("more", [", zero: 10", ", zero: 72 m", ", zero: true"])
def test_a_zero_that_cannot_be_stops_the_run(tmp_path: Path, more: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, 72.0, more) == 1
    assert "zero" in capsys.readouterr().err


def test_a_zero_is_of_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text("- {id: X, quantity: discharge, unit: m3/s, zero: 3}\n", encoding="utf-8")
    assert main(["--stations", str(tmp_path / "s.yaml"), "--readings", "none", "--out", str(tmp_path / "out")]) == 1
    assert "zero 3 is not the height of a level's zero" in capsys.readouterr().err


def test_limits_too_far_apart_for_any_range_stop_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text(
        "- {id: X, quantity: level, unit: m, thresholds: {1: 1, 2: 90}}\n", encoding="utf-8"
    )
    assert main(["--stations", str(tmp_path / "s.yaml"), "--readings", "none", "--out", str(tmp_path / "out")]) == 1
    assert "where no reading is believed, -700 … 1800" in capsys.readouterr().err


@given(st.floats(-500.0, 500_000.0), st.floats(0.0, 1500.0))
def test_limits_show_a_zero_from_which_they_can_be_reached(lowest: float, apart: float) -> None:
    limits = (lowest, lowest + apart)
    zero = datum.zero_by(Quantity.LEVEL, limits)
    assert datum.fits(Quantity.LEVEL, zero, limits)
    assert (zero == 0.0) is (lowest + apart <= 2000.0)
