"""What the portal reads: the state of every series, its past, the events, the age of the work.

Owns no table and writes nothing. Every function is one statement, so that what a page shows is one
moment of the database. Values are in the canonical unit of the series, times are aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.words import Cause


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series as last judged; `judged` False = readings have come, the engine has not judged them yet.

    `judged_until` is the time of the newest sample judged, `judged_at` when that was; `source` gave the value.
    `unproved` says why the degree is not proved, empty where it is (ADR 0020).
    """

    station_id: str
    quantity: str
    unit: str
    degree: int | None
    value: float | None
    observed_at: datetime | None
    trend: str
    trend_per_hour: float | None
    flag: int
    test: str
    judged: bool
    judged_until: datetime | None = None
    judged_at: datetime | None = None
    source: str = ""
    unproved: str = ""


@dataclass(frozen=True, slots=True)
class DegreeView:
    """The newest event of one kind at one station: since when a degree is reached, or is declared."""

    station_id: str
    quantity: str
    kind: str
    degree: int
    at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One degree change as it was written; see the table `event`.

    `cause` is what people report to lie behind the water of that time, as the notes stand now; empty without one.
    `doubt` says why a rise was not proved then; empty for all else.
    """

    event_id: int
    station_id: str
    quantity: str
    kind: str
    at: datetime
    from_degree: int
    to_degree: int
    reason: str
    value: float | None
    unit: str
    limit_value: float | None
    trend: str
    trend_per_hour: float | None
    author: str
    exercise: bool
    recorded_at: datetime
    cause: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class SampleView:
    """One stored value. `flag` and `test` are the verdict of the later checks where there is one, else of the door.

    `by_person` is a reading of a staff gauge by a flood patrol, `source` whence the value came.
    """

    observed_at: datetime
    value: float | None
    flag: int
    test: str
    late: bool
    by_person: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class SourceView:
    """Health of one source of readings."""

    source: str
    ok_at: datetime | None
    failed_at: datetime | None
    fault: str
    failures: int
    readings: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """How much of one source was refused lately, and the reason seen most."""

    source: str
    refused: int
    newest_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerView:
    """When a partner last took something from the feed, and how often."""

    partner_id: str
    last_at: datetime
    fetches: int


@dataclass(frozen=True, slots=True)
class PulseView:
    """The newest sign of life of one stage in any process, written `written_age_s` real seconds ago."""

    stage: str
    beaten_at: datetime | None
    failures: int
    broken: str
    written_age_s: float


@dataclass(frozen=True, slots=True)
class BacklogView:
    """Work that waits, counted. `oldest_mark_at` is the age of the engine's oldest unread mark.

    `aside` counts the series the engine cannot judge.
    """

    dirty: int
    aside: int
    oldest_mark_at: datetime | None
    open_sms: int
    open_cap: int
    due_deliveries: int
    ambiguous_deliveries: int
    database_mode: str


_SERIES: LiteralString = """
SELECT s.station_id, s.quantity, s.unit, st.degree,
       CASE WHEN st.series_id IS NULL THEN o.value ELSE st.value END AS value,
       CASE WHEN st.series_id IS NULL THEN o.observed_at ELSE st.observed_at END AS observed_at,
       coalesce(st.trend, 'unknown') AS trend, st.trend_per_hour,
       coalesce(st.flag, o.flag, 9)::int AS flag, coalesce(st.test, o.test, '') AS test,
       st.series_id IS NOT NULL AS judged, st.judged_until, st.updated_at AS judged_at,
       coalesce(o.source, '') AS source,
       CASE WHEN st.firm IS NULL THEN '' ELSE coalesce(nullif(st.doubt, ''), 'leap') END AS unproved
FROM series s
LEFT JOIN series_state st USING (series_id)
LEFT JOIN tip t USING (series_id)
LEFT JOIN LATERAL (
    SELECT value, observed_at, flag, test, source FROM observation
    WHERE series_id = s.series_id
      AND observed_at = CASE WHEN st.series_id IS NULL THEN t.newest_at ELSE st.observed_at END
) o ON true
ORDER BY s.station_id, s.quantity
"""

_DEGREES: LiteralString = """
SELECT DISTINCT ON (station_id, quantity, kind)
       station_id, quantity, kind, to_degree::int AS degree, at, author
FROM event WHERE kind IN ('reached', 'declared')
ORDER BY station_id, quantity, kind, at DESC, event_id DESC
"""

_EVENTS: LiteralString = """
SELECT event_id, station_id, quantity, kind, at, from_degree::int, to_degree::int, reason, value, unit,
       limit_value, trend, trend_per_hour, author, exercise, recorded_at, doubt,
       coalesce((SELECT n.cause FROM note n
                 WHERE n.station_id = e.station_id AND n.valid_from <= e.at
                   AND (n.valid_until IS NULL OR n.valid_until > e.at) AND n.cause <> ALL (%(wrong)s)
                   AND NOT EXISTS (SELECT FROM note newer WHERE newer.replaces = n.note_id)
                 ORDER BY n.note_id DESC LIMIT 1), '') AS cause
FROM event e
WHERE (%(station_id)s::text IS NULL OR station_id = %(station_id)s)
  AND (%(before_at)s::timestamptz IS NULL OR (at, event_id) < (%(before_at)s, %(before_id)s))
ORDER BY at DESC, event_id DESC
LIMIT %(limit)s
"""

_SAMPLES: LiteralString = """
SELECT o.observed_at, o.value, coalesce(v.flag, o.flag)::int AS flag, coalesce(v.test, o.test) AS test, o.late,
       o.source = 'patrol' AS by_person, o.source
