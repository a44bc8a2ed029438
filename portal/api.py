"""Open data: stations, observations, the map, events. Public, without a key, the same in every language."""

import asyncio
from urllib.parse import quote, urlencode

from aiohttp import web

from floodcore.network.model import Limits, Station
from floodcore.store import views
from floodcore.store.views import EventView, SampleView
from floodcore.units import CANONICAL
from floodcore.words import Flag, Quantity
from portal import answers, contract, csvtext, queries, raindata, terms
from portal.board import OUTAGES, Bytes
from portal.desk import Desk
from portal.geojson import Json, iso, properties
from portal.marks import Mark
from portal.queries import QueryError, Span

_SHARED = {"Access-Control-Allow-Origin": "*"}
_READ_LIMIT_S = 5.0


async def openapi(_: Desk, request: web.Request) -> web.Response:
    """The contract."""
    return answers.data(request, contract.document())


async def map_geojson(desk: Desk, request: web.Request) -> web.Response:
    """The map's data; 304 while nothing changes. Never an error while the portal lives."""
    await desk.board.current()
    return answers.finished(request, desk.board.map_bytes(), answers.GEOJSON, headers=_SHARED)


async def stations(desk: Desk, request: web.Request) -> web.Response:
    """All stations with their facts and their last state."""
    snapshot = await desk.board.current()
    now = desk.house.clock.now()
    listed: list[Json] = [_station(mark) | {"state": properties(mark, now)} for mark in snapshot.marks]
    return answers.data(request, {"stale_since": iso(desk.board.stale_since()), "stations": listed})


async def station(desk: Desk, request: web.Request) -> web.Response:
    """One station."""
    snapshot = await desk.board.current()
    mark = snapshot.mark(request.match_info["station_id"])
    if mark is None:
        return _unknown(request)
    state = properties(mark, desk.house.clock.now())
    return answers.data(request, _station(mark) | {"state": state, "stale_since": iso(desk.board.stale_since())})


async def observations(desk: Desk, request: web.Request) -> web.Response:
    """Values of one series as JSON or CSV, oldest first, with a link to the next part when there is more."""
    snapshot = await desk.board.current()
    mark = snapshot.mark(request.match_info["station_id"])
    if mark is None:
        return _unknown(request)
    try:
        span = queries.span(request.query, desk.house.clock.now())
    except QueryError as error:
        return answers.refusal(request, 400, "bad query", str(error))
    quantity = span.quantity or mark.quantity
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            found = await views.samples(
                conn, mark.station.id, quantity.value, start=span.start, end=span.end, limit=span.limit + 1
            )
    except OUTAGES:
        return _away(request)
    shown, more = found[: span.limit], found[span.limit :]
    following = _next_link(mark, quantity, span, more[0], request) if more else None
    headers = {"Vary": "Accept, Accept-Encoding"}
    headers |= {"Link": f'<{following}>; rel="next"'} if following is not None else {}
    unit = CANONICAL[quantity]
    if wants_csv(request):
        text = csvtext.observations(mark.station.id, quantity.value, unit, shown, mark.station.operator)
        name = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in mark.station.id)
        headers |= {"Content-Disposition": f'attachment; filename="{name}_{quantity.value}.csv"'}
        return answers.finished(request, Bytes.of(text.encode()), answers.CSV, headers=_SHARED | headers)
    body: Json = {
        "station": mark.station.id,
        "quantity": quantity.value,
        "unit": unit,
        "from": iso(span.start),
        "to": iso(span.end),
        "observations": [_sample(sample) for sample in shown],
        "credits": {each: terms.credit(each, mark.station.operator) for each in sorted({s.source for s in shown})},
        "next": following,
    }
    return answers.data(request, body, headers=headers)


async def events(desk: Desk, request: web.Request) -> web.Response:
    """Degree changes, newest first."""
    try:
        query = queries.events(request.query)
    except QueryError as error:
        return answers.refusal(request, 400, "bad query", str(error))
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            found = await views.events(conn, query.limit + 1, station_id=query.station_id, before=query.before)
    except OUTAGES:
        return _away(request)
    shown = found[: query.limit]
    following = None
    if len(found) > query.limit:
        last = shown[-1]
        wish = {"limit": str(query.limit), "before": f"{last.at.isoformat().replace('+00:00', 'Z')}_{last.event_id}"}
        wish |= {"station": query.station_id} if query.station_id is not None else {}
        following = f"/api/v1/events?{urlencode(wish)}"
    return answers.data(request, {"events": [_event(event) for event in shown], "next": following})


