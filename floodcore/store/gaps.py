"""What is missing in the record, and what was done about it. Readings come by `ingest.store` alone.

A gap is noted when readings on both sides of it are stored; it is closed by what is stored between them,
whoever brought it, or given up when its source no longer has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_UNSEARCHED: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity, w.searched_until, t.newest_at
    FROM tip t JOIN series s USING (series_id) LEFT JOIN gap_watch w USING (series_id)
    WHERE t.newest_at > coalesce(w.searched_until, '-infinity') AND t.newest_at > %s
    ORDER BY t.newest_at - coalesce(w.searched_until, t.newest_at) DESC, s.series_id
    LIMIT %s"""
# From one reading before the beginning, so that a hole right at it is seen.
_TIMES: LiteralString = """
    SELECT w.series_id, o.observed_at
    FROM unnest(%(series)s::int[], %(after)s::timestamptz[]) AS w(series_id, after)
    CROSS JOIN LATERAL (
        SELECT observed_at FROM observation
        WHERE series_id = w.series_id AND observed_at >= w.after
        ORDER BY observed_at LIMIT %(limit)s) o
    ORDER BY w.series_id, o.observed_at"""
_NOTE: LiteralString = """
    INSERT INTO gap (series_id, after_at, before_at, expected, next_at, noticed_at)
    SELECT n.*, %s, %s FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[], %s::int[]) AS n
    ORDER BY 1, 2
    ON CONFLICT (series_id, after_at) DO NOTHING"""
_WATCHED: LiteralString = """
    INSERT INTO gap_watch (series_id, searched_until)
    SELECT * FROM unnest(%s::int[], %s::timestamptz[]) ORDER BY 1
    ON CONFLICT (series_id) DO UPDATE
        SET searched_until = greatest(gap_watch.searched_until, excluded.searched_until)"""
_DUE: LiteralString = """
    SELECT g.series_id, s.station_id, s.quantity, g.after_at, g.before_at, g.expected, g.found, g.state, g.tries,
           g.noticed_at
    FROM gap g JOIN series s USING (series_id)
    WHERE g.state = 'open' AND g.next_at <= %s
    ORDER BY g.before_at DESC, g.series_id LIMIT %s"""
_OF_STATION: LiteralString = """
    SELECT g.series_id, s.station_id, s.quantity, g.after_at, g.before_at, g.expected, g.found, g.state, g.tries,
           g.noticed_at
    FROM gap g JOIN series s USING (series_id)
    WHERE g.state = 'open' AND s.station_id = %s AND g.after_at >= %s
    ORDER BY g.before_at DESC, s.quantity LIMIT %s"""
_PRESENT: LiteralString = """
    SELECT g.series_id, g.after_at, o.observed_at, o.value
    FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS g(series_id, after_at, before_at)
    JOIN observation o ON o.series_id = g.series_id AND o.observed_at >= g.after_at AND o.observed_at <= g.before_at
    ORDER BY g.series_id, g.after_at, o.observed_at"""
_LOCK: LiteralString = """
    SELECT found FROM gap WHERE series_id = %s AND after_at = %s AND state = 'open' FOR UPDATE"""
_MOVE: LiteralString = """
    UPDATE gap SET found = %(found)s, state = %(state)s, tries = tries + %(tried)s, next_at = %(next_at)s,
        fault = %(fault)s, closed_at = CASE WHEN %(state)s = 'open' THEN NULL ELSE %(now)s::timestamptz END
    WHERE series_id = %(series_id)s AND after_at = %(after_at)s AND state = 'open'"""
_COUNT: LiteralString = """
    SELECT count(*) FILTER (WHERE state = 'open')::int AS open,
           count(*) FILTER (WHERE state = 'repaired' AND closed_at > %(since)s)::int AS repaired,
           count(*) FILTER (WHERE state = 'given_up' AND closed_at > %(since)s)::int AS given_up
    FROM gap"""

