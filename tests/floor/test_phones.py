"""Telephone numbers are struck out of what is kept; times, dates and levels stay readable."""

import re
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from floodcore.phones import STRUCK, without_phones


@pytest.mark.parametrize(
    "number",
    [
        "+420600000001", "+420 600 000 001", "00420600000001", "+420-600-000-001", "600000001", "600 000 001",
        "600-000-001", "+49 (0)3583 000000", "+49 3583 000000", "03583/000000", "03583 - 0000 00", "(03583) 00 00 00",
        "015100000000", "0151 00000000", "+48 600 000 001", "0048 600-000-001",
        "420600000001", "48600000001", "493583000000", "03583000000", "0358300000", "600.000.001", "+420.600.000.001",
        "tel.600000001", "Tel.+420600000001", "tel:600 000 001", "Tel.0151-00000000", "Tel. 03583000000",
        "tel601123456", "TEL601123456", "Novak601123456", "tel+420601123456", "mob601 123 456", "t00420601123456",
    ],
)  # fmt: skip
def test_a_number_is_struck_out(number: str) -> None:
    for text in (number, f"volejte {number}!", f"Stav 142 cm, tel.: {number} Novak", f"({number})"):
        assert not re.search(r"\d{3,}[ -]?\d{3,}", without_phones(text).replace("142", "")), text
        assert STRUCK in without_phones(text)


@pytest.mark.parametrize("number", ["600 12 00 01", "485-00-00-01", "12 000 00 01", "tel.600 00 00 01"])
def test_a_number_in_pairs_is_struck_out(number: str) -> None:
    assert without_phones(f"volejte {number}, stav 142 cm") in {
        f"volejte {STRUCK}, stav 142 cm",
        f"volejte tel.{STRUCK}, stav 142 cm",
    }


@pytest.mark.parametrize(
    "text",
    [
        "STAV LK-1 142,5 23:50", "LVS HLADINA=112,4cm;SRAZKY=0,4mm;22.11.2026 23:50 POZOR", "2026-11-22T23:00:00Z",
        "ODSTUP=2876;SRAZKY=0.4;BAT=12.4", "20261122 235000", "22.11.2026 23:50:00", "STAV 0-203-1-316000 142",
        "Hladina 1124 mm, 600 cm, 12.4 V", "01 02 2026 10 30", "2026-11-22 23:00:00.000",
        "T+12.4 22.11.2026 23:50", "601 22.11.2026 23:50", "STAV 322000 142 23:50", "22.11. 23:50 601 12,4",
        "0102261030", "010220261030", "202611222350", "20261122235000", "Hladina 601.5 cm 12.5 V", "601 605 12:30",
        "1795392000", "T1795392000", "CAS202611222350", "LK1-142 cm", "A84041000181C061", "Hladina601.5cm",
    ],
)  # fmt: skip
def test_what_is_measured_stays(text: str) -> None:
    assert without_phones(text) == text


@given(before=st.text(alphabet="abc .:;!?\n", max_size=20), number=st.integers(600_000_000, 799_999_999))
@example(before="", number=600_000_001)
def test_no_mobile_number_survives_in_any_writing(before: str, number: int) -> None:
    digits = str(number)
    threes, pairs = [digits[:3], digits[3:6], digits[6:]], [digits[:3], digits[3:5], digits[5:7], digits[7:]]
    spaced = [sign.join(threes) for sign in " .-"] + [sign.join(pairs) for sign in " -"]
    for written in (digits, *spaced, f"+420{digits}", f"+420 {digits}", f"420{digits}", f"tel.{digits}"):
        left = re.sub(r"\D", "", without_phones(f"{before} {written} {before}"))
        assert digits not in left


LEVELS = st.one_of(
    st.integers(-99, 9999).map(str),
    st.decimals(-99, 9999, places=1).map(str),
    st.decimals(0, 9999, places=2).map(lambda number: str(number).replace(".", ",")),
)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2039, 12, 31))  # noqa: DTZ001  # as a logger writes it
WRITTEN = st.sampled_from(
    [
        "%d.%m.%Y %H:%M",
        "%d.%m. %H:%M",
        "%H:%M:%S",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%d%H%M",
        "%d%m%Y%H%M",
    ]
)


@given(
    station=st.from_regex(r"[A-Z]{1,3}-?[0-9]{1,6}|[0-9]{6}", fullmatch=True),
    level=LEVELS,
    unit=st.sampled_from(["", " cm", "cm", " m"]),
    at=TIMES,
    written=WRITTEN,
)
def test_the_reading_of_a_patrol_stays(station: str, level: str, unit: str, at: datetime, written: str) -> None:
    text = f"STAV {station} {level}{unit} {at.strftime(written)}"
    assert without_phones(text) == text


@given(level=LEVELS, rain=LEVELS, sign=st.sampled_from(["=", ": ", " ", ":"]), at=TIMES, written=WRITTEN)
def test_the_reading_of_a_logger_stays(level: str, rain: str, sign: str, at: datetime, written: str) -> None:
    for text in (
        f"LVS HLADINA{sign}{level}cm;SRAZKY{sign}{rain}mm;{at.strftime(written)} POZOR",
        f"Hladina {level} cm {at.strftime(written)} srazky{sign}{rain}",
        f"{at.strftime(written)};{level};{rain};12,4",
    ):
        assert without_phones(text) == text
