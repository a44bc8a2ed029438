"""How a web server fails, one mode for each way seen in the wild; switched while it runs."""

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from aiohttp import web

_BOMB_MB = 64
_SLOW_BYTE_S = 1.0
_HANG_S = 3600.0
_DEPTH = 100_000


class Mode(StrEnum):
    """What the server does instead of answering well."""

    OK = "ok"
    ERROR_500 = "500"
    ERROR_503 = "503"
    TOO_MANY = "429"
    NOT_FOUND = "404"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    SLOW = "slow"
    RESET = "reset"
    REDIRECT = "redirect"
    GZIP_BOMB = "gzip-bomb"
    STALE = "stale"
    HANG = "hang"
    SCHEMA = "schema"
    OTHER_ID = "other-id"
    OTHER_UNIT = "other-unit"
    DEEP = "deep"
    TWICE_PACKED = "twice-packed"


@dataclass(slots=True)
class Outages:
    """Which address is broken and how; "" stands for all. A mode with an end mends itself (real time)."""

    modes: dict[str, tuple[Mode, float]] = field(default_factory=dict)

    def set(self, mode: Mode, address: str = "", for_s: float = float("inf")) -> None:
        """Break `address` (or everything) for `for_s` seconds; `Mode.OK` mends it."""
        self.modes[address] = (mode, time.monotonic() + for_s)

    def of(self, address: str) -> Mode:
        """The mode in force for `address`."""
        for key in (address, ""):
            mode, until = self.modes.get(key, (Mode.OK, 0.0))
            if mode is not Mode.OK and time.monotonic() < until:
                return mode
        return Mode.OK


async def misbehave(request: web.Request, mode: Mode, body: bytes) -> web.StreamResponse:
    """Answer `request` in the broken way `mode`; `body` is what the good answer would have been."""
    match mode:
        case Mode.SLOW:
            return await _slowly(request, body)
        case Mode.RESET:
            return await _reset(request, body)
        case Mode.HANG:
            await asyncio.sleep(_HANG_S)
            return web.Response(status=504)
        case _:
            return _wrong(mode, body)


def _wrong(mode: Mode, body: bytes) -> web.Response:
    """The broken answers that are whole answers."""
    json_type = {"Content-Type": "application/json"}
    if mode.value.isdigit():
        return web.Response(status=int(mode), text="not now", headers={"Retry-After": "2"})
    headers = {
        Mode.HTML: {"Content-Type": "text/html"},
        Mode.GZIP_BOMB: json_type | {"Content-Encoding": "gzip"},
        Mode.TWICE_PACKED: json_type | {"Content-Encoding": "gzip, gzip"},
        Mode.REDIRECT: {"Location": "http://127.0.0.1:1/elsewhere"},
    }.get(mode, json_type)
    content = {
        Mode.HTML: b"<html><body><h1>Omlouvame se, probiha udrzba</h1></body></html>",
        Mode.EMPTY: b"",
        Mode.TRUNCATED: body[: len(body) // 2],
        Mode.REDIRECT: b"",
        Mode.SCHEMA: body.replace(b'"tsData"', b'"timeSeries"').replace(b'"dt"', b'"time"'),
        Mode.OTHER_ID: body.replace(b'"objID":"', b'"objID":"9'),
        Mode.OTHER_UNIT: body.replace(b'"CM"', b'"FURLONG"'),
        Mode.DEEP: b'{"objList":' + b"[" * _DEPTH,
        Mode.TWICE_PACKED: gzip.compress(gzip.compress(body)),
    }
    status = 302 if mode is Mode.REDIRECT else 200
    return web.Response(
        status=status, headers=headers, body=_bomb() if mode is Mode.GZIP_BOMB else content.get(mode, body)
    )


async def _slowly(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    for index in range(len(body)):
        await response.write(body[index : index + 1])
        await asyncio.sleep(_SLOW_BYTE_S)
    return response


async def _reset(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body) + 1)})
    await response.prepare(request)
    await response.write(body[: len(body) // 3])
    if request.transport is not None:
        request.transport.abort()
    return response


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(_BOMB_MB)) + packer.flush()


@contextmanager
def deaf() -> Iterator[str]:
    """The address of a host that takes no connection and refuses none: whoever connects waits."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:  # until the queue is full, and the next is left without an answer
                one.setblocking(False)  # noqa: FBT003
                one.connect_ex(listener.getsockname())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()
