"""CAP messages and the partners who fetch them: the only writer of `cap_message` and `partner_fetch`.

The events of a series are told in order without a lock: only its oldest open announcement can be claimed,
and that stays open, as every other bridge sees it, until its message is committed. The advisory lock of
`lock_chain` keeps a refresh from branching off beside an event's message.

What is expected and then reached is one story: the limit reached goes on in the chain of the messages that
said it was expected (`story`), so that partners see one chain and not two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

# Longer than any house is away from a flood that still stands.
_LOOKED_BACK = timedelta(days=30)
# A process that is stopped in the middle must not hold a chain: the server ends its transaction.
_GUARD: LiteralString = "SET LOCAL idle_in_transaction_session_timeout = '10s'"
_CLAIM: LiteralString = """
    SELECT a.event_id
    FROM announcement a JOIN event e USING (event_id)
    WHERE a.channel = 'cap' AND a.done_at IS NULL AND (a.wait_until IS NULL OR a.wait_until <= %(now)s)
        AND NOT EXISTS (
            SELECT FROM announcement older JOIN event o USING (event_id)
            WHERE older.channel = 'cap' AND older.done_at IS NULL
                AND (older.wait_until IS NULL OR older.wait_until <= %(now)s)
                AND o.station_id = e.station_id AND o.quantity = e.quantity AND older.event_id < a.event_id)
    ORDER BY a.priority DESC, a.event_id
    LIMIT %(limit)s
    FOR UPDATE OF a SKIP LOCKED"""
# `h` is the limit reached that stands at a proof, or now beside what is expected, which may be told long after it was
# decided. `g` is the degree to tell: of a proof the one that stands, which may be higher than what is proved. What is
# expected is unproved as long as nothing since has proved what stands.
_EVENTS: LiteralString = """
    SELECT e.event_id, e.series_id, e.station_id, e.quantity, e.kind, e.at, e.from_degree, g.degree::int AS to_degree,
        e.value,
        e.unit, e.trend, e.chain, e.exercise,
        (SELECT o.value FROM observation o JOIN series s USING (series_id)
         WHERE s.station_id = e.station_id AND s.quantity = 'discharge' AND e.quantity <> 'discharge'
            AND o.observed_at = e.at AND o.flag <= 2) AS discharge,
        e.reason, x.probability, x.horizon_min::int, x.expected_at, x.earliest_at, x.latest_at,
        coalesce(x.model, '') AS model,
        coalesce(h.to_degree, 0)::int AS held,
        e.kind = 'expected' AND EXISTS (
            SELECT FROM event r
            WHERE r.station_id = e.station_id AND r.quantity = e.quantity AND r.kind = 'reached' AND r.at >= e.at
                AND r.to_degree >= greatest(e.from_degree, e.to_degree)) AS overtaken,
        CASE WHEN e.kind IN ('reached', 'proved') AND f.degree > g.degree THEN f.degree::int END AS further,
        CASE WHEN e.kind IN ('reached', 'proved') AND f.degree > g.degree
             THEN (f.memory -> 'told' ->> 'expected_at')::timestamptz END AS further_at,
        CASE WHEN e.kind IN ('reached', 'proved') THEN coalesce(e.firm_to, e.to_degree) < g.degree
             ELSE h.event_id IS NOT NULL AND NOT EXISTS (
                 SELECT FROM event k
                 WHERE k.station_id = e.station_id AND k.quantity = e.quantity AND k.kind IN ('reached', 'proved')
                   AND k.at >= h.at AND k.event_id >= h.event_id
                   AND coalesce(k.firm_to, k.to_degree) >= h.to_degree) END AS unproved,
        e.limit_value, w.window_min, coalesce(w.saturated, false) AS saturated, coalesce(w.scheme, '') AS rain_scheme
    FROM event e LEFT JOIN event_rain w USING (event_id) LEFT JOIN expectation x USING (event_id)
    LEFT JOIN foresight f ON f.series_id = e.series_id
    LEFT JOIN LATERAL (
        SELECT r.event_id, r.at, r.to_degree FROM event r
        WHERE r.station_id = e.station_id AND r.quantity = e.quantity AND r.kind = 'reached'
          AND (e.kind <> 'proved' OR r.at <= e.at AND r.event_id < e.event_id)
        ORDER BY r.at DESC, r.event_id DESC LIMIT 1) h ON e.kind IN ('proved', 'expected')
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.kind = 'proved' THEN greatest(e.to_degree, h.to_degree) ELSE e.to_degree END AS degree) g
    WHERE e.event_id = ANY(%s) ORDER BY e.chain, e.event_id"""
_HEAD: LiteralString = """
    SELECT m.chain, m.all_clear, e.kind, e.chain AS own
    FROM cap_message m JOIN event e USING (event_id)
    WHERE e.station_id = %s AND e.quantity = %s AND m.expires > %s
    ORDER BY m.cap_id DESC LIMIT 1"""
_LOCK_CHAIN: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('cap ' || %s, 0))"
_CHAIN: LiteralString = """
    SELECT m.cap_id, m.event_id, m.revision, m.sent, m.expires, m.reference, m.all_clear, e.kind
    FROM cap_message m JOIN event e USING (event_id) WHERE m.chain = %s ORDER BY m.cap_id"""
_INSERT: LiteralString = """
    INSERT INTO cap_message (identifier, event_id, revision, chain, sent, expires, reference, msg_type, status,
        headline_cs, headline_de, all_clear, body, sha256)
    VALUES (%(identifier)s, %(event_id)s, %(revision)s, %(chain)s, %(sent)s, %(expires)s, %(reference)s,
        %(msg_type)s, %(status)s, %(headline_cs)s, %(headline_de)s, %(all_clear)s, %(body)s, sha256(%(body)s))"""
_SETTLE: LiteralString = "UPDATE announcement SET done_at = now() WHERE event_id = %s AND channel = 'cap'"
# A message of what is expected lives as long as that, and is not told anew, unless a degree holds beside it.
_EXPIRING: LiteralString = """
    SELECT h.chain FROM (
        SELECT DISTINCT ON (m.chain) m.chain, m.expires, m.all_clear, e.kind, e.chain AS own, e.station_id, e.quantity
        FROM cap_message m JOIN event e USING (event_id)
        WHERE m.expires > %(oldest)s ORDER BY m.chain, m.cap_id DESC) h
    WHERE NOT h.all_clear AND h.expires < %(before)s
        AND NOT EXISTS (SELECT FROM event e WHERE e.chain = h.own AND e.kind = 'reached' AND e.to_degree = 0)
        AND (h.kind = 'reached' OR EXISTS (
            SELECT FROM event r WHERE r.chain = h.own AND r.kind = 'reached'))
        AND NOT EXISTS (
            SELECT FROM announcement a JOIN event e USING (event_id)
            WHERE a.channel = 'cap' AND a.done_at IS NULL AND a.wait_until IS NULL
                AND e.station_id = h.station_id AND e.quantity = h.quantity)
    ORDER BY h.expires LIMIT %(limit)s"""
# What holds: the newest limit reached or left in the chain of the event told last.
_HOLDING: LiteralString = """
    SELECT r.event_id FROM event r JOIN event e USING (chain)
    WHERE e.event_id = %s AND r.kind IN ('reached', 'proved') ORDER BY r.at DESC, r.event_id DESC LIMIT 1"""
_LATEST: LiteralString = """
    SELECT CASE WHEN r.series_id IS NULL THEN value ELSE r.heard_mm END AS value, observed_at, trend
    FROM series_state s LEFT JOIN rain_sum r ON r.series_id = s.series_id AND r.window_min = %(window)s
    WHERE s.series_id = %(series)s AND value IS NOT NULL AND observed_at IS NOT NULL AND flag <= 2
        AND (%(window)s::int IS NULL OR r.at = observed_at)"""
_FINGERPRINT: LiteralString = """
    SELECT count(*) AS messages, coalesce(max(cap_id), 0) AS newest, max(created_at) AS changed_at
    FROM cap_message WHERE expires > %s AND status = ANY(%s)"""
_IN_FORCE: LiteralString = """
    SELECT cap_id, identifier, chain, sent, expires, status, headline_cs, headline_de, all_clear, body
    FROM cap_message m WHERE expires > %(at)s AND status = ANY(%(statuses)s)
        AND NOT EXISTS (
            SELECT FROM cap_message newer
            WHERE newer.chain = m.chain AND newer.cap_id > m.cap_id AND newer.expires <= %(at)s)
    ORDER BY cap_id DESC"""
_DOCUMENT: LiteralString = "SELECT body, created_at FROM cap_message WHERE identifier = %s AND status = ANY(%s)"
_TIMES: LiteralString = """
    SELECT (SELECT max(newest_at) FROM tip WHERE newest_at > '1900-01-01') AS measured_at,
        (SELECT max(sent) FROM cap_message WHERE status = ANY(%s)) AS message_at,
        (SELECT min(created_at) FROM announcement
         WHERE channel = 'cap' AND done_at IS NULL AND wait_until IS NULL) AS waiting_since"""
_FETCHED: LiteralString = """
    INSERT INTO partner_fetch (partner_id, path, first_at, last_at, fetches) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (partner_id, path) DO UPDATE
        SET last_at = greatest(partner_fetch.last_at, excluded.last_at),
            fetches = partner_fetch.fetches + excluded.fetches"""
_LAST_FETCHES: LiteralString = "SELECT partner_id, max(last_at) FROM partner_fetch GROUP BY partner_id"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event as the bridge needs it. Value in `unit` (canonical), discharge in m³/s of the same moment.

    Of what is expected: the probability within `horizon_min` minutes and when (median, middle four fifths), all
    None once it no longer is; `held` is the degree reached now; `overtaken`: the limit has been reached since.
    Of a limit reached: `further` is the higher degree that people are told to expect now, and when.
    `unproved`: the limit was reached by a rise that is not proved (ADR 0020), or expected after such a one. Of a proof
    `to_degree` is the degree that stands, and `unproved` where less than that is proved.
    Of rain: the value is the sum over `window_min`, its limit perhaps that of saturated ground, in `rain_scheme`.
    """

    event_id: int
    series_id: int | None
    station_id: str
    quantity: str
    kind: str
    at: datetime
    from_degree: int
    to_degree: int
    value: float | None
    unit: str
    trend: str
    chain: str
    exercise: bool
    discharge: float | None = None
    reason: str = ""
    probability: float | None = None
    horizon_min: int | None = None
    expected_at: datetime | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    model: str = ""
    held: int = 0
    overtaken: bool = False
    further: int | None = None
    further_at: datetime | None = None
    limit_value: float | None = None
    window_min: int | None = None
    saturated: bool = False
    rain_scheme: str = ""
    unproved: bool = False


