"""What went wrong for many at once: the stations as they were heard, the incidents, and who is in them.

Written by `alerting.incident_watch` alone, in one transaction a look; read by the portal and the sweep.
An incident that is open stands once for its scope and name, whoever finds it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row, scalar_row

CLOCK = "clock"

# A station is as alive as the series of it that was heard last. The least delay is that of its last readings
# to arrive: a backlog that is sent after an outage is late, and its end is not.
_HEARD: LiteralString = """
    SELECT DISTINCT ON (s.station_id)
           s.station_id, o.source, t.newest_at, o.received_at, recent.least_delay_s, h.usual_delay_s,
           coalesce(worst.degree, 0)::int AS degree
    FROM series s
    JOIN tip t USING (series_id)
    JOIN observation o ON o.series_id = t.series_id AND o.observed_at = t.newest_at
    LEFT JOIN series_health h ON h.series_id = s.series_id
    LEFT JOIN LATERAL (
        SELECT max(st.degree) AS degree FROM series x JOIN series_state st USING (series_id)
        WHERE x.station_id = s.station_id) worst ON true
    LEFT JOIN LATERAL (
        SELECT min(extract(epoch FROM l.received_at - l.observed_at))::float8 AS least_delay_s
        FROM (SELECT received_at, observed_at FROM observation
              WHERE series_id = s.series_id AND observed_at <= t.newest_at
              ORDER BY observed_at DESC LIMIT 3) l) recent ON true
    WHERE t.newest_at > %(since)s
    ORDER BY s.station_id, t.newest_at DESC, s.series_id"""
_AHEAD: LiteralString = "SELECT station_id, source, ahead_s, at FROM ahead WHERE at > %s ORDER BY station_id"
_OPEN: LiteralString = """
    SELECT i.incident_id, i.scope, i.name, i.at, i.silent, i.gauges, i.worst::int, i.value, i.ended_at,
           coalesce((SELECT array_agg(m.station_id ORDER BY m.station_id) FROM incident_member m
                     WHERE m.incident_id = i.incident_id AND m.heard_at IS NULL), '{}') AS members
    FROM incident i WHERE i.ended_at IS NULL ORDER BY i.incident_id"""
_NEWEST: LiteralString = """
    SELECT i.incident_id, i.scope, i.name, i.at, i.silent, i.gauges, i.worst::int, i.value, i.ended_at,
           coalesce((SELECT array_agg(m.station_id ORDER BY m.station_id) FROM incident_member m
                     WHERE m.incident_id = i.incident_id AND m.heard_at IS NULL), '{}') AS members
    FROM incident i WHERE i.ended_at IS NULL OR i.ended_at > %s
    ORDER BY i.ended_at IS NOT NULL, i.at DESC, i.incident_id DESC LIMIT %s"""
_BEGIN: LiteralString = """
    INSERT INTO incident (scope, name, at, silent, gauges, worst, value)
    VALUES (%(scope)s, %(name)s, %(at)s, %(silent)s, %(gauges)s, %(worst)s, %(value)s)
    ON CONFLICT (scope, name) WHERE ended_at IS NULL DO NOTHING
    RETURNING incident_id"""
_JOIN: LiteralString = """
    INSERT INTO incident_member (incident_id, station_id, joined_at)
    SELECT %s, m, %s FROM unnest(%s::text[]) AS m ORDER BY m
    ON CONFLICT (incident_id, station_id) DO UPDATE SET heard_at = NULL"""
_HEAR: LiteralString = """
    UPDATE incident_member SET heard_at = %s WHERE heard_at IS NULL AND station_id = ANY(%s)"""
_SPENT: LiteralString = """
    SELECT DISTINCT m.station_id FROM incident_member m JOIN incident i USING (incident_id)
    WHERE i.ended_at IS NOT NULL AND m.heard_at IS NULL"""
_END: LiteralString = (
    "UPDATE incident SET ended_at = %s WHERE incident_id = %s AND ended_at IS NULL RETURNING incident_id"
)
_COVERED: LiteralString = """
    SELECT DISTINCT m.station_id FROM incident_member m JOIN incident i USING (incident_id)
    WHERE i.ended_at IS NULL AND m.heard_at IS NULL"""
_EVENT: LiteralString = """
    INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit, limit_value,
                       trend, chain, rule_version, exercise)
    VALUES (%(station)s, 'level', 'incident', %(at)s, %(worst)s, %(worst)s, %(reason)s, %(value)s, %(unit)s, %(of)s,
            'unknown', %(chain)s, '', %(exercise)s)
    ON CONFLICT (station_id, quantity, kind, at, to_degree) DO NOTHING
    RETURNING event_id"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A station as it was heard last.

    `newest_at` is when its newest reading was taken, `received_at` when it came, `least_delay_s` the shortest
    delay of its last readings, `usual_delay_s` what the way takes (None: not known yet), `degree` the highest
    reached of its series.
    """

    station_id: str
    source: str
    newest_at: datetime
    received_at: datetime
    least_delay_s: float | None
    usual_delay_s: float | None
    degree: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """A station whose newest refused stamp was `ahead_s` ahead of our clock at `at`."""

    station_id: str
    source: str
    ahead_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class NewIncident:
    """An incident just found; see the table `incident`. `members` are the silent stations, none for a clock."""

    scope: str
    name: str
    at: datetime
    silent: int
    gauges: int
    worst: int
    value: float | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands; `members` are the stations of it that are silent still."""

    incident_id: int
    scope: str
    name: str
    at: datetime
    silent: int
    gauges: int
    worst: int
    value: float | None
    ended_at: datetime | None
    members: list[str]


