"""The counter against the figures measured with two independent packages, and laws of folding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify.segments import count, fold, is_gsm


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("í" * 70, 1),
        ("í" * 71, 2),
        ("í" * 134, 2),
        ("í" * 135, 3),
        ("a" * 159 + "í", 3),  # one letter outside the alphabet: 160 characters as UCS-2
        ("a" * 158 + "{", 1),
        ("a" * 159 + "{", 2),
        ("a" * 152 + "{" + "b" * 151, 2),  # parts of 152 and 153: the brace moves whole
        ("a" * 152 + "{" + "b" * 152, 3),
        ("äöüÄÖÜß§" * 20, 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_counts_as_measured(text: str, parts: int) -> None:
    assert count(text) == parts


@pytest.mark.parametrize("character", "áčďěíňóřšťúůýžẞąćęłńśźż°²³–„“…")
def test_what_is_not_in_the_alphabet(character: str) -> None:
    assert not is_gsm(character)


@pytest.mark.parametrize("character", "éÉäöüßÄÖÜàùòèì§£¥€@")
def test_what_is_in_the_alphabet(character: str) -> None:
    assert is_gsm(character)


@pytest.mark.parametrize(
    ("text", "czech", "german"),
    [
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "Prilis zlutoucky kun upel dabelske ody", None),
        ("Lausitzer Neiße, Görlitz", "Lausitzer Neisse, Gorlitz", "Lausitzer Neiße, Görlitz"),
        ("Nysa Łużycka, zagrożenie", "Nysa Luzycka, zagrozenie", None),
        ("45 m³/s – 20 °C…", "45 m3/s - 20 C...", None),
    ],
)
def test_folds_names_we_know(text: str, czech: str, german: str | None) -> None:
    assert fold(text, umlauts=False) == czech
    assert fold(text, umlauts=True) == (czech if german is None else german)


@given(st.text(), st.booleans())
def test_folded_is_gsm_and_folding_again_changes_nothing(text: str, umlauts: bool) -> None:
    once = fold(text, umlauts=umlauts)
    assert is_gsm(once)
    assert fold(once, umlauts=umlauts) == once


@given(st.text(max_size=700), st.text(max_size=50))
def test_a_longer_text_never_costs_less_and_never_more_than_its_parts(text: str, more: str) -> None:
    assert count(text) <= count(text + more)
    if is_gsm(text):
        assert count(text) >= len(text) / 160
