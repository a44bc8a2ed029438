"""Telephone numbers are struck out of what is kept; times, dates and levels stay readable."""

import re

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
    ],
)  # fmt: skip
def test_a_number_is_struck_out(number: str) -> None:
    for text in (number, f"volejte {number}!", f"Stav 142 cm, tel.: {number} Novak", f"({number})"):
        assert not re.search(r"\d{3,}[ -]?\d{3,}", without_phones(text).replace("142", "")), text
        assert STRUCK in without_phones(text)


@pytest.mark.parametrize(
    "text",
    [
        "STAV LK-1 142,5 23:50", "LVS HLADINA=112,4cm;SRAZKY=0,4mm;22.11.2026 23:50 POZOR", "2026-11-22T23:00:00Z",
        "ODSTUP=2876;SRAZKY=0.4;BAT=12.4", "20261122 235000", "22.11.2026 23:50:00", "STAV 0-203-1-316000 142",
        "Hladina 1124 mm, 600 cm, 12.4 V", "01 02 2026 10 30", "2026-11-22 23:00:00.000",
    ],
)  # fmt: skip
def test_what_is_measured_stays(text: str) -> None:
    assert without_phones(text) == text


@given(before=st.text(alphabet="abc .:;!?\n", max_size=20), number=st.integers(600_000_000, 799_999_999))
@example(before="", number=600_000_001)
def test_no_mobile_number_survives_in_any_writing(before: str, number: int) -> None:
    digits = str(number)
    for written in (digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}", f"+420{digits}", f"+420 {digits}"):
        left = re.sub(r"\D", "", without_phones(f"{before} {written} {before}"))
        assert digits not in left
