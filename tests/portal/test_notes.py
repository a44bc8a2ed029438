"""What people report about a gauge: on its page, in the map's data and in the answers for programs, while it holds."""

import json
from datetime import timedelta

import pytest

from floodcore.store import notes
from floodcore.store.notes import NewNote
from floodcore.words import Cause, Language
from tests.portal.conftest import HOSTILE, Running, happen, parsed, put


async def text_of(portal: Running, path: str) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def report(
    portal: Running, cause: Cause, texts: dict[Language, str], *, ends_in: timedelta | None = None
) -> None:
    now = portal.house.clock.now()
    until = None if ends_in is None else now + ends_in
    new = NewNote("320000", cause, now - timedelta(hours=1), until, "povodňová komise", texts)
    async with portal.house.pool.connection() as conn:
        await notes.add(conn, new, now)
    await (await portal.client.get("/health")).read()


@pytest.mark.parametrize("language", Language)
async def test_the_page_shows_it_in_the_readers_language_or_says_which_it_is(
    portal: Running, language: Language
) -> None:
    await report(portal, Cause.RELEASE, {Language.DE: "Ablass 12 m³/s", Language.CS: "Odpouštění 12 m³/s"})
    await report(portal, Cause.SENSOR, {Language.EN: HOSTILE}, ends_in=timedelta(hours=2))
    page = parsed(await text_of(portal, f"/{language}/stations/320000"), strict=True)
    first, second = page.xpath("//section[@class='notes']//li")
    assert first.xpath("string(span[1])") == HOSTILE
    assert first.xpath("span[1]/@lang") == ["en"]
    assert second.xpath("span[1]/@lang") == [language if language in {Language.CS, Language.DE} else "cs"]
    known = portal.house.texts
    assert first.xpath("string(strong)") == known.say(language, "cause.sensor")
    assert "povodňová komise" in second.text_content()
    assert parsed(await text_of(portal, f"/{language}/stations/316000")).xpath("//section[@class='notes']") == []


async def test_the_data_carry_it_and_tag_the_degree_with_its_cause(portal: Running) -> None:
    await report(portal, Cause.RELEASE, {Language.CS: "Odpouštění"})
    await report(portal, Cause.DESTROYED, {Language.CS: "Strhlo vodočet"})
    await report(portal, Cause.ICE, {Language.CS: "Zácpa"}, ends_in=timedelta(0))
    for state in (
        json.loads(await text_of(portal, "/api/v1/stations/320000"))["state"],
        next(
            feature["properties"]
            for feature in json.loads(await text_of(portal, "/api/v1/map.geojson"))["features"]
            if feature["id"] == "320000"
        ),
    ):
        assert state["cause"] == "release"
        assert [note["cause"] for note in state["notes"]] == ["destroyed", "release"]
        assert state["notes"][1]["texts"] == {"cs": "Odpouštění"}
        assert state["notes"][1]["until"] is None
    assert json.loads(await text_of(portal, "/api/v1/stations/316000"))["state"]["cause"] is None


async def test_the_degree_carries_its_cause_wherever_it_is_told(portal: Running) -> None:
    now = portal.house.clock.now()
    await put(portal.house.pool, "320000", 215.0, 2)
    await happen(portal.house.pool, "320000", 1, at=now - timedelta(hours=3))
    await happen(portal.house.pool, "320000", 2, at=now - timedelta(minutes=30), was=1)
    await report(portal, Cause.RELEASE, {Language.CS: "Odpouštění"})
    await report(portal, Cause.DESTROYED, {Language.CS: "Strhlo vodočet"})
    await portal.client.get("/health")
    word = portal.house.texts.say(Language.PL, "cause.tag", cause=portal.house.texts.say(Language.PL, "cause.release"))
    for path, tags in (("", 1), ("table", 1), ("stations/320000", 1), ("events", 1)):
        page = parsed(await text_of(portal, f"/pl/{path}"), strict=True)
        assert [tag.text_content() for tag in page.xpath("//*[@class='cause']")] == [word] * tags, path
    events = json.loads(await text_of(portal, "/api/v1/events"))["events"]
    assert [event["cause"] for event in events] == ["release", None], "the note began an hour ago"
