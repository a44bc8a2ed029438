"""The Storage Integration of The Things Stack: the uplinks of a device again, one JSON a line.

GET {base}/devices/{id}/packages/storage/uplink_message with `after`, `before`, `limit` and a bearer key;
the answer is newline-delimited `{"result": uplink}` as text/event-stream.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from floodcore.clock import Clock
from simulators.outage import Mode, Outages, misbehave
from simulators.payloads import APPLICATION, uplinks
from simulators.sample import Feed, Sample

ROOT = f"/api/v3/as/applications/{APPLICATION}"
_MOST = 1000


@dataclass(slots=True)
class TtsStorage:
    """What the stack kept of every device, in the order of receiving; asked for with `key`."""

    clock: Clock
    key: str
    outages: Outages = field(default_factory=Outages)
    asked: list[str] = field(default_factory=list)
    _kept: dict[str, list[tuple[Sample, bytes]]] = field(default_factory=dict)

    def keep(self, feeds: Iterable[Feed]) -> None:
        """Keep the uplinks of all tts feeds from now on."""
        self._kept = {feed.address: uplinks(feed) for feed in feeds if feed.way == "tts"}

    def application(self) -> web.Application:
        """The aiohttp application with the one address."""
        application = web.Application()
        application.add_routes([web.get(f"{ROOT}/devices/{{device}}/packages/storage/uplink_message", self._uplinks)])
        return application

    async def _uplinks(self, request: web.Request) -> web.StreamResponse:
        device = request.match_info["device"]
        self.asked.append(device)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"code": 16, "message": "no valid key"}, status=401)
        try:
            after, before = (_moment(request.query.get(name)) for name in ("after", "before"))
            limit = min(int(request.query.get("limit", _MOST)), _MOST)
        except ValueError:
            return web.json_response({"code": 3, "message": "invalid query"}, status=400)
        now = self.clock.now()
        kept = [(s, message) for s, message in self._kept.get(device, []) if s.sent_at <= now]
        chosen = [message for s, message in kept if (not after or s.at > after) and (not before or s.at < before)]
        body = b"".join(b'{"result":' + message + b"}\n" for message in chosen[:limit])
        mode = self.outages.of("storage")
        if mode not in {Mode.OK, Mode.STALE}:
            return await misbehave(request, mode, body or json.dumps({"result": None}).encode())
        return web.Response(body=body, content_type="text/event-stream")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
