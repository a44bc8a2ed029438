"""Three gauges that behave like real ones: each keeps its own log of what was acknowledged, and tries again.

They encode by themselves and share no code with the house.
"""

import asyncio
import base64
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import aiomqtt
from aiohttp import web

Sample = tuple[datetime, float]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Polled:
    """A file on a web server in the ČHMÚ shape; what the house has seen of it, it must keep."""

    address: str = "0-203-1-999001"
    samples: list[Sample] = field(default_factory=list)

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/hydrology/now/data/", self._index),
                web.get("/hydrology/now/metadata/meta1.json", self._metadata),
                web.get("/hydrology/now/data/{name}.json", self._data),
            ]
        )
        return application

    async def _index(self, _: web.Request) -> web.Response:
        return web.Response(text=f'<a href="{self.address}.json">x</a>', content_type="text/html")

    async def _metadata(self, _: web.Request) -> web.Response:
        table = {"header": "objID,DBC,STATION_NAME,SPA1H,SPA2H,SPA3H,SPA4H", "values": []}
        return web.json_response({"data": {"type": "DataCollection", "data": table}})

    async def _data(self, request: web.Request) -> web.Response:
        body = json.dumps(
            {
                "objList": [
                    {
                        "objID": self.address,
                        "tsList": [
                            {
                                "tsConID": "H",
                                "unit": "CM",
                                "tsData": [{"dt": stamp(at), "value": value} for at, value in self.samples],
                            }
                        ],
                    }
                ]
            }
        )
        tag = f'"{len(self.samples)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(text=body, content_type="application/json", headers={"ETag": tag})


@dataclass(slots=True)
class Radioed:
    """A LoRaWAN device behind a network server that publishes with QoS 1 until the broker acknowledges."""

    url: str
    zero_mm: int = 5000
    acknowledged: list[Sample] = field(default_factory=list)

    async def send(self, samples: Sequence[Sample]) -> None:
        host, _, port = self.url.removeprefix("mqtt://").partition(":")
        async with aiomqtt.Client(host, int(port), identifier="crash-device") as client:
            for at, value in samples:
                await client.publish("v3/lk@test/devices/radioed/up", self._uplink(at, value), qos=1)
                self.acknowledged.append((at, value))

    def _uplink(self, at: datetime, value: float) -> bytes:
        payload = struct.pack(">HHBhB", 3600, self.zero_mm - round(value * 10), 0, 85, 1)
        message = {
            "end_device_ids": {"device_id": "radioed", "application_ids": {"application_id": "lk"}},
            "received_at": stamp(at),
            "uplink_message": {
                "f_port": 2,
                "frm_payload": base64.b64encode(payload).decode(),
                "received_at": stamp(at),
            },
        }
        return json.dumps(message).encode()


@dataclass(slots=True)
class Pushed:
    """A logger that pushes until it has a 2xx."""

    url: str
    acknowledged: list[Sample] = field(default_factory=list)

    async def send(self, samples: Sequence[Sample], limit_s: float = 40.0) -> None:
        body = {
            "station": "PUSHED",
            "seq": len(self.acknowledged),
            "sent": stamp(samples[-1][0]),
            "samples": [{"t": stamp(at), "q": "level", "v": value, "u": "cm", "flag": "ok"} for at, value in samples],
        }
        async with asyncio.timeout(limit_s), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.post(f"{self.url}/api/v1/ingest/PUSHED", json=body) as answer:
                        if answer.status < 300:
                            self.acknowledged += samples
                            return
                except (aiohttp.ClientError, OSError):
                    pass  # the house is being killed; a logger waits and tries again
                await asyncio.sleep(0.1)
