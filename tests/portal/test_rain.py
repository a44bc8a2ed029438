"""Rain sums against their limits on the page: with gaps and silence said, no SPA made of rain; rules left to people."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from floodcore.house import House
from floodcore.network.model import Network
from floodcore.network.rain import PersonRule, RainDegrees, RainLimit, Saturation
from floodcore.store import rain
from floodcore.store.rain import SumRow
from floodcore.words import Degree, Language
from portal import rainpage, shapes
from portal.marks import marks, scheme_of
from portal.reading import Reader
from tests.portal.conftest import Running, Serve, parsed

DAY = RainLimit(timedelta(hours=24), {Degree(1): 60.0, Degree(2): 70.0}, {Degree(1): 40.0, Degree(2): 50.0}, "the plan")
TEN = RainLimit(timedelta(minutes=10), {Degree(1): 8.0}, {}, "the village")
DEGREES = RainDegrees((TEN, DAY), Saturation(50.0, 10, 25.0, 5, "the plan"))
RULE = PersonRule(Degree(2), {Language.CS: "přítok roste", Language.DE: "der Zufluss steigt"}, "the portal")


@pytest.fixture
async def wet(house: House, serve: Serve) -> Running:
    """A house whose rain gauge has limits, with a clock of ours."""
    stations = dict(house.network.stations)
    stations["rain-1"] = replace(stations["rain-1"], rain_degrees=DEGREES)
    stations["nowhere"] = replace(stations["nowhere"], by_person=(RULE,))
    return await serve(replace(house, network=replace(house.network, stations=stations)))


async def bring(
    running: Running, rows: Sequence[tuple[int, float, float | None]], *, ago: timedelta, wet: bool
) -> None:
    """The state and the sums of the rain gauge as the engine writes them."""
    at: datetime = running.house.clock.now() - ago
    async with running.house.pool.connection() as conn:
        await conn.execute("INSERT INTO series (station_id, quantity, unit) VALUES ('rain-1', 'rain', 'mm')")
        await conn.execute("INSERT INTO rule_version VALUES ('v', '{}', now())")
        await conn.execute(
            "INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at,"
            " trend, flag, test, updated_at) VALUES (1, 'v', %s, '{}', 1, 0.4, %s, 'unknown', 1, '', %s)",
            (at, at, at),
        )
        await rain.save(conn, [], [SumRow(1, minutes, at, mm, most, wet) for minutes, mm, most in rows])


async def text_of(running: Running, path: str) -> str:
    async with running.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_sums_stand_beside_their_limits_and_those_that_hold_are_marked(wet: Running) -> None:
    await bring(wet, [(10, 2.0, 2.0), (1440, 42.5, 42.5)], ago=timedelta(minutes=3), wet=True)
    page = parsed(await text_of(wet, "/en/stations/rain-1"), strict=True)
    (section,) = page.xpath("//section[@class='rain']")
    rows = [[" ".join(cell.text_content().split()) for cell in row.xpath("*")] for row in section.xpath(".//tbody/tr")]
    assert rows == [
        ["10 min", "2.0 mm", "8 mm", "–"],
        ["24 h", "42.5 mm", "✓ 60 / 40 mm reached", "70 / 50 mm"],
    ]
    words = section.text_content()
    assert "The ground is saturated" in words
    assert "no flood degree (SPA)" in words
    assert "Source: the plan" in words
    assert section.xpath(".//p[@class='warning']") == []


@pytest.mark.parametrize("language", Language)
async def test_a_silent_rain_gauge_is_not_dry_weather(wet: Running, language: Language) -> None:
    await bring(wet, [(10, 0.0, 0.0), (1440, 0.0, 0.0)], ago=timedelta(hours=5), wet=False)
    page = parsed(await text_of(wet, f"/{language}/stations/rain-1"), strict=True)
    (warning,) = page.xpath("//section[@class='rain']//p[@class='warning']")
    told = wet.house.texts.say(language, "page.rain.silent", at="|").split("|")
    assert all(part in warning.text_content() for part in told)


async def test_a_sum_with_a_gap_is_a_lower_bound(wet: Running) -> None:
    await bring(wet, [(10, 1.0, 1.0), (1440, 12.0, None)], ago=timedelta(minutes=3), wet=False)
    words = parsed(await text_of(wet, "/en/stations/rain-1")).xpath("string(//section[@class='rain'])")
    assert "at least 12.0\N{NO-BREAK SPACE}mm" in words
    assert "true sums may be higher" in words


async def test_limits_that_nobody_measures_say_so(wet: Running) -> None:
    words = parsed(await text_of(wet, "/en/stations/rain-1")).xpath("string(//section[@class='rain'])")
    assert "Nobody measures this rain here" in words
    assert "cannot be told from the data" in words


def test_while_the_database_is_away_nobody_says_it_is_dry(house: House) -> None:
    station = replace(house.network.stations["rain-1"], rain_degrees=DEGREES)
    (mark,) = marks(Network(stations={"rain-1": station}), (), ())
    found = rainpage.section(Reader(house.texts, Language.EN, house.clock.now()), mark, None)
    assert found is not None
    assert found.warning == house.texts.say(Language.EN, "page.rain.away")
    assert [row.sum for row in found.rows] == ["–", "–"]


async def test_the_map_tells_a_limit_of_rain_from_an_spa(wet: Running) -> None:
    await bring(wet, [(1440, 61.0, 61.0)], ago=timedelta(minutes=3), wet=False)
    features = json.loads(await text_of(wet, "/api/v1/map.geojson"))["features"]
    (state,) = [each["properties"] for each in features if each["id"] == "rain-1"]
    assert (state["degree_reached"], state["scheme"], state["quantity"]) == (1, "rain", "rain")
    page = await text_of(wet, "/en/table")
    assert "rain limit 1 of 3" in page


@pytest.mark.parametrize(
    ("language", "text"), [("cs", "přítok roste"), ("de", "der Zufluss steigt"), ("pl", "přítok roste")]
)
async def test_rules_left_to_people_are_shown_as_such(wet: Running, language: str, text: str) -> None:
    page = parsed(await text_of(wet, f"/{language}/stations/nowhere"), strict=True)
    (section,) = page.xpath("//section[@class='byperson']")
    assert text in section.text_content()
    assert "the portal" in section.text_content()
    assert wet.house.texts.say(Language(language), "page.person.title") in section.text_content()
    assert page.xpath("//section[@class='rain']") == []


def test_a_drop_is_the_mark_of_a_rain_limit() -> None:
    assert shapes.shape(2, "rain") == "rain"
    assert shapes.shape(0, "rain") == "0"
    assert shapes.sign(2, "rain") == "2"
    assert "rain" in shapes.PATHS


def test_whose_degrees_rain_has(house: House) -> None:
    plain = house.network.stations["rain-1"]
    rain_quantity = plain.quantities[0]
    assert scheme_of(plain, rain_quantity) == "spa"
    assert scheme_of(replace(plain, rain_degrees=DEGREES), rain_quantity) == "rain"
    assert scheme_of(replace(plain, rain_degrees=replace(DEGREES, scheme="spa")), rain_quantity) == "spa"


async def test_the_page_names_the_reach_for_which_the_degree_holds(house: House, serve: Serve) -> None:
    stations = dict(house.network.stations)
    stations["316000"] = replace(stations["316000"], reach={Language.CS: "od Proseče po Stráž"})
    running = await serve(replace(house, network=replace(house.network, stations=stations)))
    assert "od Proseče po Stráž" in await text_of(running, "/de/stations/316000")
    assert house.texts.say(Language.DE, "page.reach") not in await text_of(running, "/de/stations/320000")


async def test_programs_are_told_the_limits_of_rain_and_whose_rules_are_left_to_people(wet: Running) -> None:
    rain = json.loads(await text_of(wet, "/api/v1/stations/rain-1"))["rain_degrees"]
    assert rain["scheme"] == "rain"
    ten, day = rain["sums"]
    assert (ten["window_min"], ten["values"], ten["saturated"]) == (10, {"1": 8.0}, {})
    assert (day["window_min"], day["saturated"], day["source"]) == (1440, {"1": 40.0, "2": 50.0}, "the plan")
    assert rain["saturation"]["recent_mm"] == 25.0
    bare = json.loads(await text_of(wet, "/api/v1/stations/nowhere"))
    assert bare["rain_degrees"] is None
    assert bare["by_person"][0]["texts"] == {"cs": "přítok roste", "de": "der Zufluss steigt"}
