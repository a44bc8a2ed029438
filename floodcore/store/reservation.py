"""What is expected of a rise that is not proved: who must not be told of it yet (ADR 0020, ADR 0029)."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import scalar_row

# Whether the expectation of event `e` rests on a rise that is not proved now: of its own gauge, or within the last six
# hours, which is how far a forecast sees a rise, of one of those `above` that it looked at.
RESTS_ON_UNPROVED: LiteralString = """
    EXISTS (
        SELECT FROM series_state h JOIN series g USING (series_id)
        WHERE h.firm IS NOT NULL
          AND (h.series_id = e.series_id
               OR g.station_id = ANY(%(above)s::text[]) AND g.quantity <> 'rain' AND EXISTS (
                   SELECT FROM event u
                   WHERE u.series_id = h.series_id AND u.kind = 'reached'
                     AND u.firm_to < u.to_degree AND u.at > e.at - interval '6 hours')))"""
# The expectation an event tells of: its own, else the newest of its series.
_RESTS: LiteralString = (
    "SELECT"  # noqa: S608  # constants only
    + RESTS_ON_UNPROVED
    + """
    FROM event e
    WHERE e.event_id = (
        SELECT max(n.event_id) FROM event n JOIN event o USING (station_id, quantity)
        WHERE o.event_id = %(event_id)s AND n.kind = 'expected'
          AND (o.kind <> 'expected' OR n.event_id = o.event_id))"""
)


async def rests_on_unproved(conn: AsyncConnection, event_id: int, above: Sequence[str]) -> bool:
    """Whether what the event says is expected, or what is expected beside it, rests on a rise that is not proved.

    `above` are the gauges above it that a forecast looks at.
    """
    async with conn.cursor(row_factory=scalar_row) as cursor:
        found = await (await cursor.execute(_RESTS, {"event_id": event_id, "above": list(above)})).fetchone()
    return bool(found)
