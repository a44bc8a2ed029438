"""The texts of incidents: in every language, short, honest, and none for what has no words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify.compose import Happening, UntellableError, compose
from alerting.notify.segments import count, is_gsm
from floodcore.network.model import Names, Station
from floodcore.texts import Texts
from floodcore.words import Language, Quantity, Trend

AT = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
NAMES = ("all:", "operator:Povodí Labe, státní podnik", "transport:chmu", "clock:slow", "clock:fast")


def say(
    texts: Texts, language: Language, name: str, reason: str = "begun", worst: int = 0, value: float | None = 31.0
) -> str:
    told = Happening("incident", Quantity.LEVEL, AT, worst, worst, value, Trend.UNKNOWN, reason)
    station = Station(name, Names(name), None, "", "", (Quantity.LEVEL,), timedelta(minutes=10))
    return compose(texts, told, station, "", language, exercise=True, delayed=True)


def test_in_full(texts: Texts) -> None:
    assert say(texts, Language.CS, "transport:tts", worst=3) == (
        "CVICENI/UEBUNG ZPOZDENA ZPRAVA. VYPADEK DAT: od 23.11. 03:10 z 31 stanic na ceste tts. "
        "Mezi nimi je stanice s dosazenym SPA 3. Neznamena klid. Overte na miste."
    )
    assert "Keine Entwarnung" in say(texts, Language.DE, "all:")
    assert "31 min slow" in say(texts, Language.EN, "clock:slow")
    assert say(texts, Language.EN, "operator:Town", "ended") == (
        "EXERCISE/CVICENI DELAYED MESSAGE. End of data outage of Town: 23.11. 03:10."
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NAMES)
def test_beginning_and_end_differ_and_are_short(texts: Texts, language: Language, name: str) -> None:
    begun, ended = say(texts, language, name, worst=4), say(texts, language, name, "ended", 4)
    assert begun != ended
    for text in (begun, ended):
        assert is_gsm(text)
        assert count(text + " #0000000") <= 2


@given(st.text(max_size=40), st.sampled_from(Language), st.none() | st.floats(0, 1e6), st.integers(0, 4))
def test_any_name_is_told_in_three_messages_at_most(
    texts: Texts, name: str, language: Language, value: float | None, worst: int
) -> None:
    text = say(texts, language, f"operator:{name}", worst=worst, value=value)
    assert is_gsm(text)
    assert count(text + " #0000000") <= 3


@pytest.mark.parametrize("name", ["", "all", "clock:", "clock:sideways", "flood:Nisa", "SMEDA"])
def test_what_has_no_words_is_not_told_in_others(texts: Texts, name: str) -> None:
    if name == "all":
        assert "31" in say(texts, Language.EN, name)
        return
    with pytest.raises(UntellableError, match="no words"):
        say(texts, Language.CS, name)
