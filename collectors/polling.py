"""The stage that polls ČHMÚ open data: index, then each linked station's file if it changed.

A cursor (ETag, Last-Modified) moves only with its readings, in one transaction. What a file said
before is kept in memory after the commit and not offered again; after a restart the store itself
finds the repeats. A fault of the source is the source's (one log line, `source_health`); a fault of
the database ends the round and goes to the supervisor.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import ClientSession

from collectors import chmu, fetch, limits
from collectors.edge import Edge
from collectors.faults import DecodeError, FetchError
from collectors.keeping import keep
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.quality.door import AHEAD
from floodcore.store.sources import Cursor, Refused, cursors, note_failure, note_success
from floodcore.supervision import Pulse
from floodcore.words import Reading

SOURCE = "chmu"
_DATA = "/hydrology/now/data/"
_METADATA = "/hydrology/now/metadata/meta1.json"
_INDEX_CAP = 2_000_000
_FILE_CAP = 1_000_000
_METADATA_CAP = 5_000_000
_COMPARE_EVERY = timedelta(hours=1)
_AT_ONCE = 4  # requests at a time: a guest at a public server
_SHORTEST_PAUSE_S = 0.2
_BEAT_S = 5.0
_log = logging.getLogger("hladina.collectors")
_JITTER = 0.1  # so that many installations do not ask in the same second


@dataclass(slots=True)
class _Memory:
    """What this process remembers between rounds; all of it can be lost without loss of data."""

    cursors: dict[str, Cursor]
    said: dict[str, frozenset[Reading]] = field(default_factory=dict)
    ahead: dict[str, frozenset[Reading]] = field(default_factory=dict)
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)
    edge: Edge = field(default_factory=lambda: Edge(SOURCE))
    compared_at: datetime | None = None
    differing: list[str] = field(default_factory=list)


async def poll(house: House, pulse: Pulse) -> None:
    """Ask ČHMÚ until cancelled.

    Raises:
        psycopg.Error: readings could not be stored; their cursors have not moved.
    """
    async with house.pool.connection() as conn:
        memory = _Memory(dict(await cursors(conn, SOURCE)))
    async with fetch.session() as http:
        while True:
            await one_round(house, http, memory, pulse.beat)
            await compare_limits(house, http, memory)
            await _rest(_pause(house, random.uniform(1 - _JITTER, 1 + _JITTER)), pulse)  # noqa: S311  # not a secret


def _pause(house: House, jitter: float) -> float:
    """Real seconds until the next round; the interval is one of data time."""
    return max(_SHORTEST_PAUSE_S, house.clock.real_seconds(house.settings.chmu_interval_s) * jitter)


async def _rest(seconds: float, pulse: Pulse) -> None:
    """Wait for the next round with signs of life: a minute of waiting is no minute of hanging."""
    until = time.monotonic() + seconds
    pulse.beat()
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _BEAT_S))
        pulse.beat()


async def one_round(
    house: House, http: ClientSession, memory: _Memory, beat: Callable[[], None] = lambda: None
) -> None:
    """Ask once for every linked station that has a file, and note how the source fares.

    `beat` is called after each file, since a slow server can make a round of minutes.
    """
    base = house.settings.chmu_url
    wanted = {link.address: s.id for s in house.network.stations.values() for link in s.links if link.kind == SOURCE}
    try:
        index = await fetch.get(http, base + _DATA, html=True, cap=_INDEX_CAP)
        # an index that is absent is one that lists nothing
        available = sorted(wanted.keys() & chmu.listed(index.body if isinstance(index, fetch.Fetched) else b""))
    except (FetchError, DecodeError) as error:
        await _note(house, memory, asked=0, faults=[str(error)])
        return
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(obj_id: str) -> str:
        async with gate:
            fault = await _ask(house, http, memory, obj_id, wanted[obj_id])
            beat()
            return fault

    outcomes = await asyncio.gather(*(ask(obj_id) for obj_id in available), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    faults = [outcome for outcome in outcomes if isinstance(outcome, str) and outcome]
    await _note(house, memory, asked=len(available), faults=faults)


async def _ask(house: House, http: ClientSession, memory: _Memory, obj_id: str, station_id: str) -> str:
    """One station's file; returns the fault of the source, or an empty text."""
    url = f"{house.settings.chmu_url}{_DATA}{obj_id}.json"
    last = memory.cursors.get(obj_id, Cursor(obj_id))
    try:
        got = await fetch.get(http, url, html=False, cap=_FILE_CAP, etag=last.etag, last_modified=last.last_modified)
    except FetchError as error:
        return str(error)
    if not isinstance(got, fetch.Fetched):
        return ""
    passing("poll.fetched")
    try:
        file = chmu.station_file(got.body, obj_id, station_id)
    except DecodeError as error:
        await _refuse(house, memory, obj_id, (str(error),), got.body)
        return f"{url}: {error}"
    passing("poll.decoded")
    await _keep_file(house, memory, last, file, got)
    return ""


