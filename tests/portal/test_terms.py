"""Whose data these are: named beside each value, on a page of their own, and in what programs take away."""

import csv
import io
from datetime import timedelta

import pytest

from collectors.catalogue import CATALOGUE
from floodcore.store.sources import note_failure, note_heard, note_success
from floodcore.words import Language
from portal import terms
from tests.portal.conftest import Running, parsed, put
from tests.portal.test_data import asked, fits


async def text_of(portal: Running, path: str) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def come_from(portal: Running, source: str) -> None:
    """A value of the lower gauge that `source` gave."""
    await put(portal.house.pool, "320000", 215.0, 2)
    async with portal.house.pool.connection() as conn:
        await conn.execute("UPDATE observation SET source = %s", (source,))
        await note_success(conn, source, portal.house.clock.now())
    await portal.client.get("/health")


def test_every_source_has_its_terms() -> None:
    assert set(terms.TERMS) == set(CATALOGUE)


def test_what_asks_for_its_name_gets_it_with_the_licence() -> None:
    assert terms.credit("chmu", "město") == "ČHMÚ (CC BY 4.0)"
    assert terms.credit("push", "město Chrastava") == "město Chrastava"
    assert terms.credit("newer", "") == "newer"
    for row in terms.TERMS.values():
        assert row.credit or row.asks == "own", row.source
        assert bool(row.licence) == bool(row.address), row.source


@pytest.mark.parametrize("language", Language)
async def test_the_name_stands_beside_the_value(portal: Running, language: Language) -> None:
    await come_from(portal, "chmu")
    page = parsed(await text_of(portal, f"/{language}/stations/320000"), strict=True)
    assert "ČHMÚ (CC BY 4.0)" in page.xpath("string(//p[@class='fresh'])")
    assert page.xpath("//table[contains(@class, 'values')]//tr/td[3]/text()") == ["ČHMÚ"]
    assert "ČHMÚ (CC BY 4.0)" in page.xpath("string(//figcaption)")
    assert "ČHMÚ (CC BY 4.0)" in page.xpath("string(//footer)")


async def test_what_people_read_is_theirs(portal: Running) -> None:
    await come_from(portal, "patrol")
    assert "povodňové hlídky" in parsed(await text_of(portal, "/cs/stations/320000")).xpath(
        "string(//p[@class='fresh'])"
    )


async def test_it_goes_with_the_data(portal: Running) -> None:
    await come_from(portal, "imgw")
    name = terms.TERMS["imgw"].credit
    body = await asked(portal, "/api/v1/stations/320000/observations")
    fits(body, "Observations")
    assert body["credits"] == {"imgw": name}
    assert body["observations"][0]["source"] == "imgw"
    state = (await asked(portal, "/api/v1/stations/320000"))["state"]
    assert (state["data_source"], state["data_credit"]) == ("imgw", name)
    header, row = csv.reader(io.StringIO(await text_of(portal, "/api/v1/stations/320000/observations?format=csv")))
    assert dict(zip(header, row, strict=True))["credit"] == name


async def test_the_page_of_sources_lists_those_in_use(portal: Running) -> None:
    assert "Zatím nepřišla žádná data." in await text_of(portal, "/cs/sources")
    now = portal.house.clock.now()
    async with portal.house.pool.connection() as conn:
        await note_success(conn, "pegelonline", now - timedelta(hours=1))
        await note_failure(conn, "saxony", now, "<b>503</b>")
        await note_heard(conn, "from-tomorrow", now, 3)
        await note_success(conn, "mqtt", now)  # a door, not a source
    await portal.client.get("/health")
    page = parsed(await text_of(portal, "/cs/sources"), strict=True)
    rows = {row.xpath("string(th/span)"): row.text_content() for row in page.xpath("//tbody/tr")}
    assert set(rows) == {"pegelonline", "saxony", "from-tomorrow"}
    assert "dl-de/zero-2-0" in rows["pegelonline"]
    assert "zdroj nyní selhává" in rows["saxony"]
    assert "podmínky nám nejsou známy" in rows["saxony"]
    assert "WSV" not in rows["from-tomorrow"]
    body = await asked(portal, "/api/v1/sources")
    fits(body, "Sources")
    assert [row["source"] for row in body["sources"]] == ["from-tomorrow", "pegelonline", "saxony"]
