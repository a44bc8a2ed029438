"""Rain sums in a hindcast: judged by the live engine; lists without them mean what they meant."""

from pathlib import Path

import pytest

from tests.roof.test_hindcast_input import HEAD, changes, run

RAIN = (
    "- id: R\n  quantity: rain\n  unit: mm\n  rain_degrees:\n    sums:\n"
    "      - {window: 1h, values: {1: 10, 2: 20}}\n"
    "      - {window: 24h, values: {1: 35, 2: 45}, saturated: {1: 25, 2: 30}}\n"
    "    saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5}\n"
)


def rows(mm: dict[int, float], last: int = 287) -> str:
    stamps = [f"2025-05-{1 + i // 144:02d}T{i % 144 // 6:02d}:{i % 6}0:00Z" for i in range(last + 1)]
    return f"{HEAD}\n" + "".join(f"R,{stamp},{mm.get(i, 0.0)},mm,rain\n" for i, stamp in enumerate(stamps))


def test_sums_are_judged_as_live(tmp_path: Path) -> None:
    assert run(tmp_path, RAIN, rows({150: 12.0, 151: 9.0})) == 0
    assert changes(tmp_path) == [
        "R,2025-05-02T01:00:00Z,0,1,reached",
        "R,2025-05-02T01:10:00Z,1,2,reached",
        "R,2025-05-02T03:00:00Z,2,1,calm",
        "R,2025-05-02T03:10:00Z,1,0,calm",
    ]


def test_thresholds_of_rain_without_windows_are_not_judged_as_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = "- {id: R, quantity: rain, unit: mm, thresholds: {1: 5, 2: 10}}\n"
    assert run(tmp_path, plain, rows({150: 12.0})) == 0
    assert changes(tmp_path) == []
    assert "thresholds of rain are not judged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("window: 1h", "window: 2h", "window is none of 10min, 1h, 3h, 24h"),
        ("window: 1h", "window: 24h", "the window of 1440 min stands twice"),
        ("{1: 10, 2: 20}", "{1: 20, 2: 10}", "are no degrees 1-3 with rising millimetres"),
        ("{1: 10, 2: 20}", "{4: 20}", "are no degrees 1-3 with rising millimetres"),
        ("{1: 10, 2: 20}", "{1: .nan}", "are no degrees 1-3 with rising millimetres"),
        ("{1: 10, 2: 20}", "{1: 36}", "degree 1 of 1440 min is below that of 60 min"),
        ("{1: 10, 2: 20}", "{1: 26}", "degree 1 of 1440 min is below that of 60 min"),
        ("saturated: {1: 25, 2: 30}", "saturated: {1: 36, 2: 40}", "degree 1 is above that of any ground"),
        ("saturated: {1: 25, 2: 30}", "saturated: {3: 36}", "degree 3 is above that of any ground"),
        ("days: 10, ", "", "mm, days, recent_mm, recent_days are wanted"),
        ("recent_days: 5", "recent_days: 11", "1 <= recent_days <= days <= 10"),
        ("    saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5}\n", "", "need saturation"),
        ("quantity: rain", "quantity: level", "rain_degrees are of rain, not of level"),
        ("    sums:\n", "    tables:\n", "sums are wanted"),
        ("values: {1: 10, 2: 20}", "value: 10", "values are wanted"),
    ],
)
def test_each_fault_is_said_and_stops_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, fault: str
) -> None:
    assert old in RAIN
    assert run(tmp_path, RAIN.replace(old, new, 1), rows({})) == 1
    assert fault in capsys.readouterr().err