async def _keep_file(house: House, memory: _Memory, last: Cursor, file: chmu.StationFile, got: fetch.Fetched) -> None:
    item = last.item
    now = house.clock.now()
    # What is refused as coming from the future may only be ahead of a clock of ours that lags: it is
    # offered again when its time has come, and until then the file is asked for without condition.
    ahead = frozenset(reading for reading in file.readings if reading.observed_at > now + AHEAD)
    said = memory.said.get(item, frozenset()) | (ahead & memory.ahead.get(item, frozenset()))
    unheard = [reading for reading in file.readings if reading not in said]
    newest = max((reading.observed_at for reading in file.readings), default=last.newest_at)
    cursor = Cursor(item, "", "", newest) if ahead else Cursor(item, got.etag, got.last_modified, newest)
    refused = _new_faults(memory, item, file.faults, got.body)
    async with house.pool.connection() as conn:
        await keep(conn, SOURCE, unheard, refused, now, cursor=cursor)
    memory.cursors[item], memory.said[item] = cursor, frozenset(file.readings) - ahead
    memory.ahead[item], memory.faults[item] = ahead, file.faults


async def _refuse(house: House, memory: _Memory, item: str, faults: tuple[str, ...], body: bytes) -> None:
    """Put an undecodable file in quarantine, once for each new fault; its cursor stays."""
    if refused := _new_faults(memory, item, faults, body):
        async with house.pool.connection() as conn:
            await keep(conn, SOURCE, [], refused, house.clock.now())
        memory.faults[item] = faults


def _new_faults(memory: _Memory, item: str, faults: tuple[str, ...], body: bytes) -> list[Refused]:
    """One quarantine row for the faults of a file, unless they are those of the last time."""
    if not faults or memory.faults.get(item) == faults:
        return []
    return [Refused(SOURCE, item, f"{len(faults)} faults, the first: {faults[0]}", body)]


async def _note(house: House, memory: _Memory, *, asked: int, faults: list[str]) -> None:
    """The health of the source: it answered, it failed, or both in part."""
    now = house.clock.now()
    text = f"{len(faults)} of {asked} files failed, the first: {faults[0]}" if asked and faults else "".join(faults)
    async with house.pool.connection() as conn:
        if len(faults) < asked or not faults:
            await note_success(conn, SOURCE, now)
        if faults:
            await note_failure(conn, SOURCE, now, text)
    if faults:
        memory.edge.broke(text)
    else:
        memory.edge.worked()


async def compare_limits(house: House, http: ClientSession, memory: _Memory) -> None:
    """Once an hour of data time, say which configured limits differ from the published ones, if that changed.

    Metadata that cannot be had are no fault of the data: then nothing is compared until the next time.
    """
    now = house.clock.now()
    if memory.compared_at is not None and now - memory.compared_at < _COMPARE_EVERY:
        return
    memory.compared_at = now
    linked = {link.address: s for s in house.network.stations.values() for link in s.links if link.kind == SOURCE}
    try:
        got = await fetch.get(http, house.settings.chmu_url + _METADATA, html=False, cap=_METADATA_CAP)
        if not isinstance(got, fetch.Fetched):
            return
        differing = limits.differences(chmu.profiles(got.body), linked)
    except (FetchError, DecodeError) as error:
        _log.info("limits not compared: %s", error)
        return
    if differing != memory.differing:
        memory.differing = differing
        _log.warning("limits differ from those of ČHMÚ: %s", "; ".join(differing) or "no longer")
