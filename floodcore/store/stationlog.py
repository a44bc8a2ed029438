"""What happened to a station, newest first: read from what the others write, so that it cannot disagree with them.

One statement. `kind` is connected, silence, gap, repaired, given_up, incident, heard, limits, doubt, refused or
note; what the other fields hold depends on it and stands beside each part of the statement.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_LOG: LiteralString = """
WITH mine AS (SELECT series_id, quantity FROM series WHERE station_id = %(station_id)s),
limits AS (
    SELECT u.since, m.quantity, v.rules -> 'limits' AS now_limits,
           lag(v.rules -> 'limits') OVER (PARTITION BY u.series_id ORDER BY u.since) AS old_limits
    FROM rule_use u JOIN mine m USING (series_id) JOIN rule_version v USING (rule_version)
),
doubted AS (
    SELECT m.quantity, v.test, v.observed_at,
           v.observed_at - lag(v.observed_at) OVER (PARTITION BY v.series_id, v.test ORDER BY v.observed_at)
               > interval '2 hours' AS apart
    FROM verdict v JOIN mine m USING (series_id) WHERE v.flag > 2 AND v.observed_at > %(since)s
),
spells AS (
    SELECT quantity, test, observed_at,
           count(*) FILTER (WHERE apart) OVER (PARTITION BY quantity, test ORDER BY observed_at) AS spell
    FROM doubted
),
entries AS (
    -- the first reading of a quantity
    SELECT first.at, 'connected' AS kind, m.quantity AS quantity, '' AS word, NULL::timestamptz AS until_at,
           NULL::int AS count, NULL::int AS total
    FROM mine m CROSS JOIN LATERAL (
        SELECT observed_at AS at FROM observation o WHERE o.series_id = m.series_id ORDER BY observed_at LIMIT 1) first
    UNION ALL  -- lost at a degree or while rising; total is the degree
    SELECT at, 'silence', quantity, reason, NULL, NULL, to_degree FROM event
    WHERE station_id = %(station_id)s AND kind = 'silence'
    UNION ALL  -- count readings missing between at and until_at
    SELECT g.after_at, 'gap', m.quantity, g.state, g.before_at, g.expected, NULL
    FROM gap g JOIN mine m USING (series_id)
    UNION ALL  -- count of total came back
    SELECT g.closed_at, g.state, m.quantity, g.fault, g.before_at, g.found, g.expected
    FROM gap g JOIN mine m USING (series_id) WHERE g.closed_at IS NOT NULL
    UNION ALL  -- silent by an incident; word is its scope and name
    SELECT p.joined_at, 'incident', '', i.scope || ':' || i.name, NULL, i.silent, i.gauges
    FROM incident_member p JOIN incident i USING (incident_id) WHERE p.station_id = %(station_id)s
    UNION ALL
    SELECT p.heard_at, 'heard', '', i.scope || ':' || i.name, NULL, NULL, NULL
    FROM incident_member p JOIN incident i USING (incident_id)
    WHERE p.station_id = %(station_id)s AND p.heard_at IS NOT NULL
    UNION ALL
    SELECT since, 'limits', quantity, '', NULL, NULL, NULL FROM limits
    WHERE old_limits IS NOT NULL AND old_limits IS DISTINCT FROM now_limits
    UNION ALL  -- word is the check, count how many readings
    SELECT min(observed_at), 'doubt', quantity, test, max(observed_at), count(*)::int, NULL
    FROM spells GROUP BY quantity, test, spell
    UNION ALL  -- what was refused in an hour, and why
    SELECT min(received_at), 'refused', '', split_part(reason, ':', 1), max(received_at), count(*)::int, NULL
    FROM quarantine WHERE origin = %(station_id)s AND received_at > %(since)s
    GROUP BY date_trunc('hour', received_at), split_part(reason, ':', 1)
    UNION ALL  -- word is the cause
    SELECT valid_from, 'note', '', cause, valid_until, NULL, NULL FROM note WHERE station_id = %(station_id)s
)
SELECT at, kind, quantity, word, until_at, count, total FROM entries
WHERE at > %(since)s OR kind IN ('connected', 'limits')
ORDER BY at DESC, kind, quantity LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened, at `at` (data time); the other fields belong to its kind, see the statement."""

    at: datetime
    kind: str
    quantity: str
    word: str
    until_at: datetime | None
    count: int | None
    total: int | None


async def log(conn: AsyncConnection, station_id: str, since: datetime, limit: int) -> list[LogEntry]:
    """At most `limit` things that happened to a station since `since`, newest first; its beginning always."""
    async with conn.cursor(row_factory=class_row(LogEntry)) as cursor:
        await cursor.execute(_LOG, {"station_id": station_id, "since": since, "limit": limit})
        return await cursor.fetchall()
