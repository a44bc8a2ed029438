"""Webhooks of networks that push to us: ChirpStack, HARDWARIO Cloud, SensorThings. 2xx means committed.

Each network has a key of its own (`HLADINA_INGEST_KEYS=chirpstack=…,hardwario=…`) that writes only to the
stations linked by its kind; a connector that speaks for one station uses the key of that station and is heard about it
alone. An observation of SensorThings is signed with the key of its station.
"""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from collectors import chirpstack, hardwario, sensorthings
from collectors.doors import RefusedError, answering, authorize, body_of, not_stored, undecodable
from collectors.faults import DecodeError
from collectors.keys import speaker
from collectors.mounted import Heard, first_fault
from collectors.radio import Device, Signs, devices
from collectors.settling import settle
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store.sources import Refused
from floodcore.store.wellbeing import Sign

CHIRPSTACK = "/api/v1/hooks/chirpstack"
HARDWARIO = "/api/v1/hooks/hardwario"
SENSORTHINGS = "/api/v1/sensorthings/{path}"
_BODY_CAP = 262_144  # a CHESTER that was silent for a day
_DONE = HTTPStatus.NO_CONTENT


def routes(house: House) -> list[web.RouteDef]:
    """A route for each network."""
    sensors = {kind: devices(house.network.stations, kind) for kind in (chirpstack.KIND, hardwario.KIND)}
    streams = sensorthings.streams(house.network.stations)
    signs = Signs()

    async def of_chirpstack(request: web.Request) -> web.StreamResponse:
        return await _chirpstack(house, request, sensors[chirpstack.KIND], signs)

    async def of_hardwario(request: web.Request) -> web.StreamResponse:
        return await _hardwario(house, request, sensors[hardwario.KIND])

    async def of_sensorthings(request: web.Request) -> web.StreamResponse:
        return await _sensorthings(house, request, streams)

    return [
        web.post(CHIRPSTACK, answering(of_chirpstack)),
        web.post(HARDWARIO, answering(of_hardwario)),
        web.post(SENSORTHINGS.replace("path", "path:.+"), answering(of_sensorthings)),
    ]


def _heard_about(
    house: House, request: web.Request, body: bytes, kind: str, known: Mapping[str, Device]
) -> Mapping[str, Device]:
    """The devices that the sender may speak for.

    Raises:
        RefusedError: as `authorize`.
    """
    said = speaker(request.headers.get("Authorization", ""))
    own = {address: device for address, device in known.items() if device.station.id == said}
    authorize(house.settings, said if own else kind, request, body)
    return own or known


async def _chirpstack(
    house: House, request: web.Request, known: Mapping[str, Device], signs: Signs
) -> web.StreamResponse:
    body = await body_of(request, _BODY_CAP)
    devices_of_sender = _heard_about(house, request, body, chirpstack.KIND, known)
    if request.query.get("event") != "up":  # joins, acknowledgements, status: no data
        return web.Response(status=_DONE)
    passing("push.received")
    try:
        device, frame, heard = chirpstack.posted(body, devices_of_sender)
    except DecodeError as error:
        raise await _refused(house, chirpstack.KIND, str(error), body) from None
    await _keep(house, chirpstack.KIND, heard, body, signs.of(device, frame, heard.readings))
    return web.Response(status=_DONE)


async def _hardwario(house: House, request: web.Request, known: Mapping[str, Device]) -> web.StreamResponse:
    body = await body_of(request, _BODY_CAP)
    devices_of_sender = _heard_about(house, request, body, hardwario.KIND, known)
    passing("push.received")
    try:
        heard = hardwario.posted(body, devices_of_sender)
    except DecodeError as error:
        raise await _refused(house, hardwario.KIND, str(error), body) from None
    await _keep(house, hardwario.KIND, heard, body)
    return web.Response(status=_DONE)


async def _sensorthings(
    house: House, request: web.Request, streams: Mapping[str, sensorthings.Stream]
) -> web.StreamResponse:
    body = await body_of(request, _BODY_CAP)
    path = request.match_info["path"]
    stream = sensorthings.stream_of(path, streams)
    # Who knows no key learns nothing about which datastreams there are.
    authorize(house.settings, "" if stream is None else stream.station.id, request, body)
    passing("push.received")
    try:
        reading = sensorthings.published(path, body, streams)
    except DecodeError as error:
        raise await _refused(house, sensorthings.KIND, str(error), body) from None
    await _keep(house, sensorthings.KIND, Heard([reading]), body)
    return web.Response(status=HTTPStatus.CREATED)


async def _refused(house: House, source: str, reason: str, body: bytes) -> RefusedError:
    """Keep what could not be read, then say so."""
    await _settle(house, source, Heard(), [Refused(source, source, reason, body)], [])
    return undecodable(reason)


async def _keep(house: House, source: str, heard: Heard, body: bytes, signs: list[Sign] | None = None) -> None:
    refused = [Refused(source, source, first_fault(heard.faults), body)] if heard.faults else []
    await _settle(house, source, heard, refused, signs or [])
    passing("push.before_answer")


async def _settle(house: House, source: str, heard: Heard, refused: list[Refused], signs: list[Sign]) -> None:
    try:
        async with house.pool.connection() as conn:
            await settle(conn, source, heard, refused, house.clock.now(), signs=signs)
    except (DatabaseError, PoolTimeout):
        raise not_stored() from None
