"""Files by HTTP: `POST` or `PUT /api/v1/upload/{name}`, the file as the body. 2xx means committed.

The names, and who reads which file, are those of the watched folder (`collectors.files`). The key is that
of the name.
"""

import asyncio
from http import HTTPStatus

import msgspec
from aiohttp import web
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from collectors.doors import RefusedError, answering, authorize, body_of, not_stored, undecodable
from collectors.faults import DecodeError
from collectors.files import Inbox, inboxes
from collectors.mounted import Heard, first_fault
from collectors.settling import settle
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store.ingest import Stored
from floodcore.store.sources import Refused

PATH = "/api/v1/upload/{name}"
_NAMED = 20


class _Answer(msgspec.Struct):
    """What became of a file. `repeated` were stored before; `contradictory` differ from what is stored."""

    name: str
    accepted: int
    repeated: int
    contradictory: int
    rejected: int
    faults: list[str]


def routes(house: House) -> list[web.RouteDef]:
    """The one address of all files."""
    known = inboxes(house.network)

    async def upload(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        body = await body_of(request)
        authorize(house.settings, name, request, body)
        inbox = known.get(name)
        if inbox is None:
            message = f"no station and no export {name[:40]!r} takes files"
            raise RefusedError(HTTPStatus.NOT_FOUND, "unknown_name", message)
        passing("push.received")
        try:
            heard = await asyncio.to_thread(inbox.decode, body)  # a year in one file takes a second
        except DecodeError as error:
            await _keep(house, inbox, Heard(), [Refused(inbox.source, name, str(error), body)])
            raise undecodable(str(error)) from None
        faults = [Refused(inbox.source, name, first_fault(heard.faults), body)] if heard.faults else []
        stored = await _keep(house, inbox, heard, faults)
        passing("push.before_answer")
        return _answer(name, heard, stored)

    handler = answering(upload)
    return [web.post(PATH, handler), web.put(PATH, handler)]


async def _keep(house: House, inbox: Inbox, heard: Heard, refused: list[Refused]) -> Stored:
    try:
        async with house.pool.connection() as conn:
            return await settle(conn, inbox.source, heard, refused, house.clock.now())
    except (DatabaseError, PoolTimeout):
        raise not_stored() from None


def _answer(name: str, heard: Heard, stored: Stored) -> web.Response:
    rejected = len(heard.faults) + stored.refused
    used = stored.new + stored.repeated + stored.contradictory
    body = _Answer(name, stored.new, stored.repeated, stored.contradictory, rejected, heard.faults[:_NAMED])
    status = HTTPStatus.UNPROCESSABLE_ENTITY if rejected and not used else HTTPStatus.OK
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
