"""How the pages behave towards those who hear them, print them, have no scripts, lose the network or ask wrongly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from floodcore.texts import Texts
from floodcore.words import Language, Quantity
from portal import health
from portal.reading import Reader
from tests.portal.conftest import HOSTILE, Running, happen, parsed, put
from tests.portal.test_doubts import doubt
from tests.portal.test_pages import text_of
from tests.portal.test_patrol import NOVAK, filled, site

if TYPE_CHECKING:
    from floodcore.house import House

__all__ = ["site"]  # the fixture of the patrols

PLAIN = {"Accept-Encoding": "identity"}
WRITING = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.mark.parametrize("language", Language)
async def test_a_method_a_page_does_not_take_is_refused_in_words(portal: Running, language: Language) -> None:
    for path in ("", "table", "stations/320000", "nothing/here"):
        async with portal.client.post(f"/{language}/{path}", data={"x": "y"}, headers=PLAIN) as answer:
            assert answer.status == 405
            assert answer.headers["Allow"] == "GET, HEAD"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            page = parsed(await answer.text())
        assert page.get("lang") == language.value
        assert portal.house.texts.say(language, "page.error.405.text") in page.text_content()


async def test_what_programs_ask_wrongly_is_refused_in_json_with_the_same_headers(portal: Running) -> None:
    for method in WRITING:
        for path in ("/api/v1/stations", "/api/v1/stream", "/health"):
            async with portal.client.request(method, path) as answer:
                assert answer.status == 405, (method, path)
                assert answer.headers["Allow"] == "GET, HEAD"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "GET" in (await answer.json())["hint"]
    async with portal.client.put("/cs/patrol") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD, POST"


async def test_no_answer_names_what_it_is_made_of(portal: Running) -> None:
    for path in ("/cs/", "/cs/nothing", "/static/main.css", "/api/v1/stations", "/api/v1/nothing", "/"):
        async with portal.client.get(path, allow_redirects=False) as answer:
            assert answer.headers["Server"] == "hladina", path


@pytest.mark.parametrize(
    ("headers", "body", "status"), [({}, b"x" * 5000, 413), ({"Sec-Fetch-Site": "cross-site"}, b"x", 403)]
)
async def test_what_the_form_refuses_it_refuses_as_a_page(
    site: Running, headers: dict[str, str], body: bytes, status: int
) -> None:
    async with site.client.post("/pl/patrol", headers=NOVAK | PLAIN | headers, data=body) as answer:
        assert answer.status == status
        page = parsed(await answer.text())
    assert page.get("lang") == "pl"
    assert site.house.texts.say(Language.PL, f"page.error.{status}.text") in page.text_content()


@pytest.mark.parametrize(("name", "value"), [("value", "high"), ("time", "noon"), ("station", "316000")])
async def test_the_form_keeps_what_was_typed_and_names_the_field_to_correct(
    site: Running, name: str, value: str
) -> None:
    async with site.client.post(
        "/de/patrol", headers=NOVAK | PLAIN, data=filled(time="14:30") | {name: value}
    ) as answer:
        assert answer.status == 422
        page = parsed(await answer.text(), strict=True)
    (wrong,) = page.xpath("//*[@aria-invalid='true']")
    assert wrong.get("name") == name
    (said,) = page.xpath("//*[@role='alert'][@id='said']")
    assert "said" in wrong.get("aria-describedby").split()
    assert said.text_content().strip() == site.house.texts.say(Language.DE, f"page.patrol.said.{name}")
    assert page.xpath("//input[@name='value']/@value") == ["high" if name == "value" else "142,5"]
    assert page.xpath("//input[@name='time']/@value") == ["noon" if name == "time" else "14:30"]


async def test_what_was_typed_comes_back_as_text(site: Running) -> None:
    async with site.client.post("/en/patrol", headers=NOVAK | PLAIN, data=filled(value=HOSTILE)) as answer:
        page = parsed(await answer.text(), strict=True)
    assert page.xpath("//input[@name='value']/@value") == [HOSTILE[:40]]
    assert not page.xpath("//script[not(@src)]")


async def test_without_scripts_a_form_stays_and_every_other_page_says_how_old_it_is(site: Running) -> None:
    for path in ("", "table", "events", "stations/320000", "status", "nothing"):
        page = parsed(await text_of(site, f"/cs/{path}", 404 if path == "nothing" else 200))
        assert page.xpath("//noscript/meta[@http-equiv='refresh']"), path
        said = page.xpath("string(//noscript[p[@class='noscript']])")
        assert "Stav v " in said, path
        assert "neznamená to klid" in said
    async with site.client.get("/cs/patrol", headers=NOVAK | PLAIN) as answer:
        page = parsed(await answer.text())
    assert not page.xpath("//meta[@http-equiv='refresh']"), "what is being typed would be lost"
    assert "se sama neobnovuje" in page.xpath("string(//noscript[p])")


@pytest.mark.parametrize("language", Language)
async def test_every_age_can_be_counted_on_by_the_browser(portal: Running, language: Language) -> None:
    at = await put(portal.house.pool, "320000", 215.0, 2, age=timedelta(minutes=47))
    await portal.client.get("/health")
    for path in ("", "table", "stations/320000"):
        page = parsed(await text_of(portal, f"/{language}/{path}"))
        moments = {datetime.fromisoformat(each.get("datetime")): each for each in page.xpath("//time[@data-age]")}
        assert moments[at].text_content().replace("\N{NO-BREAK SPACE}", " ") in {"47 min", "48 min"}, path


async def test_a_change_can_be_told_to_those_who_hear_the_page(portal: Running) -> None:
    await put(portal.house.pool, "320000", 245.0, 3)
    await put(portal.house.pool, "316000", 100.0, 1, age=timedelta(hours=5))
    await portal.client.get("/health")
    for path in ("", "table"):
        page = parsed(await text_of(portal, f"/cs/{path}"))
        assert len(page.xpath("//p[@id='told'][@role='status']")) == 1
        told = {each.get("data-id"): each for each in page.xpath("//*[@id='live']//*[@data-told]")}
        assert told["320000"].get("data-standing") == "3"
        assert told["316000"].get("data-standing") == "1 silent"
        assert told["320000"].get("data-told").startswith("Hrádek nad Nisou, Dosaženo: 3. SPA")
        tag = page.xpath("string(//body/@data-etag)")
        async with portal.client.get("/api/v1/map.geojson") as answer:
            assert tag in answer.headers["ETag"], "a page knows which map it was made with"


async def test_a_page_asked_for_at_a_change_shows_the_change(portal: Running) -> None:
    await put(portal.house.pool, "320000", 100.0, 0)
    await portal.client.get("/health")
    for path in ("", "table"):
        await text_of(portal, f"/cs/{path}")
    await put(portal.house.pool, "320000", 245.0, 3, age=timedelta(minutes=1))
    await portal.client.get("/health")
    for path in ("", "table"):
        assert "245\N{NO-BREAK SPACE}cm" in await text_of(portal, f"/cs/{path}"), "not the page kept from before"


async def test_the_way_up_from_a_gauge_without_a_river_has_no_empty_link(portal: Running) -> None:
    network = portal.house.network
    stations = dict(network.stations) | {"316000": replace(network.stations["316000"], river=None)}
    object.__setattr__(portal.house, "network", replace(network, stations=stations))
    for station, trail in (("320000", ["Mapa", "Lužická Nisa"]), ("316000", ["Mapa"])):
        await put(portal.house.pool, station, 100.0, 0)
        await portal.client.get("/health")
        page = parsed(await text_of(portal, f"/cs/stations/{station}"))
        assert [link.text_content() for link in page.xpath("//p[@class='trail']/a")] == trail
        assert all(link.text_content().strip() for link in page.xpath("//a"))


async def test_a_visible_word_is_part_of_the_name_that_is_heard(portal: Running) -> None:
    page = parsed(await text_of(portal, "/cs/"))
    for link in page.xpath("//nav[@class='languages']/a"):
        assert link.text_content().strip() in link.get("aria-label")


async def test_rain_says_in_what_time_it_fell_and_has_no_trend(portal: Running) -> None:
    await put(portal.house.pool, "rain-1", 4.2, None, quantity=Quantity.RAIN)
    await portal.client.get("/health")
    page = parsed(await text_of(portal, "/cs/table"))
    (row,) = page.xpath("//tr[.//a[contains(@href, 'rain-1')]]")
    assert row.xpath("string(td[@class='value'])").replace("\N{NO-BREAK SPACE}", " ") == "4,2 mm / 10 min"
    assert row.xpath("string(td[@class='trend'])").strip() == ""


@pytest.mark.parametrize(
    ("kind", "was", "to", "said"),
    [
        ("reached", 1, 2, "Dosaženo: 2. SPA"),
        ("reached", 3, 2, "Pokles, trvá: 2. SPA"),
        ("reached", 1, 0, "Konec: bez povodňové aktivity"),
        ("declared", 0, 2, "Vyhlášeno: 2. SPA"),
        ("declared", 2, 0, "Odvoláno: bez povodňové aktivity"),
    ],
)
async def test_a_fall_is_not_called_reached(portal: Running, kind: str, was: int, to: int, said: str) -> None:
    await happen(portal.house.pool, "320000", to, at=datetime.now(UTC), kind=kind, was=was)
    await portal.client.get("/health")
    page = parsed(await text_of(portal, "/cs/events"))
    assert said in " ".join(page.xpath("string(//ol[@class='events'])").split())


async def test_what_is_in_doubt_is_not_counted_as_well(portal: Running) -> None:
    await put(portal.house.pool, "660100", 100.0, 0)
    await doubt(portal, "step", station="660100")
    await portal.client.get("/health")
    page = parsed(await text_of(portal, "/cs/health"))
    (row,) = page.xpath("//tr[.//a[contains(@href, '660100')]]")
    assert portal.house.texts.say(Language.CS, "page.upkeep.bad.doubted") in row.text_content()


def test_the_age_of_a_part_has_the_comma_of_the_language(unplugged: "House") -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    said = {each: health._age(Reader(unplugged.texts, each, now), 0.25) for each in Language}
    assert said[Language.DE] == "0,2\N{NO-BREAK SPACE}s"
    assert said[Language.EN] == "0.2\N{NO-BREAK SPACE}s"


@pytest.mark.parametrize("language", Language)
def test_a_fall_is_not_said_to_reach_what_the_water_has_left(texts: Texts, language: Language) -> None:
    reached = texts.say(language, "page.kind.reached").casefold()
    assert reached not in texts.say(language, "page.kind.lowered").casefold()
