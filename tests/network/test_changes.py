"""Limits that change by date: what the check refuses, because a degree held then would be ended by nobody."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from floodcore.network.load import check, read
from floodcore.words import Degree, Quantity
from tests.network.test_load import EXAMPLES

LEVEL = "{quantity: level, values: {1: 80, 2: 100, 3: 120, 4: 110}, source: table, anomaly: as the table has it}"
DISCHARGE = "{quantity: discharge, values: {4: 37.5}, source: undated, valid_from: 2020-01-31}"
REST = "author: M. Vzorová, reason: the weir was lowered, source: table}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "good", tmp_path / "net"))


def write(folder: Path, limits: list[str], *changes: str) -> None:
    """Give the station 000001 these limits and changes; the first change is in the line after `changes`."""
    file = folder / "stations" / "all.yaml"
    text = file.read_text()
    old = f"    limits:\n      - {LEVEL}\n      - {DISCHARGE}\n"
    assert old in text
    new = "".join([f"    limits: [{', '.join(limits)}]\n"] if limits else [])
    new += "    changes:\n" + "".join(f"      - {{{each}, {REST}\n" for each in changes)
    file.write_text(text.replace(old, new))


def change(day: str, quantity: str, first: float = 90, more: str = "") -> str:
    values = f"{{1: {first}, 2: {first + 20}, 3: {first + 40}}}"
    return f"valid_from: {day}, quantity: {quantity}, values: {values}{more}"


def faults(folder: Path) -> list[str]:
    return [str(fault) for fault in check(folder).faults]


@pytest.mark.parametrize(
    ("limits", "changes"),
    [
        ([LEVEL], [change("2026-12-01", "level")]),
        ([LEVEL, DISCHARGE], [change("2026-12-01", "discharge"), change("2026-12-02", "level")]),
        ([LEVEL], [change("2026-12-01", "discharge"), change("2026-12-02", "level")]),
        ([DISCHARGE], [change("2026-12-01", "discharge")]),
        ([], [change("2026-12-01", "level"), change("2026-12-02", "discharge")]),
        ([], [change("2026-12-01", "discharge"), change("2026-12-01", "level")]),
    ],
)
def test_a_change_that_leaves_what_binds_is_allowed(folder: Path, limits: list[str], changes: list[str]) -> None:
    write(folder, limits, *changes)
    assert faults(folder) == []


@pytest.mark.parametrize(
    ("limits", "changes", "line"),
    [
        ([DISCHARGE], [change("2026-12-01", "level")], 16),
        ([DISCHARGE], [change("2026-12-01", "discharge"), change("2026-12-02", "level")], 17),
        ([], [change("2026-12-02", "level"), change("2026-12-01", "discharge")], 15),
    ],
)
def test_the_level_does_not_come_to_bind_on_a_day(
    folder: Path, limits: list[str], changes: list[str], line: int
) -> None:
    write(folder, limits, *changes)
    (fault,) = faults(folder)
    assert f":{line}: 000001: makes the level bind in place of the discharge" in fault
    assert "rewrite `limits` while the gauge holds no degree" in fault


@pytest.mark.parametrize("more", [", scheme: alarmstufe", ", scheme: alarmstufe, anomaly: x"])
def test_no_scheme_becomes_another_on_a_day(folder: Path, more: str) -> None:
    write(folder, [LEVEL], change("2026-12-01", "level", more=more))
    assert any("16: 000001: changes the scheme spa into alarmstufe" in fault for fault in faults(folder))


def test_limits_of_another_scheme_are_changed_within_it(folder: Path) -> None:
    own = "{quantity: level, values: {1: 200, 2: 240}, scheme: alarmstufe, source: table}"
    write(folder, [own], change("2026-12-01", "level", 100, ", scheme: alarmstufe"))
    assert faults(folder) == []


def test_a_moment_as_yaml_writes_it_holds_from_then_on(folder: Path) -> None:
    write(folder, [LEVEL], change("2026-12-01 10:30:00+02:00", "level"))
    (found,) = read(folder).stations["000001"].changes
    assert found.valid_from == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    assert (found.limits.quantity, found.limits.values[Degree.VIGILANCE]) == (Quantity.LEVEL, 90.0)


def test_a_moment_without_its_zone_is_refused(folder: Path) -> None:
    write(folder, [LEVEL], change("2026-12-01 10:30:00", "level"))
    (fault,) = faults(folder)
    assert "16: 000001: valid_from '2026-12-01 10:30:00' is neither a day" in fault


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (LEVEL.replace("3: 120", "3: 7200"), "limit 3 (7200) lies outside -500 … 2000, where no level is believed"),
        (
            DISCHARGE.replace("37.5", "37500"),
            "limit 4 (37500) lies outside -100 … 20000, where no discharge is believed",
        ),
    ],
)
def test_a_limit_that_no_believed_reading_can_reach_is_refused(folder: Path, limits: str, said: str) -> None:
    write(folder, [limits])
    file = folder / "stations" / "all.yaml"
    file.write_text(file.read_text().replace("    changes:\n", ""))
    (found,) = [fault for fault in faults(folder) if "believed" in fault]
    assert said in found
    assert ("shift_cm" in found) is ("level" in said)


def test_a_dated_limit_that_no_believed_reading_can_reach_is_refused(folder: Path) -> None:
    write(folder, [LEVEL], change("2026-12-01", "level", 7200))
    assert any("limit 1 (7200) lies outside" in fault for fault in faults(folder))
