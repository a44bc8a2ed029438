"""The loader on good and bad folders: all faults at once, with file and line, and never a traceback."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from floodcore.network.faults import ConfigurationError, Missing
from floodcore.network.load import MAX_BYTES, check, read
from floodcore.network.model import Limits, Link, Partner, Place
from floodcore.words import Degree, Language, Quantity

EXAMPLES = Path(__file__).with_name("examples")
SENSORS = {"dragino_ldds": "zero_cm", "decentlab_ctd10": "probe_cm", "decentlab_tbrg": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the good example to break."""
    return Path(shutil.copytree(EXAMPLES / "good", tmp_path / "net"))


def faults(folder: Path) -> list[str]:
    return [str(fault) for fault in check(folder).faults]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("topic", ["shape", "sense", "text"])
def test_every_fault_of_every_file_is_reported_at_once(topic: str) -> None:
    expected = (EXAMPLES / "bad" / f"{topic}.expected").read_text(encoding="utf-8").splitlines()
    checked = check(EXAMPLES / "bad" / topic, SENSORS)
    assert [str(fault) for fault in checked.faults] == expected
    assert checked.network is None


def test_reading_a_bad_folder_raises_with_all_faults() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(EXAMPLES / "bad" / "sense")
    assert caught.value.faults == check(EXAMPLES / "bad" / "sense").faults


def test_a_good_folder_becomes_the_words_of_the_model() -> None:
    network = read(EXAMPLES / "good")
    assert network.rivers["above"].into == "below"
    assert network.rivers["above"].course == ((50.9, 15.2), (50.8, 15.1))
    assert network.rivers["above"].names.of(Language.DE) == "Obere"
    assert network.rivers["above"].names.of(Language.PL) == "Horní"
    assert network.places["town"].radius_km == 3.0
    assert network.places["stadt"] == Place("stadt", network.places["stadt"].names, "DE", 50.9, 14.8, None, 5.0)
    assert network.partners["desk"].rivers == ("below",)
    assert network.partners["desk"].silence_after == timedelta(seconds=90)
    names = network.partners["all"].names
    assert network.partners["all"] == Partner("all", names, "PL", (Language.PL,), (), timedelta(minutes=2))
    assert network.outline == ((50.7, 14.8), (50.9, 14.8), (50.9, 15.2))


def test_a_station_keeps_every_fact_of_its_file() -> None:
    station = read(EXAMPLES / "good").stations["000001"]
    assert (station.river, station.country, station.operator) == ("above", "CZ", "ČHMÚ")
    assert station.quantities == (Quantity.LEVEL, Quantity.DISCHARGE)
    assert station.interval == timedelta(minutes=10)
    assert (station.lat, station.lon, station.river_km, station.catchment_km2) == (50.9, 15.2, 12.5, 20.0)
    assert (station.category, station.source, station.synthetic) == ("A", "A table", False)
    level = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0, Degree.EXTREME: 110.0}
    assert station.limits == (
        Limits(Quantity.LEVEL, level, "A table", date(2026, 2, 6), "spa"),
        Limits(Quantity.DISCHARGE, {Degree.EXTREME: 37.5}, "A page without a day", date(2020, 1, 31), "spa"),
    )
    assert station.links == (Link("chmu", "0-203-1-000001"),)
    assert station.reach == {Language.CS: "od hráze po soutok", Language.DE: "vom Damm bis zur Mündung"}
    assert station.missing == ()


def test_what_is_unknown_is_none_and_named_as_missing() -> None:
    checked = check(EXAMPLES / "good")
    assert checked.network is not None
    station = checked.network.stations["B-2"]
    assert station.lat is None
    assert station.river_km is None
    assert station.limits[0].valid_from is None
    assert station.limits[0].scheme == "alarmstufe"
    assert station.links[0] == Link("tts", "b-2", "dragino_ldds", 450.0)
    assert (station.upstream, station.places) == (("000001",), ("town", "stadt"))
    assert station.synthetic
    assert checked.missing == (Missing("coordinates", ("B-2",)), Missing("degrees", ("B-2",)))


def test_a_documented_anomaly_is_a_notice_and_no_fault() -> None:
    checked = check(EXAMPLES / "good")
    assert checked.faults == ()
    assert [str(notice) for notice in checked.notices] == [
        "stations/all.yaml:15: 000001: known anomaly of the source: as the table has it"
    ]