async def nothing(_: Desk, request: web.Request) -> web.Response:
    """404 below /api/."""
    return answers.refusal(request, 404, "not found", "see /api/v1/openapi.json")


def wants_csv(request: web.Request) -> bool:
    """By `format=csv`, or when Accept names CSV and does not prefer JSON before it."""
    if request.query.get("format") == "csv":
        return True
    for part in request.headers.get("Accept", "").lower().split(","):
        kind = part.strip().partition(";")[0].strip()
        if kind == "text/csv":
            return True
        if kind in {"application/json", "application/*"}:
            return False
    return False


def _unknown(request: web.Request) -> web.Response:
    return answers.refusal(request, 404, "unknown station", "the ids are listed at /api/v1/stations")


def _away(request: web.Request) -> web.Response:
    response = answers.refusal(
        request, 503, "database away", "try again in some seconds; the last known state is in /api/v1/map.geojson"
    )
    response.headers["Retry-After"] = "5"
    return response


def _next_link(mark: Mark, quantity: Quantity, span: Span, first: SampleView, request: web.Request) -> str:
    wish = {
        "quantity": quantity.value,
        "from": first.observed_at.isoformat().replace("+00:00", "Z"),
        "to": span.end.isoformat().replace("+00:00", "Z"),
        "limit": str(span.limit),
    }
    wish |= {"format": "csv"} if request.query.get("format") == "csv" else {}
    return f"/api/v1/stations/{quote(mark.station.id, safe='')}/observations?{urlencode(wish)}"


def _sample(sample: SampleView) -> Json:
    return {
        "observed_at": iso(sample.observed_at),
        "value": sample.value,
        "flag": Flag(sample.flag).name.lower(),
        "test": sample.test or None,
        "late": sample.late,
        "source": sample.source,
    }


def _event(event: EventView) -> Json:
    return {
        "id": event.event_id,
        "station": event.station_id,
        "quantity": event.quantity,
        "kind": event.kind,
        "at": iso(event.at),
        "from_degree": event.from_degree,
        "to_degree": event.to_degree,
        "reason": event.reason,
        "value": event.value,
        "unit": event.unit,
        "limit": event.limit_value,
        "trend": event.trend,
        "trend_per_hour": event.trend_per_hour,
        "author": event.author or None,
        "cause": event.cause or None,
        "unproved": event.doubt or None,
        "exercise": event.exercise,
        "recorded_at": iso(event.recorded_at),
    }


def _station(mark: Mark) -> dict[str, Json]:
    """The facts as they stand in the files; what is unknown is null and named in `missing`."""
    it: Station = mark.station
    upstream: list[Json] = list(it.upstream)
    missing: list[Json] = list(it.missing)
    return {
        "id": it.id,
        "name": it.names.local,
        "names": {language.value: name for language, name in it.names.translated.items()},
        "river": it.river,
        "country": it.country or None,
        "operator": it.operator or None,
        "category": it.category,
        "lat": it.lat,
        "lon": it.lon,
        "river_km": it.river_km,
        "catchment_km2": it.catchment_km2,
        "interval_s": it.interval.total_seconds(),
        "quantities": [quantity.value for quantity in it.quantities],
        "limits": [_limits(limits) for limits in it.limits],
        **raindata.of_station(it),
        "upstream": upstream,
        "missing": missing,
        "source": it.source or None,
        "synthetic": it.synthetic,
        "links": {
            "self": f"/api/v1/stations/{quote(it.id, safe='')}",
            "observations": f"/api/v1/stations/{quote(it.id, safe='')}/observations",
        },
    }


def _limits(limits: Limits) -> Json:
    return {
        "quantity": limits.quantity.value,
        "unit": CANONICAL[limits.quantity],
        "scheme": limits.scheme,
        "values": {str(int(degree)): value for degree, value in sorted(limits.values.items())},
        "source": limits.source,
        "valid_from": limits.valid_from.isoformat() if limits.valid_from is not None else None,
    }
