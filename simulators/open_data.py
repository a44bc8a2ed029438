"""A web server in the shapes of the other public services, on the paths they use. All it says is invented.

ČHMÚ's hydrology has a server of its own (`simulators.chmu_server`); both hang in one application. Any address can be
broken on demand: `POST /simulator/mode {"mode": "503", "address": "imgw"}` takes a source, or a gauge of it.
"""

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType

from aiohttp import web

from floodcore.clock import Clock
from simulators import pages, shapes
from simulators.outage import Mode, Outages, misbehave
from simulators.sample import Feed
from simulators.shapes import Shown

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DAY = timedelta(hours=24)
_STALL = timedelta(seconds=60)  # as in simulators.chmu_server: a fast clock must not outrun a house that stalls


@dataclass(frozen=True, slots=True)
class Shape:
    """One address of one service. `about` names the part of path or query that is the gauge's; "" for all gauges."""

    path: str
    write: Callable[[Sequence[Shown], datetime], bytes]
    about: str = ""
    content_type: str = "application/json"


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "chmu_rain": Shape("/meteorology/climate/now/data/10m-{gauge}-{day:[0-9]{8}}.json", shapes.chmu_rain, "gauge"),
        "chmu_cap": Shape("/data/XOCZ50_OKPR.xml", pages.bulletin, content_type="application/xml"),
        "hpps": Shape("/hppsoldv/hpps_prfdata.php", pages.hpps, "seq", "text/html"),
        "povodi_labe": Shape("/portal/sap/cz/PC/Mereni.aspx", pages.povodi, "oid-id", "text/html"),
        "povodi_ohre": Shape("/portal/SaP/cz/pc/Mereni.aspx", pages.povodi, "oid-id", "text/html"),
        "saxony": Shape("/arcgis/rest/services/wasser/pegelnetz/MapServer/1/query", shapes.saxony),
        "saxony_rss": Shape(
            "/umwelt/infosysteme/hwims/portal/web/feed/wasserstand-pegel-{gauge}",
            pages.saxony_rss,
            "gauge",
            "application/rss+xml",
        ),
        "lhp": Shape("/public/v1/data/stations", shapes.lhp),
        "imgw": Shape("/api/data/hydro", shapes.imgw),
        "pegelonline": Shape("/webservices/rest-api/v2/stations/{gauge}.json", shapes.pegelonline, "gauge"),
        "hubeau": Shape("/api/v1/hydrometrie/observations_tr", shapes.hubeau),
        "ea": Shape("/flood-monitoring/data/readings", shapes.ea),
    }
)


@dataclass(slots=True)
class OpenData:
    """What the services show. `feeds` may be replaced while it runs; a feed goes to the service its way names."""

    clock: Clock
    outages: Outages = field(default_factory=Outages)
    _feeds: dict[str, list[tuple[Feed, list[datetime]]]] = field(default_factory=dict)
    _last: dict[str, bytes] = field(default_factory=dict)

    def show(self, feeds: Iterable[Feed]) -> None:
        """Serve `feeds` from now on."""
        self._feeds = {}
        for feed in feeds:
            sent = [sample.sent_at for sample in feed.samples]
            self._feeds.setdefault(feed.way, []).append((feed, sent))

    def add_to(self, application: web.Application) -> None:
        """Hang all services into `application`."""
        for name, shape in SHAPES.items():
            application.router.add_get(shape.path, self._handler(name, shape))

    def body(self, name: str, gauge: str, now: datetime, day: str = "") -> bytes | None:
        """What the service `name` shows of `gauge` ("" for all) at `now`; None when it knows no such gauge.

        `day` (YYYYMMDD, UTC) restricts a service that has a file for each.
        """
        window = max(_DAY, _STALL * self.clock.speed)
        shown = [
            _visible(feed, sent, now, window)
            for feed, sent in self._feeds.get(name, [])
            if not gauge or feed.address == gauge
        ]
        if day:
            shown = [replace(s, rows=tuple(row for row in s.rows if f"{row[0]:%Y%m%d}" == day)) for s in shown]
        return SHAPES[name].write(shown, now) if shown or not gauge else None

    def _handler(self, name: str, shape: Shape) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            gauge = _gauge(request, shape)
            body = self.body(name, gauge, self.clock.now(), request.match_info.get("day", ""))
            if body is None:
                return web.Response(status=404, text="Not Found")
            key = f"{name}/{gauge}"
            mode = next((m for each in (name, gauge) if (m := self.outages.of(each)) is not Mode.OK), Mode.OK)
            if mode is Mode.STALE:
                body = self._last.get(key, body)
            elif mode is not Mode.OK:
                return await misbehave(request, mode, body)
            self._last[key] = body
            return _conditional(request, body, shape.content_type)

        return handle


def _gauge(request: web.Request, shape: Shape) -> str:
    if shape.about == "oid-id":
        return f"{request.query.get('oid', '')}-{request.query.get('id', '')}"
    return request.match_info.get(shape.about) or request.query.get(shape.about, "") if shape.about else ""


def _visible(feed: Feed, sent: Sequence[datetime], now: datetime, window: timedelta) -> Shown:
    samples = feed.samples[: bisect_right(sent, now)]
    rows = sorted({sample.at: sample.value for sample in samples if sample.at > now - window}.items())
    return Shown(feed.address, feed.quantity, tuple(rows))


def _conditional(request: web.Request, body: bytes, content_type: str) -> web.Response:
    """200 with an ETag, or 304 when the client has it already."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return web.Response(body=body, headers={"ETag": tag, "Content-Type": content_type})