def test_the_same_anomaly_without_its_note_is_a_fault(folder: Path) -> None:
    change(folder / "stations/all.yaml", ", anomaly: as the table has it", "")
    (fault,) = faults(folder)
    assert fault.startswith("stations/all.yaml:15: 000001: limit 4 (110) is not above limit 3 (120); ")
    assert fault.endswith("note it as `anomaly`")


def test_an_anomaly_excuses_no_legal_degree(folder: Path) -> None:
    change(folder / "stations/all.yaml", "2: 100", "2: 70")
    assert faults(folder) == ["stations/all.yaml:15: 000001: limit 2 (70) is not above limit 1 (80); limits must rise"]


@pytest.mark.parametrize(
    ("written", "shown"), [("322000", "322000"), ("0322", "322"), ("1e3", "1000.0"), ("true", "True")]
)
def test_an_id_without_quotes_is_refused_because_its_zeros_would_be_lost(
    folder: Path, written: str, shown: str
) -> None:
    change(folder / "stations/all.yaml", "id: B-2", f"id: {written}")
    assert faults(folder) == [f"stations/all.yaml:21: id must be text in quotes, not {shown}"]


@pytest.mark.parametrize("word", ["no", "off", "12:30:00", "0o17", "1_000", ".inf", "2026-02-06"])
def test_words_that_yaml_1_1_would_turn_into_something_else_stay_words(folder: Path, word: str) -> None:
    change(folder / "stations/all.yaml", "name: Horní", f"name: {word}")
    assert read(folder).stations["000001"].names.local == word


@pytest.mark.parametrize("number", ["1e999", "-.inf", ".nan", "9" * 400, "1e400"])
def test_a_number_beyond_all_bounds_is_no_number(folder: Path, number: str) -> None:
    change(folder / "stations/all.yaml", "river_km: 12.5", f"river_km: {number}")
    (fault,) = faults(folder)
    assert fault.startswith("stations/all.yaml:11: 000001: river_km must be a number, not '")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rivers.yaml", b"x" * (MAX_BYTES + 1), f"rivers.yaml:0: is larger than {MAX_BYTES} bytes"),
        ("rivers.yaml", "rivers: []".encode("utf-16"), "rivers.yaml:1: is not UTF-8 (byte 0xff)"),
        ("rivers.yaml", b"\x7fELF\x02", "rivers.yaml:1: holds the control character"),
        ("rivers.yaml", b"", "rivers.yaml:0: is empty"),
        ("rivers.yaml", b"# only a comment\n", "rivers.yaml:0: is empty"),
        ("rivers.yaml", b"rivers: *a\n", "rivers.yaml:1: the alias *a is not allowed"),
        ("rivers.yaml", b"- a\n", "rivers.yaml:1: must be a mapping"),
        ("rivers.yaml", b"[" * 100_000, "rivers.yaml:1: is nested deeper"),
    ],
)
def test_a_file_that_is_none_is_one_clear_line(folder: Path, name: str, content: bytes, expected: str) -> None:
    (folder / name).write_bytes(content)
    assert any(fault.startswith(expected) for fault in faults(folder)), faults(folder)


