"""One GET from servers that are broken, slow or hostile: a typed fault, in time, within the cap."""

import gzip
import time
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientTimeout, web

from collectors import fetch
from collectors.faults import FetchError

if TYPE_CHECKING:
    from tests.collectors.conftest import Served

Sends = Callable[..., AbstractAsyncContextManager[str]]
CAP = 10_000
HASTY = ClientTimeout(total=0.5)


async def got(url: str, *, html: bool = False, etag: str = "") -> fetch.Fetched | fetch.Unchanged | fetch.Absent:
    async with fetch.session(HASTY) as http:
        return await fetch.get(http, url, html=html, cap=CAP, etag=etag)


async def test_a_body_comes_with_its_etag_and_is_then_unchanged(site: "tuple[Served, str]") -> None:
    served, url = site
    served.file("/x", b"{}")
    first = await got(url + "/x")
    assert isinstance(first, fetch.Fetched)
    assert first.body == b"{}"
    assert await got(url + "/x", etag=first.etag) == fetch.Unchanged()
    served.file("/x", b"{ }")
    assert isinstance(await got(url + "/x", etag=first.etag), fetch.Fetched)


async def test_a_tag_that_is_no_text_is_none(socket_that_sends: Sends) -> None:
    """It could be neither stored beside the readings nor sent back: they would never get in."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
    async with socket_that_sends(head + b'ETag: "\xff\xfe"\r\nLast-Modified: \xed\xa0\x80\r\n\r\n{}') as url:
        assert await got(url) == fetch.Fetched(b"{}", "", "")


async def test_gzip_is_read(site: "tuple[Served, str]") -> None:
    served, url = site
    packed = gzip.compress(b"[1]")
    served.status("/x", 200, packed, **{"Content-Encoding": "gzip", "Content-Type": "application/json"})
    answer = await got(url + "/x")
    assert isinstance(answer, fetch.Fetched)
    assert answer.body == b"[1]"


async def test_absent_is_no_failure(site: "tuple[Served, str]") -> None:
    assert await got(site[1] + "/nothing") == fetch.Absent()


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason"),
    [
        (500, b"", {}, "answered 500"),
        (429, b"", {}, "answered 429"),
        (304, b"", {}, "answered 304"),
        (302, b"", {"Location": "http://127.0.0.1:1/"}, "answered 302"),
        (200, b"<html>error</html>", {"Content-Type": "text/html"}, "error page"),
        (200, b"x" * (CAP + 1), {"Content-Type": "application/json"}, "more than 10000"),
        (200, gzip.compress(b"0" * 5_000_000), {"Content-Encoding": "gzip"}, "decompresses to more"),
        (200, gzip.compress(b"0123456789")[:-9], {"Content-Encoding": "gzip"}, "cut off"),
        (200, b"no gzip", {"Content-Encoding": "gzip"}, "damaged"),
        (200, b"", {"Content-Encoding": "br"}, "unknown coding"),
        (200, gzip.compress(gzip.compress(b"[1]")), {"Content-Encoding": "gzip, gzip"}, "unknown coding"),
        (200, gzip.compress(b"[1]") + b"more", {"Content-Encoding": "gzip"}, "damaged"),
        (200, gzip.compress(b"1" * 6000) * 2, {"Content-Encoding": "gzip"}, "decompresses to more"),
    ],
)
async def test_what_is_no_answer(
    site: "tuple[Served, str]", status: int, body: bytes, headers: dict[str, str], reason: str
) -> None:
    site[0].status("/x", status, body, **headers)
    with pytest.raises(FetchError, match=reason):
        await got(site[1] + "/x")


_LENGTH_LIE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}"


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", _LENGTH_LIE, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_a_broken_connection(socket_that_sends: Sends, answer: bytes) -> None:
    async with socket_that_sends(answer) as url:
        with pytest.raises(FetchError):
            await got(url)


async def test_codings_in_two_headers_are_two_codings(socket_that_sends: Sends) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
    packed = gzip.compress(gzip.compress(b"[1]"))
    async with socket_that_sends(head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed) as url:
        with pytest.raises(FetchError, match="unknown coding"):
            await got(url)


async def test_a_body_announced_as_too_large_is_not_waited_for(socket_that_sends: Sends) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    async with socket_that_sends(head) as url:
        with pytest.raises(FetchError, match="announces more"):
            await got(url)


def test_gzip_of_several_members_is_read_to_its_end() -> None:
    assert fetch.inflated(gzip.compress(b"[1,") + gzip.compress(b"2]"), CAP) == b"[1,2]"


async def test_an_own_header_goes_with_the_conditions(site: "tuple[Served, str]") -> None:
    served, url = site
    asked: list[tuple[str | None, str | None]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((request.headers.get("Authorization"), request.headers.get("If-None-Match")))
        return web.Response(body=b"{}", content_type="application/json")

    served.answers["/x"] = answer
    async with fetch.session(HASTY) as http:
        await fetch.get(http, url + "/x", html=False, cap=CAP, etag='"1"', headers={"Authorization": "Bearer k"})
    assert asked == [("Bearer k", '"1"')]


async def test_no_session_outlasts_the_longest_wait(socket_that_sends: Sends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LONGEST_S", 0.3)
    async with (
        socket_that_sends(_LENGTH_LIE + b" " * 90, 0.05) as url,
        fetch.session(ClientTimeout(total=None)) as http,
    ):
        with pytest.raises(FetchError, match="too long"):
            await fetch.get(http, url, html=False, cap=CAP)


async def test_nobody_there() -> None:
    with pytest.raises(FetchError):
        await got("http://127.0.0.1:1/")


async def test_a_slow_loris_does_not_hold_us(socket_that_sends: Sends) -> None:
    async with socket_that_sends(_LENGTH_LIE + b" " * 90, 0.05) as url:
        begun = time.monotonic()
        with pytest.raises(FetchError, match="too long"):
            await got(url)
        assert time.monotonic() - begun < 2


def test_a_bomb_is_never_unpacked_beyond_the_cap() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than"):
            fetch.inflated(bomb, CAP)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
