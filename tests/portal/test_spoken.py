"""The pages as they are heard and walked through by keyboard: landmarks, names, headings, tables, live places."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from floodcore.words import Language
from tests.portal.conftest import Running, parsed, put
from tests.portal.test_pages import fill
from tests.portal.test_voices import say, warned
from tests.portal.test_wellbeing import troubled

PAGES = ("", "table", "events", "status", "health", "warnings", "sources", "stations/316000", "stations/rain-1", "x")


async def page_of(portal: Running, path: str) -> Any:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        return parsed(await answer.text(), strict=True)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_can_be_heard(portal: Running, path: str) -> None:
    await fill(portal.house)
    await troubled(portal.house.pool)
    await say(portal.house, warned())
    await portal.client.get("/health")
    page = await page_of(portal, f"/de/{path}")
    assert len(page.xpath("//main")) == len(page.xpath("//header")) == len(page.xpath("//footer")) == 1
    assert all(nav.get("aria-label") for nav in page.xpath("//nav"))
    levels = [int(each.tag[1]) for each in page.xpath("//main//*[self::h1 or self::h2 or self::h3 or self::h4]")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert all(each.text_content().strip() for each in page.xpath("//h1 | //h2 | //h3 | //th | //a | //button"))
    for table in page.xpath("//table"):
        named = table.xpath("caption") or table.get("aria-labelledby") or table.get("aria-label")
        assert named or table.xpath("ancestor::*[@role='region']"), table.xpath("string(.//th)")
        assert all(cell.get("scope") for cell in table.xpath(".//th"))
    for box in page.xpath("//div[@class='scroll']"):
        assert box.get("tabindex") == "0", "a box that scrolls must be reached by keyboard"
        assert box.get("role") == "region"
        assert box.get("aria-label") or box.get("aria-labelledby")
    for field in page.xpath("//select | //input[not(@type='hidden')]"):
        assert field.xpath("ancestor::label") or page.xpath(f"//label[@for='{field.get('id')}']")
    ids = set(page.xpath("//@id"))
    assert {ref for refs in page.xpath("//@aria-labelledby") for ref in refs.split()} <= ids
    assert all(href[1:] in ids for href in page.xpath("//a[starts-with(@href, '#')]/@href"))
    for picture in page.xpath("//svg"):
        assert picture.get("aria-hidden") == "true" or picture.xpath("./title")


async def test_no_section_without_a_name_is_a_landmark_of_nothing(portal: Running) -> None:
    await fill(portal.house)
    await portal.client.get("/health")
    for path in PAGES[:-1]:
        page = await page_of(portal, f"/{Language.CS}/{path}")
        for section in page.xpath("//main//section"):
            assert section.get("aria-label") or section.get("aria-labelledby") or section.xpath(".//h2"), path


async def test_a_gauge_unheard_for_years_keeps_its_page_and_says_so(portal: Running) -> None:
    await put(portal.house.pool, "320000", 215.0, 2, age=timedelta(days=3 * 365))
    await portal.client.get("/health")
    page = await page_of(portal, "/cs/stations/320000")
    state = page.xpath("string(//section[contains(@class, 'state')])")
    assert "1095 d 0 h" in state.replace("\N{NO-BREAK SPACE}", " ")
    assert "2. SPA" in state
