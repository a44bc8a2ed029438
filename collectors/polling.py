"""The stage that polls one source: its index if it has one, then what is asked of it, if it changed.

A cursor (ETag, Last-Modified) moves only with its readings, in one transaction. What an answer said
before is kept in memory after the commit and not offered again; after a restart the store itself
finds the repeats. A fault of the source is the source's (one log line, `source_health`); a fault of
the database ends the round and goes to the supervisor. Where several sources carry one gauge, only the
first of its links that speaks is heard (`collectors.turns`, ADR 0011).
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from aiohttp import ClientSession

from collectors import fetch, limits, turns
from collectors.edge import Edge
from collectors.faults import DecodeError, EmptyAnswerError, FetchError
from collectors.guard import Door
from collectors.keeping import keep, store_all
from collectors.source import Ask, Decoded, Polled
from collectors.turns import Turns
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.quality.door import AHEAD
from floodcore.store import context
from floodcore.store.context import EMPTY, FAILED, TOLD
from floodcore.store.ingest import durable
from floodcore.store.sources import Cursor, Refused, cursors, note_failure, note_success
from floodcore.supervision import Pulse
from floodcore.words import Reading

_COMPARE_EVERY = timedelta(hours=1)
_REHEARSE_EVERY = timedelta(hours=1)
_AT_ONCE = 4  # requests at a time: a guest at a public server
_SHORTEST_PAUSE_S = 0.2
_BEAT_S = 5.0
_log = logging.getLogger("hladina.collectors")
_JITTER = 0.1  # so that many installations do not ask in the same second
# A clock of ours that lags by more than this is not lagging but wrong, and an incident of its own.
LAGGING = timedelta(hours=1)


@dataclass(slots=True)
class Memory:
    """What this process remembers of a source between rounds; all of it can be lost without loss of data."""

    polled: Polled
    cursors: dict[str, Cursor]
    said: dict[str, frozenset[Reading]] = field(default_factory=dict)
    ahead: dict[str, frozenset[Reading]] = field(default_factory=dict)
    wrong: dict[str, frozenset[Reading]] = field(default_factory=dict)
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)
    edge: Edge = field(init=False)
    begun_at: datetime | None = None
    rehearsed_at: datetime | None = None
    rehearsals: int = 0
    compared_at: datetime | None = None
    differing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.edge = Edge(self.polled.name)


async def poll(house: House, polled: Polled, pulse: Pulse) -> None:
    """Ask one source until cancelled.

    Raises:
        psycopg.Error: readings could not be stored; their cursors have not moved.
    """
    async with house.pool.connection() as conn:
        memory = Memory(polled, dict(await cursors(conn, polled.name)))
    door = Door.of((house.settings.base_url(polled.name),), inner=house.settings.inner_sources)
    async with fetch.session(door=door) as http:
        while True:
            await one_round(house, http, memory, pulse.beat)
            await compare_limits(house, http, memory)
            await _rest(_pause(house, polled, random.uniform(1 - _JITTER, 1 + _JITTER)), pulse)  # noqa: S311  # not a secret


def _pause(house: House, polled: Polled, jitter: float) -> float:
    """Real seconds until the next round; the interval is one of data time."""
    interval_s = house.settings.interval_s(polled.name, polled.interval_s)
    return max(_SHORTEST_PAUSE_S, house.clock.real_seconds(interval_s) * jitter)


async def _rest(seconds: float, pulse: Pulse) -> None:
    """Wait for the next round with signs of life: a minute of waiting is no minute of hanging."""
    until = time.monotonic() + seconds
    pulse.beat()
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _BEAT_S))
        pulse.beat()


def linked(house: House, kind: str) -> dict[str, str]:
    """Ids of the stations that name this source, by their address there."""
    return {link.address: s.id for s in house.network.stations.values() for link in s.links if link.kind == kind}


async def one_round(house: House, http: ClientSession, memory: Memory, beat: Callable[[], None] = lambda: None) -> None:
    """Ask the source once for everything that is its turn, and note how it fares.

    `beat` is called after each answer, since a slow server can make a round of minutes.
    """
    polled, now = memory.polled, house.clock.now()
    stations = linked(house, polled.name)
    if not stations and polled.needs_stations and polled.index is None:
        return
    memory.begun_at = now if memory.begun_at is None else memory.begun_at
    turn = await turns.of(house, polled, now, memory.begun_at)
    try:
        asks = await _listed(house, http, polled, polled.asks(stations, now))
    except (FetchError, DecodeError) as error:
        await _note(house, memory, asked=0, faults=[str(error)])
        return
    wanted = [ask for ask in asks if turn.wanted(ask)]
    if turn.held and not wanted:
        wanted = _rehearsal(memory, asks, now)
        if not wanted:
            return  # not asked is neither well nor ill
    asks = wanted
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask_one(ask: Ask) -> str:
        async with gate:
            fault = await _ask(house, http, memory, ask, turn)
            beat()
            return fault

    outcomes = await asyncio.gather(*(ask_one(ask) for ask in asks), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    faults = [outcome for outcome in outcomes if isinstance(outcome, str) and outcome]
    await _note(house, memory, asked=len(asks), faults=faults)


def _rehearsal(memory: Memory, asks: list[Ask], now: datetime) -> list[Ask]:
    """Now and then one address of a spare that is not needed, each in its turn, to know that it would work."""
    if not asks or (memory.rehearsed_at is not None and now - memory.rehearsed_at < _REHEARSE_EVERY):
        return []
    memory.rehearsed_at = now
    memory.rehearsals += 1
    return [asks[memory.rehearsals % len(asks)]]


async def _listed(house: House, http: ClientSession, polled: Polled, asks: tuple[Ask, ...]) -> list[Ask]:
    """The asks that the index of the source has something for; all of them where there is no index."""
    if polled.index is None:
        return list(asks)
    url = house.settings.base_url(polled.name) + polled.index.path
    index = await fetch.get(http, url, html=polled.index.html, cap=polled.index.cap)
    # an index that is absent is one that lists nothing
    listed = polled.index.listed(index.body if isinstance(index, fetch.Fetched) else b"")
    return [ask for ask in asks if ask.item in listed]


async def _ask(house: House, http: ClientSession, memory: Memory, ask: Ask, turn: Turns) -> str:
    """One address with the pages after it; returns the fault of the source, or an empty text."""
    polled = memory.polled
    base = house.settings.base_url(polled.name)
    last = memory.cursors.get(ask.item, Cursor(ask.item))
    pages: list[Decoded] = []
    first: fetch.Fetched | None = None
    path, etag, last_modified = ask.path, last.etag, last.last_modified
    while path and len(pages) < polled.pages:
        try:
            got = await fetch.get(
                http, base + path, html=polled.html, cap=polled.cap, etag=etag, last_modified=last_modified
            )
        except FetchError as error:
            await _doubt(house, polled, FAILED, str(error))
            return str(error)
        if not isinstance(got, fetch.Fetched):
            await _doubt(house, polled, EMPTY if isinstance(got, fetch.Absent) else TOLD, "no such file")
            break
        passing("poll.fetched")
        first = first or got
        try:
            pages.append(polled.decode(got.body, ask, house.clock.now()))
            path, etag, last_modified = _following(base, pages[-1].more), "", ""
        except DecodeError as error:
            await _refuse(house, memory, ask.item, error, got.body)
            return f"{base}{path}: {error}"
        passing("poll.decoded")
    if first is not None and pages:
        await _keep_answer(house, memory, last, _joined(pages), first, turn)
    return ""


def _joined(pages: Sequence[Decoded]) -> Decoded:
    """All pages of one answer as one; only sources of a single page have context."""
    if len(pages) == 1:
        return pages[0]
    readings = tuple(reading for page in pages for reading in page.readings)
    return Decoded(readings, tuple(fault for page in pages for fault in page.faults))


def _following(base: str, more: str) -> str:
    """The path of the next page; an answer may not send us to another server.

    Raises:
        DecodeError: it tries to.
    """
    here, there = urlsplit(base), urlsplit(more)
    if there.netloc and there.netloc != here.netloc:  # whatever its scheme: we keep to our own
        message = f"the next page is at another server: {more[:100]!r}"
        raise DecodeError(message)
    return urlunsplit(("", "", there.path, there.query, ""))


async def _keep_answer(
    house: House, memory: Memory, last: Cursor, decoded: Decoded, got: fetch.Fetched, turn: Turns
) -> None:
    item, name = last.item, memory.polled.name
    now = house.clock.now()
    readings = turn.heard(decoded.readings)
    # What is refused as coming from the future may only be ahead of a clock of ours that lags: it is
    # offered again when its time has come, and until then the file is asked for without condition. What is
    # ahead by more than an hour has a wrong stamp, and must not take the place of a true reading then.
    wrong = memory.wrong.get(item, frozenset())
    ahead = frozenset(reading for reading in readings if reading.observed_at > now + AHEAD) - wrong
    said = memory.said.get(item, frozenset()) | wrong | (ahead & memory.ahead.get(item, frozenset()))
    unheard = [reading for reading in readings if reading not in said]
    newest = max((reading.observed_at for reading in readings), default=last.newest_at)
    # What was not its turn may be so at the next round, though the file is the same.
    again = bool(ahead) or len(readings) < len(decoded.readings)
    cursor = Cursor(item, "", "", newest) if again else Cursor(item, got.etag, got.last_modified, newest)
    refused = _new_faults(memory, item, decoded.faults, got.body)
    async with house.pool.connection() as conn, durable(conn):
        if decoded.bulletin is not None:
            await context.put_bulletin(conn, name, decoded.bulletin, now)
        await context.put_classes(conn, name, decoded.classes, now)
        await store_all(conn, name, unheard, refused, now, cursor=cursor)
    memory.cursors[item], memory.said[item] = cursor, frozenset(readings) - ahead
    memory.ahead[item], memory.faults[item] = ahead, decoded.faults
    far = frozenset(reading for reading in ahead if reading.observed_at > now + LAGGING)
    memory.wrong[item] = (wrong | far) & frozenset(readings)


async def _refuse(house: House, memory: Memory, item: str, error: DecodeError, body: bytes) -> None:
    """Put an undecodable answer in quarantine, once for each new fault; its cursor stays."""
    state = EMPTY if isinstance(error, EmptyAnswerError) else FAILED
    await _doubt(house, memory.polled, state, str(error))
    faults = (str(error),)
    if refused := _new_faults(memory, item, faults, body):
        async with house.pool.connection() as conn:
            await keep(conn, memory.polled.name, [], refused, house.clock.now())
        memory.faults[item] = faults


async def _doubt(house: House, polled: Polled, state: str, why: str) -> None:
    """What a source of context last said holds or not: failed and empty are not "no warning"."""
    if polled.needs_stations:
        return
    async with house.pool.connection() as conn:
        if state == TOLD:
            await context.clear_doubt(conn, polled.name, house.clock.now())
        else:
            await context.note_doubt(conn, polled.name, state, why, house.clock.now())


def _new_faults(memory: Memory, item: str, faults: tuple[str, ...], body: bytes) -> list[Refused]:
    """One quarantine row for the faults of an answer, unless they are those of the last time."""
    if not faults or memory.faults.get(item) == faults:
        return []
    return [Refused(memory.polled.name, item, f"{len(faults)} faults, the first: {faults[0]}", body)]


async def _note(house: House, memory: Memory, *, asked: int, faults: list[str]) -> None:
    """The health of the source: it answered, it failed, or both in part."""
    now, name = house.clock.now(), memory.polled.name
    text = f"{len(faults)} of {asked} files failed, the first: {faults[0]}" if asked and faults else "".join(faults)
    async with house.pool.connection() as conn:
        if len(faults) < asked or not faults:
            await note_success(conn, name, now)
        if faults:
            await note_failure(conn, name, now, text)
    if faults:
        memory.edge.broke(text)
    else:
        memory.edge.worked()


async def compare_limits(house: House, http: ClientSession, memory: Memory) -> None:
    """Once an hour of data time, say which configured limits differ from the published ones, if that changed.

    Limits that cannot be had are no fault of the data: then nothing is compared until the next time.
    """
    polled, now = memory.polled, house.clock.now()
    published = polled.published
    if published is None or (memory.compared_at is not None and now - memory.compared_at < _COMPARE_EVERY):
        return
    memory.compared_at = now
    stations = {address: house.network.stations[key] for address, key in linked(house, polled.name).items()}
    url = house.settings.base_url(polled.name) + published.path
    try:
        got = await fetch.get(http, url, html=False, cap=published.cap)
        if not isinstance(got, fetch.Fetched):
            return
        differing = limits.differences(published.profiles(got.body), stations, published)
    except (FetchError, DecodeError) as error:
        _log.info("limits not compared: %s", error)
        return
    if differing != memory.differing:
        memory.differing = differing
        _log.warning("limits differ from those of %s: %s", published.by, "; ".join(differing) or "no longer")
