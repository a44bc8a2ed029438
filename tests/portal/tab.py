"""One tab of a real browser in the hands of a test, by the DevTools protocol: its clocks, its stream, its requests.

The page is not told that it is tested: what it asks of the browser (`Date`, `EventSource`, `fetch`, `setInterval`)
is put in a test's hands before its first script runs. No test waits for a time to pass, only for what must come.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

# `hand.slept` ms have passed on the wall's clock alone, `hand.ran` on both; polls come at once instead of every 30 s
# when `hand.poll()` is called; streams are only those of the test, heard when it says `hand.beat(…)`; what the map
# asks for while `hand.holding` is set is answered, but comes through only with `hand.release()`;
# `hand.through` counts what the page has taken.
HANDS = """
window.hand = { slept: 0, ran: 0, polls: [], streams: [], holding: false, held: [], through: 0 };
{
  const wall = Date.now, run = performance.now.bind(performance), every = setInterval, ask = fetch;
  Date.now = () => wall() + hand.slept + hand.ran;
  performance.now = () => run() + hand.ran;
  window.setInterval = (work, ms) => (ms >= 30000 ? hand.polls.push(work) : every(work, ms));
  hand.poll = () => hand.polls.forEach((work) => work());
  window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    readyState = 1;
    constructor() { super(); hand.streams.push(this); }
    close() { this.readyState = 2; }
  };
  hand.beat = (now) => hand.streams.at(-1).dispatchEvent(new MessageEvent("beat", { data: JSON.stringify(
    { now: new Date(now).toISOString(), speed: 1, etag: document.body.dataset.etag, stale_since: null }) }));
  window.fetch = async (address, options) => {
    const map = String(address).includes("map.geojson"), hold = map && hand.holding;
    const answer = await ask(address, options);
    if (!hold) return answer;
    const read = answer.json.bind(answer);
    answer.json = async () => {
      const found = await read();
      setTimeout(() => { hand.through += 1; }, 0);
      return found;
    };
    await new Promise((go) => hand.held.push(go));
    return answer;
  };
  hand.release = () => hand.held.forEach((go) => go());
}
"""


@dataclass(slots=True)
class Tab:
    """A tab. `socket` speaks the DevTools protocol."""

    socket: ClientWebSocketResponse

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol; returns its result."""
        await self.socket.send_json({"id": 1, "method": method, "params": parameters})
        while (answer := await self.socket.receive_json()).get("id") != 1:
            pass
        assert "error" not in answer, answer
        return dict(answer["result"])

    async def run(self, expression: str) -> Any:
        """The value of `expression` in the page."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until `expression` is true in the page, at most 20 s; returns its value."""
        for _ in range(200):
            if value := await self.run(f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()"):
                return value
            await asyncio.sleep(0.1)
        raise AssertionError(expression)

    async def open(self, address: str, wanted: str, hands: str = HANDS) -> None:
        """Open `address` with `hands` at work, until the element `wanted` (CSS) stands."""
        await self.call("Page.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=hands)
        await self.call("Page.navigate", url=address)
        await self.until(f"document.readyState === 'complete' && Boolean(document.querySelector({json.dumps(wanted)}))")


@asynccontextmanager
async def tab(chromium: str, folder: Path) -> AsyncIterator[Tab]:
    """A fresh browser with one empty tab; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
        f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(90), ClientSession() as client:
            file = folder / "DevToolsActivePort"
            while not (file.exists() and file.read_text().strip()):
                await asyncio.sleep(0.1)
            async with client.get(f"http://127.0.0.1:{file.read_text().split()[0]}/json") as answer:
                (found,) = [each for each in await answer.json() if each["type"] == "page"]
            async with client.ws_connect(found["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.kill()
        await process.wait()
