"""The load of the latency benchmark, as a process of its own: gauges that publish at a fixed rate, and a gateway.

Prints one JSON line: for every crossing that reached the gateway, seconds from publish to alert.
Arguments: broker URL, port of the gateway, readings per second, seconds.
"""

import asyncio
import base64
import json
import struct
import sys
import time
from datetime import UTC, datetime, timedelta

import aiomqtt
import uvloop
from aiohttp import web

GAUGES = 200
CROSSINGS = 50
CALM_CM, FLOOD_CM, ZERO_MM = 96.0, 101.0, 5000
STAMP_S = 10  # between two samples of a gauge, in its own time; a river could do what ours does
DRAIN_S = 6.0
SHORTEST_SLEEP_S = 0.002


def uplink(gauge: int, at: datetime, level: float) -> bytes:
    """A message in the shape of The Things Stack with a Dragino payload."""
    payload = struct.pack(">HHBhB", 3600, ZERO_MM - round(level * 10), 0, 85, 1)
    moment = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    message = {
        "end_device_ids": {"device_id": f"g{gauge:04}", "application_ids": {"application_id": "lk"}},
        "received_at": moment,
        "uplink_message": {
            "f_port": 2,
            "frm_payload": base64.b64encode(payload).decode(),
            "received_at": moment,
        },
    }
    return json.dumps(message).encode()


class Gateway:
    """Accepts texts in Twilio's shape and notes when the first one about each gauge came."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}

    async def accept(self, request: web.Request) -> web.Response:
        """Note and answer as Twilio does."""
        arrived = time.monotonic()
        form = await request.post()
        body = str(form.get("Body", ""))
        words = body.replace(",", " ").replace(":", " ").replace(".", " ").split()
        name = next((words[n + 1] for n, word in enumerate(words[:-1]) if word == "Gauge"), "?")
        self.first.setdefault(name, arrived)
        sid = f"SM{len(self.first):08}{time.monotonic_ns()}"
        answer = {"sid": sid, "status": "queued", "num_segments": "1", "error_code": None, "body": body}
        return web.json_response(answer, status=201)


async def main(url: str, port: int, rate: int, seconds: int) -> None:
    """Publish for `seconds`, then wait for the rest and print the latencies."""
    gateway = Gateway()
    application = web.Application()
    application.router.add_post("/{path:.*}", gateway.accept)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, _, mqtt_port = url.removeprefix("mqtt://").partition(":")
    published: dict[str, float] = {}
    total = rate * seconds
    # Crossings are spread over the run, one gauge each, after every gauge has been heard of a few times.
    rounds = total // GAUGES
    first, last = rounds // 5, rounds - rounds // 10
    apart = GAUGES // CROSSINGS
    cross_at = {GAUGES * (first + (last - first) * n // CROSSINGS) + apart * n for n in range(CROSSINGS)}
    flooded: set[int] = set()
    base = datetime.now(UTC) - timedelta(seconds=total / GAUGES * STAMP_S)
    async with aiomqtt.Client(host, int(mqtt_port), identifier="bench-loader", max_inflight_messages=10_000) as client:
        start = time.monotonic()
        for number in range(total):
            gauge = number % GAUGES
            due = start + number / rate
            if (pause := due - time.monotonic()) > SHORTEST_SLEEP_S:
                await asyncio.sleep(pause)
            if number in cross_at and gauge not in flooded:
                flooded.add(gauge)
                published[str(gauge)] = time.monotonic()
            level = FLOOD_CM if gauge in flooded else CALM_CM + (number // GAUGES) % 3
            at = base + timedelta(seconds=STAMP_S * (number // GAUGES))
            client._client.publish(f"v3/lk@test/devices/g{gauge:04}/up", uplink(gauge, at, level), qos=1)  # noqa: SLF001
        took = time.monotonic() - start
        until = time.monotonic() + DRAIN_S
        while time.monotonic() < until and not published.keys() <= gateway.first.keys():  # noqa: ASYNC110  # polls a table
            await asyncio.sleep(0.05)
    latencies = [gateway.first[name] - at for name, at in published.items() if name in gateway.first]
    print(json.dumps({"rate": total / took, "crossings": len(published), "latencies": latencies}), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
