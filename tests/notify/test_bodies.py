"""Each recipient reads the text in their own language, with the names of that language, and officers their own."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.notify.compose import Happening, compose
from alerting.notify.expanding import bodies
from alerting.notify.segments import count
from alerting.notify.words import mark
from floodcore.store.telling import Announced, Body, columns
from floodcore.texts import Texts
from floodcore.words import Language, Quantity, Trend
from tests.notify.conftest import NETWORK, Rig, settled

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
UP = Announced(7, 2, AT + timedelta(minutes=30), "hradek", "level", "reached", AT, 1, 2, "reached", 213.0, "rising",
               exercise=False)  # fmt: skip
# What is said only in that language, and the river as it is called there.
SAYS = {
    Language.CS: ("Dosazen limit", "Luzicka Nisa"),
    Language.DE: ("Grenzwert erreicht", "Lausitzer Neiße"),
    Language.PL: ("Osiagnieto", "Luzicka Nisa"),
    Language.EN: ("Limit reached", "Luzicka Nisa"),
}


def of(texts: Texts, announced: Announced = UP) -> dict[str, Body]:
    return bodies(texts, NETWORK, announced, exercise=False, delayed=False)


@pytest.mark.parametrize("language", list(Language))
def test_the_text_of_a_language_is_in_it_and_names_the_river_as_it_does(texts: Texts, language: Language) -> None:
    found = of(texts)
    assert set(found) == {str(each) for each in Language}
    happening = Happening("reached", Quantity.LEVEL, AT, 1, 2, 213.0, Trend.RISING, "reached")
    river = NETWORK.rivers["nisa"].names.of(language)
    station = NETWORK.stations["hradek"]
    whole = compose(texts, happening, station, river, language, exercise=False, delayed=False)
    assert found[language].text == whole
    assert found[language].segments == count(f"{whole} {mark('0000000')}")
    said, name = SAYS[language]
    assert said in whole
    assert name.replace("ß", "ss") in whole.replace("ß", "ss")
    assert len({body.text for body in found.values()}) == len(Language)


def test_each_language_and_role_gets_its_own(texts: Texts) -> None:
    found = of(texts)
    officers = {language: Body(f"officers: {body.text}", 2) for language, body in found.items()}
    rows = columns({language: Body(body.text, 1, officers[language]) for language, body in found.items()})
    read = {
        (language, role): (text, segments)
        for language, role, text, segments in zip(
            rows["languages"], rows["roles"], rows["bodies"], rows["segments"], strict=True
        )
    }
    assert len(read) == 2 * len(Language)
    for language, body in found.items():
        assert read[language, "resident"] == (body.text, 1)
        assert read[language, "officer"] == (f"officers: {body.text}", 2)
    assert columns({"cs": Body("same", 1)})["bodies"] == ["same", "same"]


async def test_every_phone_gets_its_language(rig: Rig) -> None:
    [czech] = await rig.people(1, language="cs")
    [german] = await rig.people(1, role="officer", language="de")
    async with rig.running():
        await rig.announce(1, 2)
        await rig.until(lambda rows: len(rows) == 2 and settled(rows))
    sent = {message.to: message.body for message in rig.gateway.accepted}
    assert "Luzicka Nisa" in sent[czech]
    assert "Lausitzer Nei" in sent[german]
    assert sent[czech].split()[0] != sent[german].split()[0]
