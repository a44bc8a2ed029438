"""Readings taken block by block are those taken row by row, whatever the file holds."""

import gzip
import random
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floodcore.words import Quantity
from hladina.clean_rows import Rows, rows
from hladina.records import PIECE, Records, read_readings
from hladina.station_list import Recorded

HEADER = b"station_id,timestamp,value,unit,role"
STATIONS = {
    name: Recorded(name, quantity, unit, {}, area)
    for name, quantity, unit, area in (
        ("A", Quantity.LEVEL, "m", None),
        ("B", Quantity.LEVEL, "ells", None),
        ("C", Quantity.DISCHARGE, "mm/h", 3.6),
        ("D", Quantity.RAIN, "mm", None),
        ("Žleb", Quantity.LEVEL, "cm", None),
    )
}
NAMES = ("A", "A", "A", "B", "C", "D", "Žleb", "stranger", "", " A", '"A"', '"A', "A\0")
STAMPS = st.one_of(
    st.integers(0, 400).map(lambda i: f"2025-05-{1 + i // 144:02d}T{i % 144 // 6:02d}:{i % 6}0:00Z"),
    st.sampled_from(
        (
            "2025-02-29T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2025-05-01T24:00:00Z",
            "2025-05-01T23:60:00Z",
            "2025-13-01T00:00:00Z",
            "2025-00-10T00:00:00Z",
            "2025-04-31T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2025-05-01T10:00:00",
            "2025-05-01T10:00:00+00:00",
            "2025-05-01T10:00:00+02:00",
            "2025-05-01T10:00:00.5Z",
            "2025-05-01 10:00:00Z",
            "2025-05-01",
            " 2025-05-01T10:00:00Z",
            "2025-05-0:T10:00:00Z",
            "noon",
            "",
        )
    ),
)
VALUES = st.one_of(
    st.decimals(-400, 3000, places=3, allow_nan=False).map(str),
    st.integers(-(10**17), 10**17).map(str),
    st.floats().map(repr),
    st.sampled_from(("", " ", "5.", ".5", ".", "-", "-.", "-0", "-0.0", "+1", "1e3", "1_0", "nan", "inf", "1.2.3",
                     "1-2", "007", "0.1", "123456789012345", "1234567890.12345",
                     "1234567890123456", "0.0000000000001", "x")),
)  # fmt: skip
UNITS = st.sampled_from(("cm", "cm", "cm", "m", "mm/h", "mm", "ells", " cm ", "", "CM"))
ROLES = st.sampled_from(("level", "", "a,b", "č"))
ROWS = st.tuples(st.sampled_from(NAMES), STAMPS, VALUES, UNITS, ROLES).map(lambda cells: ",".join(cells).encode())
CLEAN = st.tuples(
    st.sampled_from(("A", "C", "D", "stranger")),
    st.integers(0, 300).map(lambda i: f"2025-05-{1 + i // 144:02d}T{i % 144 // 6:02d}:{i % 6}0:00Z"),
    st.one_of(st.just(""), st.decimals(-400, 3000, places=2, allow_nan=False).map(str)),
    st.sampled_from(("cm", "cm", "cm", " cm", "m")),
).map(lambda cells: f"{cells[0]},{cells[1]},{cells[2]},{'mm' if cells[0] == 'D' else cells[3]},x".encode())
LINES = st.one_of(CLEAN, CLEAN, CLEAN, ROWS, st.sampled_from((b"", b" ", b"A", b"\xff,,,", b"A,\t,1,cm,", b",,,,,,")))
ENDS = st.sampled_from((b"\n", b"\n", b"\n", b"\r\n", b"\r"))


def seen(records: Records) -> tuple[object, ...]:
    """All that follows from a file; NaN by its bits."""
    known = {name: (bytes(one.missing), one.numbers.tobytes(), one.stamps.tolist(), *astuple(one)[3:])
             for name, one in records.by_station.items()}  # fmt: skip
    return known, records.strangers, records.rows, records.rejected, records.faults


def only(found: list[Rows] | None) -> Rows:
    assert found is not None
    (one,) = found
    return one


def both(folder: Path, content: bytes, piece: int) -> Records:
    path = folder / "r.csv"
    path.write_bytes(content)
    found, reference = (read_readings([path, path], STATIONS, each) for each in (piece, 0))
    assert seen(found) == seen(reference)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(LINES, ENDS), max_size=30),
    end=ENDS,
    piece=st.sampled_from((1, 13, 60, 200, 1000, PIECE)),
    cut=st.booleans(),
    packed=st.booleans(),
)
def test_block_by_block_is_row_by_row(
    tmp_path: Path, lines: list[tuple[bytes, bytes]], end: bytes, piece: int, *, cut: bool, packed: bool
) -> None:
    content = HEADER + end + b"".join(line + each for line, each in lines)
    content = content[: -len(lines[-1][1])] if cut and lines else content
    both(tmp_path, gzip.compress(content) if packed else content, piece)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(CLEAN, min_size=1, max_size=60), piece=st.sampled_from((200, PIECE)))
