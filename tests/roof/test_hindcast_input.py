"""The hindcast on what people really hand over: said in words, with an exit code, never with a traceback."""

import gzip
import json
import random
from pathlib import Path

import pytest

from hladina.hindcast import main

HEAD = "station_id,timestamp,value,unit,role"
LIST = "- {id: X, quantity: level, unit: cm, thresholds: {1: 60, 2: 70}}\n"
ROWS = "".join(f"X,2025-05-01T{i // 2:02d}:{i % 2 * 30:02d}:00Z,{50 + i},cm,level\n" for i in range(40))
GOOD = f"{HEAD}\n{ROWS}"


def run(folder: Path, stations: str | bytes, readings: str | bytes, name: str = "r.csv") -> int:
    for path, content in ((folder / "s.yaml", stations), (folder / name, readings)):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return main(["--stations", str(folder / "s.yaml"), "--readings", str(folder / name), "--out", str(folder / "out")])


def changes(folder: Path) -> list[str]:
    return (folder / "out" / "degrees.csv").read_text(encoding="utf-8").splitlines()[1:]


EXPECTED = ["X,2025-05-01T05:00:00Z,0,1,reached", "X,2025-05-01T10:00:00Z,1,2,reached"]


@pytest.mark.parametrize(
    "readings",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        f"\ufeff{GOOD}",
        GOOD.replace(",role", " , role ").replace("timestamp", " timestamp"),
        GOOD.replace("Z,", "+00:00,"),
        GOOD.replace("Z,", ","),
        GOOD.replace("X,", '"X",'),
        "\n\n" + GOOD.replace("\n", "\n\n"),
        gzip.compress(GOOD.encode()),
        f"{HEAD},note\n" + ROWS.replace("level\n", "level,n\n"),
    ],
)
def test_what_is_legal_is_understood(tmp_path: Path, readings: str | bytes) -> None:
    assert run(tmp_path, LIST, readings) == 0
    assert changes(tmp_path) == EXPECTED


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz", "r"])
def test_a_gzip_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, LIST, gzip.compress(GOOD.encode()), name) == 0
    assert changes(tmp_path) == EXPECTED
    assert run(tmp_path, LIST, GOOD, name) == 0


@pytest.mark.parametrize(
    "row",
    [
        b'X,"2025-05-01T00:00:00Z,1,cm,level',
        b"X,2025-05-01T00:10:00Z," + b"1" * 10_000_000 + b",cm,level",
        b"X,2025-05-01T00:10:00Z,0.260|0.267,cm,level",
        b"X,2025-05-01T00:10:00Z,1_000,cm,level",
        "X,2025-05-01T00:10:00Z,١٢,cm,level".encode(),
        b'X,2025-05-01T00:10:00Z,"1,5",cm,level',
        b"X,2025-05-01T00:10:00Z,1,ell,level",
        b"X,0001-01-01T00:00:00+14:00,1,cm,level",
        b"X,noon,1,cm,level",
        b"X",
    ],
)
def test_a_bad_row_spoils_only_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str], row: bytes) -> None:
    assert run(tmp_path, LIST, f"{HEAD}\n".encode() + row + b"\n" + ROWS.encode()) == 0
    assert changes(tmp_path) == EXPECTED
    said = capsys.readouterr().err
    assert "r.csv:2: " in said
    assert all(len(line) < 500 for line in said.splitlines())
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["rejected"] == 1


def test_a_byte_that_is_no_utf8_spoils_only_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, LIST, f"{HEAD}\n".encode() + b"\xa9,2025-05-01T00:00:00Z,1,cm,level\n" + ROWS.encode()) == 0
    assert changes(tmp_path) == EXPECTED
    assert "1 rows of 1 stations not in the list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ("", "the first line must be station_id,timestamp,value,unit,role"),
        (random.Random(1).randbytes(5000), "the header lacks"),
        (GOOD.encode("utf-16"), "the header lacks"),
        (GOOD.replace(",", ";"), "with commas"),
        (f"{HEAD},value\n{ROWS}", "has value more than once"),
        (gzip.compress(GOOD.encode())[:-20], "the gzip is broken"),
        (gzip.compress(GOOD.encode())[:40] + b"x" * 100, "the gzip is broken"),
        (gzip.compress(f"{HEAD}\n".encode() + b"\0" * 50_000_000), "longer than"),
        ("a" * 10_000_000, "the header lacks"),
        (GOOD.replace("X,", "Q,"), "not in the list left out: Q"),
    ],
)
def test_what_cannot_be_used_is_said_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], readings: str | bytes, words: str
) -> None:
    assert run(tmp_path, LIST, readings) == 1
    said = capsys.readouterr().err
    assert words in said
    assert all(len(line) < 500 for line in said.splitlines())


