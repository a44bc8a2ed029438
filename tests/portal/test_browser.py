"""In a real browser: no request leaves the machine, the console is clean, marks stand on the map."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from floodcore.quality import beside
from floodcore.words import Flag, Language
from portal import room
from tests.portal.conftest import Running, parsed, put
from tests.portal.test_doubts import doubt

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


GAUGES = "//div[contains(@class, 'leaflet-marker-pane')]/div[contains(@class, 'gauge')]"


async def browse(address: str, folder: Path, patience_ms: int) -> tuple[Any, str, set[str]]:
    """Open `address`; returns the page after `patience_ms`, what the console said, and the hosts it spoke to."""
    log = folder / "net.json"
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
        f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", f"--timeout={patience_ms}", "--dump-dom",
        "--enable-logging=stderr", address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    console = "\n".join(line for line in err.decode().splitlines() if "CONSOLE" in line)
    hosts = {urlsplit(url).hostname or "" for url in _asked(log)}
    return parsed(out.decode()), console, hosts


def _asked(log: Path) -> set[str]:
    """The addresses the page asked for, from the browser's own record; its own start page traffic is not the page's."""
    text = log.read_text()
    record = json.loads(text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}")
    urls = {event["params"]["url"] for event in record["events"] if "url" in event.get("params", {})}
    return {url for url in urls if url.startswith(("http", "ws")) and "google" not in url}


async def test_the_map_lives_in_a_browser(portal: Running, tmp_path: Path) -> None:
    house = portal.house
    await put(house.pool, "320000", 245.0, 3)
    await put(house.pool, "316000", 100.0, 1, flag=Flag.SUSPECT, test="spike")
    await put(house.pool, "660100", 100.0, 0)
    await doubt(portal, beside.STEP, station="660100")
    task = asyncio.create_task(house.supervisor.run(room.stages(house)))
    try:
        # The page never ends loading, since it listens; a busy machine needs longer until the marks stand.
        for patience_ms in (4_000, 12_000, 36_000):
            page, console, hosts = await browse(f"{portal.base}/cs/", tmp_path, patience_ms)
            if gauges := page.xpath(GAUGES):
                break
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert console == ""
    assert hosts == {"127.0.0.1"}
    labels = {gauge.get("aria-label") for gauge in gauges}
    assert len(gauges) == 6, "all that have coordinates"
    assert any("Hrádek nad Nisou, 3. SPA – ohrožení, 245 cm" in label for label in labels)
    assert page.xpath("//*[contains(@class, 'mark d3 fresh')]")
    assert page.xpath("//*[contains(@class, 'mark d1 doubtful')]")
    assert not page.xpath("//body[contains(@class, 'lost')]")
    assert page.xpath("//*[local-name()='path'][contains(@class, 'river')]")
    assert not page.xpath("//script[contains(text(), 'alert(1)')]")
    assert "marker-icon" not in (tmp_path / "net.json").read_text(), "a picture of Leaflet's that we have not"
    assert not any(gauge.text_content().strip() for gauge in gauges), "a mark has a name, its letters are no other one"
    (box,) = page.xpath("//*[contains(@class, 'leaflet-container')]")
    assert box.get("aria-label") == house.texts.say(Language.CS, "page.map.label")
    (doubted,) = [label for label in labels if label.startswith("Zittau")]
    assert house.texts.say(Language.CS, "doubt.short.step") in doubted, "why, for those who hear it"