FROM observation o
JOIN series s USING (series_id)
LEFT JOIN verdict v USING (series_id, observed_at)
WHERE s.station_id = %(station_id)s AND s.quantity = %(quantity)s
  AND o.observed_at >= %(start)s AND o.observed_at < %(end)s
ORDER BY o.observed_at
LIMIT %(limit)s
"""

_SOURCES: LiteralString = """
SELECT source, ok_at, failed_at, fault, failures, readings, quarantined FROM source_health ORDER BY source
"""

_QUARANTINE: LiteralString = """
SELECT source, count(*)::int AS refused, max(received_at) AS newest_at, mode() WITHIN GROUP (ORDER BY reason) AS reason
FROM quarantine WHERE received_at >= %(since)s GROUP BY source ORDER BY source
"""

_PARTNERS: LiteralString = """
SELECT partner_id, max(last_at) AS last_at, sum(fetches)::bigint AS fetches
FROM partner_fetch GROUP BY partner_id ORDER BY partner_id
"""

_PULSES: LiteralString = """
SELECT DISTINCT ON (stage) stage, beaten_at, failures, broken,
       extract(epoch FROM now() - written_at)::double precision AS written_age_s
FROM stage_pulse
ORDER BY stage, written_at > now() - interval '1 minute' DESC, broken = '', written_at DESC
"""

_BACKLOG: LiteralString = """
SELECT (SELECT count(*)::int FROM dirty) AS dirty, (SELECT count(*)::int FROM aside) AS aside,
       (SELECT min(marked_at) FROM dirty) AS oldest_mark_at,
       (SELECT count(*)::int FROM announcement WHERE channel = 'sms' AND done_at IS NULL) AS open_sms,
       (SELECT count(*)::int FROM announcement WHERE channel = 'cap' AND done_at IS NULL) AS open_cap,
       (SELECT count(*)::int FROM delivery WHERE status IN ('due', 'sending')) AS due_deliveries,
       (SELECT count(*)::int FROM delivery WHERE status IN ('due', 'sending') AND ambiguous) AS ambiguous_deliveries,
       CASE WHEN NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN 'plain'
            WHEN current_setting('timescaledb.license', true) = 'timescale' THEN 'timescaledb'
            ELSE 'timescaledb-apache' END AS database_mode
"""


async def all_series(conn: AsyncConnection) -> list[SeriesView]:
    """Every series with its last judged value, by station and quantity."""
    async with conn.cursor(row_factory=class_row(SeriesView)) as cursor:
        await cursor.execute(_SERIES)
        return await cursor.fetchall()


async def newest_degrees(conn: AsyncConnection) -> list[DegreeView]:
    """The newest reached and the newest declared degree of every station and quantity that ever had one."""
    async with conn.cursor(row_factory=class_row(DegreeView)) as cursor:
        await cursor.execute(_DEGREES)
        return await cursor.fetchall()


async def events(
    conn: AsyncConnection, limit: int, *, station_id: str | None = None, before: tuple[datetime, int] | None = None
) -> list[EventView]:
    """At most `limit` degree changes, newest first; `before` = (at, event_id) of the last one already seen."""
    before_at, before_id = before if before is not None else (None, None)
    values: dict[str, object] = {
        "station_id": station_id,
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit,
    }
    values["wrong"] = [cause.value for cause in Cause if not cause.tags_degree]
    async with conn.cursor(row_factory=class_row(EventView)) as cursor:
        await cursor.execute(_EVENTS, values)
        return await cursor.fetchall()


async def samples(
    conn: AsyncConnection, station_id: str, quantity: str, *, start: datetime, end: datetime, limit: int
) -> list[SampleView]:
    """At most `limit` stored values of one series with start <= observed_at < end, oldest first."""
    values = {"station_id": station_id, "quantity": quantity, "start": start, "end": end, "limit": limit}
    async with conn.cursor(row_factory=class_row(SampleView)) as cursor:
        await cursor.execute(_SAMPLES, values)
        return await cursor.fetchall()


async def sources(conn: AsyncConnection) -> list[SourceView]:
    """Health of every source of readings."""
    async with conn.cursor(row_factory=class_row(SourceView)) as cursor:
        await cursor.execute(_SOURCES)
        return await cursor.fetchall()


async def quarantine(conn: AsyncConnection, since: datetime) -> list[QuarantineView]:
    """Refused input since `since`, by source."""
    async with conn.cursor(row_factory=class_row(QuarantineView)) as cursor:
        await cursor.execute(_QUARANTINE, {"since": since})
        return await cursor.fetchall()


async def partner_fetches(conn: AsyncConnection) -> list[PartnerView]:
    """When each partner last fetched."""
    async with conn.cursor(row_factory=class_row(PartnerView)) as cursor:
        await cursor.execute(_PARTNERS)
        return await cursor.fetchall()


async def pulses(conn: AsyncConnection) -> list[PulseView]:
    """The newest sign of life of every stage of every process, by stage."""
    async with conn.cursor(row_factory=class_row(PulseView)) as cursor:
        await cursor.execute(_PULSES)
        return await cursor.fetchall()


async def backlog(conn: AsyncConnection) -> BacklogView:
    """How much work waits, and which kind of database this is."""
    async with conn.cursor(row_factory=class_row(BacklogView)) as cursor:
        await cursor.execute(_BACKLOG)
        row = await cursor.fetchone()
    if row is None:
        message = "the backlog query is a single row by construction"
        raise AssertionError(message)
    return row
