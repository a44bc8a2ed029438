"""The portal's room: one background stage, and the addresses people and programs ask for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from weakref import WeakKeyDictionary

from aiohttp import web

from floodcore.house import House, Pool
from floodcore.store.listen import CHANGE, EVENT, listening
from floodcore.supervision import Pulse, Stage
from floodcore.words import Language
from portal import (
    answers,
    api,
    assets,
    contextpage,
    health,
    languages,
    mishap,
    pages,
    patrol,
    rulespage,
    stationpage,
    stream,
    wellbeingpage,
)
from portal.answers import Policy
from portal.board import FRESH_FOR_S, Board
from portal.desk import Desk, templates

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PageHandler = Callable[[Desk, web.Request, Language], Awaitable[web.Response]]
DataHandler = Callable[[Desk, web.Request], Awaitable[web.StreamResponse]]

# In a flood the engine says "changed" many times a second; one look serves them all.
_LEAST_PAUSE_S = 0.4
_REST = "/api/{rest:.*}"
_FOR_EVER = "public, max-age=31536000, immutable"

# Stages and routes of one house read one board.
_desks: "WeakKeyDictionary[Pool, Desk]" = WeakKeyDictionary()

PAGES: dict[str, PageHandler] = {
    "/{language}/": pages.start,
    "/{language}/map.js": pages.map_script,
    "/{language}/table": pages.table,
    "/{language}/events": pages.events,
    "/{language}/status": health.status,
    "/{language}/health": wellbeingpage.page,
    "/{language}/stations/{station_id}": stationpage.station,
    "/{language}/stations/{station_id}/rules": rulespage.page,
    "/{language}/patrol": patrol.form,
    "/{language}/warnings": contextpage.page,
    "/{language}/sources": contextpage.sources_page,
}
DATA: dict[str, DataHandler] = {
    "/api/v1/openapi.json": api.openapi,
    "/api/v1/map.geojson": api.map_geojson,
    "/api/v1/stations": api.stations,
    "/api/v1/stations/{station_id}": api.station,
    "/api/v1/stations/{station_id}/observations": api.observations,
    "/api/v1/stations/{station_id}/rules": rulespage.history,
    "/api/v1/events": api.events,
    "/api/v1/context": contextpage.context,
    "/api/v1/sources": contextpage.sources,
    "/health": health.health,
    "/metrics": health.metrics,
    _REST: api.nothing,
}
# Begun long before they end, so no page can take their place.
STREAMS: dict[str, DataHandler] = {"/api/v1/stream": stream.stream}


def desk_of(house: House) -> Desk:
    """The one desk of `house`, made at the first asking."""
    found = _desks.get(house.pool)
    if found is None:
        files = assets.read()
        found = Desk(house, Board(house), files, Policy.of(house.settings), templates(files), house.texts.known)
        _desks[house.pool] = found
    return found


def stages(house: House) -> dict[str, Stage]:
    """`portal.watch` keeps the board fresh and wakes the streams."""
    return {"portal.watch": partial(watch, desk_of(house))}


async def watch(desk: Desk, pulse: Pulse) -> None:
    """Look at the database at every change and at least once a second. Without an answer it does not beat."""
    async with listening(desk.house.settings.database_url, CHANGE, EVENT) as wake:
        while True:
            if await desk.board.look():
                pulse.beat()
            await asyncio.sleep(_LEAST_PAUSE_S)
            await wake.wait(FRESH_FOR_S - _LEAST_PAUSE_S)


def routes(house: House) -> list[web.RouteDef]:
    """Everything the portal answers. The last ones catch what nobody else answers."""
    desk = desk_of(house)
    return [
        web.get("/", _guarded(desk, partial(_front_door, desk))),
        web.get("/static/{path:.+}", _guarded(desk, partial(_static, desk))),
        *(web.get(path, _made(desk, partial(_page, desk, handler))) for path, handler in PAGES.items()),
        *(web.get(path, _guarded(desk, partial(handler, desk))) for path, handler in STREAMS.items()),
        *(web.get(path, _made(desk, partial(handler, desk))) for path, handler in DATA.items()),
        web.post("/{language}/patrol", _guarded(desk, partial(_page, desk, patrol.send))),
        web.get("/{language}", _guarded(desk, partial(_page, desk, _slash))),
        web.get("/{language}/{rest:.*}", _guarded(desk, partial(_page, desk, pages.lost))),
        *_unasked(desk),
    ]


def _unasked(desk: Desk) -> list[web.RouteDef]:
    """What our own addresses say to a method they have not; those of the other rooms stay theirs.

    Their addresses below /api are longer and so asked first: what is left there is nobody's.
    """
    ours = ["/", "/static/{path:.+}", *PAGES, *STREAMS, *(path for path in DATA if path != _REST)]
    refused = _guarded(desk, partial(mishap.refused, desk))
    spoken = f"/{{language:{'|'.join(Language)}}}/{{rest:.*}}"
    nobodys = web.route("*", _REST, _guarded(desk, partial(api.nothing, desk)))
    return [*(web.route("*", path, refused) for path in (*ours, spoken)), nobodys]


async def _front_door(_: Desk, request: web.Request) -> web.StreamResponse:
    language = languages.negotiate(request.headers.get("Accept-Language", ""))
    return web.Response(
        status=HTTPStatus.FOUND,
        headers={"Location": f"/{language.value}/", "Vary": "Accept-Language", "Cache-Control": "no-cache"},
    )


async def _slash(_: Desk, __: web.Request, language: Language) -> web.Response:
    return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": f"/{language.value}/"})


async def _static(desk: Desk, request: web.Request) -> web.StreamResponse:
    found = desk.assets.get(request.match_info["path"])
    if found is None:
        return pages.error(desk, request, languages.negotiate(request.headers.get("Accept-Language", "")), 404)
    body, kind = found
    return answers.finished(request, body, kind, cache=_FOR_EVER if "v" in request.query else "no-cache")


async def _page(desk: Desk, handler: PageHandler, request: web.Request) -> web.StreamResponse:
    """Find the language in the address; an address that names none of ours is a lost reader's."""
    name = request.match_info["language"]
    if name not in set(Language):
        return pages.error(desk, request, languages.negotiate(request.headers.get("Accept-Language", "")), 404)
    return await handler(desk, request, Language(name))


def _made(desk: Desk, handler: Handler) -> Handler:
    """The handler with a page in place of what could not be made, guarded."""
    return _guarded(desk, partial(mishap.caught, desk, handler))


def _guarded(desk: Desk, handler: Handler) -> Handler:
    """The handler with the security headers on whatever it answers."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            response.headers.update(desk.policy.headers)
        return response

    return guarded
