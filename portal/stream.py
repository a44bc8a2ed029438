"""Server-sent events: a beat every few seconds and at every change, so that silence can be told from calm."""

import asyncio

from aiohttp import web

from portal import answers
from portal.desk import Desk
from portal.geojson import iso
from portal.jsontext import dumps

BEAT_S = 5.0
# A stream costs little, but not nothing; beyond this the browser polls list and map every 30 s (live.js, `poll`).
MOST_STREAMS = 5000


async def stream(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Beats until the reader goes away. Each says the data's time, the map's tag, and whether the board is stale."""
    if desk.streams >= MOST_STREAMS:
        response = answers.refusal(request, 503, "too many streams", "poll /api/v1/map.geojson instead")
        response.headers["Retry-After"] = "30"
        return response
    answer = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # proxies that buffer would turn the beat into silence
        }
    )
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    desk.streams += 1
    try:
        await _beat(desk, answer)
    except ConnectionError:
        pass  # the reader went away
    finally:
        desk.streams -= 1
    return answer


async def _beat(desk: Desk, answer: web.StreamResponse) -> None:
    await answer.write(b"retry: 2000\n\n")
    while True:
        await desk.board.current()
        await answer.write(b"event: beat\ndata: " + _body(desk) + b"\n\n")
        if await desk.board.changed(BEAT_S):
            await asyncio.sleep(0.05)  # changes come in flocks; one beat tells of all


def _body(desk: Desk) -> bytes:
    board, clock = desk.board, desk.house.clock
    return dumps(
        {
            "now": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "speed": clock.speed,
            "etag": board.map_bytes().etag,
            "stale_since": iso(board.stale_since()),
        }
    )
