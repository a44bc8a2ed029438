"""The texts of rain: what fell, where, which limit, short enough; and who is told."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.notify.compose import Happening, compose
from alerting.notify.expanding import expand_one
from alerting.notify.rain_words import Rain
from alerting.notify.segments import count, is_gsm
from floodcore.network.model import Names, Station
from floodcore.network.rain import RainDegrees
from floodcore.texts import load as load_texts
from floodcore.words import Language, Quantity, Trend
from tests.notify.conftest import Rig

TEXTS = load_texts()
AT = datetime(2026, 7, 23, 2, 10, tzinfo=UTC)
PLAIN = Rain(1440, 35.0, saturated=False, scheme="rain")
LONGEST = ("Železný Brod, pod soutokem s Kamenicí", "Bad Muskau, Lausitzer Neiße/Nysa Łużycka")


def say(rain: Rain | None, was: int, becomes: int, language: Language, *, kind: str = "reached", **changed: str) -> str:
    station = Station(
        "R",
        Names(changed.get("name", "Bedřichov")),
        None,
        "CZ",
        "x",
        (Quantity.RAIN,),
        timedelta(minutes=10),
        rain_degrees=RainDegrees((), scheme="rain" if rain is None else rain.scheme),
    )
    told = Happening(kind, Quantity.RAIN, AT, was, becomes, 38.4, Trend.UNKNOWN, rain=rain)
    river = changed.get("river", "Černá Nisa")
    return compose(TEXTS, told, station, river, language, exercise="name" in changed, delayed="name" in changed)


def test_what_fell_where_and_which_limit() -> None:
    assert say(PLAIN, 0, 1, Language.CS) == (
        "DEST, dosazen destovy limit 1 ze 3: 38,4 mm za 24 h, limit 35 mm. Bedrichov (Cerna Nisa), 23.7. 04:10. "
        "Potoky se mohou rychle zvednout, overte je."
    )
    assert say(PLAIN, 0, 1, Language.DE) == (
        "REGEN, erreicht: Regengrenze 1 von 3: 38,4 mm in 24 h, Grenze 35 mm. Bedrichov (Cerna Nisa), 23.7. 04:10. "
        "Bäche können rasch steigen, bitte prüfen."
    )


def test_saturated_ground_and_a_short_window_are_named() -> None:
    text = say(Rain(10, 8.0, saturated=True, scheme="rain"), 1, 2, Language.EN)
    assert text.startswith("RAIN, reached: rain limit 2 of 3: 38.4 mm in 10 min, limit 8 mm (saturated ground). ")


def test_the_end_of_a_rain_limit_is_no_end_of_danger() -> None:
    assert say(PLAIN, 2, 1, Language.EN).startswith("Rain below: rain limit 2 of 3. Still: rain limit 1 of 3. 38.4 mm")
    assert say(PLAIN, 1, 0, Language.EN).endswith("The water may still rise.")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("change", [(0, 1), (0, 3), (3, 2), (1, 0)])
def test_a_rain_limit_is_called_a_spa_only_where_the_plan_does(language: Language, change: tuple[int, int]) -> None:
    assert "SPA" not in say(PLAIN, *change, language)
    assert "SPA" in say(Rain(1440, 35.0, saturated=False, scheme="spa"), *change, language)


@pytest.mark.parametrize("language", Language)
def test_a_silent_rain_gauge_keeps_a_limit_of_rain(language: Language) -> None:
    assert "SPA" not in say(None, 1, 1, language, kind="silence")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scheme", ["rain", "spa"])
@pytest.mark.parametrize("change", [(0, 3), (3, 2), (2, 0)])
def test_the_longest_costs_two_texts(language: Language, scheme: str, change: tuple[int, int]) -> None:
    rain = Rain(1440, 135.5, saturated=True, scheme=scheme)
    text = say(rain, *change, language, name=LONGEST[0], river=LONGEST[1])
    assert is_gsm(text)
    assert count(f"{text} #0000000") <= 2


async def told(rig: Rig) -> dict[str, str]:
    return {str(row["phone"]): str(row["body"]) for row in await rig.deliveries()}


@pytest.mark.parametrize("residents", [False, True])
async def test_residents_hear_of_rain_only_where_the_configuration_says_so(rig: Rig, residents: bool) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    event = await rig.announce(0, 1)
    async with rig.house.pool.connection() as connection:
        await connection.execute("ALTER TABLE event DISABLE TRIGGER USER")
        await connection.execute("UPDATE event SET quantity = 'rain', unit = 'mm', value = 38, limit_value = 35")
        await connection.execute("INSERT INTO event_rain VALUES (%s, 1440, false, 'rain', %s)", (event, residents))
    while await expand_one(rig.house):
        pass
    texts = await told(rig)
    assert set(texts) == ({resident, officer} if residents else {officer})
    assert all("38 mm za 24 h, limit 35 mm" in text for text in texts.values())
