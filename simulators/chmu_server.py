"""A web server in the shape of the ČHMÚ open hydrology data.

Shape: station metadata, a directory page, and per station one JSON file with the last 24 hours in UTC,
newest last, units CM, M3_S and 0C, a missing value as null; a file of each past day under `recent`. Every
figure served is invented or played back. `POST /simulator/mode` breaks it on demand.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b

from aiohttp import web

from floodcore.clock import Clock
from floodcore.network.model import Limits, Network, Station
from floodcore.words import Degree, Quantity
from simulators.outage import Mode, Outages, misbehave
from simulators.sample import Feed, Sample

_ROOT = "/hydrology/now"
_RECENT = "/hydrology/recent"
_DAY = timedelta(days=1)
_WINDOW = timedelta(hours=24)
# On a sped-up clock a day may pass in seconds; a house that stalls this long must still find everything.
_STALL = timedelta(seconds=60)
_CODES = {Quantity.LEVEL: ("H", "CM"), Quantity.DISCHARGE: ("Q", "M3_S"), Quantity.WATER_TEMPERATURE: ("TH", "0C")}
_HEADER = (
    "objID,DBC,STATION_NAME,STREAM_NAME,GEOGR1,GEOGR2,SPA_TYP,SPAH_DS,SPAH_UNIT,DRYH,SPA1H,SPA2H,SPA3H,SPA4H,"
    "SPAQ_DS,SPAQ_UNIT,DRYQ,SPA1Q,SPA2Q,SPA3Q,SPA4Q,ISFORECAST"
)


@dataclass(slots=True)
class ChmuServer:
    """What the server shows. `feeds` may be replaced while it runs; only those with way "chmu" are served."""

    network: Network
    clock: Clock
    outages: Outages = field(default_factory=Outages)
    _feeds: dict[str, list[Feed]] = field(default_factory=dict)
    _sent: dict[tuple[str, Quantity], list[datetime]] = field(default_factory=dict)
    _kept: dict[str, tuple[tuple[int, ...], bytes, datetime]] = field(default_factory=dict)

    def show(self, feeds: Iterable[Feed]) -> None:
        """Serve `feeds` from now on."""
        self._feeds, self._sent, self._kept = {}, {}, {}
        for feed in feeds:
            if feed.way == "chmu" and feed.quantity in _CODES:
                self._feeds.setdefault(feed.address, []).append(feed)
                self._sent[feed.address, feed.quantity] = [sample.sent_at for sample in feed.samples]

    def application(self) -> web.Application:
        """The aiohttp application with all addresses."""
        application = web.Application()
        application.add_routes(
            [
                web.get(f"{_ROOT}/metadata/meta1.json", self._metadata),
                web.get(f"{_ROOT}/data/", self._index),
                web.get(f"{_ROOT}/data/{{name}}.json", self._data),
                web.get(f"{_RECENT}/data/{{day:[0-9]{{8}}}}_{{name}}.json", self._past),
                web.post("/simulator/mode", self._set_mode),
            ]
        )
        return application

    @property
    def window(self) -> timedelta:
        """What a file shows: 24 hours of data time, or a minute of ours if that is more."""
        return max(_WINDOW, _STALL * self.clock.speed)

    def body(self, address: str, now: datetime) -> tuple[bytes, datetime]:
        """The file of `address` as visible at `now` and when it last changed.

        Raises:
            KeyError: no such station.
        """
        feeds = self._feeds[address]
        shown = tuple(bisect_right(self._sent[address, feed.quantity], now) for feed in feeds)
        kept = self._kept.get(address)
        if kept is not None and kept[0] == shown:
            return kept[1], kept[2]
        changed = max((f.samples[n - 1].sent_at for f, n in zip(feeds, shown, strict=True) if n), default=now)
        after = changed - self.window
        series = [_series(feed, feed.samples[:count], after) for feed, count in zip(feeds, shown, strict=True)]
        text = json.dumps({"objList": [{"objID": address, "tsList": series}]}, separators=(",", ":"))
        self._kept[address] = (shown, text.encode(), changed)
        return text.encode(), changed

    async def _data(self, request: web.Request) -> web.StreamResponse:
        address = request.match_info["name"]
        if address not in self._feeds:
            return web.Response(status=404, text="Not Found")
        mode = self.outages.of(address)
        kept = self._kept.get(address)
        body, changed = kept[1:] if mode is Mode.STALE and kept is not None else self.body(address, self.clock.now())
        if mode not in {Mode.OK, Mode.STALE}:
            return await misbehave(request, mode, body)
        return _conditional(request, body, changed)

    def day(self, address: str, start: datetime, now: datetime) -> bytes:
        """The file of a past day of `address`: what is stamped in it and was sent by `now`.

        Raises:
            KeyError: no such station.
        """
        feeds = self._feeds[address]
        visible = [[s for s in feed.samples if start <= s.at < start + _DAY and s.sent_at <= now] for feed in feeds]
        series = [_series(feed, samples, start - _DAY) for feed, samples in zip(feeds, visible, strict=True)]
        return json.dumps({"objList": [{"objID": address, "tsList": series}]}, separators=(",", ":")).encode()

    async def _past(self, request: web.Request) -> web.StreamResponse:
        address, now = request.match_info["name"], self.clock.now()
        try:
            start = datetime.strptime(request.match_info["day"], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            return web.Response(status=404, text="Not Found")
        if address not in self._feeds or start + _DAY > now:
            return web.Response(status=404, text="Not Found")
        body = self.day(address, start, now)
        mode = self.outages.of("recent")
        if mode not in {Mode.OK, Mode.STALE}:
            return await misbehave(request, mode, body)
        return web.Response(body=body, content_type="application/json")

    async def _metadata(self, request: web.Request) -> web.StreamResponse:
        stations = [s for s in self.network.stations.values() if any(link.kind == "chmu" for link in s.links)]
        body = json.dumps(metadata(stations, self.network, self.clock.now()), ensure_ascii=False).encode()
        mode = self.outages.of("metadata")
        if mode not in {Mode.OK, Mode.STALE}:
            return await misbehave(request, mode, body)
        return web.Response(body=body, content_type="application/json")

    async def _index(self, request: web.Request) -> web.StreamResponse:
        rows = "".join(f'<a href="{address}.json">{address}.json</a>\n' for address in sorted(self._feeds))
        page = f"<html><head><title>Index of {_ROOT}/data/</title></head><body><pre>{rows}</pre></body></html>"
        mode = self.outages.of("index")
        if mode not in {Mode.OK, Mode.STALE}:
            return await misbehave(request, mode, page.encode())
        return web.Response(text=page, content_type="text/html")

    async def _set_mode(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        try:
            mode = Mode(wanted["mode"])
        except (KeyError, ValueError):
            return web.json_response({"known": [mode.value for mode in Mode]}, status=400)
        self.outages.set(mode, str(wanted.get("address", "")), float(wanted.get("for_s", "inf")))
        return web.json_response({"mode": mode.value})


def metadata(stations: Sequence[Station], network: Network, at: datetime) -> dict[str, object]:
    """The station table as ČHMÚ wraps it: an envelope, one header line, one list per station."""
    values = [_row(station, network) for station in stations]
    return {
        "zaznamID": "simulator",
        "datovyZdrojID": "simulator",
        "datovyTokID": "simulator",
        "datumVytvoreni": _stamp(at),
        "verzeDat": "1.0",
        "data": {"type": "DataCollection", "data": {"header": _HEADER, "values": values}},
    }


def _row(station: Station, network: Network) -> list[object]:
    address = next(link.address for link in station.links if link.kind == "chmu")
    river = network.rivers.get(station.river or "")
    levels = _limit_cells(station.limits_of(Quantity.LEVEL))
    flows = _limit_cells(station.limits_of(Quantity.DISCHARGE))
    place: list[object] = [station.names.local, river.names.local if river else None, station.lat, station.lon]
    basis = "H" if any(cell is not None for cell in levels) else ""
    dry = None
    return [address, address[-6:], *place, basis, "H", "CM", dry, *levels, "Q", "M3_S", dry, *flows, 0]


def _limit_cells(limits: Limits | None) -> list[float | None]:
    degrees = (Degree.VIGILANCE, Degree.READINESS, Degree.EMERGENCY, Degree.EXTREME)
    return [None if limits is None else limits.values.get(degree) for degree in degrees]


def _series(feed: Feed, visible: Sequence[Sample], after: datetime) -> dict[str, object]:
    code, unit = _CODES[feed.quantity]
    shown = sorted((s for s in visible if s.at > after), key=lambda sample: sample.at)
    rows = [{"dt": _stamp(sample.at), "value": _plain(sample.value)} for sample in shown]
    return {"tsConID": code, "unit": unit, "tsData": rows}


def _plain(value: float | None) -> float | str | None:
    """Whole numbers without a fraction, as the source writes them; no-numbers as text, to keep the file JSON."""
    if value is None:
        return None
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf"
    return int(value) if value == int(value) else value


def _stamp(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _conditional(request: web.Request, body: bytes, changed: datetime) -> web.Response:
    """200 with ETag and Last-Modified, or 304 when the client has it already."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Last-Modified": format_datetime(changed.replace(microsecond=0), usegmt=True)}
    since = request.if_modified_since  # None also for what is no date
    asked = request.headers.get("If-None-Match")
    unmodified = asked is None and since is not None and since >= changed.replace(microsecond=0)
    if asked == tag or unmodified:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers | {"Content-Type": "application/json"})