def test_aliases_that_would_unfold_into_gigabytes_are_never_unfolded(folder: Path) -> None:
    bomb = "".join(f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (folder / "rivers.yaml").write_text(f"rivers:\n  - &a0 [lol]\n{bomb}", encoding="utf-8")
    assert sum("the alias" in fault for fault in faults(folder)) > 1


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(folder: Path) -> None:
    text = (folder / "rivers.yaml").read_bytes()
    (folder / "rivers.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert read(folder) == read(EXAMPLES / "good")


def test_references_into_a_file_that_could_not_be_read_are_not_judged(folder: Path) -> None:
    (folder / "rivers.yaml").write_bytes(b"rivers: [")
    assert [fault for fault in faults(folder) if "there is no river" in fault] == []
    assert len(faults(folder)) == 1


@pytest.mark.parametrize("name", ["rivers.yaml", "places.yaml", "partners.yaml", "region.yaml", "sources.yaml"])
def test_a_missing_file_is_a_fault_because_silence_is_not_calm(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert faults(folder)[0].startswith(f"{name}:0: cannot be read: No such file or directory")


def test_a_folder_in_place_of_a_file_is_a_fault(folder: Path) -> None:
    (folder / "rivers.yaml").unlink()
    (folder / "rivers.yaml").mkdir()
    assert faults(folder) == ["rivers.yaml:0: is no regular file"]


def test_a_folder_without_stations_is_a_fault(folder: Path) -> None:
    shutil.rmtree(folder / "stations")
    assert any(fault.startswith("stations:0: cannot be read") for fault in faults(folder))
    (folder / "stations").mkdir()
    assert any(fault.startswith("stations:0: holds no station file") for fault in faults(folder))


def test_no_folder_at_all_is_one_fault(tmp_path: Path) -> None:
    assert len(faults(tmp_path / "nowhere")) == 1


def test_a_file_name_cannot_break_the_line(folder: Path) -> None:
    (folder / "stations" / "a\nb\x1b[31m.yml").write_text("", encoding="utf-8")
    assert faults(folder) == ["stations/a\\nb\\x1b[31m.yml:0: would not be read; station files end in .yaml"]


def test_a_gauge_at_the_same_km_and_area_may_stand_above(folder: Path) -> None:
    """Kilometres are rounded, and two gauges may frame one weir."""
    change(folder / "stations/all.yaml", "    river: below", "    river: above")
    change(
        folder / "stations/all.yaml",
        "    interval_min: 0.5",
        "    interval_min: 0.5\n    river_km: 12.5\n    catchment_km2: 20",
    )
    assert faults(folder) == []


@pytest.mark.parametrize(
    ("scheme", "degrees", "complete"),
    [
        ("spa", (1, 2, 3), True),
        ("spa", (1, 2, 4), False),
        ("spa", (4,), False),
        ("alarmstufe", (1, 2, 3, 4), True),
        ("alarmstufe", (1, 2, 3), False),
        ("imgw", (1, 2), True),
        ("imgw", (2,), False),
    ],
)
def test_limits_are_complete_when_each_degree_of_their_scheme_has_one(
    scheme: str, degrees: tuple[int, ...], complete: bool
) -> None:
    values = {Degree(degree): float(degree) for degree in degrees}
    assert Limits(Quantity.LEVEL, values, "", None, scheme).complete == complete


def test_an_invented_gauge_may_not_stand_above_a_real_one(folder: Path) -> None:
    change(folder / "stations/all.yaml", '    upstream: ["000001"]\n', "")
    change(folder / "stations/all.yaml", "    places: [town]\n", "    upstream: [B-2]\n    places: [town]\n")
    assert faults(folder) == [
        "stations/all.yaml:18: 000001: B-2 is synthetic; an invented level must not support a true one"
    ]


@pytest.mark.parametrize(
    ("main", "synthetic", "fault"),
    [
        ("B-2", True, "B-2 is itself a spare; name the main gauge"),
        ("B-3", True, "there is no station 'B-3'; did you mean 'B-2'?"),
        ('"000001"', True, "of 000001 and its spare one is synthetic and the other is not"),
        ('"000001"', False, "000001 stands on another river; a spare stands at the same site"),
    ],
)
def test_a_spare_stands_at_the_site_of_its_main_gauge(folder: Path, main: str, synthetic: bool, fault: str) -> None:
    change(folder / "stations/all.yaml", '    upstream: ["000001"]\n', f"    spare_for: {main}\n")
    if not synthetic:
        change(folder / "stations/all.yaml", "    synthetic: true\n", "")
    assert fault in [found.split(": ", 2)[2] for found in faults(folder)]


def test_a_circle_of_gauges_is_refused_at_each_member(folder: Path) -> None:
    change(folder / "stations/all.yaml", "    places: [town]\n", "    upstream: [B-2]\n    places: [town]\n")
    change(folder / "stations/all.yaml", "    synthetic: true\n", "")
    assert [fault for fault in faults(folder) if "upstream of itself" in fault] == [
        "stations/all.yaml:18: 000001: is upstream of itself, through 000001, B-2",
        "stations/all.yaml:36: B-2: is upstream of itself, through 000001, B-2",
    ]