async def heard(conn: AsyncConnection, since: datetime) -> list[Heard]:
    """Every station heard since `since`, by id."""
    async with conn.cursor(row_factory=class_row(Heard)) as cursor:
        await cursor.execute(_HEARD, {"since": since})
        return await cursor.fetchall()


async def ahead(conn: AsyncConnection, since: datetime) -> list[Ahead]:
    """Stations whose stamps were refused as coming from the future since `since`."""
    async with conn.cursor(row_factory=class_row(Ahead)) as cursor:
        await cursor.execute(_AHEAD, (since,))
        return await cursor.fetchall()


async def open_ones(conn: AsyncConnection) -> list[Incident]:
    """The incidents that are not over, the oldest first."""
    async with conn.cursor(row_factory=class_row(Incident)) as cursor:
        await cursor.execute(_OPEN)
        return await cursor.fetchall()


async def newest(conn: AsyncConnection, ended_since: datetime, limit: int) -> list[Incident]:
    """At most `limit` incidents that are open or ended since `ended_since`, the open ones first."""
    async with conn.cursor(row_factory=class_row(Incident)) as cursor:
        await cursor.execute(_NEWEST, (ended_since, limit))
        return await cursor.fetchall()


async def begin(conn: AsyncConnection, new: NewIncident) -> int | None:
    """Open an incident; None when one of its scope and name is open already."""
    values = {
        "scope": new.scope,
        "name": new.name,
        "at": new.at,
        "silent": new.silent,
        "gauges": new.gauges,
        "worst": new.worst,
        "value": new.value,
    }
    async with conn.cursor(row_factory=scalar_row) as cursor:
        number = await (await cursor.execute(_BEGIN, values)).fetchone()
    if number is None:
        return None
    await join(conn, number, new.members, new.at)
    return int(number)


async def join(conn: AsyncConnection, incident_id: int, stations: Sequence[str], at: datetime) -> None:
    """Stations that are silent by the incident; one that was heard in between is silent again."""
    if stations:
        await conn.execute(_JOIN, (incident_id, at, list(stations)))


async def hear(conn: AsyncConnection, stations: Collection[str], at: datetime) -> None:
    """Stations that were heard again: silent by no incident any more, whether that is open or over."""
    if stations:
        await conn.execute(_HEAR, (at, sorted(stations)))


async def spent(conn: AsyncConnection) -> frozenset[str]:
    """Stations that are silent still since an incident that is over."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        return frozenset(await (await cursor.execute(_SPENT)).fetchall())


async def end(conn: AsyncConnection, incident_id: int, at: datetime) -> bool:
    """Close an incident; whether it was open."""
    return await (await conn.execute(_END, (at, incident_id))).fetchone() is not None


async def covered(conn: AsyncConnection) -> frozenset[str]:
    """Stations whose silence is told by an open incident."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        return frozenset(await (await cursor.execute(_COVERED)).fetchall())


async def record(
    conn: AsyncConnection, incident: NewIncident | Incident, reason: str, at: datetime, *, exercise: bool
) -> int | None:
    """The event of an incident's beginning or end; None if it stands already.

    Its station is `scope:name`, its value how many are silent and its limit of how many, its degrees the
    highest among them; for a clock the value is in minutes.
    """
    clock = incident.scope == CLOCK
    values = {
        "station": f"{incident.scope}:{incident.name}",
        "at": at,
        "worst": incident.worst,
        "reason": reason,
        "value": incident.value if clock else incident.silent,
        "unit": "min" if clock else "stations",
        "of": incident.gauges,
        "chain": f"incident-{incident.scope}-{incident.name}",
        "exercise": exercise,
    }
    async with conn.cursor(row_factory=scalar_row) as cursor:
        number = await (await cursor.execute(_EVENT, values)).fetchone()
    return None if number is None else int(number)
