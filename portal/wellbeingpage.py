"""The page of how gauges and ways fare, and the part of a gauge's page that says what happened to it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from floodcore.store import doubts, gaps, incidents, stationlog, wellbeing
from floodcore.store.gaps import Counted
from floodcore.store.incidents import Incident
from floodcore.store.stationlog import LogEntry
from floodcore.store.wellbeing import SeriesHealth, Sign, SourceHealth
from floodcore.words import Language
from portal import answers, doubting
from portal.board import OUTAGES
from portal.desk import Desk
from portal.reading import Reader
from portal.wellbeing import StationLine, incident_words, log_line, source_lines, station_line, station_lines

_READ_LIMIT_S = 2.0
_WEEK = timedelta(days=7)
_LOG_SPAN = timedelta(days=30)
_MOST_INCIDENTS = 30
_MOST_ENTRIES = 40


@dataclass(frozen=True, slots=True)
class Wellbeing:
    """What the database knows of how all fare."""

    series: list[SeriesHealth]
    signs: list[Sign]
    sources: list[SourceHealth]
    incidents: list[Incident]
    gaps: Counted


@dataclass(frozen=True, slots=True)
class Story:
    """How one gauge fares and what happened to it, in words."""

    line: StationLine
    log: list[dict[str, str]]


async def read(desk: Desk) -> Wellbeing | None:
    """How all fare, or None when the database is away."""
    now = desk.house.clock.now()
    if desk.board.stale:
        return None
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            return Wellbeing(
                await wellbeing.of_series(conn, now),
                await wellbeing.of_devices(conn),
                await wellbeing.of_sources(conn, now),
                await incidents.newest(conn, now - _WEEK, _MOST_INCIDENTS),
                await gaps.count(conn, now - _WEEK),
            )
    except OUTAGES:
        return None


async def page(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """Incidents, ways and stations, what is wrong first."""
    await desk.board.current()
    reader = desk.reader(language)
    known = await read(desk)
    doubted = {mark.station.id for mark in desk.board.snapshot.marks if mark.doubts}
    lines = [] if known is None else station_lines(reader, desk.house.network, known.series, known.signs, doubted)
    text = desk.render(
        "health.html",
        reader,
        here="status",
        rest="health",
        known=known is not None,
        told=[] if known is None else [(i.ended_at is None, incident_words(reader, i)) for i in known.incidents],
        sources=[] if known is None else source_lines(reader, known.sources, desk.board.snapshot.sources),
        gaps=None if known is None else known.gaps,
        stations=lines,
        wrong=sum(1 for line in lines if line.bad),
    )
    return answers.page(request, text)


async def story(desk: Desk, reader: Reader, station_id: str) -> Story | None:
    """How one gauge fares, or None when the database is away."""
    if desk.board.stale:
        return None
    now = reader.now
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            series = await wellbeing.of_series(conn, now, station_id)
            signs = await wellbeing.of_devices(conn, station_id)
            entries: list[LogEntry] = await stationlog.log(conn, station_id, now - _LOG_SPAN, _MOST_ENTRIES)
            doubted = await doubts.past_doubts(conn, station_id, _MOST_ENTRIES)
    except OUTAGES:
        return None
    mark = desk.board.snapshot.mark(station_id)
    doubting_it = mark is not None and bool(mark.doubts)
    line = station_line(reader, desk.house.network, station_id, series, signs, doubted=doubting_it)
    lines = [(entry.at, log_line(reader, desk.keys, entry)) for entry in entries]
    lines += [(each.since, doubting.log_line(reader, each)) for each in doubted if now - _LOG_SPAN < each.since <= now]
    lines.sort(key=lambda pair: pair[0], reverse=True)
    return Story(line, [words for _, words in lines[:_MOST_ENTRIES]])
