"""The desk of one stream of messages: feeds, documents and status over HTTP.

A feed is built once per change and heartbeat and served from memory; whether it changed is asked of
the database at most every half second. Without the database there is no feed but 503: a reader that
got an old one would take a dead bridge for a calm river.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from aiohttp import hdrs, web

from bridge_de import current as current_document
from bridge_de import feeds
from bridge_de.compose import Publisher
from bridge_de.conditional import Representation, accepts_gzip, not_modified, representation
from bridge_de.feeds import CAP_TYPE, Scene
from bridge_de.partners import Counter
from bridge_de.status import partner_list, status_document
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import warnings
from floodcore.store.warnings import Fingerprint

DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError)

_log = logging.getLogger("hladina.bridge")
# Heartbeats, partners and HTTP dates belong to the machine, whatever clock the data have.
_WALL = Clock()
_HEARTBEAT_S = 30
_ASK_EVERY_S = 0.5
_DATABASE_LIMIT_S = 2.0
# Longer than any transaction of the bridge (its guard is 10 s), so that a message which becomes
# visible late is still newer than what If-Modified-Since was told before.
_SETTLES_AFTER = timedelta(seconds=15)
_MEASURING_WITHIN = timedelta(minutes=30)
_RETRY_AFTER_S = "5"
_FRESH = "public, max-age=1, must-revalidate"
_READ_ONLY = "GET, HEAD, OPTIONS"
_FOR_EVER = "public, max-age=31536000, immutable"
_OPEN = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "ETag, Last-Modified, Retry-After",
}


@dataclass(frozen=True, slots=True)
class Stream:
    """Which messages are served where: `path` is `/feed` or `/feed/exercise`."""

    path: str
    statuses: tuple[str, ...]
    exercise: bool


@dataclass(slots=True)
class _Built:
    key: tuple[datetime, Fingerprint, bool]
    asked_at: float
    files: dict[str, Representation]


@dataclass(slots=True)
class Desk:
    """Serves one stream. The lock lets one request build while the others wait for the result."""

    house: House
    speaker: Publisher
    stream: Stream
    counter: Counter = field(default_factory=Counter)
    _built: _Built | None = None
    _failed_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """One of the four feeds."""
        try:
            files = await self._files()
            await self._count(request)
        except DATABASE_AWAY as error:
            return _away(error)
        passing("feed.before_answer")
        return answer(request, files[request.match_info["file"]], _FRESH)

    async def document(self, request: web.Request) -> web.StreamResponse:
        """One stored message, byte for byte, for ever."""
        identifier = request.match_info["identifier"]
        try:
            async with asyncio.timeout(_DATABASE_LIMIT_S), self.house.pool.connection() as connection:
                found = await warnings.document(connection, identifier, self.stream.statuses)
            await self._count(request)
        except DATABASE_AWAY as error:
            return _away(error)
        if found is None:
            return web.Response(status=404, text="no such message\n", headers=_OPEN)
        passing("feed.before_answer")
        return answer(request, representation(found.body, f"{CAP_TYPE}; charset=utf-8", found.created_at), _FOR_EVER)

    async def status(self, request: web.Request) -> web.StreamResponse:
        """How alive the bridge is; answers 503 and says so when the database is away."""
        wall = _WALL.now()
        now = self.house.clock.at(wall)
        try:
            async with asyncio.timeout(_DATABASE_LIMIT_S), self.house.pool.connection() as connection:
                times = await warnings.times(connection, self.stream.statuses)
                messages = await warnings.in_force(connection, now, self.stream.statuses)
                fetches = await warnings.last_fetches(connection)
            await self._count(request)
        except DATABASE_AWAY as error:
            _log.debug("status without database: %s", error)
            body = {"generatedAt": now.isoformat(timespec="seconds"), "database": "away", "active": None}
            return web.json_response(body, status=503, headers={**_OPEN, hdrs.RETRY_AFTER: _RETRY_AFTER_S})
        scene = Scene("", "", now, messages, measuring=False, exercise=self.stream.exercise)
        partners = partner_list(self.house.network.partners, fetches, wall)
        document = status_document(scene, times, self.house.clock, wall, partners)
        return web.json_response(document, headers={**_OPEN, hdrs.CACHE_CONTROL: "no-store"})

    async def _files(self) -> dict[str, Representation]:
        """The feeds as they are now, at most half a second old.

        Raises:
            TimeoutError: the database did not answer, or did not a moment ago: those who queued behind
                a failure share it, else an outage would make each wait for all before it.
        """
        async with self._lock:
            if time.monotonic() - self._failed_at < _ASK_EVERY_S:
                raise TimeoutError("the database was away a moment ago")
            try:
                return await self._ask()
            except DATABASE_AWAY:
                self._failed_at = time.monotonic()
                raise

    async def _ask(self) -> dict[str, Representation]:
        wall = _WALL.now()
        beat = wall.replace(second=wall.second - wall.second % _HEARTBEAT_S, microsecond=0)
        built = self._built
        if built is not None and built.key[0] == beat and time.monotonic() - built.asked_at < _ASK_EVERY_S:
            return built.files
        self._built = None  # a question that fails must not leave an old answer behind
        asked_at = time.monotonic()
        at = self.house.clock.at(beat)
        async with asyncio.timeout(_DATABASE_LIMIT_S), self.house.pool.connection() as connection:
            times = await warnings.times(connection, self.stream.statuses)
            measuring = times.measured_at is not None and at - times.measured_at < _MEASURING_WITHIN
            found = await warnings.fingerprint(connection, at, self.stream.statuses)
            key = (beat, found, measuring)
            if built is not None and built.key == key:
                built.asked_at = asked_at
                self._built = built
                return built.files
            messages = await warnings.in_force(connection, at, self.stream.statuses)
        scene = Scene(
            self.house.settings.public_url + self.stream.path,
            self.house.settings.public_url,
            at,
            messages,
            measuring,
            self.stream.exercise,
        )
        changed_at = beat if found.changed_at is None else max(beat, found.changed_at + _SETTLES_AFTER)
        self._built = _Built(key, asked_at, self._build(scene, changed_at))
        return self._built.files

    def _build(self, scene: Scene, changed_at: datetime) -> dict[str, Representation]:
        texts = self.speaker.texts
        calm_for = max(timedelta(minutes=30), timedelta(seconds=4 * _HEARTBEAT_S) * self.house.clock.speed)
        atom_type, cap_type = "application/atom+xml; charset=utf-8", f"{CAP_TYPE}; charset=utf-8"
        bodies = {
            "atom.xml": (feeds.atom(scene, texts, "atom.xml", fat=False), atom_type),
            "fat.atom": (feeds.atom(scene, texts, "fat.atom", fat=True), atom_type),
            "rss.xml": (feeds.rss(scene, texts, "rss.xml"), "application/rss+xml; charset=utf-8"),
            "current.xml": (current_document.current(scene, texts, self.speaker.sender, calm_for), cap_type),
        }
        return {name: representation(body, kind, changed_at) for name, (body, kind) in bodies.items()}

    async def _count(self, request: web.Request) -> None:
        """Note a fetch by a partner we know; others are nobody's business."""
        partner_id = request.query.get("partner") or request.headers.get("X-Partner") or ""
        if partner_id not in self.house.network.partners:
            return
        now = _WALL.now()
        kind = "cap" if "identifier" in request.match_info else request.path.rpartition("/")[2]
        self.counter.count(partner_id, f"{self.stream.path}/{kind}", now)
        due = self.counter.due(now)
        if due:
            async with asyncio.timeout(_DATABASE_LIMIT_S), self.house.pool.connection() as connection:
                await warnings.record_fetches(connection, due)