def test_no_readings_and_rows_in_disorder_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, LIST, f"{HEAD}\n") == 0
    assert "no readings" in capsys.readouterr().err
    assert run(tmp_path, LIST, f"{HEAD}\n" + "".join(reversed(ROWS.splitlines(keepends=True)))) == 0
    assert "39 rows older than the one before them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stations", "words"),
    [
        ("", "a list of stations is wanted"),
        ("[]", "a list of stations is wanted"),
        (f"stations:\n{LIST}", "a list of stations is wanted"),
        (b"\xda\xff\x00", "cannot be read as YAML"),
        ("- [", "line 1: "),
        ("[" * 3000, "cannot be read as YAML"),
        (LIST * 2, "the id X occurs twice; give each station one entry"),
        ("- {id: X, id: Y, quantity: level, unit: cm}", "the key id stands twice"),
        ("- {id: [X], quantity: level, unit: [cm]}", "id, unit missing or not a text"),
        ("- {id: X, quantity: level, unit: cm, thresholds: {1: .nan}}", "nan is not a degree 1-4 with a number"),
        ("- {id: X, quantity: level, unit: cm, thresholds: {1: '80'}}", "(without quotes)"),
        ("- {id: X, quantity: level, unit: cm, thresholds: {1: 80, 2: 70}}", "put them in rising order"),
        (f"- {{id: X, quantity: level, unit: cm, thresholds: {{1: {'9' * 400}}}}}", "is not a degree 1-4"),
        (f"- {{id: X, quantity: level, unit: cm, thresholds: {{1: {'9' * 5000}}}}}", "cannot be read as YAML"),
        ("- {id: X, quantity: level, unit: cm, upstream: Q}", "'Q' is not a list of ids"),
        ("- !!python/object/apply:os.system ['true']", "line 1: "),
    ],
)
def test_a_list_that_cannot_be_used_is_said_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stations: str | bytes, words: str
) -> None:
    assert run(tmp_path, stations, GOOD) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("unit: cm, upstream: [Q], rain_gauges: [X]", "Q is no other gauge of water of the list; left out"),
        ("unit: cm, treshold: {1: 3}", "do you mean thresholds?"),
        ("unit: furlong", "unknown unit 'furlong'"),
        ("unit: cm, thresholds: {1: 60, 2: 60}", "both are reached together"),
        ("unit: cm, thresholds: {1: 60, 3: 80, 4: 75}", "threshold 4 is below another"),
    ],
)
def test_what_is_odd_in_the_list_is_a_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: str, words: str
) -> None:
    assert run(tmp_path, f"- {{id: X, quantity: level, {entry}}}", GOOD) == 0
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["06741510", "no", "2020-13-45", "1e3", "012"])
def test_an_id_is_taken_as_it_is_written(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, LIST.replace("X", name), GOOD.replace("X,", f"{name},")) == 0
    assert len(changes(tmp_path)) == 2


@pytest.mark.parametrize(
    ("stations", "unit", "expected"),
    [
        ("unit: m, thresholds: {4: 0.6}", "cm", ["05:00:00Z,0,4,skipped"]),
        ("unit: m, thresholds: {1: 0.6, 2: 0.7}", "cm", ["05:00:00Z,0,1,reached", "10:00:00Z,1,2,reached"]),
        ("unit: cm", "cm", []),
        ("unit: cm, thresholds: ", "cm", []),
        ("unit: cm, thresholds: {'1': 60, 2: }", "cm", ["05:00:00Z,0,1,reached"]),
    ],
)
def test_limits_of_every_legal_kind(tmp_path: Path, stations: str, unit: str, expected: list[str]) -> None:
    assert run(tmp_path, f"- {{id: X, quantity: level, {stations}}}", GOOD.replace(",cm,", f",{unit},")) == 0
    assert [line.split("T", 1)[1] for line in changes(tmp_path)] == expected


def test_limits_of_a_discharge_in_litres(tmp_path: Path) -> None:
    stations = "- {id: X, quantity: discharge, unit: l/s, thresholds: {1: 60000}}"
    assert run(tmp_path, stations, GOOD.replace(",cm,", ",m3/s,")) == 0
    assert [line.split(",", 1)[1] for line in changes(tmp_path)] == ["2025-05-01T05:00:00Z,0,1,reached"]


def test_rain_has_no_degrees_as_in_the_live_house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "- {id: X, quantity: rain, unit: mm, thresholds: {1: 5}}", GOOD.replace(",cm,", ",mm,")) == 0
    assert changes(tmp_path) == []
    assert "thresholds of rain are not judged" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("in the way")
    assert run(tmp_path, LIST, GOOD) == 1
    assert "out" in capsys.readouterr().err
