"""Announcements into deliveries, and the state of every delivery. Who is told what, each text once.

Time of the machine (leases, back-off) is the database's `now()`; whether a text is still of use is
judged in the time of the data, which the caller hands in as `now`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row, scalar_row

CHANNEL = "hladina_delivery"

_CLAIM_ANNOUNCEMENT: LiteralString = """
    SELECT a.event_id, a.priority, a.valid_until, e.station_id, e.quantity, e.kind, e.at, e.from_degree,
           e.to_degree, e.reason, e.value, e.trend, e.exercise
    FROM announcement a JOIN event e USING (event_id)
    WHERE a.channel = 'sms' AND a.done_at IS NULL
    ORDER BY a.priority DESC, a.event_id
    LIMIT 1
    FOR UPDATE OF a SKIP LOCKED"""
# Expansions of one series stand in a line, so each sees what the others have told.
_LOCK_SERIES: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"
# Whom an event concerns: the beginning of a statement.
CONCERNED: LiteralString = """
    WITH concerned AS (
        SELECT r.recipient_id, r.phone, r.language
        FROM recipient r
        WHERE r.active AND r.blocked = ''
          AND (r.role = 'officer'
               OR %(kind)s <> 'silence' AND r.from_degree <= %(highest)s
                  AND EXISTS (SELECT FROM subscription s
                              WHERE s.recipient_id = r.recipient_id AND s.station_id = %(station_id)s))
    )"""
_DONE: LiteralString = """
    UPDATE announcement SET done_at = now() WHERE event_id = %s AND channel = 'sms'"""
# A silence has passed, too, when the gauge was heard again.
_NEWEST: LiteralString = """
    SELECT NOT EXISTS (
        SELECT FROM event
        WHERE station_id = %(station_id)s AND quantity = %(quantity)s AND kind = %(kind)s AND event_id > %(event_id)s
    ) AND NOT (%(kind)s = 'silence' AND EXISTS (
        SELECT FROM series JOIN series_state USING (series_id)
        WHERE station_id = %(station_id)s AND quantity = %(quantity)s AND observed_at >= %(at)s
    ))"""
# The token is the delivery's number in hexadecimal, padded so that a text's length is known beforehand.
_EXPAND: LiteralString = (
    CONCERNED  # noqa: S608  # constants only
    + """, numbered AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('delivery', 'delivery_id')) AS id, * FROM concerned
    ), tokened AS (
        SELECT *, upper(lpad(to_hex(id), greatest(7, length(to_hex(id))), '0')) AS token FROM numbered
    )
    INSERT INTO delivery (delivery_id, event_id, recipient_id, phone, body, segments, token, priority, valid_until)
    OVERRIDING SYSTEM VALUE
    SELECT t.id, %(event_id)s, t.recipient_id, t.phone, b.body || ' #' || t.token, b.segments, t.token,
           %(priority)s, %(valid_until)s
    FROM tokened t
    JOIN unnest(%(languages)s::text[], %(bodies)s::text[], %(segments)s::smallint[]) AS b(language, body, segments)
        USING (language)
    ON CONFLICT (event_id, recipient_id) DO NOTHING"""
)
# A recipient gets the current state only: of two texts about one series the older is not tried any more.
_SUPERSEDE: LiteralString = """
    WITH stale AS MATERIALIZED (
        SELECT old.delivery_id
        FROM delivery old JOIN event o USING (event_id)
        WHERE old.status IN ('due', 'sending') AND NOT old.superseded
          AND o.station_id = %(station_id)s AND o.quantity = %(quantity)s AND o.kind = %(kind)s
          AND EXISTS (
              SELECT FROM event n JOIN delivery newer USING (event_id)
              WHERE n.station_id = %(station_id)s AND n.quantity = %(quantity)s AND n.kind = %(kind)s
                AND n.event_id > o.event_id AND newer.recipient_id = old.recipient_id)
        ORDER BY old.delivery_id
        FOR UPDATE OF old
    )
    UPDATE delivery old
    SET superseded = true,
        status = CASE WHEN old.status = 'due' THEN 'expired' ELSE old.status END,
        error_code = CASE WHEN old.status = 'due' THEN 'superseded' ELSE old.error_code END,
        final_at = CASE WHEN old.status = 'due' THEN now() END
    FROM stale WHERE old.delivery_id = stale.delivery_id"""
_NOTIFY: LiteralString = "SELECT pg_notify('hladina_delivery', '')"

_CLAIM: LiteralString = """
    WITH due AS MATERIALIZED (
        SELECT delivery_id FROM delivery
        WHERE status = 'due' AND due_at <= now() AND valid_until > %(now)s
        ORDER BY priority DESC, due_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery d
    SET status = 'sending', attempt = attempt + 1, ambiguous = false, gateway_sid = NULL,
        claimed_until = now() + make_interval(secs => %(lease_s)s), posted_at = now()
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING d.delivery_id, d.recipient_id, d.phone, d.body, d.token, d.attempt, d.priority, d.valid_until"""
# Rows are locked in the order of their numbers, as in _SUPERSEDE, so that the two never deadlock.
_RECORD: LiteralString = """
    WITH r AS MATERIALIZED (
        SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(statuses)s::text[], %(sids)s::text[],
            %(errors)s::text[], %(ambiguous)s::boolean[], %(doubled)s::boolean[], %(waits)s::float8[])
            AS r(id, attempt, status, sid, error, ambiguous, doubled, wait_s)
    ), locked AS MATERIALIZED (
        SELECT delivery_id FROM delivery WHERE delivery_id = ANY(%(ids)s) ORDER BY delivery_id FOR UPDATE
    )
    UPDATE delivery d
    SET status = CASE WHEN r.status = 'due' AND d.superseded THEN 'expired' ELSE r.status END,
        gateway_sid = coalesce(nullif(r.sid, ''), d.gateway_sid),
        error_code = CASE WHEN r.status = 'due' AND d.superseded THEN 'superseded' ELSE r.error END,
        ambiguous = r.ambiguous,
        maybe_duplicate = d.maybe_duplicate OR r.doubled,
        due_at = CASE WHEN r.status = 'due' THEN now() + make_interval(secs => r.wait_s) ELSE d.due_at END,
        claimed_until = CASE WHEN r.status = 'sending' THEN now() + make_interval(secs => r.wait_s) END,
        posted_at = CASE WHEN r.ambiguous AND NOT d.ambiguous THEN now() ELSE d.posted_at END,
        accepted_at = CASE WHEN r.status = 'accepted' THEN now() ELSE d.accepted_at END,
        final_at = CASE WHEN r.status = 'failed' OR r.status = 'due' AND d.superseded THEN now() END
    FROM r JOIN locked ON locked.delivery_id = r.id
    WHERE d.delivery_id = r.id AND d.attempt = r.attempt AND d.status = 'sending'"""
_BLOCK: LiteralString = """
    UPDATE recipient r SET blocked = b.code
    FROM unnest(%s::bigint[], %s::text[]) AS b(recipient_id, code)
    WHERE r.recipient_id = b.recipient_id AND r.blocked = ''
    RETURNING r.recipient_id, r.phone, r.role, r.blocked"""
# A lease that ran out while nothing was known yet: its POST may have left at the last moment of the lease.
_CLAIM_OPEN: LiteralString = """
    WITH open AS MATERIALIZED (
        SELECT delivery_id, claimed_until AS lease_end FROM delivery
        WHERE status = 'sending' AND claimed_until <= now()
        ORDER BY claimed_until
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery d
    SET claimed_until = now() + make_interval(secs => %(lease_s)s), ambiguous = true,
        posted_at = CASE WHEN d.ambiguous THEN d.posted_at ELSE open.lease_end END
    FROM open, event e WHERE d.delivery_id = open.delivery_id AND e.event_id = d.event_id
    RETURNING d.delivery_id, d.recipient_id, d.phone, d.token, d.attempt, d.created_at, d.maybe_duplicate,
              extract(epoch FROM now() - d.posted_at)::float8 AS open_s, e.at, d.valid_until, d.superseded"""


@dataclass(frozen=True, slots=True)
class Announced:
    """An open announcement with its event. `value` is in the canonical unit of `quantity`."""

    event_id: int
    priority: int
    valid_until: datetime
    station_id: str
    quantity: str
    kind: str
    at: datetime
    from_degree: int
    to_degree: int
    reason: str
    value: float | None
    trend: str
    exercise: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A text without its token, and the number of SMS it costs with it."""

    text: str
    segments: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery whose intent is committed: attempt number `attempt` may leave now."""

    delivery_id: int
    recipient_id: int
    phone: str
    body: str
    token: str
    attempt: int
    priority: int
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Open:
    """A delivery whose POST has been an open question for `open_s` seconds, about an event of `at`."""

    delivery_id: int
    recipient_id: int
    phone: str
    token: str
    attempt: int
    created_at: datetime
    maybe_duplicate: bool
    open_s: float
    at: datetime
    valid_until: datetime
    superseded: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, for `record`."""

    delivery_id: int
    attempt: int
    status: str
    sid: str
    error: str
    ambiguous: bool
    doubled: bool
    wait_s: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """A recipient whom no text will reach; `blocked` says why."""

    recipient_id: int
    phone: str
    role: str
    blocked: str


async def claim_announcement(connection: AsyncConnection) -> tuple[Announced, bool] | None:
    """Lock the most urgent open SMS announcement, and say whether its event is the newest of its series.

    None when nothing is open. To be called in the transaction that expands it.
    """
    async with connection.cursor(row_factory=class_row(Announced)) as cursor:
        announced = await (await cursor.execute(_CLAIM_ANNOUNCEMENT)).fetchone()
    if announced is None:
        return None
    await lock_series(connection, announced.station_id, announced.quantity, announced.kind)
    return announced, await newest(connection, announced)


async def lock_series(connection: AsyncConnection, station_id: str, quantity: str, kind: str) -> None:
    """Stand in the line of those who write texts about one series, until the transaction ends."""
    await connection.execute(_LOCK_SERIES, [f"{station_id}\x1f{quantity}\x1f{kind}"])


async def newest(connection: AsyncConnection, announced: Announced) -> bool:
    """Whether the event of `announced` is still what holds for its series."""
    values = {
        "event_id": announced.event_id,
        "station_id": announced.station_id,
        "quantity": announced.quantity,
        "kind": announced.kind,
        "at": announced.at,
    }
    async with connection.cursor(row_factory=scalar_row) as cursor:
        return bool(await (await cursor.execute(_NEWEST, values)).fetchone())


async def expand(
    connection: AsyncConnection, announced: Announced, bodies: Mapping[str, Body], valid_until: datetime
) -> int:
    """Write one delivery for everyone `announced` concerns, and return how many.

    `bodies` by language. Officers get everything; a resident gets the reached limits of the stations
    subscribed to, from their own degree on, and the fall from it.
    """
    values = {
        "event_id": announced.event_id,
        "station_id": announced.station_id,
        "quantity": announced.quantity,
        "kind": announced.kind,
        "highest": max(announced.from_degree, announced.to_degree),
        "priority": announced.priority,
        "valid_until": valid_until,
        "languages": list(bodies),
        "bodies": [body.text for body in bodies.values()],
        "segments": [body.segments for body in bodies.values()],
    }
    written = (await connection.execute(_EXPAND, values)).rowcount
    await connection.execute(_SUPERSEDE, values)
    await close(connection, announced)
    await ring(connection)
    return written


async def ring(connection: AsyncConnection) -> None:
    """Wake the senders, at the commit."""
    await connection.execute(_NOTIFY)


async def close(connection: AsyncConnection, announced: Announced) -> None:
    """Mark the announcement done."""
    await connection.execute(_DONE, [announced.event_id])


async def claim(connection: AsyncConnection, now: datetime, limit: int, lease_s: float) -> list[Claimed]:
    """Commit the intent to send up to `limit` due deliveries, most urgent first."""
    async with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        await cursor.execute(_CLAIM, {"now": now, "limit": limit, "lease_s": lease_s})
        rows = await cursor.fetchall()
    return sorted(rows, key=lambda row: (-row.priority, row.delivery_id))


async def claim_open(connection: AsyncConnection, limit: int, lease_s: float) -> list[Open]:
    """Take up to `limit` open questions whose time has come, for `lease_s` seconds."""
    async with connection.cursor(row_factory=class_row(Open)) as cursor:
        await cursor.execute(_CLAIM_OPEN, {"limit": limit, "lease_s": lease_s})
        return await cursor.fetchall()


async def record(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> int:
    """Write what became of attempts; one that is no longer the current attempt changes nothing."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.delivery_id)
    values = {
        "ids": [outcome.delivery_id for outcome in ordered],
        "attempts": [outcome.attempt for outcome in ordered],
        "statuses": [outcome.status for outcome in ordered],
        "sids": [outcome.sid for outcome in ordered],
        "errors": [outcome.error for outcome in ordered],
        "ambiguous": [outcome.ambiguous for outcome in ordered],
        "doubled": [outcome.doubled for outcome in ordered],
        "waits": [outcome.wait_s for outcome in ordered],
    }
    return (await connection.execute(_RECORD, values)).rowcount


async def block(connection: AsyncConnection, codes: Mapping[int, str]) -> list[Blocked]:
    """Mark recipients (by number) whom no text will reach, and return those newly marked."""
    async with connection.cursor(row_factory=class_row(Blocked)) as cursor:
        await cursor.execute(_BLOCK, [list(codes), list(codes.values())])
        return await cursor.fetchall()
