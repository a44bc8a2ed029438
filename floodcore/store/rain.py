"""What an event of rain is about, and the sums of each rain gauge as last judged."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

# An event that stood already keeps what was said of it.
_FALLEN: LiteralString = """
    INSERT INTO event_rain (event_id, window_min, saturated, scheme, residents)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::bool[], %s::text[], %s::bool[])
    ON CONFLICT (event_id) DO NOTHING"""
_SUMS: LiteralString = """
    INSERT INTO rain_sum (series_id, window_min, at, heard_mm, most_mm, saturated)
    SELECT * FROM unnest(%s::int[], %s::int[], %s::timestamptz[], %s::float8[], %s::float8[], %s::bool[])
    ON CONFLICT (series_id, window_min) DO UPDATE SET
        at = excluded.at, heard_mm = excluded.heard_mm, most_mm = excluded.most_mm, saturated = excluded.saturated"""
# A window that has no limit any more is not shown on.
_FORGET: LiteralString = """
    DELETE FROM rain_sum r USING unnest(%s::int[], %s::timestamptz[]) AS n(series_id, at)
    WHERE r.series_id = n.series_id AND r.at < n.at"""
_OF_EVENT: LiteralString = """
    SELECT r.event_id, r.window_min, r.saturated, r.scheme, r.residents, e.limit_value
    FROM event_rain r JOIN event e USING (event_id) WHERE r.event_id = %s"""
_OF_EVENTS: LiteralString = """
    SELECT e.at, e.kind, e.to_degree::int, r.window_min, r.saturated, r.scheme
    FROM event e JOIN event_rain r USING (event_id) WHERE e.series_id = %s AND e.at >= %s AND e.at < %s
    ORDER BY e.event_id"""
_OF_SERIES: LiteralString = """
    SELECT series_id, window_min, at, heard_mm, most_mm, saturated FROM rain_sum WHERE series_id = %s
    ORDER BY window_min"""
_OF_STATION: LiteralString = """
    SELECT r.series_id, r.window_min, r.at, r.heard_mm, r.most_mm, r.saturated
    FROM rain_sum r JOIN series s USING (series_id)
    WHERE s.station_id = %s ORDER BY r.window_min"""


@dataclass(frozen=True, slots=True)
class Fallen:
    """What an event of rain is about; the order of the fields is that of the statement."""

    event_id: int
    window_min: int
    saturated: bool
    scheme: str
    residents: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The same with the limit, for those who tell it; `limit_value` in mm."""

    event_id: int
    window_min: int
    saturated: bool
    scheme: str
    residents: bool
    limit_value: float | None


@dataclass(frozen=True, slots=True)
class About:
    """What an event of rain is about, by the event: all that follows from readings and rules."""

    at: datetime
    kind: str
    to_degree: int
    window_min: int
    saturated: bool
    scheme: str


@dataclass(frozen=True, slots=True)
class SumRow:
    """The rain in mm of one window up to `at`: at least `heard_mm`, at most `most_mm`, None if that is not known."""

    series_id: int
    window_min: int
    at: datetime
    heard_mm: float
    most_mm: float | None
    saturated: bool | None


async def save(conn: AsyncConnection, fallen: Sequence[Fallen], sums: Sequence[SumRow]) -> None:
    """Keep what new events are about and the newest sums; in the transaction that stores events and states."""
    if fallen:
        await conn.execute(_FALLEN, _columns(fallen, Fallen))
    if sums:
        await conn.execute(_SUMS, _columns(sums, SumRow))
        newest = {row.series_id: row.at for row in sums}
        await conn.execute(_FORGET, (list(newest), list(newest.values())))


async def of_event(conn: AsyncConnection, event_id: int) -> Told | None:
    """What the event is about; None if it is none of rain sums."""
    async with conn.cursor(row_factory=class_row(Told)) as cursor:
        return await (await cursor.execute(_OF_EVENT, (event_id,))).fetchone()


async def of_events(conn: AsyncConnection, series: int, start: datetime, end: datetime) -> list[About]:
    """What the events of a series with `at` in [start, end) are about, in the order they were stored."""
    async with conn.cursor(row_factory=class_row(About)) as cursor:
        return await (await cursor.execute(_OF_EVENTS, (series, start, end))).fetchall()


async def of_series(conn: AsyncConnection, series: int) -> list[SumRow]:
    """The sums of a series as last judged, the shortest window first."""
    async with conn.cursor(row_factory=class_row(SumRow)) as cursor:
        return await (await cursor.execute(_OF_SERIES, (series,))).fetchall()


async def of_station(conn: AsyncConnection, station_id: str) -> list[SumRow]:
    """The sums of a station as last judged, the shortest window first."""
    async with conn.cursor(row_factory=class_row(SumRow)) as cursor:
        return await (await cursor.execute(_OF_STATION, (station_id,))).fetchall()


def _columns(rows: Sequence[Fallen] | Sequence[SumRow], row: type[Fallen] | type[SumRow]) -> list[list[object]]:
    """The rows turned into one list per field, for UNNEST."""
    return [[getattr(each, field.name) for each in rows] for field in fields(row)]
