"""The board everybody reads: the last snapshot of the database, and the map's bytes made from it once.

A page never waits for the database longer than a moment and never fails with it: when the database
is away, the last snapshot stays on the board and says since when it is stale. The bytes are made
anew only when something changed, so that a thousand readers cost one rendering.
"""

import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from psycopg_pool import PoolTimeout

from floodcore.house import House
from floodcore.store import context, doubts, foresight, incidents, notes, views
from floodcore.store.context import Standing
from floodcore.store.incidents import Incident
from floodcore.store.views import EventView, SourceView
from portal import geojson
from portal.jsontext import dumps
from portal.marks import Mark, marks

OUTAGES = (psycopg.Error, PoolTimeout, TimeoutError, OSError)

# Nothing on the board is older than this while the database answers (issue 2, item 8).
FRESH_FOR_S = 1.0
# From this age on the board says that it is stale. The promise is a banner within 5 s (G27).
STALE_AFTER_S = 3.0
_READ_LIMIT_S = 2.0
_WAIT_LIMIT_S = 1.0
# While the database is away nobody waits for it: the page comes at once, with its banner.
_WAIT_AGAIN_LIMIT_S = 0.02
_EVENTS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Bytes:
    """A finished answer: plain, compressed, and the tag of its content."""

    plain: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, plain: bytes, *, level: int = 6) -> "Bytes":
        """Compress and tag."""
        tag = hashlib.sha256(plain).hexdigest()[:20]
        return cls(plain, gzip.compress(plain, level, mtime=0), f'"{tag}"')


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database said at `read_at` (data time); None = it has not been read yet."""

    marks: tuple[Mark, ...] = ()
    events: tuple[EventView, ...] = ()
    read_at: datetime | None = None
    incidents: tuple[Incident, ...] = ()
    standings: tuple[Standing, ...] = ()
    sources: tuple[SourceView, ...] = ()

    def mark(self, station_id: str) -> Mark | None:
        """The mark of one station, or None when there is no such station."""
        return next((mark for mark in self.marks if mark.station.id == station_id), None)


@dataclass(slots=True)
class Board:
    """The one shared view of a house. `current` may be called by any number of readers at once."""

    house: House
    monotonic: Callable[[], float] = time.monotonic
    snapshot: Snapshot = field(default_factory=Snapshot)
    revision: int = 0
    fault: str = ""
    _read_s: float | None = None
    _tried_s: float | None = None
    _task: "asyncio.Task[None] | None" = None
    _map: Bytes | None = None
    _map_key: tuple[object, ...] = ()
    _map_until: datetime | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Start with the network as it stands in the files, so that even the first page has a map."""
        self.snapshot = Snapshot(marks=tuple(marks(self.house.network.at(self.house.clock.now()), (), ())))

    async def current(self) -> Snapshot:
        """The snapshot, at most a second old while the database answers; else the last one there was."""
        if self._tried_s is None or self.monotonic() - self._tried_s >= FRESH_FOR_S:
            await self.look(_WAIT_AGAIN_LIMIT_S if self.fault else _WAIT_LIMIT_S)
        return self.snapshot

    async def look(self, wait_s: float = _WAIT_LIMIT_S) -> bool:
        """Read the database now; returns whether it answered within `wait_s`. Readers share one reading."""
        if self._task is None or self._task.done():
            self._tried_s = self.monotonic()
            self._task = asyncio.create_task(self._read(), name="portal read")
        await asyncio.wait({self._task}, timeout=wait_s)
        return self._task.done() and not self.fault

    @property
    def stale(self) -> bool:
        """Whether what is shown may no longer be what is."""
        return self._read_s is None or self.monotonic() - self._read_s > STALE_AFTER_S

    def stale_since(self) -> datetime | None:
        """Data time of the last good reading while stale, else None. Never read: the clock's now."""
        if not self.stale:
            return None
        return self.snapshot.read_at if self.snapshot.read_at is not None else self.house.clock.now()

    def map_bytes(self) -> Bytes:
        """The GeoJSON of the snapshot, made once per change of a value or of a freshness."""
        now, since = self.house.clock.now(), self.stale_since()
        key = (self.revision, since)
        if self._map is None or key != self._map_key or (self._map_until is not None and now > self._map_until):
            body = geojson.collection(
                self.snapshot.marks, now, stale_since=since, exercise=self.house.settings.exercise
            )
            self._map = Bytes.of(dumps(body))
            self._map_key, self._map_until = key, _next_turn(self.snapshot.marks, now)
        return self._map

    async def changed(self, timeout_s: float) -> bool:
        """Wait for a new revision, at most `timeout_s`; returns whether one came."""
        event = self._changed
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return False
        return True

    async def _read(self) -> None:
        now = self.house.clock.now()
        try:
            async with asyncio.timeout(_READ_LIMIT_S), self.house.pool.connection(_READ_LIMIT_S) as conn:
                series = await views.all_series(conn)
                degrees = await views.newest_degrees(conn)
                events = await views.events(conn, _EVENTS_KEPT)
                foreseen = await foresight.foresights(conn)
                noted = await notes.in_force(conn, now)
                open_ones = await incidents.open_ones(conn)
                doubted = await doubts.open_doubts(conn, now)
                graded = await context.graded(conn)
                standings = await context.standings(conn, known=self.snapshot.standings)
                sources = await views.sources(conn)
        except OUTAGES as error:
            self.fault = type(error).__name__
            return
        self.fault = ""
        self._read_s = self.monotonic()
        shown = tuple(marks(self.house.network.at(now), series, degrees, foreseen, noted, doubted, graded))
        self._put(Snapshot(shown, tuple(events), now, tuple(open_ones), tuple(standings), tuple(sources)))

    def _put(self, snapshot: Snapshot) -> None:
        old = self.snapshot
        differs = (snapshot.marks, snapshot.events, snapshot.incidents) != (old.marks, old.events, old.incidents)
        self.snapshot = snapshot
        if differs:
            self.revision += 1
            self._changed.set()
            self._changed = asyncio.Event()


def _next_turn(shown: tuple[Mark, ...], now: datetime) -> datetime | None:
    """When the next mark turns late or silent or its forecast old: until then the same bytes hold."""
    turns = [
        turn
        for mark in shown
        if mark.until is not None
        for turn in (mark.until.late_at, mark.until.silent_at, mark.foresees_until or mark.until.silent_at)
        if turn >= now
    ]
    turns += [each.until for mark in shown for each in mark.classes if each.until >= now]
    return min(turns, default=None) if turns else now + timedelta(days=1)