@dataclass(frozen=True, slots=True)
class ChainMessage:
    """An earlier message of a chain, as a later one must name it."""

    cap_id: int
    event_id: int
    revision: int
    sent: datetime
    expires: datetime
    reference: str
    all_clear: bool
    kind: str = "reached"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A rendered message before it has a number."""

    identifier: str
    event_id: int
    revision: int
    chain: str
    sent: datetime
    expires: datetime
    reference: str
    msg_type: str
    status: str
    headline_cs: str
    headline_de: str
    all_clear: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in force, as the feeds show it."""

    cap_id: int
    identifier: str
    chain: str
    sent: datetime
    expires: datetime
    status: str
    headline_cs: str
    headline_de: str
    all_clear: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest believed value of a series."""

    value: float
    observed_at: datetime
    trend: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a feed's content depends on; equal fingerprints at one moment mean equal feeds.

    The count stands beside the highest number, because numbers become visible out of commit order.
    """

    messages: int
    newest: int
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Document:
    """One stored document; `created_at` is of the wall clock."""

    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Times:
    """Newest measurement and message of a stream (data time), and the oldest event still untold (wall time)."""

    measured_at: datetime | None
    message_at: datetime | None
    waiting_since: datetime | None


async def claim(connection: AsyncConnection, limit: int, now: datetime) -> list[int]:
    """Lock open announcements, the oldest of each chain, the gravest first; skips what waits and what others hold."""
    await connection.execute(_GUARD)
    cursor = await connection.execute(_CLAIM, {"limit": limit, "now": now})
    return [event_id for (event_id,) in await cursor.fetchall()]