def answer(request: web.Request, found: Representation, cache_control: str) -> web.Response:
    """Full, compressed or 304, with the same validators in each case."""
    zipped = found.zipped is not None and accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING))
    headers = {
        **_OPEN,
        hdrs.ETAG: found.etag(zipped=zipped),
        hdrs.CACHE_CONTROL: cache_control,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if not_modified(found, request.headers.get(hdrs.IF_NONE_MATCH), request.headers.get(hdrs.IF_MODIFIED_SINCE)):
        response = web.Response(status=304, headers=headers)
    else:
        if zipped:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers[hdrs.CONTENT_TYPE] = found.content_type
        body = found.zipped if zipped and found.zipped is not None else found.body
        response = web.Response(body=body, headers=headers)
    # Whole seconds, because aiohttp rounds up, and a date in the future is none (RFC 9110, 8.8.2.1).
    response.last_modified = min(found.changed_at, _WALL.now()).replace(microsecond=0)
    return response


async def preflight(_: web.Request) -> web.StreamResponse:
    """A browser of another house asks whether it may send a conditional request: it may."""
    allowed = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: _READ_ONLY,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "If-None-Match, If-Modified-Since, X-Partner",
        hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
    }
    return web.Response(status=204, headers={**_OPEN, **allowed})


async def refused(_: web.Request) -> web.StreamResponse:
    """405: feeds and messages are only read."""
    body = {"error": "this address is only read", "hint": f"use {_READ_ONLY}"}
    return web.json_response(body, status=405, headers={**_OPEN, hdrs.ALLOW: _READ_ONLY})


def _away(error: Exception) -> web.Response:
    _log.debug("feed without database: %s", error)
    return web.Response(
        status=503,
        text="the database is away, so what is in force is not known\n",
        headers={**_OPEN, hdrs.RETRY_AFTER: _RETRY_AFTER_S, hdrs.CACHE_CONTROL: "no-store"},
    )
