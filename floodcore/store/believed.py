"""What foreseeing reads of the record: believed values, and what came late since it last looked."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

# Only what is judged: a late value that is stored and not yet judged would be believed as the door has it.
_VALUE: LiteralString = """
        SELECT o.observed_at, o.value, coalesce(v.test, '') IN ('corroborated', 'step') AS pending, o.received_at
        FROM observation o LEFT JOIN verdict v USING (series_id, observed_at)
        WHERE o.series_id = c.series_id AND o.value IS NOT NULL AND o.delivery BETWEEN 1 AND st.judged_delivery
          AND (coalesce(v.flag, o.flag) = 1 OR v.flag = 3 AND v.test IN ('spike', 'step'))"""
# One statement, so that samples, verdicts and how far they are judged are of one moment. The last point
# before the window is there for the line between it and the first inside. What was believed was used, also what is
# known by now to have been a spike or a step (floodcore.quality.spikes): a forecast knows nothing from later. Of what
# was foreseen the newest are read, of what is new the oldest: so there is always something to go on with.
_POINTS: LiteralString = (
    """
    SELECT c.number, st.judged_until,
           array_agg(extract(epoch FROM p.observed_at)::float8 ORDER BY p.observed_at) AS at,
           array_agg(p.value ORDER BY p.observed_at) AS value,
           array_agg(p.pending ORDER BY p.observed_at) AS pending,
           array_agg(extract(epoch FROM p.received_at)::float8 ORDER BY p.observed_at) AS received,
           count(*) FILTER (WHERE p.observed_at > c.since) AS fresh
    FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[])
        WITH ORDINALITY AS c(series_id, start, since, number)
    JOIN series_state st USING (series_id)
    CROSS JOIN LATERAL (
        ("""  # noqa: S608  # constants only
    + _VALUE
    + """ AND o.observed_at <= c.start ORDER BY o.observed_at DESC LIMIT 1)
        UNION ALL ("""
    + _VALUE
    + """ AND o.observed_at > c.start AND o.observed_at <= c.since ORDER BY o.observed_at DESC LIMIT %s)
        UNION ALL ("""
    + _VALUE
    + """ AND o.observed_at > c.since AND o.observed_at <= st.judged_until ORDER BY o.observed_at LIMIT %s)) p
    GROUP BY c.number, st.judged_until"""
)
_LATE: LiteralString = """
    SELECT c.number, st.judged_delivery,
           (SELECT min(o.observed_at) FROM observation o
            WHERE o.series_id = c.series_id AND o.observed_at BETWEEN c.until - %s::interval AND c.until
              AND o.delivery > c.delivery AND o.delivery <= st.judged_delivery) AS earliest
    FROM unnest(%s::int[], %s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS c(series_id, delivery, until, number)
    JOIN series_state st USING (series_id)"""


# A late sample stands where something newer had been judged before: there people were told another degree.
_DISTURBED: LiteralString = """
    SELECT c.series_id FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS c(series_id, since, until)
    WHERE EXISTS (SELECT FROM observation o
                  WHERE o.series_id = c.series_id AND o.late AND o.delivery > 0
                    AND o.observed_at BETWEEN c.since AND c.until)"""
_START: LiteralString = """
    SELECT before, standing::text FROM checkpoint
    WHERE series_id = %(series)s
    ORDER BY before <= %(at)s DESC, abs(extract(epoch FROM before - %(at)s)) LIMIT 1"""
_JUDGED: LiteralString = "SELECT series_id, judged_delivery FROM series_state WHERE series_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a series: its past from `start` to `since`, and what is new after `since`."""

    series_id: int
    start: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Believed:
    """The believed values of a series in time order: when (seconds since 1970), value, when they came here.

    `pending`: a value was doubted at first and came to be believed with the next one. `judged_until` is of the
    same moment of the database. `fresh` of the values are new.
    """

    number: int
    judged_until: datetime
    at: Sequence[float]
    value: Sequence[float]
    pending: Sequence[bool]
    received: Sequence[float]
    fresh: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Up to which delivery a series was looked at, by one that was foreseen until `until`."""

    series_id: int
    delivery: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Since:
    """What is judged by now: the newest delivery, and the earliest time of what came late; None if nothing did."""

    number: int
    judged_delivery: int
    earliest: datetime | None


async def points(conn: AsyncConnection, asked: Sequence[Asked], most_past: int, most_new: int) -> dict[Asked, Believed]:
    """The believed values asked for, of those that have any: the newest of the past, the oldest of what is new.

    At most so many of each, and the one before `start`.
    """
    columns = [[getattr(one, field.name) for one in asked] for field in fields(Asked)]
    async with conn.cursor(row_factory=class_row(Believed), binary=True) as cursor:
        await cursor.execute(_POINTS, (*columns, most_past, most_new))
        return {asked[row.number - 1]: row for row in await cursor.fetchall()}


async def late(conn: AsyncConnection, looked: Sequence[Looked], back: timedelta) -> dict[Looked, Since]:
    """What came since of each series that lies before `until`, at most so far `back`; of those that are judged."""
    columns = [[getattr(one, field.name) for one in looked] for field in fields(Looked)]
    async with conn.cursor(row_factory=class_row(Since)) as cursor:
        await cursor.execute(_LATE, (back, *columns))
        return {looked[row.number - 1]: row for row in await cursor.fetchall()}


async def disturbed(conn: AsyncConnection, spans: Sequence[tuple[int, datetime, datetime]]) -> frozenset[int]:
    """Of the series those with a sample between two times that counts and came after a newer one."""
    columns = [list(column) for column in zip(*spans, strict=True)] if spans else [[], [], []]
    return frozenset(number for (number,) in await (await conn.execute(_DISTURBED, columns)).fetchall())


async def start_of(conn: AsyncConnection, series: int, at: datetime) -> tuple[datetime, str] | None:
    """The newest standing kept of before `at`, else the oldest there is: before which sample, and as JSON."""
    row = await (await conn.execute(_START, {"series": series, "at": at})).fetchone()
    return None if row is None else (row[0], row[1])


async def judged(conn: AsyncConnection, series: Sequence[int]) -> dict[int, int]:
    """Up to which delivery each series is judged, of those that are."""
    return dict(await (await conn.execute(_JUDGED, (list(series),))).fetchall())