async def events(connection: AsyncConnection, event_ids: Sequence[int]) -> list[ToldEvent]:
    """The events of those numbers, ordered by chain."""
    async with connection.cursor(row_factory=class_row(ToldEvent)) as cursor:
        await cursor.execute(_EVENTS, (list(event_ids),))
        return await cursor.fetchall()


async def story(connection: AsyncConnection, event: ToldEvent, since: datetime) -> str:
    """The chain in which `event` is to be told: that of the story it goes on with, else its own.

    A story whose last message ended before `since` is not gone on with.
    """
    cursor = await connection.execute(_HEAD, (event.station_id, event.quantity, since))
    head = await cursor.fetchone()
    if head is None:
        return event.chain
    chain, all_clear, kind, own = head
    goes_on = own == event.chain or (kind == "expected" and not all_clear)
    return str(chain) if goes_on else event.chain


async def holding(connection: AsyncConnection, event_id: int) -> int:
    """The event whose degree holds in the chain of `event_id`; itself if none was reached."""
    row = await (await connection.execute(_HOLDING, (event_id,))).fetchone()
    return event_id if row is None else int(row[0])


async def lock_chain(connection: AsyncConnection, chain: str) -> list[ChainMessage]:
    """Hold `chain` until the end of the transaction and return its messages, oldest first."""
    await connection.execute(_GUARD)
    await connection.execute(_LOCK_CHAIN, (chain,))
    async with connection.cursor(row_factory=class_row(ChainMessage)) as cursor:
        await cursor.execute(_CHAIN, (chain,))
        return await cursor.fetchall()


