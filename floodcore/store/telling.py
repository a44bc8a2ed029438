"""Announcements into deliveries: who is told what, each text once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row, scalar_row

from floodcore.store.reservation import RESTS_ON_UNPROVED

CHANNEL = "hladina_delivery"

# The degree that stands at a proof `e` where it is higher than what is proved, and why it is doubted.
STANDS: LiteralString = """
    LEFT JOIN LATERAL (
        SELECT r.to_degree AS stands, coalesce(nullif(r.doubt, ''), 'leap') AS why
        FROM event r
        WHERE r.station_id = e.station_id AND r.quantity = e.quantity AND r.kind = 'reached' AND r.event_id < e.event_id
        ORDER BY r.event_id DESC LIMIT 1) h ON e.kind = 'proved' AND h.stands > coalesce(e.firm_to, e.to_degree)"""
_CLAIM_ANNOUNCEMENT: LiteralString = (
    """
    SELECT a.event_id, a.priority, a.valid_until, e.station_id, e.quantity, e.kind, e.at, e.from_degree, e.to_degree,
           e.reason, e.value, e.trend, e.exercise, e.firm_from, e.firm_to, e.doubt, h.stands, coalesce(h.why, '') AS why
    FROM announcement a JOIN event e USING (event_id)"""  # noqa: S608  # constants only
    + STANDS
    + """
    WHERE a.channel = 'sms' AND a.done_at IS NULL AND (a.wait_until IS NULL OR a.wait_until <= %s)
    ORDER BY a.priority DESC, a.event_id
    LIMIT 1
    FOR UPDATE OF a SKIP LOCKED"""
)
# Expansions of one series stand in a line, so each sees what the others have told.
_LOCK_SERIES: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"
# Whom an event concerns: the beginning of a statement. Who subscribes to a main gauge (`main`, else empty) is told
# by its spare too. Rain concerns residents only where the configuration says so. An expectation concerns residents
# from their own degree and probability on, and what becomes of it those who were told of it. As long as something is
# expected it concerns none while it rests on a rise that is not proved (`above`: the gauges above that it looked at).
CONCERNED: LiteralString = (
    """
    WITH concerned AS (
        SELECT r.recipient_id, r.phone, r.language, r.role
        FROM recipient r
        WHERE r.active AND r.blocked = ''
          AND (r.role = 'officer'
               OR %(kind)s NOT IN ('silence', 'unproved')
                  AND NOT EXISTS (SELECT FROM event_rain f WHERE f.event_id = %(event_id)s AND NOT f.residents)
                  AND EXISTS (SELECT FROM subscription s
                              WHERE s.recipient_id = r.recipient_id AND s.station_id IN (%(station_id)s, %(main)s))
                  AND CASE WHEN %(kind)s <> 'expected' THEN r.from_degree <= %(highest)s
                      ELSE EXISTS (
                          SELECT FROM event e JOIN expectation x USING (event_id)
                          WHERE e.event_id = %(event_id)s
                            AND (x.expected_at IS NULL OR NOT """  # noqa: S608  # constants only
    + RESTS_ON_UNPROVED
    + """)
                            AND (coalesce(%(chance)s, x.probability) >= r.expected_probability
                                 AND e.to_degree >= greatest(r.from_degree, r.expected_from_degree)
                                 OR EXISTS (
                                     SELECT FROM event o JOIN delivery d USING (event_id)
                                     WHERE o.station_id = e.station_id AND o.quantity = e.quantity
                                       AND o.kind = 'expected' AND o.at BETWEEN e.at - interval '12 hours' AND e.at
                                       AND o.event_id < e.event_id AND d.recipient_id = r.recipient_id))) END)
    )"""
)
# Whether residents hear of an event `e` of a degree: it changes what they know (ADR 0020).
HEARD: LiteralString = """
    (e.kind NOT IN ('reached', 'proved') OR coalesce(e.firm_from, e.from_degree) <> coalesce(e.firm_to, e.to_degree))"""
_DONE: LiteralString = """
    UPDATE announcement SET done_at = now() WHERE event_id = %s AND channel = 'sms'"""
# A silence has passed, too, when the gauge was heard again. What residents hear of is not overtaken by what they do
# not.
_NEWEST: LiteralString = (
    """
    SELECT NOT EXISTS (
        SELECT FROM event e
        WHERE e.station_id = %(station_id)s AND e.quantity = %(quantity)s AND e.kind = ANY(%(kinds)s)
          AND e.event_id > %(event_id)s AND (%(highest)s = 0 OR """  # noqa: S608  # constants only
    + HEARD
    + """)
    ) AND NOT (%(kind)s = 'silence' AND EXISTS (
        SELECT FROM series JOIN series_state USING (series_id)
        WHERE station_id = %(station_id)s AND quantity = %(quantity)s AND observed_at >= %(at)s
    ))"""
)
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
    JOIN unnest(%(languages)s::text[], %(roles)s::text[], %(bodies)s::text[], %(segments)s::smallint[])
        AS b(language, role, body, segments) USING (language, role)
    ON CONFLICT (event_id, recipient_id) DO NOTHING"""
)
# A recipient gets the current state only: of two texts about one series the older is not tried any more. A limit
# reached tells more than the expectation of it.
_SUPERSEDE: LiteralString = """
    WITH stale AS MATERIALIZED (
        SELECT old.delivery_id
        FROM delivery old JOIN event o USING (event_id)
        WHERE old.status IN ('due', 'sending') AND NOT old.superseded
          AND o.station_id = %(station_id)s AND o.quantity = %(quantity)s
          AND (o.kind = ANY(%(kinds)s) OR o.kind = 'expected' AND %(kind)s IN ('reached', 'proved'))
          AND EXISTS (
              SELECT FROM event n JOIN delivery newer USING (event_id)
              WHERE n.station_id = %(station_id)s AND n.quantity = %(quantity)s AND n.kind = ANY(%(kinds)s)
                AND (o.kind = ANY(%(kinds)s) OR n.to_degree >= o.to_degree)
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
# What was expected since the rises of these chains were raised and stands, at these gauges; of messages only what was
# never told, which a time to wait for says of them. Their order keeps two who open them again from waiting for each
# other; one who tells one of them just now is waited for.
_REOPEN: LiteralString = """
    WITH open AS MATERIALIZED (
        SELECT a.event_id, a.channel
        FROM announcement a JOIN event e USING (event_id) JOIN foresight f ON f.series_id = e.series_id
        WHERE e.kind = 'expected' AND f.degree = e.to_degree AND e.station_id = ANY(%(gauges)s::text[])
          AND (a.channel = 'sms'
               OR NOT EXISTS (SELECT FROM cap_message m WHERE m.event_id = e.event_id))
          AND e.at >= (SELECT min(r.at) FROM event r
                       WHERE r.chain = ANY(%(chains)s::text[]) AND r.kind = 'reached' AND r.firm_to < r.to_degree)
          AND NOT EXISTS (SELECT FROM event n
                          WHERE n.series_id = e.series_id AND n.kind = 'expected' AND n.event_id > e.event_id)
        ORDER BY a.event_id, a.channel
        FOR UPDATE OF a
    )
    UPDATE announcement a SET done_at = NULL, wait_until = CASE WHEN a.channel = 'cap' THEN %(now)s::timestamptz END,
        valid_until = least(a.valid_until, %(now)s)
    FROM open WHERE a.event_id = open.event_id AND a.channel = open.channel"""
_NOTIFY: LiteralString = "SELECT pg_notify('hladina_delivery', '')"
DEGREES = ("reached", "proved")
"""The kinds of events that say which degree is reached: the newer of two is what holds."""


@dataclass(frozen=True, slots=True)
class Announced:
    """An open announcement with its event. `value` is in the canonical unit of `quantity`.

    `firm_from` and `firm_to` are what residents knew and know where that is not as the degrees, `doubt` is why. A proof
    of less than the degree that stands has that as `stands`, and `why` it is doubted.
    """

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
    firm_from: int | None = None
    firm_to: int | None = None
    doubt: str = ""
    stands: int | None = None
    why: str = ""

    @property
    def highest(self) -> int:
        """The highest degree the event is about for residents, from which on they are told; 0 if they are not."""
        before = self.from_degree if self.firm_from is None else self.firm_from
        after = self.to_degree if self.firm_to is None else self.firm_to
        return 0 if self.kind in DEGREES and before == after else max(before, after)

    @property
    def left(self) -> int:
        """The degree that is left: on a fall that residents hear of the one they knew, so that none is new to them."""
        falls = self.to_degree < self.from_degree and self.highest > 0
        return self.from_degree if self.firm_from is None or not falls else self.firm_from


@dataclass(frozen=True, slots=True)
class Body:
    """A text without its token, and the number of SMS it costs with it; `officers` is what they read instead."""

    text: str
    segments: int
    officers: "Body | None" = None


def columns(bodies: Mapping[str, Body]) -> dict[str, list[str] | list[int]]:
    """The texts `bodies`, by language, as parallel columns: one for each language and role."""
    rows = [
        (language, role, body.officers if role == "officer" and body.officers is not None else body)
        for language, body in bodies.items()
        for role in ("officer", "resident")
    ]
    return {
        "languages": [language for language, _, _ in rows],
        "roles": [role for _, role, _ in rows],
        "bodies": [body.text for _, _, body in rows],
        "segments": [body.segments for _, _, body in rows],
    }


async def claim_announcement(connection: AsyncConnection, now: datetime) -> tuple[Announced, bool] | None:
    """Lock the most urgent open SMS announcement that waits for nothing at data time `now`.

    And say whether its event is the newest of its series.

    None when nothing is open. To be called in the transaction that expands it.
    """
    async with connection.cursor(row_factory=class_row(Announced)) as cursor:
        announced = await (await cursor.execute(_CLAIM_ANNOUNCEMENT, (now,))).fetchone()
    if announced is None:
        return None
    await lock_series(connection, announced.station_id, announced.quantity, announced.kind)
    return announced, await newest(connection, announced)


async def lock_series(connection: AsyncConnection, station_id: str, quantity: str, kind: str) -> None:
    """Stand in the line of those who write texts about one series, until the transaction ends."""
    line = "reached" if kind in {"expected", *DEGREES} else kind  # one may overtake the other
    await connection.execute(_LOCK_SERIES, [f"{station_id}\x1f{quantity}\x1f{line}"])


def kinds_of(kind: str) -> list[str]:
    """The kinds of events of which the newest holds."""
    return list(DEGREES) if kind in DEGREES else [kind]


async def newest(connection: AsyncConnection, announced: Announced) -> bool:
    """Whether the event of `announced` is still what holds for its series."""
    values = {
        "event_id": announced.event_id,
        "station_id": announced.station_id,
        "quantity": announced.quantity,
        "kind": announced.kind,
        "kinds": kinds_of(announced.kind),
        "highest": announced.highest,
        "at": announced.at,
    }
    async with connection.cursor(row_factory=scalar_row) as cursor:
        return bool(await (await cursor.execute(_NEWEST, values)).fetchone())


async def expand(
    connection: AsyncConnection,
    announced: Announced,
    bodies: Mapping[str, Body],
    valid_until: datetime,
    main: str | None = None,
    chance: float | None = None,
    above: Sequence[str] = (),
) -> int:
    """Write one delivery for everyone `announced` concerns, and return how many.

    `bodies` by language. Officers get everything; a resident gets the reached limits of the stations
    subscribed to, from their own degree on, and the fall from it. `main` is the gauge the station is the spare of;
    `chance` the probability of an expectation where it is another by now than when it was decided; `above` are the
    gauges above it that a forecast looks at.
    """
    values = {
        "main": main or "",
        "chance": chance,
        "above": list(above),
        "event_id": announced.event_id,
        "station_id": announced.station_id,
        "quantity": announced.quantity,
        "kind": announced.kind,
        "kinds": kinds_of(announced.kind),
        "highest": announced.highest,
        "priority": announced.priority,
        "valid_until": valid_until,
        **columns(bodies),
    }
    written = (await connection.execute(_EXPAND, values)).rowcount
    await connection.execute(_SUPERSEDE, values)
    await close(connection, announced)
    await ring(connection)
    return written


async def reopen(connection: AsyncConnection, chains: Sequence[str], gauges: Sequence[str], now: datetime) -> int:
    """Nothing of `chains` is held back any more: what was expected meanwhile and stands is told again; how many.

    `gauges` are those of the chains and those whose forecasts look at them. To be called with the flood book held
    (`book.append`): what is expected is committed under it, so nothing is missed.
    Who was told of it is not told twice; residents, from whom it was kept, are told what is expected at data time
    `now`, not what was when it was decided. Partners, from whom it was kept too, get its message once it is warned of.
    """
    values = {"chains": list(chains), "gauges": list(gauges), "now": now}
    return (await connection.execute(_REOPEN, values)).rowcount


async def ring(connection: AsyncConnection) -> None:
    """Wake the senders, at the commit."""
    await connection.execute(_NOTIFY)


async def close(connection: AsyncConnection, announced: Announced) -> None:
    """Mark the announcement done."""
    await connection.execute(_DONE, [announced.event_id])
