"""What all addresses of ours that take data share: the cap on a body, who may send, how a refusal is said.

Every refusal is JSON with `error` (one word) and `message` (what to do). 2xx means committed; 401, 403 and 404 ask to
keep the samples until the operator has acted, 503 to send again later. docs/sources/push.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from collectors.keys import SIGNATURE, Verdict, verdict
from floodcore.settings import Settings

BODY_CAP = 4_000_000  # after decompression; a backlog of more than 30,000 samples
_READ_LIMIT_S = 30.0
_CHUNK = 65536

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """An answer that says no; not an error of ours."""

    def __init__(self, status: HTTPStatus, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


def answering(handler: Handler) -> Handler:
    """`handler`, whose refusals become answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusedError as refusal:
            body = {"error": refusal.error, "message": refusal.message}
            headers = {"Content-Type": "application/json"}
            if refusal.status is HTTPStatus.UNAUTHORIZED:
                headers["WWW-Authenticate"] = 'Basic realm="hladina ingest", charset="UTF-8"'
            if refusal.status is HTTPStatus.SERVICE_UNAVAILABLE:
                headers["Retry-After"] = "10"
            return web.Response(status=refusal.status, body=msgspec.json.encode(body), headers=headers)

    return answer


def only_taking(routes: Sequence[web.RouteDef]) -> list[web.RouteDef]:
    """What the paths of `routes`, which take data, say to any other method: 405 and which they take."""
    methods: dict[str, list[str]] = {}
    for route in routes:
        methods.setdefault(route.path, []).append(route.method)
    return [web.route("*", path, _refusing(", ".join(taken))) for path, taken in methods.items()]


def _refusing(methods: str) -> Handler:
    async def refuse(_: web.Request) -> web.StreamResponse:
        message = f"this address takes data and gives none: use {methods}"
        body = msgspec.json.encode({"error": "method_not_allowed", "message": message})
        headers = {"Content-Type": "application/json", "Allow": methods}
        return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, body=body, headers=headers)

    return refuse


async def body_of(request: web.Request, cap: int = BODY_CAP) -> bytes:
    """The body, decompressed by the server chunk by chunk, so that the cap holds for what a gzip bomb would become.

    Raises:
        RefusedError: too large, too slow or damaged.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_LIMIT_S):
            async for chunk in request.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > cap:
                    message = f"the body is larger than {cap} bytes: send less at a time"
                    raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
    except TimeoutError:
        message = f"the body did not come within {_READ_LIMIT_S:.0f} s: send again"
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", message) from None
    except (web.RequestPayloadError, HttpProcessingError, ClientPayloadError) as error:
        message = f"the body cannot be read: {error}"[:200]
        raise RefusedError(HTTPStatus.BAD_REQUEST, "damaged", message) from None
    return bytes(body)


def authorize(settings: Settings, name: str, request: web.Request, body: bytes) -> None:
    """Refuse who may not send as `name`. Without keys only a house that nobody reaches from outside is open.

    Raises:
        RefusedError: no keys are configured, none was sent, or the key of another.
    """
    if settings.ingest_keys is None:
        if _only_from_here(settings, request):
            return
        message = "nobody may send yet, keep your samples: the operator sets HLADINA_INGEST_KEYS=station=key,…"
        raise RefusedError(HTTPStatus.FORBIDDEN, "not_configured", message)
    headers = request.headers
    found = verdict(settings.ingest_keys, name, headers.get("Authorization", ""), headers.get(SIGNATURE, ""), body)
    if found is Verdict.UNKNOWN:
        message = f"send HTTP Basic with name and key, or the header {SIGNATURE}: sha256=HMAC of the body"
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "unauthorized", message)
    if found is Verdict.FORBIDDEN:
        message = f"this key is not the key of {name[:40]!r}"
        raise RefusedError(HTTPStatus.FORBIDDEN, "forbidden", message)


def closed(settings: Settings) -> bool:
    """Whether nobody may send for want of keys: the world could reach us, and would need one."""
    return settings.ingest_keys is None and not _is_inside(settings)


def not_stored() -> RefusedError:
    """The database did not take it."""
    message = "the readings are not stored: send the same body again"
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "not_stored", message)


def undecodable(reason: str) -> RefusedError:
    """The body is not of the agreed form; it is kept in quarantine."""
    return RefusedError(HTTPStatus.BAD_REQUEST, "undecodable", reason)


def _only_from_here(settings: Settings, request: web.Request) -> bool:
    """Whether only this machine reaches us: a proxy on it speaks from loopback for the whole internet."""
    return _is_inside(settings) and "Forwarded" not in request.headers and "X-Forwarded-For" not in request.headers


def _is_inside(settings: Settings) -> bool:
    outside = urlsplit(settings.public_url).hostname
    return _is_loopback(settings.host) and (outside is None or _is_loopback(outside))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
