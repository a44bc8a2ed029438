"""In a real browser: no request leaves the machine, the console is clean, marks stand on the map."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from floodcore.quality import beside
from floodcore.words import Flag, Language
from portal import room
from tests.portal.conftest import Running, parsed, put
from tests.portal.test_doubts import doubt

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


GAUGES = "//div[contains(@class, 'leaflet-marker-pane')]/div[contains(@class, 'gauge')]"


async def browse(address: str, folder: Path, wanted: str) -> tuple[Any, list[str], set[str]]:
    """Open `address` until the element `wanted` (CSS) stands: the page, what the console said, what was asked for.

    By the DevTools protocol: the page goes on listening, so that no end of its loading tells when it is ready.
    """
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
        f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(90), ClientSession() as client:
            port = await _port(folder / "DevToolsActivePort")
            async with client.get(f"http://127.0.0.1:{port}/json") as answer:
                (tab,) = [each for each in await answer.json() if each["type"] == "page"]
            async with client.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                return await _seen(socket, address, wanted)
    finally:
        process.kill()
        await process.wait()


async def _port(file: Path) -> int:
    while not (file.exists() and file.read_text().strip()):
        await asyncio.sleep(0.1)
    return int(file.read_text().split()[0])


async def _seen(socket: ClientWebSocketResponse, address: str, wanted: str) -> tuple[Any, list[str], set[str]]:
    console: list[str] = []
    asked: set[str] = set()

    async def call(method: str, **parameters: object) -> dict[str, Any]:
        await socket.send_json({"id": 1, "method": method, "params": parameters})
        while True:
            event = await socket.receive_json()
            if event.get("id") == 1:
                return dict(event.get("result", {}))
            details = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                asked.add(details["request"]["url"])
            elif event["method"] in {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}:
                console.append(json.dumps(details))

    for domain in ("Network", "Log", "Runtime"):
        await call(f"{domain}.enable")
    await call("Page.navigate", url=address)
    stands = f"Boolean(document.querySelector({json.dumps(wanted)}))"
    while not (await call("Runtime.evaluate", expression=stands))["result"].get("value"):
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)
    text = await call("Runtime.evaluate", expression="document.documentElement.outerHTML")
    return parsed(text["result"]["value"]), console, asked


async def test_the_map_lives_in_a_browser(portal: Running, tmp_path: Path) -> None:
    house = portal.house
    await put(house.pool, "320000", 245.0, 3)
    await put(house.pool, "316000", 100.0, 1, flag=Flag.SUSPECT, test="spike")
    await put(house.pool, "660100", 100.0, 0)
    await doubt(portal, beside.STEP, station="660100")
    task = asyncio.create_task(house.supervisor.run(room.stages(house)))
    try:
        page, console, asked = await browse(f"{portal.base}/cs/", tmp_path, ".leaflet-marker-pane .gauge svg.mark")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    gauges = page.xpath(GAUGES)
    assert console == []
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}
    labels = {gauge.get("aria-label") for gauge in gauges}
    assert len(gauges) == 6, "all that have coordinates"
    assert any("Hrádek nad Nisou, 3. SPA – ohrožení, 245 cm" in label for label in labels)
    assert page.xpath("//*[contains(@class, 'mark d3 fresh')]")
    assert page.xpath("//*[contains(@class, 'mark d1 doubtful')]")
    assert not page.xpath("//body[contains(@class, 'lost')]")
    assert page.xpath("//*[local-name()='path'][contains(@class, 'river')]")
    assert not page.xpath("//script[contains(text(), 'alert(1)')]")
    assert not [url for url in asked if "marker-" in url], "a picture of Leaflet's that we have not"
    assert not any(gauge.text_content().strip() for gauge in gauges), "a mark has a name, its letters are no other one"
    (box,) = page.xpath("//*[contains(@class, 'leaflet-container')]")
    assert box.get("aria-label") == house.texts.say(Language.CS, "page.map.label")
    (doubted,) = [label for label in labels if label.startswith("Zittau")]
    assert house.texts.say(Language.CS, "doubt.short.step") in doubted, "why, for those who hear it"
