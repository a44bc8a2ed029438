"""A degree that is not verified: its mark says so in look and words, the data with the reason; a proof ends it."""

import json
import re
from datetime import timedelta

import pytest

from floodcore.texts import Texts
from floodcore.words import Language
from portal.doubting import UNPROVED
from tests.portal.conftest import Running, happen, put


async def hold(portal: Running, why: str | None) -> None:
    """What the engine says of the degree of Hradek: not proved because of `why`, or proved."""
    async with portal.house.pool.connection() as conn:
        await conn.execute(
            "UPDATE series_state SET firm = %s, doubt = %s",
            (None if why is None else 0, why or ""),
        )
        await conn.execute("NOTIFY hladina_change")
    await (await portal.client.get("/health")).read()


async def text_of(portal: Running, path: str) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.parametrize("language", list(Language))
async def test_map_table_page_and_data_say_that_it_is_not_verified(
    portal: Running, texts: Texts, language: Language
) -> None:
    at = await put(portal.house.pool, "320000", 260.0, 2)
    await happen(portal.house.pool, "320000", 2, at=at - timedelta(minutes=20))
    await hold(portal, "leap")
    found = json.loads(await text_of(portal, "/api/v1/map.geojson"))
    (one,) = [each["properties"] for each in found["features"] if each["properties"]["id"] == "320000"]
    assert (one["degree_reached"], one["unproved"], one["freshness"]) == (2, "leap", "doubtful")
    assert one["doubted_by"] == ["unproved_leap"]
    page = await text_of(portal, f"/{language}/stations/320000")
    assert texts.say(language, "doubt.unproved_leap") in page
    assert texts.say(language, "doubt.until.proved") in page
    assert re.search(r'class="mark d2 doubtful unproved"', page)
    board = await text_of(portal, f"/{language}/table")
    assert texts.say(language, "doubt.short.unproved_leap") in board
    assert json.dumps(texts.say(language, "doubt.short.unproved_wreck")) in await text_of(portal, f"/{language}/map.js")
    await hold(portal, None)
    found = json.loads(await text_of(portal, "/api/v1/map.geojson"))
    (one,) = [each["properties"] for each in found["features"] if each["properties"]["id"] == "320000"]
    assert (one["degree_reached"], one["unproved"], one["freshness"]) == (2, None, "fresh")
    assert "unproved" not in re.findall(r'<svg class="mark[^"]*"', await text_of(portal, f"/{language}/table"))[0]


def test_every_doubt_of_the_engine_has_words(texts: Texts) -> None:
    for test in UNPROVED:
        for language in Language:
            assert texts.say(language, f"doubt.{test}") != texts.say(language, f"doubt.short.{test}")
