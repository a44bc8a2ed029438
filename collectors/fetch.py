"""One conditional GET from a server that may be broken, slow or hostile.

Only servers that are configured (`collectors.guard`), no redirects (an open server must not send us
elsewhere), time limits for the connection, for each read and for the whole, a cap on the bytes on the
wire and on the bytes after decompression, one coding at most.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from aiohttp.abc import AbstractResolver

from collectors.faults import FetchError
from collectors.guard import Door, GuardedConnector, RefusedAddressError
from floodcore.settings import Settings

# A ČHMÚ station file of a day is about 30 kB, the metadata about 250 kB.
LIMITS = ClientTimeout(total=20.0, sock_connect=5.0, sock_read=10.0)
# Whatever a session allows: a server that drips a byte now and then holds nobody for longer.
LONGEST_S = 60.0
_CHUNK = 65536
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body, decompressed, with what makes the next GET conditional (empty when the server named none)."""

    body: bytes
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server says that nothing changed since the last time."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The server works and has no such file. No data, and no failure."""


def door(settings: Settings) -> Door:
    """The door to the servers that the settings name."""
    urls = (settings.chmu_url, *settings.source_urls.values(), settings.tts_storage_url)
    return Door.of(urls, inner=settings.inner_sources)


def session(
    limits: ClientTimeout = LIMITS, door: Door | None = None, resolver: AbstractResolver | None = None
) -> ClientSession:
    """A session whose bodies come as they are on the wire, so that we hold the cap on decompression.

    `door` says which servers may be asked; without one only names with public addresses may, and what the
    caller writes as an address. `resolver` stands in for the system's.
    """
    return ClientSession(
        timeout=limits,
        auto_decompress=False,
        headers={"Accept-Encoding": "gzip"},
        connector=GuardedConnector(door, resolver),
        trust_env=False,
    )


async def get(  # what makes a GET conditional comes in two pieces
    http: ClientSession,
    url: str,
    *,
    html: bool,
    cap: int,
    etag: str = "",
    last_modified: str = "",
    headers: Mapping[str, str] | None = None,
) -> Fetched | Unchanged | Absent:
    """GET `url` unless unchanged; at most `cap` bytes. `html` says which of the two kinds of body is expected.

    `headers` are sent beside our own, such as the authorization that a source asks for.

    Raises:
        FetchError: no answer in time, an error status, a redirect, another kind of body, too much of it, or a
            server that is none of the configured ones.
    """
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    conditional = {name: value for name, value in conditions.items() if value}
    try:
        async with (
            asyncio.timeout(LONGEST_S),
            http.get(url, headers={**(headers or {}), **conditional}, allow_redirects=False) as response,
        ):
            if response.status == HTTPStatus.NOT_MODIFIED and conditional:
                return Unchanged()
            if response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                return Absent()
            if response.status != HTTPStatus.OK:
                raise _fault(url, f"answered {response.status}")
            if (response.content_type in {"text/html", "application/xhtml+xml"}) is not html:
                raise _fault(url, f"answered {response.content_type}, an error page instead of data?")
            body = await _body(response, url, cap)
            return Fetched(body, _validator(response, "ETag"), _validator(response, "Last-Modified"))
    except TimeoutError:
        raise _fault(url, "took too long") from None
    except RefusedAddressError as error:
        raise _fault(url, str(error)) from None
    except (ClientError, ValueError) as error:  # ValueError: aiohttp on header values that are none
        raise _fault(url, f"{type(error).__name__}: {error}") from None


def _validator(response: ClientResponse, name: str) -> str:
    """The header as it can be stored and sent back; of other bytes than ASCII there are none in it."""
    text = response.headers.get(name, "")
    return text if text.isascii() and text.isprintable() else ""


async def _body(response: ClientResponse, url: str, cap: int) -> bytes:
    codings = response.headers.getall("Content-Encoding", ["identity"])
    coding = ", ".join(codings).strip().lower()  # one coding; a body packed twice is a bomb or a mistake
    if coding not in {"identity", "gzip", "deflate"}:
        raise _fault(url, f"answered in unknown coding {coding[:20]!r}")
    if response.content_length is not None and response.content_length > cap:
        raise _fault(url, f"announces more than {cap} bytes")
    wire = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        wire += chunk
        if len(wire) > cap:
            raise _fault(url, f"sent more than {cap} bytes")
    if coding == "identity":
        return bytes(wire)
    try:
        return inflated(bytes(wire), cap)
    except ValueError as error:
        raise _fault(url, str(error)) from None


def inflated(packed: bytes, cap: int) -> bytes:
    """`packed` (gzip, of one or more members, or zlib) decompressed, never more than `cap` bytes of it.

    Raises:
        ValueError: more than `cap` bytes, damaged or cut off.
    """
    body = bytearray()
    rest = packed
    while True:
        inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            body += inflate.decompress(rest, cap + 1 - len(body))
        except zlib.error as error:
            message = f"the compressed body is damaged: {error}"
            raise ValueError(message) from None
        if len(body) > cap:
            message = f"the body decompresses to more than {cap} bytes"
            raise ValueError(message)
        if not inflate.eof:
            message = "the compressed body is cut off"
            raise ValueError(message)
        if not inflate.unused_data:
            return bytes(body)
        rest = inflate.unused_data


def _fault(url: str, what: str) -> FetchError:
    return FetchError(f"{url} {what}"[:300])
