"""A page left open in a real browser: it asks by itself, windows age, a dead stream is replaced, sleep makes old."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.portal.conftest import Running, put
from tests.portal.tab import HANDS, tab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]

MARK = "document.querySelector('.leaflet-marker-pane .gauge[aria-label^=Hrádek]')"
LABEL = f"{MARK}.getAttribute('aria-label')"
BANNER = "document.getElementById('banner')"
MINUTE = 60_000


async def changed(portal: Running, value: float, degree: int, age: timedelta) -> None:
    """A new value, and the board has read it."""
    await put(portal.house.pool, "320000", value, degree, age=age)
    await portal.client.get("/health")


async def test_without_a_stream_the_map_goes_on_with_the_list(portal: Running, tmp_path: Path) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=8))
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/", ".leaflet-marker-pane .gauge svg.mark")
        await page.until(f"{LABEL}.includes('245')")
        await changed(portal, 181.0, 1, timedelta(minutes=7))
        await page.run("hand.poll()")
        await page.until("document.getElementById('live').textContent.includes('181')")
        await page.until(f"{LABEL}.includes('181') && {MARK}.querySelector('.mark.d1') !== null")

        await page.run("hand.holding = true; document.dispatchEvent(new Event('visibilitychange'))")
        await page.until("hand.held.length === 1")  # 181 is on its way, and stays there
        await changed(portal, 252.0, 3, timedelta(minutes=6))
        await page.run("hand.holding = false; document.dispatchEvent(new Event('visibilitychange'))")
        await page.until(f"{LABEL}.includes('252')")
        await page.run("hand.release()")
        await page.until("hand.through === 1")
        assert "252" in await page.run(LABEL), "an older answer replaced the newer"


async def test_an_open_window_ages_and_keeps_the_focus(portal: Running, tmp_path: Path) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=3))
    window = "document.querySelector('.leaflet-popup-content')"
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/", ".leaflet-marker-pane .gauge svg.mark")
        await page.run(f"{MARK}.focus(); {MARK}.click()")
        await page.until(f"/ [34].min/.test({window}.textContent)")
        await page.run(f"{window}.querySelector('a[href^=\"/cs/stations/\"]').focus()")
        await page.run(f"hand.ran = {5 * MINUTE}; hand.beat(Date.now())")
        await page.until(f"/ [89].min/.test({window}.textContent)")
        assert await page.run(f"{window}.contains(document.activeElement)"), "the focus was lost"


async def test_a_stream_that_died_in_silence_is_replaced_and_beats_are_believed_again(
    portal: Running, tmp_path: Path
) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=3))
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/table", "#live")
        await page.run("hand.beat(Date.now())")
        assert await page.run("hand.streams.length") == 1
        await page.run("hand.ran = 31000")
        await page.until("hand.streams.length === 2")
        assert await page.run("hand.streams.map((each) => each.readyState)") == [2, 1], "the dead one is let go"
        await page.until(f"!{BANNER}.hidden")
        await page.run("hand.beat(Date.now())")
        assert await page.run(f"{BANNER}.hidden")


async def test_ages_go_on_while_the_machine_sleeps_and_the_banner_names_the_day(
    portal: Running, tmp_path: Path
) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=3))
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/table", "#live time[data-age]")
        await page.run("hand.beat(Date.now())")
        await page.run(f"hand.slept = {25 * 60 * MINUTE}")
        await page.until("/^1.d 1.h$/.test(document.querySelector('#live time[data-age]').textContent)")
        said = await page.until(f"!{BANNER}.hidden && {BANNER}.textContent")
        day = await page.run(
            "new Intl.DateTimeFormat('cs', { timeZone: 'Europe/Prague', day: 'numeric', month: 'numeric' })"
            f".format(new Date(Date.now() - {25 * 60 * MINUTE}))"
        )
        assert day in said, "the last connection was not today"


async def test_what_an_old_page_says_of_itself_stands_until_the_first_beat(portal: Running, tmp_path: Path) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=3))
    old = (
        "document.addEventListener('readystatechange', () => {"
        f" {BANNER}.hidden = false; {BANNER}.textContent = 'of yesterday'; }}, {{ once: true }});"
    )
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/table", "#live", HANDS + old)
        await page.run("document.dispatchEvent(new Event('visibilitychange'))")
        assert await page.run(f"!{BANNER}.hidden && {BANNER}.textContent") == "of yesterday"
        await page.run("hand.beat(Date.now())")
        assert await page.run(f"{BANNER}.hidden")


async def test_no_page_is_kept_by_a_browser(portal: Running) -> None:
    for path in ("", "table", "events", "status", "health", "warnings", "sources", "stations/320000",
                 "stations/320000/rules"):  # fmt: skip
        async with portal.client.get(f"/de/{path}") as answer:
            assert answer.status == 200, path
            assert answer.headers["Cache-Control"] == "no-store", path


async def test_a_page_that_comes_back_is_no_news_until_the_server_is_heard(portal: Running, tmp_path: Path) -> None:
    await changed(portal, 245.0, 3, timedelta(minutes=3))
    async with tab(CHROMIUM, tmp_path) as page:
        await page.open(f"{portal.base}/cs/table", "#live")
        assert await page.run(f"{BANNER}.hidden"), "an ordinary page starts without a word"
        await page.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        assert not await page.run(f"{BANNER}.hidden")
        assert await page.run("hand.streams.length") == 2, "the stream of a frozen page is not to be trusted"
        await page.run("hand.beat(Date.now())")
        assert await page.run(f"{BANNER}.hidden")

        stored = "performance.getEntriesByType = () => [{ type: 'back_forward', transferSize: 0 }];"
        await page.open(f"{portal.base}/cs/table", "#live", HANDS + stored)
        await page.until("performance.getEntriesByType('navigation')[0].transferSize === 0")
        assert not await page.run(f"{BANNER}.hidden"), "out of the browser's store"
        await page.run("hand.beat(Date.now())")
        assert await page.run(f"{BANNER}.hidden")
