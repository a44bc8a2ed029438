"""The texts: short enough in the worst case, in order, and honest in their words."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify.compose import Forecast, Happening, UntellableError, compose
from alerting.notify.segments import count, is_gsm
from floodcore.network.model import Change, Limits, Names, Station
from floodcore.texts import Texts
from floodcore.texts import load as load_texts
from floodcore.words import Cause, Degree, Language, Quantity, Trend

TEXTS = load_texts()
AT = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
# The longest there are: of the stations of the region, its Saxon and Polish neighbours, and their rivers.
LONGEST = ("Železný Brod, pod soutokem s Kamenicí", "Bad Muskau, Lausitzer Neiße/Nysa Łużycka")


def station(name: str = "Hrádek nad Nisou", scheme: str = "spa", quantity: Quantity = Quantity.LEVEL) -> Station:
    limits = Limits(quantity, {Degree.VIGILANCE: 160.0}, "invented", date(2026, 1, 1), scheme)
    return Station("hradek", Names(name), "nisa", "CZ", "x", (quantity,), timedelta(minutes=10), limits=(limits,))


def happening(was: int, becomes: int, kind: str = "reached", **changed: object) -> Happening:
    fields: dict[str, object] = {
        "kind": kind,
        "quantity": Quantity.LEVEL,
        "at": AT,
        "from_degree": was,
        "to_degree": becomes,
        "value": 213.4,
        "trend": Trend.RISING if becomes >= was else Trend.FALLING,
    }
    return Happening(**(fields | changed))  # type: ignore[arg-type]


def say(
    told: Happening, language: Language, *, exercise: bool = False, delayed: bool = False, place: Station | None = None
) -> str:
    return compose(TEXTS, told, place or station(), "Lužická Nisa", language, exercise=exercise, delayed=delayed)


def test_every_part_in_its_order() -> None:
    assert say(happening(1, 2), Language.CS, exercise=True) == (
        "CVICENI/UEBUNG Dosazen limit: 2. SPA (pohotovost). Hradek nad Nisou (Luzicka Nisa), "
        "23.11. 03:10, 213 cm, stoupa. Pripravte se, premistete auta a cennosti."
    )
    assert say(happening(1, 2), Language.DE) == (
        "Grenzwert erreicht: tschechische Stufe 2 von 3 (2. SPA). Hradek nad Nisou (Luzicka Nisa), "
        "23.11. 03:10, 213 cm, steigend. Vorbereiten: Autos und Werte wegbringen."
    )


@pytest.mark.parametrize(
    ("language", "report", "clause"),
    [
        (Language.CS, Cause.RELEASE, "stoupa. Pricina: odpousteni z nadrze. Pripravte se"),
        (Language.DE, Cause.ICE, "steigend. Ursache: Eisstau. Vorbereiten"),
        (Language.PL, Cause.DESTROYED, "Zgloszenie: wodowskaz zniszczony."),
        (Language.EN, Cause.SENSOR, "Report: sensor changed."),
    ],
)
def test_what_people_report_stands_before_the_advice(language: Language, report: Cause, clause: str) -> None:
    told = happening(1, 2)
    text = compose(TEXTS, told, station(), "Lužická Nisa", language, exercise=False, delayed=False, report=report)
    assert clause in text
    assert text.replace(clause, "") != say(told, language)


SOON = Forecast(0.84, AT + timedelta(minutes=70), AT + timedelta(minutes=20), AT + timedelta(minutes=160))


def expected(was: int, becomes: int, reason: str = "expected", **changed: object) -> Happening:
    return happening(was, becomes, "expected", reason=reason, **({"forecast": SOON} | changed))


def test_an_expectation_in_full() -> None:
    assert say(expected(0, 2), Language.CS) == (
        "OCEKAVA SE (zatim nedosazen) 2. SPA (pohotovost) asi v 04:20 (03:30-05:50), pravdepodobne. "
        "Hradek nad Nisou (Luzicka Nisa), 23.11. 03:10, 213 cm, stoupa. Pripravte se, premistete auta a cennosti."
    )
    assert say(expected(0, 2), Language.DE, exercise=True) == (
        "UEBUNG/CVICENI ERWARTET, noch nicht erreicht: tschechische Stufe 2 von 3 (2. SPA) gegen 04:20 (03:30-05:50), "
        "wahrscheinlich. Hradek nad Nisou (Luzicka Nisa), 23.11. 03:10, 213 cm, steigend. "
        "Vorbereiten: Autos und Werte wegbringen."
    )
    assert say(expected(2, 0, "withdrawn", forecast=None, trend=Trend.STEADY), Language.EN) == (
        "NO LONGER EXPECTED, did not come: SPA 2 of 3 (CZ). Hradek nad Nisou (Luzicka Nisa), 23.11. 03:10, 213 cm, "
        "steady. Go on watching the river."
    )
    assert "Still reached: SPA 1 of 3 (CZ)." in say(expected(3, 1, "withdrawn", forecast=None), Language.EN)


@pytest.mark.parametrize("language", Language)
def test_expected_is_neither_reached_nor_declared_and_each_turn_has_words_of_its_own(language: Language) -> None:
    turns = [(0, 2, "expected"), (2, 2, "changed"), (3, 2, "lowered")]
    texts = [say(expected(*turn), language) for turn in turns]
    texts += [say(expected(was, becomes, "withdrawn", forecast=None), language) for was, becomes in ((2, 0), (2, 1))]
    reached = {say(happening(was, becomes), language) for was, becomes in [(0, 2), (3, 2), (2, 0)]}
    assert len({*texts, *reached}) == len(texts) + len(reached)
    start = re.compile(
        r"(NIC?HT |UZ SE |NO LONGER |LESS |NIEDRIGER |ZU |PROGNOZA|OCEKAVA|ERWARTET|EXPECTED)", re.IGNORECASE
    )
    for text in texts:
        assert start.match(text), text
        assert not re.search(r"vyhlas|declar|ausgeruf|oglosz", text.lower())
        assert re.search(r"SPA", text)


@pytest.mark.parametrize("kind", ["declared", "rained", ""])
def test_a_kind_without_words_is_not_told_in_those_of_another(kind: str) -> None:
    with pytest.raises(UntellableError, match=f"of kind {kind!r}"):
        say(happening(0, 2, kind), Language.CS)
    for reason, forecast in (("expected", None), ("changed", None), ("fulfilled", SOON)):
        with pytest.raises(UntellableError, match=reason):
            say(expected(0, 2, reason, forecast=forecast), Language.CS)


degrees = st.integers(0, 4)
happenings = st.builds(
    Happening,
    kind=st.sampled_from(["reached", "silence"]),
    quantity=st.sampled_from([Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    from_degree=degrees,
    to_degree=degrees,
    value=st.none() | st.floats(-99.0, 9999.0),
    trend=st.sampled_from(Trend),
)


expectations = st.builds(
    lambda told, reason, chance: replace(
        told,
        kind="expected",
        reason=reason,
        forecast=None if reason == "withdrawn" else replace(SOON, probability=chance),
    ),
    happenings,
    st.sampled_from(["expected", "changed", "lowered", "withdrawn"]),
    st.floats(0.0, 1.0),
)


@given(
    happenings | expectations,
    st.sampled_from(Language),
    st.sampled_from(["spa", "alarmstufe", "imgw", "unheard of"]),
    st.text(max_size=60) | st.just(LONGEST[0]),
    st.text(max_size=60) | st.just(LONGEST[1]),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(Cause),
)
def test_the_worst_case_costs_two_at_most(
    told: Happening,
    language: Language,
    scheme: str,
    name: str,
    river: str,
    exercise: bool,
    delayed: bool,
    report: Cause | None,
) -> None:
    place = station(name, scheme, told.quantity)
    text = compose(TEXTS, told, place, river, language, exercise=exercise, delayed=delayed, report=report) + " #0000A3F"
    assert is_gsm(text)
    assert count(text) <= 2
    if exercise:
        assert re.match("CVICENI|UEBUNG|CWICZENIA|EXERCISE", text)


def test_where_there_is_no_room_the_advice_goes_before_the_limit() -> None:
    soon = replace(happening(0, 2), kind="expected", reason="changed", forecast=replace(SOON, probability=0.1))
    place = station("Bad Muskau, Neiße oberhalb der Brücke", "spa", soon.quantity)
    river = "Lausitzer Neiße/Nysa Łużycka/Lužická"
    text = compose(TEXTS, soon, place, river, Language.DE, exercise=True, delayed=True)
    assert "2. SPA" in text
    assert count(text + " #0000A3F") <= 2


@pytest.mark.parametrize("language", [Language.CS, Language.PL, Language.EN])
@pytest.mark.parametrize(("was", "becomes"), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 3), (1, 0)])
def test_a_usual_text_costs_one(language: Language, was: int, becomes: int) -> None:
    assert count(say(happening(was, becomes), language) + " #0000A3F") == 1


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scheme", ["spa", "alarmstufe", "imgw"])
@pytest.mark.parametrize(("was", "becomes"), [(0, 1), (0, 2), (1, 3), (3, 4), (4, 2), (2, 0)])
def test_reached_is_not_declared_and_degrees_keep_their_country(
    language: Language, scheme: str, was: int, becomes: int
) -> None:
    text = say(happening(was, becomes), language, place=station(scheme=scheme))
    assert not re.search(r"vyhlas|declar|ausgeruf|oglosz", text.lower())
    assert ("SPA" in text) == (scheme == "spa")
    assert ("Alarmstufe" in text) == (scheme == "alarmstufe")


@pytest.mark.parametrize("language", Language)
def test_silence_is_not_told_as_calm(language: Language) -> None:
    rising = say(happening(0, 0, "silence", trend=Trend.RISING), language)
    flood = say(happening(3, 3, "silence", trend=Trend.FALLING), language)
    assert "3" in flood.split("213 cm")[1]
    assert not {rising, flood} & {say(happening(was, becomes), language) for was, becomes in [(2, 0), (3, 2), (0, 3)]}
    assert TEXTS.say(language, "trend.falling") not in flood


@pytest.mark.parametrize("language", Language)
def test_silence_below_a_flood_has_words_of_its_own(language: Language) -> None:
    lost = happening(0, 0, "silence", trend=Trend.STEADY)
    below = say(replace(lost, reason="lost_below_flood"), language)
    assert below not in {say(lost, language), say(replace(lost, reason="lost_rising"), language)}
    flood = {Language.CS: "povoden", Language.DE: "Hochwasser", Language.EN: "flood", Language.PL: "powodz"}
    assert flood[language] in below


def test_silence_in_full() -> None:
    assert say(happening(3, 3, "silence", trend=Trend.STEADY), Language.CS) == (
        "VYPADEK DAT: Hradek nad Nisou (Luzicka Nisa), 23.11. 03:10, naposledy 213 cm. "
        "Platil limit: 3. SPA (ohrozeni). Neznamena klid. Overte na miste."
    )


def test_time_is_local_on_both_sides_of_the_switch() -> None:
    summer = happening(0, 1, at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    winter = happening(0, 1, at=datetime(2026, 10, 25, 2, 30, tzinfo=UTC))
    assert "25.10. 02:30," in say(summer, Language.CS)
    assert "25.10. 03:30," in say(winter, Language.CS)


def test_a_missing_value_is_left_out_and_zero_is_a_value() -> None:
    assert "cm" not in say(happening(0, 1, value=None), Language.CS)
    assert ", 0 cm," in say(happening(0, 1, value=0.0), Language.CS)


def test_delayed_is_said(texts: Texts) -> None:
    assert say(happening(0, 1), Language.DE, delayed=True).startswith("VERSPÄTETE MELDUNG. Grenzwert erreicht")
    assert say(happening(0, 1), Language.CS, delayed=True, exercise=True).startswith("CVICENI/UEBUNG ZPOZDENA ZPRAVA.")


def test_a_degree_has_the_name_of_the_scheme_of_its_time() -> None:
    limits = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 150.0, Degree.READINESS: 190.0}, "invented", None, "alarmstufe")
    change = Change(limits, AT - timedelta(days=1), "M. Vzorová", "given to the neighbours")
    told, given = happening(1, 2), replace(station(), changes=(change,))
    to_be_given = replace(given, changes=(replace(change, valid_from=AT + timedelta(days=1)),))
    assert say(told, Language.CS, place=to_be_given) == say(told, Language.CS)
    assert say(told, Language.CS, place=given) == say(told, Language.CS, place=station(scheme="alarmstufe"))
    assert "SPA" not in say(told, Language.CS, place=given)
