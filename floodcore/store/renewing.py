"""Texts that ran out before the gateway took them: brought back with the state of now, or given up.

Only what is `due` is touched: a text that may have been accepted is an open question, and that is
answered first. The row keeps its token, so an old message of it would still be found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.store.telling import CONCERNED, HEARD, STANDS, Announced, Body, columns, kinds_of, lock_series, ring

_RUN_OUT: LiteralString = (
    """
    SELECT DISTINCT e.event_id, e.station_id, e.quantity, e.kind,
        CASE WHEN """  # noqa: S608  # constants only
    + HEARD
    + """ THEN greatest(coalesce(e.firm_from, e.from_degree), coalesce(e.firm_to, e.to_degree)) ELSE 0 END AS highest
    FROM delivery JOIN event e USING (event_id)
    WHERE status = 'due' AND valid_until <= %s
    ORDER BY e.event_id"""
)
# What residents hear of is told on as the newest of that, never as what is kept from them. While a newer event waits to
# be expanded there is no state of now: its expansion goes first.
_CURRENT: LiteralString = (
    """
    SELECT e.event_id, a.priority, a.valid_until, e.station_id, e.quantity, e.kind, e.at, e.from_degree,
           e.to_degree, e.reason, e.value, e.trend, e.exercise, e.firm_from, e.firm_to, e.doubt, h.stands,
           coalesce(h.why, '') AS why
    FROM announcement a CROSS JOIN event e"""  # noqa: S608  # constants only
    + STANDS
    + """
    WHERE a.event_id = %(event_id)s AND a.channel = 'sms'
      AND e.station_id = %(station_id)s AND e.quantity = %(quantity)s AND e.kind = ANY(%(kinds)s)
      AND (%(highest)s = 0 OR """
    + HEARD
    + """)
      AND NOT EXISTS (
          SELECT FROM event w JOIN announcement wa USING (event_id)
          WHERE w.station_id = e.station_id AND w.quantity = e.quantity AND w.kind = ANY(%(kinds)s)
            AND w.event_id > %(event_id)s AND wa.channel = 'sms' AND wa.done_at IS NULL)
    ORDER BY e.event_id DESC
    LIMIT 1"""
)
_RENEW: LiteralString = (
    CONCERNED  # noqa: S608  # constants only
    + """, chosen AS MATERIALIZED (
        SELECT d.delivery_id, b.body || ' #' || d.token AS body, b.segments
        FROM delivery d JOIN concerned USING (recipient_id)
        JOIN unnest(%(languages)s::text[], %(roles)s::text[], %(bodies)s::text[], %(segments)s::smallint[])
            AS b(language, role, body, segments) USING (language, role)
        WHERE d.event_id = %(event_id)s AND d.status = 'due' AND d.valid_until <= %(now)s
        ORDER BY d.delivery_id
        FOR UPDATE OF d
    )
    UPDATE delivery d SET body = chosen.body, segments = chosen.segments, valid_until = %(valid_until)s
    FROM chosen WHERE d.delivery_id = chosen.delivery_id"""
)
_EXPIRE: LiteralString = """
    WITH stale AS MATERIALIZED (
        SELECT delivery_id FROM delivery
        WHERE event_id = %s AND status = 'due' AND valid_until <= %s
        ORDER BY delivery_id
        FOR UPDATE
    )
    UPDATE delivery d SET status = 'expired', error_code = 'too late', final_at = now()
    FROM stale WHERE d.delivery_id = stale.delivery_id"""


@dataclass(frozen=True, slots=True)
class RunOut:
    """An event with texts that ran out; `highest` is the highest degree it is about for residents, 0 for none."""

    event_id: int
    station_id: str
    quantity: str
    kind: str
    highest: int


async def run_out(connection: AsyncConnection, now: datetime) -> list[RunOut]:
    """The events with due texts past their use at `now`, oldest first."""
    async with connection.cursor(row_factory=class_row(RunOut)) as cursor:
        return await (await cursor.execute(_RUN_OUT, [now])).fetchall()


async def current(connection: AsyncConnection, old: RunOut) -> Announced | None:
    """The newest event of the series of `old`, with the announcement of `old`; None while one waits to be told.

    Locks the series until the transaction ends.
    """
    await lock_series(connection, old.station_id, old.quantity, old.kind)
    values = {
        "event_id": old.event_id,
        "station_id": old.station_id,
        "quantity": old.quantity,
        "kinds": kinds_of(old.kind),
        "highest": old.highest,
    }
    async with connection.cursor(row_factory=class_row(Announced)) as cursor:
        return await (await cursor.execute(_CURRENT, values)).fetchone()


async def renew(
    connection: AsyncConnection,
    old: RunOut,
    now: datetime,
    bodies: Mapping[str, Body],
    valid_until: datetime,
    main: str | None = None,
    chance: float | None = None,
    above: Sequence[str] = (),
) -> int:
    """Give the run-out texts of `old` to those it still concerns a new body; returns how many.

    `main` is the gauge its station is the spare of, `chance` the probability of an expectation by now, `above` the
    gauges above that a forecast looks at.
    """
    values = {
        "main": main or "",
        "chance": chance,
        "above": list(above),
        "event_id": old.event_id,
        "station_id": old.station_id,
        "kind": old.kind,
        "highest": old.highest,
        "now": now,
        "valid_until": valid_until,
        **columns(bodies),
    }
    renewed = (await connection.execute(_RENEW, values)).rowcount
    await ring(connection)
    return renewed


async def expire(connection: AsyncConnection, old: RunOut, now: datetime) -> int:
    """Give up what is left of the run-out texts of `old`; returns how many."""
    return (await connection.execute(_EXPIRE, [old.event_id, now])).rowcount