OPEN, REPAIRED, GIVEN_UP = "open", "repaired", "given_up"


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A series with readings that were not searched for gaps; `searched_until` None = never searched."""

    series_id: int
    station_id: str
    quantity: str
    searched_until: datetime | None
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class NewGap:
    """A gap just found; see the table `gap`."""

    series_id: int
    after_at: datetime
    before_at: datetime
    expected: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap as it stands; see the table `gap`."""

    series_id: int
    station_id: str
    quantity: str
    after_at: datetime
    before_at: datetime
    expected: int
    found: int
    state: str
    tries: int
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Present:
    """A stored reading inside a gap, or at one of its ends."""

    observed_at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many gaps are open, and how many were closed lately."""

    open: int
    repaired: int
    given_up: int


async def unsearched(conn: AsyncConnection, newer_than: datetime, limit: int) -> list[Unsearched]:
    """Series with new readings, those with the most to search first; none whose newest is older than given."""
    async with conn.cursor(row_factory=class_row(Unsearched)) as cursor:
        await cursor.execute(_UNSEARCHED, (newer_than, limit))
        return await cursor.fetchall()


async def times(conn: AsyncConnection, after: Mapping[int, datetime], limit: int) -> dict[int, list[datetime]]:
    """The stored times of each series from `after` (inclusive) on, ascending, at most `limit` of each."""
    values = {"series": list(after), "after": list(after.values()), "limit": limit}
    found: dict[int, list[datetime]] = {series: [] for series in after}
    for series, at in await (await conn.execute(_TIMES, values)).fetchall():
        found[series].append(at)
    return found


async def note(conn: AsyncConnection, gaps: Sequence[NewGap], now: datetime, due_at: datetime) -> int:
    """Keep new gaps found at `now`, due at `due_at`; returns how many were not known."""
    if not gaps:
        return 0
    columns = [
        [gap.series_id for gap in gaps],
        [gap.after_at for gap in gaps],
        [gap.before_at for gap in gaps],
        [gap.expected for gap in gaps],
    ]
    return (await conn.execute(_NOTE, (due_at, now, *columns))).rowcount


async def searched(conn: AsyncConnection, until: Mapping[int, datetime]) -> None:
    """Note how far each series was searched."""
    if until:
        await conn.execute(_WATCHED, (list(until), list(until.values())))


async def due(conn: AsyncConnection, now: datetime, limit: int) -> list[Gap]:
    """Open gaps whose time has come, the newest first."""
    async with conn.cursor(row_factory=class_row(Gap)) as cursor:
        await cursor.execute(_DUE, (now, limit))
        return await cursor.fetchall()


async def of_station(conn: AsyncConnection, station_id: str, since: datetime, limit: int) -> list[Gap]:
    """The newest open gaps of one station that begin after `since`."""
    async with conn.cursor(row_factory=class_row(Gap)) as cursor:
        await cursor.execute(_OF_STATION, (station_id, since, limit))
        return await cursor.fetchall()


async def present(conn: AsyncConnection, gaps: Sequence[Gap]) -> dict[tuple[int, datetime], list[Present]]:
    """What is stored from one end of each gap to the other, both ends included, by (series, after_at)."""
    columns = (
        [gap.series_id for gap in gaps],
        [gap.after_at for gap in gaps],
        [gap.before_at for gap in gaps],
    )
    found: dict[tuple[int, datetime], list[Present]] = {(gap.series_id, gap.after_at): [] for gap in gaps}
    for series, after_at, observed_at, value in await (await conn.execute(_PRESENT, columns)).fetchall():
        found[series, after_at].append(Present(observed_at, value))
    return found


async def lock(conn: AsyncConnection, gap: Gap) -> int | None:
    """How many readings were found in it by now; None when somebody else has closed it. Locked until the end."""
    row = await (await conn.execute(_LOCK, (gap.series_id, gap.after_at))).fetchone()
    return None if row is None else int(row[0])


async def move(
    conn: AsyncConnection,
    gap: Gap,
    *,
    found: int,
    state: str,
    tried: bool,
    next_at: datetime,
    fault: str,
    now: datetime,
) -> None:
    """Write what became of a gap; one that is closed stays as it is."""
    values = {
        "series_id": gap.series_id,
        "after_at": gap.after_at,
        "found": found,
        "state": state,
        "tried": int(tried),
        "next_at": next_at,
        "fault": fault[:300].replace("\x00", ""),
        "now": now,
    }
    await conn.execute(_MOVE, values)


async def count(conn: AsyncConnection, since: datetime) -> Counted:
    """How many gaps are open, and how many were repaired or given up since `since`."""
    async with conn.cursor(row_factory=class_row(Counted)) as cursor:
        row = await (await cursor.execute(_COUNT, {"since": since})).fetchone()
    return row if row is not None else Counted(0, 0, 0)
