"""The HTTP push: `POST /api/v1/ingest/{station}`. 2xx means committed.

4xx only when nothing was usable; a body with some good samples is 200 and names the rest. It also names what
is missing of the station, so that a logger that kept its samples can send them again (`collectors.repair`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec
from aiohttp import web
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from collectors.contract import KIND as SOURCE
from collectors.contract import Pushed, Rejected, mountings, pushed
from collectors.doors import BODY_CAP, RefusedError, answering, authorize, body_of, not_stored, undecodable
from collectors.faults import DecodeError
from collectors.keeping import keep
from collectors.repair import LOOK_BACK
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import gaps
from floodcore.store.ingest import Stored
from floodcore.store.sources import Refused

__all__ = ["BODY_CAP", "PATH", "SOURCE", "routes"]
PATH = "/api/v1/ingest/{station}"
_NAMED = 100  # rejected samples named in an answer
_MISSING = 20  # gaps named in an answer


class _Missing(msgspec.Struct, rename={"after": "from", "before": "to"}):
    """Samples of quantity `q` between two moments, both of which are there, never came: about `count`."""

    q: str
    after: datetime
    before: datetime
    count: int


class _Answer(msgspec.Struct, omit_defaults=True):
    """What became of a push. `repeated` were stored before; `contradictory` differ from what is stored."""

    station: str
    accepted: int
    repeated: int
    contradictory: int
    rejected: int
    faults: list[Rejected]
    missing: list[_Missing] = []  # msgspec copies an empty list for each


def routes(house: House) -> list[web.RouteDef]:
    """The one route of the push."""

    async def ingest(request: web.Request) -> web.StreamResponse:
        return await _ingest(house, request)

    return [web.post(PATH, answering(ingest))]


async def _ingest(house: House, request: web.Request) -> web.Response:
    station_id = request.match_info["station"]
    body = await body_of(request)
    authorize(house.settings, station_id, request, body)
    station = house.network.stations.get(station_id)
    if station is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, "unknown_station", f"no station {station_id[:40]!r} is configured")
    passing("push.received")
    try:
        push = pushed(body, station_id, mountings(station))
    except DecodeError as error:
        await _keep(house, Pushed((), ()), [Refused(SOURCE, station_id, str(error), body)])
        raise undecodable(str(error)) from None
    faults = [Refused(SOURCE, station_id, _summary(push.rejected), body)] if push.rejected else []
    stored = await _keep(house, push, faults)
    return _answer(station_id, push, stored, await _missing(house, station_id, push))


async def _keep(house: House, push: Pushed, faults: list[Refused]) -> Stored:
    try:
        async with house.pool.connection() as conn:
            return await keep(conn, SOURCE, push.readings, faults, house.clock.now())
    except (DatabaseError, PoolTimeout):
        raise not_stored() from None


async def _missing(house: House, station_id: str, push: Pushed) -> list[_Missing]:
    """What is missing of the station, without what this very push was about. The readings are stored: no fault here."""
    since = house.clock.now() - LOOK_BACK + timedelta(hours=1)
    try:
        async with house.pool.connection() as conn:
            found = await gaps.of_station(conn, station_id, since, _MISSING)
    except (DatabaseError, PoolTimeout):
        return []

    def brought(gap: gaps.Gap) -> bool:
        return any(r.quantity == gap.quantity and gap.after_at < r.observed_at < gap.before_at for r in push.readings)

    return [_Missing(g.quantity, g.after_at, g.before_at, g.expected - g.found) for g in found if not brought(g)]


def _answer(station_id: str, push: Pushed, stored: Stored, missing: Sequence[_Missing]) -> web.Response:
    rejected = len(push.rejected) + stored.refused
    used = stored.new + stored.repeated + stored.contradictory
    faults = list(push.rejected[:_NAMED])
    if stored.refused:
        faults.append(Rejected(-1, f"{stored.refused} samples have a time stamp in the future or years ago"))
    body = _Answer(station_id, stored.new, stored.repeated, stored.contradictory, rejected, faults, list(missing))
    passing("push.before_answer")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if rejected and not used else HTTPStatus.OK
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


def _summary(rejected: tuple[Rejected, ...]) -> str:
    return f"{len(rejected)} samples, the first at {rejected[0].index}: {rejected[0].reason}"
