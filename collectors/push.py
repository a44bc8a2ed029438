"""The HTTP push: `POST /api/v1/ingest/{station}`. 2xx means committed.

Every refusal is JSON with `error` (one word) and `message` (what to do). 4xx only when nothing was
usable; a body with some good samples is 200 and names the rest. 503 asks to send again later.
"""

import asyncio
from http import HTTPStatus
from ipaddress import ip_address

import msgspec
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from collectors.contract import Pushed, Rejected, pushed
from collectors.faults import DecodeError
from collectors.keeping import keep
from collectors.keys import SIGNATURE, Verdict, verdict
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.settings import Settings
from floodcore.store.ingest import Stored
from floodcore.store.sources import Refused

SOURCE = "push"
PATH = "/api/v1/ingest/{station}"
BODY_CAP = 4_000_000  # after decompression; a backlog of more than 30,000 samples
_READ_LIMIT_S = 30.0
_CHUNK = 65536
_NAMED = 100  # rejected samples named in an answer


class _Answer(msgspec.Struct):
    """What became of a push. `repeated` were stored before; `contradictory` differ from what is stored."""

    station: str
    accepted: int
    repeated: int
    contradictory: int
    rejected: int
    faults: list[Rejected]


class _RefusedPush(Exception):  # noqa: N818  # an answer, not an error of ours
    def __init__(self, status: HTTPStatus, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


def routes(house: House) -> list[web.RouteDef]:
    """The one route of the push."""

    async def ingest(request: web.Request) -> web.Response:
        try:
            return await _ingest(house, request)
        except _RefusedPush as refusal:
            body = {"error": refusal.error, "message": refusal.message}
            headers = {"Content-Type": "application/json"}
            if refusal.status is HTTPStatus.UNAUTHORIZED:
                headers["WWW-Authenticate"] = 'Basic realm="hladina ingest", charset="UTF-8"'
            if refusal.status is HTTPStatus.SERVICE_UNAVAILABLE:
                headers["Retry-After"] = "10"
            return web.Response(status=refusal.status, body=msgspec.json.encode(body), headers=headers)

    return [web.post(PATH, ingest)]


async def _ingest(house: House, request: web.Request) -> web.Response:
    station_id = request.match_info["station"]
    body = await _body(request)
    _authorize(house.settings, station_id, request, body)
    if station_id not in house.network.stations:
        raise _RefusedPush(HTTPStatus.NOT_FOUND, "unknown_station", f"no station {station_id[:40]!r} is configured")
    passing("push.received")
    try:
        push = pushed(body, station_id)
    except DecodeError as error:
        await _keep(house, Pushed((), ()), [Refused(SOURCE, station_id, str(error), body)])
        raise _RefusedPush(HTTPStatus.BAD_REQUEST, "undecodable", str(error)) from None
    faults = [Refused(SOURCE, station_id, _summary(push.rejected), body)] if push.rejected else []
    stored = await _keep(house, push, faults)
    return _answer(station_id, push, stored)


async def _body(request: web.Request) -> bytes:
    """The body, decompressed by the server chunk by chunk, so that the cap holds for what a gzip bomb would become."""
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_LIMIT_S):
            async for chunk in request.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > BODY_CAP:
                    message = f"the body is larger than {BODY_CAP} bytes: send fewer samples at a time"
                    raise _RefusedPush(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
    except TimeoutError:
        message = f"the body did not come within {_READ_LIMIT_S:.0f} s: send again"
        raise _RefusedPush(HTTPStatus.REQUEST_TIMEOUT, "too_slow", message) from None
    except (web.RequestPayloadError, HttpProcessingError, ClientPayloadError) as error:
        message = f"the body cannot be read: {error}"[:200]
        raise _RefusedPush(HTTPStatus.BAD_REQUEST, "damaged", message) from None
    return bytes(body)


def _authorize(settings: Settings, station_id: str, request: web.Request, body: bytes) -> None:
    """Refuse who may not push. Without keys only a house that listens to itself alone is open."""
    if settings.ingest_keys is None:
        if _is_loopback(settings.host):
            return
        message = "no keys are configured: the operator sets HLADINA_INGEST_KEYS=station=key,…"
        raise _RefusedPush(HTTPStatus.SERVICE_UNAVAILABLE, "not_configured", message)
    headers = request.headers
    found = verdict(
        settings.ingest_keys, station_id, headers.get("Authorization", ""), headers.get(SIGNATURE, ""), body
    )
    if found is Verdict.UNKNOWN:
        message = f"send HTTP Basic with station and key, or the header {SIGNATURE}: sha256=HMAC of the body"
        raise _RefusedPush(HTTPStatus.UNAUTHORIZED, "unauthorized", message)
    if found is Verdict.FORBIDDEN:
        message = f"this key is not the key of station {station_id[:40]!r}"
        raise _RefusedPush(HTTPStatus.FORBIDDEN, "forbidden", message)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _keep(house: House, push: Pushed, faults: list[Refused]) -> Stored:
    try:
        async with house.pool.connection() as conn:
            return await keep(conn, SOURCE, push.readings, faults, house.clock.now())
    except (DatabaseError, PoolTimeout):
        message = "the readings are not stored: send the same body again"
        raise _RefusedPush(HTTPStatus.SERVICE_UNAVAILABLE, "not_stored", message) from None


def _answer(station_id: str, push: Pushed, stored: Stored) -> web.Response:
    rejected = len(push.rejected) + stored.refused
    used = stored.new + stored.repeated + stored.contradictory
    faults = list(push.rejected[:_NAMED])
    if stored.refused:
        faults.append(Rejected(-1, f"{stored.refused} samples have a time stamp in the future or years ago"))
    body = _Answer(station_id, stored.new, stored.repeated, stored.contradictory, rejected, faults)
    passing("push.before_answer")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if rejected and not used else HTTPStatus.OK
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


def _summary(rejected: tuple[Rejected, ...]) -> str:
    return f"{len(rejected)} samples, the first at {rejected[0].index}: {rejected[0].reason}"
