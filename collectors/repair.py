"""The stage that completes the record: finds gaps, asks the way back of their source, and closes them.

What comes back is history: it completes the record, the hydrograph and the flood book, and is never judged.
Every step is one transaction and may be repeated: a gap is noted once, a reading is stored once, a try that
dies is made again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from aiohttp import ClientSession
from psycopg import AsyncConnection

from collectors import fetch, repair_gaps, repair_ways
from collectors.edge import Edge
from collectors.faults import DecodeError, FetchError
from collectors.keeping import store_all
from collectors.repair_ways import Trip
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import book, gaps
from floodcore.store.gaps import GIVEN_UP, OPEN, REPAIRED, Gap, NewGap, Present, Unsearched
from floodcore.store.ingest import durable
from floodcore.store.sources import Refused
from floodcore.supervision import Pulse
from floodcore.words import Reading

# How far back: what is older stays as it is, and so does what a source has not given back by then.
LOOK_BACK = timedelta(days=7)
# A gap may be closing by itself: a logger sends what it kept, a poller reads on.
SETTLE = timedelta(minutes=5)
FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)
# So many answers without what is missing say that the source does not have it either.
MOST_TRIES = 6
REQUESTS = 20  # of one round
GAPS = 200  # looked at in one round
SERIES = 500  # searched in one transaction
READINGS = 5000  # of one series in one search
EVERY_S = 60.0  # data time
_LEAST_PAUSE_S = 1.0
_BEAT_S = 5.0
_HISTORY = 12  # intervals before what is new, to know the interval by


@dataclass(slots=True)
class Budget:
    """How many requests a round may still make."""

    left: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request gave."""

    readings: tuple[Reading, ...] = ()
    refused: tuple[Refused, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Brought:
    """What the way back of one station gave.

    `tried` are the gaps asked for whole, by their beginning, with the fault if it failed; `waiting` those
    for which the budget was not enough.
    """

    source: str = ""
    readings: tuple[Reading, ...] = ()
    refused: tuple[Refused, ...] = ()
    tried: Mapping[datetime, str] = field(default_factory=dict)
    waiting: frozenset[datetime] = frozenset()

    @property
    def fault(self) -> str:
        """The first fault, or an empty text."""
        return next((fault for fault in self.tried.values() if fault), "")


async def keep_complete(house: House, pulse: Pulse) -> None:
    """Look for gaps and repair them until cancelled.

    Raises:
        psycopg.Error: the database is away; nothing of the step happened.
    """
    edge = Edge("way back")
    async with fetch.session(door=fetch.door(house.settings)) as http:
        while True:
            faults = await one_round(house, http, pulse.beat)
            if faults:
                edge.broke(faults[0])
            else:
                edge.worked()
            await _rest(max(_LEAST_PAUSE_S, house.clock.real_seconds(EVERY_S)), pulse)


async def one_round(house: House, http: ClientSession, beat: Callable[[], None] = lambda: None) -> list[str]:
    """Search what is new, then see to the gaps that are due; returns the faults of the ways back."""
    now = house.clock.now()
    while await search(house, now) == SERIES:
        beat()
    async with house.pool.connection() as conn:
        due = await gaps.due(conn, now, GAPS)
    budget = Budget(REQUESTS)
    faults: list[str] = []
    for station_id, mine in groupby(sorted(due, key=lambda gap: gap.station_id), key=lambda gap: gap.station_id):
        fault = await _see_to(house, http, station_id, list(mine), budget)
        faults += [fault] if fault else []
        beat()
    return faults


async def search(house: House, now: datetime) -> int:
    """Search up to `SERIES` series for new gaps, in one transaction; returns how many were searched."""
    async with house.pool.connection() as conn, conn.transaction():
        series = await gaps.unsearched(conn, now - LOOK_BACK, SERIES)
        begin = {one.series_id: _begin(one, _interval(house, one.station_id), now) for one in series}
        times = await gaps.times(conn, begin, READINGS)
        found = [gap for one in series for gap in _new_gaps(house, one, times[one.series_id], now)]
        await gaps.note(conn, found, now, now + SETTLE)
        await gaps.searched(conn, {one.series_id: _end(one, times[one.series_id]) for one in series})
        passing("repair.noted")
    return len(series)


def _begin(one: Unsearched, interval: timedelta, now: datetime) -> datetime:
    earliest = now - LOOK_BACK
    return earliest if one.searched_until is None else max(earliest, one.searched_until - _HISTORY * interval)


def _end(one: Unsearched, times: Sequence[datetime]) -> datetime:
    """How far the search came: the last reading looked at, if that is any further than the last search."""
    last = times[-1] if times else one.newest_at
    return one.newest_at if one.searched_until is not None and last <= one.searched_until else last


def _new_gaps(house: House, one: Unsearched, times: Sequence[datetime], now: datetime) -> list[NewGap]:
    since = max(now - LOOK_BACK, one.searched_until or now - LOOK_BACK)
    interval = repair_gaps.interval_of(times, _interval(house, one.station_id))
    return [
        NewGap(one.series_id, hole.after, hole.before, hole.expected)
        for hole in repair_gaps.holes(times, interval)
        if hole.before > since
    ]


def _interval(house: House, station_id: str) -> timedelta:
    station = house.network.stations.get(station_id)
    return timedelta(minutes=10) if station is None else station.interval


async def _see_to(house: House, http: ClientSession, station_id: str, mine: Sequence[Gap], budget: Budget) -> str:
    """Close what is full by now, ask for the rest; returns the fault of the way back, or an empty text."""
    now = house.clock.now()
    async with house.pool.connection() as conn:
        present = await gaps.present(conn, mine)
    empty = [gap for gap in mine if not _full(gap, present[gap.series_id, gap.after_at])]
    brought = await _bring(house, http, station_id, empty, budget, now)
    passing("repair.fetched")
    wanted = _missing(brought.readings, empty, present)
    async with house.pool.connection() as conn, durable(conn):
        if wanted or brought.refused:
            history = [replace(each, history=True) for each in wanted]
            await store_all(conn, brought.source, history, brought.refused, now)
        passing("repair.stored")
        await _settle(conn, mine, brought, now)
    return brought.fault


async def _bring(
    house: House, http: ClientSession, station_id: str, mine: Sequence[Gap], budget: Budget, now: datetime
) -> _Brought:
    """Ask the way back of the station for all its gaps, as far as the budget goes."""
    station = house.network.stations.get(station_id)
    if station is None:
        return _Brought()
    wanted = {
        gap.after_at: repair_ways.trips(house.settings, station, gap.after_at, gap.before_at, now) for gap in mine
    }
    chosen = list({trip.url: trip for trips in wanted.values() for trip in trips}.values())[: budget.left]
    budget.left -= len(chosen)
    answers = [await _ask(http, station_id, trip) for trip in chosen]
    asked = {trip.url: answer for trip, answer in zip(chosen, answers, strict=True)}
    whole = {after for after, trips in wanted.items() if all(trip.url in asked for trip in trips)}
    return _Brought(
        source=chosen[0].source if chosen else "",
        readings=tuple(reading for answer in answers for reading in answer.readings),
        refused=tuple(refused for answer in answers for refused in answer.refused),
        tried={
            after: next((asked[trip.url].fault for trip in trips if asked[trip.url].fault), "")
            for after, trips in wanted.items()
            if trips and after in whole
        },
        waiting=frozenset(wanted.keys() - whole),
    )


async def _ask(http: ClientSession, station_id: str, trip: Trip) -> _Answer:
    """One request; a file that does not exist is an answer without readings."""
    try:
        got = await fetch.get(http, trip.url, html=trip.html, cap=trip.cap, headers=trip.headers)
    except FetchError as error:
        return _Answer(fault=str(error))
    if not isinstance(got, fetch.Fetched):
        return _Answer()
    try:
        return _Answer(readings=trip.decode(got.body).readings)
    except DecodeError as error:
        refused = Refused(trip.source, station_id, f"way back: {error}", got.body)
        return _Answer(refused=(refused,), fault=f"{trip.url}: {error}"[:300])


def _missing(
    readings: Sequence[Reading], mine: Sequence[Gap], present: dict[tuple[int, datetime], list[Present]]
) -> list[Reading]:
    """Of what came back the readings inside the gaps that are not stored: never one outside, never one twice."""
    wanted: dict[tuple[str, datetime], Reading] = {}
    for gap in mine:
        stored = {each.observed_at for each in present[gap.series_id, gap.after_at]}
        for reading in readings:
            inside = gap.after_at < reading.observed_at < gap.before_at and reading.quantity == gap.quantity
            if inside and reading.value is not None and reading.observed_at not in stored:
                wanted.setdefault((reading.quantity, reading.observed_at), reading)
    return list(wanted.values())


def _full(gap: Gap, present: Sequence[Present]) -> bool:
    """Whether nothing is missing any more: as many readings as expected, or no hole among them."""
    inside = len(present) - 2
    if inside >= gap.expected:
        return True
    interval = (gap.before_at - gap.after_at) / (gap.expected + 1)
    return not repair_gaps.holes([each.observed_at for each in present], interval)


async def _settle(conn: AsyncConnection, mine: Sequence[Gap], brought: _Brought, now: datetime) -> None:
    """Write what became of the gaps, inside the transaction that stored what came back."""
    present = await gaps.present(conn, mine)
    entries = []
    for gap in mine:
        if await gaps.lock(conn, gap) is None:
            continue
        inside = present[gap.series_id, gap.after_at]
        tried = gap.after_at in brought.tried
        tries = gap.tries + int(tried)
        state, fault = _state(gap, inside, tries, brought.tried.get(gap.after_at, ""), now)
        pause = (
            timedelta(0) if gap.after_at in brought.waiting else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10))
        )
        await gaps.move(
            conn,
            gap,
            found=max(0, len(inside) - 2),
            state=state,
            tried=tried,
            next_at=now + pause,
            fault=fault,
            now=now,
        )
        if state != OPEN and len(inside) > 2:  # noqa: PLR2004  # beside the two readings at its ends
            entries.append(_entry(gap, inside[1:-1], now))
    await book.append(conn, entries, now)


def _state(gap: Gap, present: Sequence[Present], tries: int, fault: str, now: datetime) -> tuple[str, str]:
    if _full(gap, present):
        return REPAIRED, ""
    if gap.before_at < now - LOOK_BACK:
        return GIVEN_UP, fault or "nobody had it within the time that is looked back"
    if tries >= MOST_TRIES and not fault:
        return GIVEN_UP, "its source does not have it either"
    return OPEN, fault


def _entry(gap: Gap, inside: Sequence[Present], now: datetime) -> book.NewEntry:
    values = [each.value for each in inside if each.value is not None]
    return book.NewEntry(
        now,
        REPAIRED,
        None,
        {
            "station": gap.station_id,
            "quantity": gap.quantity,
            "after": gap.after_at.isoformat(),
            "before": gap.before_at.isoformat(),
            "expected": gap.expected,
            "found": len(inside),
            "highest": max(values, default=None),
        },
    )


async def _rest(seconds: float, pulse: Pulse) -> None:
    """Wait for the next round with signs of life."""
    until = time.monotonic() + seconds
    pulse.beat()
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _BEAT_S))
        pulse.beat()
