"""What the gateway reported, each word once, and the delivery it concerns."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_KEEP: LiteralString = """
    INSERT INTO receipt (gateway_sid, status, error_code, delivery_id) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
_KNOWN: LiteralString = """
    SELECT d.delivery_id, d.recipient_id, d.status, coalesce(d.gateway_sid, '') AS sid,
           o.at, d.valid_until,
           d.superseded OR EXISTS (
               SELECT FROM event n JOIN delivery newer USING (event_id)
               WHERE n.station_id = o.station_id AND n.quantity = o.quantity AND n.kind = o.kind
                 AND n.event_id > o.event_id AND newer.recipient_id = d.recipient_id) AS superseded,
           (SELECT 1 + count(DISTINCT r.gateway_sid) FROM receipt r
            WHERE r.delivery_id = d.delivery_id AND r.gateway_sid <> %(sid)s)::int AS messages,
           EXISTS (SELECT FROM receipt r WHERE r.delivery_id = d.delivery_id AND r.gateway_sid = %(sid)s
                   AND r.status IN ('failed', 'undelivered') AND d.gateway_sid IS DISTINCT FROM %(sid)s) AS retired
    FROM delivery d JOIN event o USING (event_id) """
# By the token of the callback's address, which is signed; by the gateway's number for callbacks without one.
_BY_TOKEN: LiteralString = _KNOWN + "WHERE d.token = %(token)s FOR UPDATE OF d"
_BY_SID: LiteralString = _KNOWN + "WHERE d.gateway_sid = %(sid)s LIMIT 1 FOR UPDATE OF d"
_APPLY: LiteralString = """
    UPDATE delivery
    SET status = coalesce(%(status)s, status), gateway_sid = nullif(%(sid)s, ''),
        maybe_duplicate = maybe_duplicate OR %(twice)s,
        error_code = CASE WHEN %(code)s <> '' THEN %(code)s ELSE error_code END,
        ambiguous = false, claimed_until = NULL,
        due_at = CASE WHEN %(again)s THEN now() + make_interval(secs => %(wait_s)s) ELSE due_at END,
        accepted_at = coalesce(accepted_at, CASE WHEN %(sid)s <> '' THEN now() END),
        final_at = CASE WHEN %(status)s IN ('delivered', 'undelivered', 'failed') THEN now() ELSE final_at END
    WHERE delivery_id = %(delivery_id)s"""


@dataclass(frozen=True, slots=True)
class Known:
    """The delivery a receipt concerns, locked. `at` is the time of its event.

    `messages` counts the gateway's messages of it that were reported on, this one included;
    `retired`: the message of this receipt was given up on purpose.
    """

    delivery_id: int
    recipient_id: int
    status: str
    sid: str
    at: datetime
    valid_until: datetime
    superseded: bool
    messages: int
    retired: bool


async def find(connection: AsyncConnection, token: str, sid: str) -> Known | None:
    """The delivery of `token`, or without one that of `sid`, locked until the transaction ends."""
    async with connection.cursor(row_factory=class_row(Known)) as cursor:
        query = _BY_TOKEN if token else _BY_SID
        return await (await cursor.execute(query, {"token": token, "sid": sid})).fetchone()


async def keep(connection: AsyncConnection, sid: str, status: str, code: str, delivery_id: int | None) -> bool:
    """Keep a report; False if it was known already, which changes nothing any more."""
    return (await connection.execute(_KEEP, [sid, status, code, delivery_id])).rowcount == 1


async def apply(
    connection: AsyncConnection,
    delivery_id: int,
    *,
    status: str | None,
    sid: str,
    code: str,
    twice: bool,
    again: bool,
    wait_s: float,
) -> None:
    """Write what a report makes of a delivery."""
    values = {
        "delivery_id": delivery_id,
        "status": status,
        "sid": sid,
        "code": code,
        "twice": twice,
        "again": again,
        "wait_s": wait_s,
    }
    await connection.execute(_APPLY, values)
