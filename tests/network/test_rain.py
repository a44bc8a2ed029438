"""Limits of rain sums and rules left to people: every fault at its line, and the words they become."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from floodcore.network.load import check, read
from floodcore.network.report import lines
from floodcore.words import Degree, Language

FOLDER = Path(__file__).parents[2] / "station_configs"
GOOD = """\
# yaml-language-server: $schema=../schema/stations.json
stations:
  - id: R-1
    name: Rain
    country: CZ
    operator: us
    quantities: [rain]
    interval_min: 10
    rain_degrees:
      sums:
        - {window: 24h, values: {1: 60, 2: 70}, saturated: {1: 40, 2: 50}, source: undated}
        - {window: 1h, values: {1: 20, 2: 30}, source: undated, valid_from: "2026-05-01"}
      saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5, source: undated}
    by_person:
      - {degree: 3, text: {cs: přítok roste, en: the inflow rises}, source: undated}
      - {degree: 2, text: {cs: hladina u přelivu}, source: undated}
    source: undated
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(__file__).with_name("examples") / "good", tmp_path / "net"))


def faults(folder: Path, old: str = "", new: str = "") -> list[str]:
    assert old in GOOD
    (folder / "stations" / "rain.yaml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    return [str(fault).removeprefix("stations/rain.yaml:") for fault in check(folder).faults]


def test_the_files_become_the_words_of_the_model(folder: Path) -> None:
    assert faults(folder) == []
    station = read(folder).stations["R-1"]
    rain = station.rain_degrees
    assert rain is not None
    assert (rain.scheme, rain.residents) == ("rain", False)
    hour, day = rain.sums
    assert (hour.window, day.window) == (timedelta(hours=1), timedelta(hours=24))
    assert (hour.saturated, dict(day.saturated)) == ({}, {Degree(1): 40.0, Degree(2): 50.0})
    assert (str(hour.valid_from), day.valid_from) == ("2026-05-01", None)
    assert hour.source.startswith("A page")
    ground = rain.saturation
    assert ground is not None
    assert (ground.mm, ground.days, ground.recent_mm, ground.recent_days) == (50.0, 10, 25.0, 5)
    second, third = station.by_person
    assert (second.degree, third.degree) == (2, 3)
    assert (third.text(Language.EN), third.text(Language.DE)) == ("the inflow rises", "přítok roste")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("1: 60, 2: 70", "1: 60, 2: 60", "11: R-1: values: limit 2 (60) is not above limit 1 (60); limits must rise"),
        (" 2: 50}", " 2: 4}", "11: R-1: saturated: limit 2 (4) is not above limit 1 (40); limits must rise"),
        ("1: 40, 2: 50", "1: 61, 2: 65", "11: R-1: limit 1 of saturated ground (61) is above 60"),
        ("1: 40, 2: 50", "3: 75", "11: R-1: has a limit 3 of saturated ground and none of ordinary ground"),
        ("{1: 20, 2: 30}", "{1: 61}", "11: R-1: values: limit 1 of 24h (60) is below that of 1h (61)"),
        ("{1: 20, 2: 30}", "{1: 41}", "11: R-1: saturated: limit 1 of 24h (40) is below that of 1h (41)"),
        ("window: 1h", "window: 24h", "12: R-1: the window 24h stands here a second time"),
        ("window: 1h", "window: 2h", "12: R-1: window '2h' is none of 10min, 1h, 3h, 24h; did you mean '24h'?"),
        ("[rain]", "[level]", "10: R-1: has limits of rain but does not measure it; see quantities"),
        (
            ", saturated: {1: 40, 2: 50}",
            "",
            "13: R-1: no limit of saturated ground uses it; remove it or add 'saturated'",
        ),
        ("recent_days: 5", "recent_days: 10, days: 5", "13: R-1: recent_days (10) is more than days (5)"),
        ("recent_mm: 25", "recent_mm: 51", "13: R-1: recent_mm (51) is more than mm (50)"),
        ("50}, source: undated", "50}, source: nobody", "11: R-1: there is no source 'nobody'"),
        ("5, source: undated", "5, source: nobody", "13: R-1: there is no source 'nobody'"),
        ("{cs: přítok roste, en: the inflow rises}", "{en: it rises}", "15: R-1: text lacks the key 'cs'"),
        ("přelivu}, source: undated", "přelivu}, source: nobody", "16: R-1: there is no source 'nobody'"),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_its_line(folder: Path, old: str, new: str, fault: str) -> None:
    if "days: 10, days" in new:
        old, new = "days: 10, recent_mm: 25, recent_days: 5", "days: 5, recent_mm: 25, recent_days: 10"
    assert fault in faults(folder, old, new)


def test_limits_of_saturated_ground_need_to_know_when_it_is(folder: Path) -> None:
    line = "      saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5, source: undated}\n"
    found = faults(folder, line, "")
    assert found == ["10: R-1: has limits of saturated ground and no 'saturation' that says when it is"]


def test_the_dam_of_mseno_goes_by_rain_and_says_what_it_lacks() -> None:
    station = read(FOLDER).stations["VD-MSENO"]
    rain = station.rain_degrees
    assert rain is not None
    assert rain.scheme == "spa"
    (day,) = rain.sums
    assert (day.window, dict(day.values)) == (timedelta(hours=24), {Degree(1): 35.0, Degree(2): 45.0, Degree(3): 60.0})
    assert "povodnovyportal" in day.source
    assert {"links", "coordinates"} <= set(station.missing)


def test_the_rules_of_the_other_reservoirs_are_left_to_people_in_four_languages() -> None:
    checked = check(FOLDER)
    assert checked.network is not None
    dams = [each for each in checked.network.stations.values() if each.by_person]
    assert {each.id for each in dams} >= {"VD-JOSEFUV-DUL", "VD-SOUS", "VD-HARCOV", "VD-BEDRICHOV", "VD-MSENO"}
    for dam in dams:
        assert dam.limits == ()
        assert all(set(rule.texts) == set(Language) and rule.source for rule in dam.by_person)
    told = [line for line in lines(checked) if line.startswith("by a person: ")]
    assert "by a person: VD-HARCOV: degree 3: Level 373.15 m above sea." in told
    assert len(told) == sum(len(dam.by_person) for dam in dams)


def test_no_official_rain_limit_is_claimed_for_a_short_window() -> None:
    short = [
        limit
        for station in read(FOLDER).stations.values()
        if station.rain_degrees is not None and not station.synthetic
        for limit in station.rain_degrees.sums
        if limit.window < timedelta(hours=24)
    ]
    assert short == []