async def store(connection: AsyncConnection, message: NewMessage) -> None:
    """Store a rendered message for ever."""
    await connection.execute(
        _INSERT,
        {
            "identifier": message.identifier,
            "event_id": message.event_id,
            "revision": message.revision,
            "chain": message.chain,
            "sent": message.sent,
            "expires": message.expires,
            "reference": message.reference,
            "msg_type": message.msg_type,
            "status": message.status,
            "headline_cs": message.headline_cs,
            "headline_de": message.headline_de,
            "all_clear": message.all_clear,
            "body": message.body,
        },
    )


async def settle(connection: AsyncConnection, event_id: int) -> None:
    """Close the announcement of `event_id`: its message is stored, or it has none to tell."""
    await connection.execute(_SETTLE, (event_id,))


async def expiring(connection: AsyncConnection, now: datetime, before: datetime, limit: int) -> list[str]:
    """Chains whose newest message is no all-clear and ends before `before`, though nothing new is to tell.

    Those that ended while no bridge ran are among them: their degree holds, and a feed without them
    would be taken for calm.
    """
    cursor = await connection.execute(_EXPIRING, {"oldest": now - _LOOKED_BACK, "before": before, "limit": limit})
    return [chain for (chain,) in await cursor.fetchall()]


async def latest(connection: AsyncConnection, series_id: int, window_min: int | None = None) -> Latest | None:
    """The newest believed value of a series, of rain the sum over `window_min`, or None."""
    async with connection.cursor(row_factory=class_row(Latest)) as cursor:
        await cursor.execute(_LATEST, {"series": series_id, "window": window_min})
        return await cursor.fetchone()


async def fingerprint(connection: AsyncConnection, at: datetime, statuses: Sequence[str]) -> Fingerprint:
    """What the feeds of `statuses` depend on at the data time `at`."""
    async with connection.cursor(row_factory=class_row(Fingerprint)) as cursor:
        await cursor.execute(_FINGERPRINT, (at, list(statuses)))
        found = await cursor.fetchone()
    return found if found is not None else Fingerprint(0, 0, None)


async def in_force(connection: AsyncConnection, at: datetime, statuses: Sequence[str]) -> list[StoredMessage]:
    """Messages not yet expired at `at`, newest first; superseded ones are among them.

    What a newer message of its chain has replaced does not come back when that one expires first, as
    an all-clear does.
    """
    async with connection.cursor(row_factory=class_row(StoredMessage)) as cursor:
        await cursor.execute(_IN_FORCE, {"at": at, "statuses": list(statuses)})
        return await cursor.fetchall()


async def document(connection: AsyncConnection, identifier: str, statuses: Sequence[str]) -> Document | None:
    """The stored document, expired or not, or None if there is none of `statuses`."""
    async with connection.cursor(row_factory=class_row(Document)) as cursor:
        await cursor.execute(_DOCUMENT, (identifier, list(statuses)))
        return await cursor.fetchone()


async def times(connection: AsyncConnection, statuses: Sequence[str]) -> Times:
    """How fresh measurements and messages are."""
    async with connection.cursor(row_factory=class_row(Times)) as cursor:
        await cursor.execute(_TIMES, (list(statuses),))
        found = await cursor.fetchone()
    return found if found is not None else Times(None, None, None)


async def record_fetches(
    connection: AsyncConnection, fetches: Mapping[tuple[str, str], tuple[datetime, datetime, int]]
) -> None:
    """Add (partner, path) -> (first, last, count), wall time."""
    rows = [(*key, *fetches[key]) for key in sorted(fetches)]
    async with connection.cursor() as cursor:
        await cursor.executemany(_FETCHED, rows)


async def last_fetches(connection: AsyncConnection) -> dict[str, datetime]:
    """When each partner fetched anything last, wall time."""
    cursor = await connection.execute(_LAST_FETCHES)
    return dict(await cursor.fetchall())
