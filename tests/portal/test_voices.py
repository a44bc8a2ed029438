"""What others say: in their own words and scale, with its age; not known, failing and "no warning" are told apart."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.context import Bulletin, GaugeClass, Warned
from floodcore.house import House
from floodcore.network.model import Link
from floodcore.store import context
from floodcore.store.context import EMPTY, FAILED
from floodcore.store.sources import note_failure, note_success
from floodcore.words import Language
from portal import contract
from portal.plain import plain
from tests.portal.conftest import HOSTILE, Running, Serve, parsed
from tests.portal.test_data import asked, fits

HOUR = timedelta(hours=1)
LIBEREC, FAR = "5105", "2102"


def warned(code: str = "XII.2", *, areas: tuple[str, ...] = (LIBEREC,), **texts: str) -> Warned:
    event = texts or {"cs": "Povodňová pohotovost", "en": "Flood alert"}
    words = {Language(name): text for name, text in event.items()}
    profiles = ("Lužická Nisa, Liberec, 130 cm, 40 m3s-1, rising", "Smědá, Frýdlant, 150 cm, 60 m3s-1, rising")
    return Warned(code, "Severe", "Likely", None, None, areas, words, words, profiles, flood=code.startswith("XII"))


async def say(house: House, *warnings: Warned, age: timedelta = HOUR, checked: timedelta = timedelta(0)) -> datetime:
    now = house.clock.now()
    async with house.pool.connection() as conn:
        await context.put_bulletin(conn, "chmu_cap", Bulletin("b-1", now - age, warnings), now - checked)
    return now


async def text_of(portal: Running, path: str) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def voice(portal: Running, path: str = "/en/warnings") -> Any:
    await portal.client.get("/health")  # looks at the database now
    (found,) = parsed(await text_of(portal, path)).xpath("//div[starts-with(@class, 'voice')]")
    return found


async def bulletin(portal: Running) -> Any:
    await portal.client.get("/health")
    body = await asked(portal, "/api/v1/context")
    fits(body, "Context")
    return body["bulletins"][0]


async def test_six_states_are_six_sentences_and_only_two_are_current(portal: Running) -> None:
    house = portal.house
    seen: dict[str, str] = {}

    async def look(name: str, state: str) -> Any:
        found, told = await voice(portal), await bulletin(portal)
        assert found.get("data-state") == told["state"] == state, name
        assert (told["warnings"] is not None) == (state == "told"), name
        assert ("unknown" in found.get("class")) == (state != "told"), name
        seen[name] = " ".join(found.xpath("string(p)").split())
        return found

    async def doubt(state: str) -> None:
        async with house.pool.connection() as conn:
            await context.note_doubt(conn, "chmu_cap", state, "503", house.clock.now())

    async def forget() -> None:
        async with house.pool.connection() as conn:
            await conn.execute("DELETE FROM bulletin")

    await look("never", "never")
    await doubt(FAILED)
    await look("failed without a word", "failed")
    await say(house, warned())
    assert (await look("warns", "told")).xpath("ul/li")
    await doubt(FAILED)
    failed = await look("failed", "failed")
    assert not failed.xpath("ul"), "the last word of a source that fails is no news"
    assert failed.xpath("details//li"), "yet it can be read"
    await doubt(EMPTY)
    await look("empty", "empty")
    await say(house)
    assert not (await look("no warning", "told")).xpath(".//li")
    await forget()
    await say(house, checked=2 * HOUR, age=3 * HOUR)
    await look("stalled", "stalled")
    await forget()
    await say(house, warned(), age=25 * HOUR)
    old = await look("old", "old")
    assert not old.xpath("ul")
    await forget()
    await say(house, warned("XII.3", areas=(FAR,)), age=25 * HOUR)
    assert "other areas" not in (await voice(portal)).text_content(), "no news of other places either"
    assert len(set(seen.values())) == len(seen) == 8
    assert [name for name, text in seen.items() if "not known" not in text] == ["warns", "no warning"]
    assert "No warning is issued" in seen["no warning"]


@pytest.mark.parametrize("language", Language)
async def test_words_are_the_issuers_in_the_readers_language_or_say_which_they_are(
    portal: Running, language: Language
) -> None:
    await say(portal.house, warned(), warned("V.1", de="Glätte", cs=" "))
    (first, second) = (await voice(portal, f"/{language}/warnings")).xpath("ul/li")
    own = language if language is Language.CS else Language.EN
    assert first.xpath(".//h2/bdi/@lang") == [own]
    assert first.xpath("string(.//h2/bdi)") == ("Povodňová pohotovost" if own is Language.CS else "Flood alert")
    assert bool(first.xpath(".//h2/span")) == (own is not language)
    assert second.xpath(".//h2/bdi/@lang") == ["de"]
    assert "XII.2" in first.text_content()
    assert "Severe, Likely" in first.text_content()
    assert "SPA" not in first.text_content(), "their level is never translated"
    assert "Liberec (5105)" in first.text_content()


async def test_the_map_and_the_gauges_of_the_districts_show_it_and_no_degree_follows(portal: Running) -> None:
    await say(portal.house, warned(), warned("XII.3", areas=(FAR,)))
    (shown,) = (await voice(portal, "/cs/")).xpath("ul/li")
    assert "XII.2" in shown.text_content()
    lower = await voice(portal, "/cs/stations/320000")
    assert "XII.2" in lower.text_content()
    assert parsed(await text_of(portal, "/cs/stations/660100")).xpath("//div[@data-state]") == [], "not its country"
    upper = await voice(portal, "/cs/stations/316000")
    assert "Lužická Nisa, Liberec, 130 cm" in upper.text_content()
    assert "Frýdlant, 150 cm" not in upper.text_content(), "of single gauges only its own"
    told = await bulletin(portal)
    assert [each["code"] for each in told["warnings"]] == ["XII.2"]
    assert told["elsewhere"] == 1
    state = (await asked(portal, "/api/v1/stations/320000"))["state"]
    assert (state["degree_reached"], state["degree_expected"], state["degree_declared"]) == (None, None, None)


async def test_hostile_words_are_harmless(portal: Running) -> None:
    towers = "a" + "\N{COMBINING ACUTE ACCENT}" * 500
    nasty = f"{HOSTILE}\N{RIGHT-TO-LEFT OVERRIDE}\x07\N{ZERO WIDTH SPACE}{towers}" + "x" * 9_000
    long = dict.fromkeys(Language, nasty[:4_000])  # as long as the decoder lets it be
    bad = replace(
        warned(cs=nasty[:200]), text=long, code=HOSTILE[:20], severity=nasty[:20], profiles=(nasty[:300],) * 9
    )
    empty = replace(warned(cs="", en=""), code="", severity="", certainty="", areas=(), profiles=("",))
    await say(portal.house, *[replace(bad, areas=())] * 50, replace(bad, areas=(HOSTILE,)))
    for path in ("/cs/", "/de/warnings", "/pl/stations/320000"):
        text = await text_of(portal, path)
        await portal.client.get("/health")
        text = await text_of(portal, path)
        assert "<script>alert" not in text
        assert not {"\N{RIGHT-TO-LEFT OVERRIDE}", "\N{ZERO WIDTH SPACE}", "\x07"} & set(text)
        parsed(text, strict=True)
        async with portal.client.get(path) as packed:
            assert len(await packed.read()) < 20_000, path
    told = await bulletin(portal)
    assert len(told["warnings"]) == 50
    assert max(len(text) for each in told["warnings"] for text in each["text"].values()) <= 4_000
    await say(portal.house, empty)
    (line,) = (await voice(portal, "/cs/warnings")).xpath("ul/li")
    assert "výstraha bez názvu" in line.text_content()
    assert "území neuvedeno" in line.text_content()


def test_accents_do_not_climb_over_the_lines_above() -> None:
    acute = "\N{COMBINING ACUTE ACCENT}"
    assert plain(f"a{acute * 50}b{acute}c", 100) == f"a{acute * 2}b{acute}c"
    assert plain(f"a{acute * 500}b", 100) == f"a{acute * 2}…", "what is left out is seen to be"


@given(st.text(), st.integers(1, 300))
def test_plain_words_are_one_visible_line_that_fits(text: str, most: int) -> None:
    line = plain(text, most)
    assert len(line) <= most
    assert line == " ".join(line.split())
    assert not any(0x202A <= ord(sign) <= 0x202E or 0x2066 <= ord(sign) <= 0x2069 or ord(sign) < 32 for sign in line)
    assert plain(line, most) == line


@pytest.fixture
async def beside(house: House, serve: Serve) -> Running:
    """A house whose Saxon gauge is linked to LHP."""
    saxon = replace(house.network.stations["660100"], links=(Link("lhp", "SN_660100"),))
    network = replace(house.network, stations={**house.network.stations, "660100": saxon})
    return await serve(replace(house, network=network))


async def put_class(portal: Running, grade: int | None, *, age: timedelta = timedelta(0), name: str = "groß") -> None:
    now = portal.house.clock.now()
    async with portal.house.pool.connection() as conn:
        await context.put_classes(conn, "lhp", [GaugeClass("660100", now - age, grade, name)], now)
    await portal.client.get("/health")


async def test_a_class_is_shown_as_the_neighbours_own_and_never_as_a_level(beside: Running) -> None:
    def words(text: str) -> str:
        return " ".join(parsed(text).xpath("string(//p[starts-with(@class, 'classed')])").split())

    page = "/en/stations/660100"
    assert "class not known, nothing has come yet" in words(await text_of(beside, page))
    async with beside.house.pool.connection() as conn:
        await note_failure(conn, "lhp", beside.house.clock.now(), "503")
    await beside.client.get("/health")
    assert "the source cannot be read" in words(await text_of(beside, page))
    async with beside.house.pool.connection() as conn:
        await note_success(conn, "lhp", beside.house.clock.now())
    await put_class(beside, 3, age=context.MAX_CLASS_AGE + timedelta(minutes=5), name="großes Hochwasser")
    assert "present class not known; the last was 3 of 4" in words(await text_of(beside, page))
    assert parsed(await text_of(beside, page)).xpath("//p[contains(@class, 'unknown')]")
    await put_class(beside, 3, name="großes Hochwasser")
    text = await text_of(beside, page)
    assert "LHP – flood class 3 of 4 – large flood (großes Hochwasser)." in words(text)
    assert parsed(text).xpath("//p[@class='classed']/bdi/@lang") == ["de"]
    assert words(await text_of(beside, "/de/stations/660100")).count("großes Hochwasser") == 1, "said once"
    state = (await asked(beside, "/api/v1/stations/660100"))["state"]
    fits(await asked(beside, "/api/v1/map.geojson"), "Map")
    assert (state["value"], state["degree_reached"], state["freshness"]) == (None, None, "never")
    (told,) = state["classes"]
    assert (told["class"], told["words"], told["current"]) == (3, "großes Hochwasser", True)
    body = await asked(beside, "/api/v1/context")
    fits(body, "Context")
    assert [each["station"] for each in body["classes"]] == ["660100"]
    for path in ("", "warnings"):
        (row,) = parsed(await text_of(beside, f"/cs/{path}"), strict=True).xpath("//li[contains(., 'LHP: ')]")
        assert "Zittau 1" in row.text_content(), "also a gauge that has no place on the map"
    await put_class(beside, 0, name="")
    assert not parsed(await text_of(beside, "/de/")).xpath("//li[contains(., 'LHP: ')]"), "no flood needs no eyes"
    assert parsed(await text_of(beside, "/cs/warnings")).xpath("//li[contains(., 'LHP: ')]")
    await put_class(beside, None, name=HOSTILE)
    assert "the service has no data" in words(await text_of(beside, page))
    assert contract.document()["openapi"] == "3.1.0"


async def test_the_status_does_not_call_well_what_answers_with_last_weeks_bulletin(portal: Running) -> None:
    async def row() -> Any:
        await portal.client.get("/health")
        page = parsed(await text_of(portal, "/en/status"), strict=True)
        (found,) = page.xpath("//table[@aria-labelledby='sources']/tbody/tr[th='chmu_cap']")
        return found

    async with portal.house.pool.connection() as conn:
        await note_success(conn, "chmu_cap", portal.house.clock.now())
    await say(portal.house, warned())
    assert (await row()).get("class") is None
    async with portal.house.pool.connection() as conn:
        await conn.execute("DELETE FROM bulletin")
    await say(portal.house, warned(), age=7 * 24 * HOUR)
    old = await row()
    assert old.get("class") == "bad"
    assert "too old" in old.text_content()
    metrics = await text_of(portal, "/metrics")
    assert 'hladina_bulletin_current{source="chmu_cap"} 0' in metrics
    assert 'hladina_bulletin_age_seconds{source="chmu_cap"} 60480' in metrics
    assert 'hladina_source_import_age_seconds{source="chmu_cap"}' in metrics
