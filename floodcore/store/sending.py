"""Deliveries on their way: intents committed, leases held, outcomes recorded, open questions taken up.

Leases and back-off are time of the machine, which is the database's `now()`. `posted_at` is the last
moment at which the POST of the current attempt may begin or, once an answer left it open, of that answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

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
        claimed_until = now() + make_interval(secs => %(lease_s)s),
        posted_at = now() + make_interval(secs => %(begin_s)s)
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING d.delivery_id, d.recipient_id, d.phone, d.body, d.token, d.attempt, d.priority, d.valid_until"""
# Rows are locked in the order of their numbers, here and below, as in _SUPERSEDE, so that none deadlock.
_HOLD: LiteralString = """
    WITH held AS MATERIALIZED (
        SELECT d.delivery_id FROM delivery d
        JOIN unnest(%(ids)s::bigint[], %(attempts)s::smallint[]) AS h(id, attempt)
            ON h.id = d.delivery_id AND h.attempt = d.attempt
        WHERE d.status = 'sending' AND NOT d.ambiguous
        ORDER BY d.delivery_id
        FOR UPDATE OF d
    )
    UPDATE delivery d
    SET claimed_until = now() + make_interval(secs => %(lease_s)s),
        posted_at = now() + make_interval(secs => %(begin_s)s)
    FROM held WHERE d.delivery_id = held.delivery_id
    RETURNING d.delivery_id, d.attempt"""
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
# An attempt was accepted after its delivery had gone on without it: due again, it need not leave; on its
# way or accepted again, the phone may ring twice. Not so a message that was given up on purpose.
_RECORD_LATE: LiteralString = """
    WITH r AS MATERIALIZED (
        SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(statuses)s::text[], %(sids)s::text[])
            AS r(id, attempt, status, sid)
        WHERE r.status = 'accepted' AND r.sid <> ''
          AND NOT EXISTS (SELECT FROM receipt k
                          WHERE k.gateway_sid = r.sid AND k.status IN ('failed', 'undelivered'))
    ), locked AS MATERIALIZED (
        SELECT delivery_id FROM delivery WHERE delivery_id = ANY(%(ids)s) ORDER BY delivery_id FOR UPDATE
    )
    UPDATE delivery d
    SET status = CASE WHEN d.status IN ('due', 'expired', 'sending') THEN 'accepted' ELSE d.status END,
        maybe_duplicate = d.maybe_duplicate OR d.status NOT IN ('due', 'expired')
            AND (d.attempt > r.attempt OR d.gateway_sid IS NOT NULL),
        gateway_sid = coalesce(d.gateway_sid, r.sid),
        error_code = CASE WHEN d.status IN ('due', 'expired', 'sending') THEN '' ELSE d.error_code END,
        ambiguous = false, claimed_until = NULL,
        accepted_at = coalesce(d.accepted_at, now()),
        final_at = CASE WHEN d.status <> 'expired' THEN d.final_at END
    FROM r JOIN locked ON locked.delivery_id = r.id
    WHERE d.delivery_id = r.id AND d.gateway_sid IS DISTINCT FROM r.sid"""
_BLOCK: LiteralString = """
    UPDATE recipient r SET blocked = b.code
    FROM unnest(%s::bigint[], %s::text[]) AS b(recipient_id, code)
    WHERE r.recipient_id = b.recipient_id AND r.blocked = ''
    RETURNING r.recipient_id, r.phone, r.role, r.blocked"""
# What was given up on purpose, and offered again, is no answer to the question whether the newer one left.
_CLAIM_OPEN: LiteralString = """
    WITH open AS MATERIALIZED (
        SELECT delivery_id FROM delivery
        WHERE status = 'sending' AND claimed_until <= now()
        ORDER BY claimed_until
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery d
    SET claimed_until = now() + make_interval(secs => %(lease_s)s), ambiguous = true
    FROM open, event e WHERE d.delivery_id = open.delivery_id AND e.event_id = d.event_id
    RETURNING d.delivery_id, d.recipient_id, d.phone, d.token, d.attempt, d.created_at, d.maybe_duplicate,
              extract(epoch FROM now() - d.posted_at)::float8 AS open_s, e.at, d.valid_until, d.superseded,
              ARRAY(SELECT DISTINCT k.gateway_sid FROM receipt k
                    WHERE k.delivery_id = d.delivery_id AND k.status IN ('failed', 'undelivered')) AS retired"""


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
    """A delivery whose POST has been an open question for `open_s` seconds, about an event of `at`.

    Counted from the last moment at which it may have begun, so it is negative for one not begun, or from
    the answer that left it open. `retired` are the gateway's numbers of its messages given up on purpose.
    """

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
    retired: list[str]


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


async def claim(
    connection: AsyncConnection, now: datetime, limit: int, lease_s: float, begin_s: float
) -> list[Claimed]:
    """Commit the intent to send up to `limit` due deliveries, most urgent first.

    They belong to the caller for `lease_s`; a POST may begin within `begin_s`. Both may be held longer.
    """
    async with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        await cursor.execute(_CLAIM, {"now": now, "limit": limit, "lease_s": lease_s, "begin_s": begin_s})
        rows = await cursor.fetchall()
    return sorted(rows, key=lambda row: (-row.priority, row.delivery_id))


async def hold(
    connection: AsyncConnection, intents: Sequence[Claimed], lease_s: float, begin_s: float
) -> set[tuple[int, int]]:
    """Hold the leases of `intents` from now on; returns (delivery, attempt) of those nobody has asked about."""
    values = {
        "ids": [one.delivery_id for one in intents],
        "attempts": [one.attempt for one in intents],
        "lease_s": lease_s,
        "begin_s": begin_s,
    }
    cursor = await connection.execute(_HOLD, values)
    return {(number, attempt) for number, attempt in await cursor.fetchall()}


async def claim_open(connection: AsyncConnection, limit: int, lease_s: float) -> list[Open]:
    """Take up to `limit` open questions whose time has come, for `lease_s` seconds."""
    async with connection.cursor(row_factory=class_row(Open)) as cursor:
        await cursor.execute(_CLAIM_OPEN, {"limit": limit, "lease_s": lease_s})
        return await cursor.fetchall()


async def record(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> int:
    """Write what became of attempts; returns how many were the current ones.

    An attempt that is no longer current changes nothing, unless it was accepted: then its text is not
    sent again, and if it may have been, that is flagged.
    """
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
    current = (await connection.execute(_RECORD, values)).rowcount
    if current < len(outcomes):
        await connection.execute(_RECORD_LATE, values)
    return current


async def block(connection: AsyncConnection, codes: Mapping[int, str]) -> list[Blocked]:
    """Mark recipients (by number) whom no text will reach, and return those newly marked."""
    async with connection.cursor(row_factory=class_row(Blocked)) as cursor:
        await cursor.execute(_BLOCK, [list(codes), list(codes.values())])
        return await cursor.fetchall()