def test_clean_rows_in_any_order_of_time_and_station(tmp_path: Path, lines: list[bytes], piece: int) -> None:
    both(tmp_path, HEADER + b"\n" + b"\n".join(lines) + b"\n", piece)
    units = {tuple(line.split(b",")[::3]) for line in lines}
    known = rows(b"\n".join(lines) + b"\n", (0, 1, 2, 3), 65_536)
    assert (known is not None) == (len({name for name, *_ in units}) == len(units))


@given(st.lists(st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=5).map(str), min_size=1))
def test_a_value_is_the_double_next_to_its_text(texts: list[str]) -> None:
    block = "".join(f"A,2025-05-01T00:00:00Z,{text},cm\n" for text in texts).encode()
    found = only(rows(block, (0, 1, 2, 3), 65_536))
    assert found.value.tolist() == [float(text) for text in texts]


def test_every_day_of_the_calendar() -> None:
    days = np.arange("1896-01-01", "2105-01-01", dtype="datetime64[D]")
    block = "".join(f"A,{day}T23:59:58Z,1,cm\n" for day in days).encode()
    found = only(rows(block, (0, 1, 2, 3), 65_536))
    assert (found.at == days.astype("datetime64[us]").astype(np.int64) + 86_398_000_000).all()


@pytest.mark.parametrize(
    "line",
    [
        "A,2025-02-29T00:00:00Z,1,cm",
        "A,2025-05-01T24:00:00Z,1,cm",
        "A,2025-05-01T00:00:00z,1,cm",
        "A,2025-05-01T00:00:00Z,1e3,cm",
        "A,2025-05-01T00:00:00Z,1 ,cm",
        "A,2025-05-01T00:00:00Z,1234567890123456,cm",
        'A,2025-05-01T00:00:00Z,"1",cm',
        "Ž,2025-05-01T00:00:00Z,1,cm",
        "A,2025-05-01T00:00:00Z,1,cm,more",
        "A,2025-05-01T00:00:00Z,1",
        "A\t,2025-05-01T00:00:00Z,1,cm",
        "",
    ],
)
def test_what_is_not_clean_is_left_to_the_other_reader(line: str) -> None:
    good = "A,2025-05-01T00:00:00Z,1,cm\n"
    assert rows(good.encode(), (0, 1, 2, 3), 65_536) is not None
    assert rows(f"{good}{line}\n{good}".encode(), (0, 1, 2, 3), 65_536) is None


def test_units_that_change_leave_the_rows_in_their_order(tmp_path: Path) -> None:
    lines = ["A,2025-05-01T00:00:00Z,150,cm,x", "A,2025-05-01T00:10:00Z,1.6,m,x", "A,2025-05-01T00:20:00Z,170,cm,x"]
    found = both(tmp_path, "\n".join([HEADER.decode(), *lines]).encode(), PIECE).by_station["A"]
    assert found.value == [150.0, 160.0, 170.0]


@pytest.mark.parametrize(
    "lines",
    [
        ["A,2025-05-01T00:00:00Z,9007199254740993,cm,x"],
        ["A,2025-05-01T00:00:00Z,90071992547409.93,cm,x"],
        ["A,2025-05-01T00:00:00Z,-12.5,cm,x", "A,2025-05-01T00:10:00Z,-0.0,cm,x"],
        ["A,2025-05-01T00:00:00Z,1,cm,x,y", "A,2025-05-01T00:10:00Z,1,cm"],
        ["A,2025-05-01T00:00:00Z,1,cm", "A,2025-05-01T00:10:00Z,1,cm,x,y"],
        [f"{name},2025-05-01T00:{i}0:00Z,{i},cm,x" for i in range(6) for name in ("A", "Q", "A")] * 20,
    ],
)
def test_rows_that_are_near_the_edge_of_what_is_clean(tmp_path: Path, lines: list[str]) -> None:
    both(tmp_path, "\n".join([HEADER.decode(), *lines]).encode(), PIECE)


def test_a_dirty_row_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    lines = [f"A,2025-05-{1 + i // 144:02d}T{i % 144 // 6:02d}:{i % 6}0:00Z,{i}.5,cm,x" for i in range(1000)]
    lines[500] = "A,noon,1,cm,x"
    path.write_text("\n".join([HEADER.decode(), *lines]), encoding="utf-8")
    found = read_readings([path], STATIONS, 4000)
    assert (len(found.by_station["A"]), found.rows, found.rejected) == (999, 1000, 1)
    assert found.faults[0].startswith(f"{path}:502: A: time 'noon'")


@pytest.mark.parametrize("seed", range(20))
def test_bytes_of_any_kind_are_read_alike(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    content = bytearray(HEADER + b"\n" + b"A,2025-05-01T00:00:00Z,1,cm,x\n" * 300)
    for _ in range(rng.choice((1, 5, 100))):
        content[rng.randrange(len(HEADER) + 1, len(content))] = rng.randrange(256)
    both(tmp_path, bytes(content), rng.choice((50, 333, PIECE)))
    long = bytes(content) + b"B" * 200_000 + b"\nA,2025-05-02T00:00:00Z,1,cm,x\n" + bytes(content)
    both(tmp_path, long, rng.choice((1000, PIECE)))
