"""What the engine reads and writes: new samples, states, verdicts, events, announcements.

All of it inside the caller's transaction, and only of series it has claimed (`floodcore.store.marks`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.quality.window import Sample
from floodcore.words import Flag

_STANDING: LiteralString = "UPDATE series_state SET lifecycle = %s::jsonb WHERE series_id = %s"
_FLAGS = {int(flag): flag for flag in Flag}

_LOAD: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity, s.unit, st.rule_version, st.judged_until,
           st.judged_delivery, st.updated_at AS judged_at, st.degree, st.flag, st.test,
           st.lifecycle::text AS standing
    FROM series s LEFT JOIN series_state st USING (series_id)
    WHERE s.series_id = ANY(%s)
    ORDER BY s.series_id"""
_SAMPLES: LiteralString = """
    SELECT c.series_id, o.observed_at, o.value, o.flag, o.test, o.delivery
    FROM unnest(%s::int[], %s::timestamptz[]) AS c(series_id, after)
    CROSS JOIN LATERAL (
        SELECT observed_at, value, flag, test, delivery FROM observation
        WHERE series_id = c.series_id AND observed_at > c.after AND delivery > 0
        ORDER BY observed_at LIMIT %s) o
    ORDER BY c.series_id, o.observed_at"""
_RULES: LiteralString = """
    INSERT INTO rule_version (rule_version, rules, first_used_at)
    SELECT v, r::jsonb, %s FROM unnest(%s::text[], %s::text[]) AS n(v, r) ORDER BY v
    ON CONFLICT (rule_version) DO NOTHING"""
_USES: LiteralString = """
    INSERT INTO rule_use (series_id, delivery, since, rule_version, valid_from, source, author, reason, recorded_at)
    SELECT i, d, s, v, f, o, a, r, %s FROM unnest(%s::int[], %s::bigint[], %s::timestamptz[], %s::text[],
        %s::timestamptz[], %s::text[], %s::text[], %s::text[]) AS n(i, d, s, v, f, o, a, r)
    ON CONFLICT (series_id, delivery, since) DO NOTHING"""
_STATES: LiteralString = """
    INSERT INTO series_state (series_id, rule_version, judged_until, judged_delivery, lifecycle, degree, value,
                              observed_at, trend, trend_per_hour, flag, test, updated_at, firm, doubt)
    SELECT i, v, u, b, l, d, x, o, t, p, f, n, a, g, w
    FROM unnest(%s::int[], %s::text[], %s::timestamptz[], %s::bigint[],
                (SELECT array_agg(one ORDER BY number)
                 FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS standings(one, number)),
                %s::smallint[], %s::float8[], %s::timestamptz[], %s::text[], %s::float8[], %s::smallint[],
                %s::text[], %s::timestamptz[], %s::smallint[], %s::text[])
        AS s(i, v, u, b, l, d, x, o, t, p, f, n, a, g, w)
    ON CONFLICT (series_id) DO UPDATE SET
        rule_version = excluded.rule_version, judged_until = excluded.judged_until,
        judged_delivery = excluded.judged_delivery, lifecycle = excluded.lifecycle,
        degree = excluded.degree, value = excluded.value, observed_at = excluded.observed_at,
        trend = excluded.trend, trend_per_hour = excluded.trend_per_hour,
        flag = excluded.flag, test = excluded.test, updated_at = excluded.updated_at,
        firm = excluded.firm, doubt = excluded.doubt"""
_VERDICTS: LiteralString = """
    INSERT INTO verdict (series_id, observed_at, flag, test)
    SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::smallint[], %s::text[])
    ON CONFLICT (series_id, observed_at) DO UPDATE SET flag = excluded.flag, test = excluded.test"""
# An event that stands already was decided before (states rebuilt): it is not told a second time.
_EVENTS: LiteralString = """
    INSERT INTO event (series_id, station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,
                       limit_value, trend, trend_per_hour, chain, rule_version, exercise, firm_from, firm_to, doubt)
    SELECT i, s, q, k, a, f, t, r, v, u, l, h, p, c, n, e, x, y, d
    FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::smallint[],
                %s::text[], %s::float8[], %s::text[], %s::float8[], %s::text[], %s::float8[], %s::text[],
                %s::text[], %s::bool[], %s::smallint[], %s::smallint[], %s::text[]) WITH ORDINALITY
        AS e(i, s, q, k, a, f, t, r, v, u, l, h, p, c, n, e, x, y, d, number)
    ORDER BY number
    ON CONFLICT (station_id, quantity, kind, at, to_degree) DO NOTHING
    RETURNING event_id, station_id, quantity, kind, at, to_degree"""
_ANNOUNCE: LiteralString = """
    INSERT INTO announcement (event_id, channel, priority, valid_until)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[])"""
_NOTIFY: LiteralString = "SELECT pg_notify(channel, '') FROM unnest(%s::text[]) AS c(channel)"
_UNHEARD: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity, s.unit, st.rule_version, st.judged_until,
           st.judged_delivery, st.updated_at AS judged_at, st.degree, st.flag, st.test,
           st.lifecycle::text AS standing
    FROM series_state st JOIN series s USING (series_id)
    WHERE (st.degree > 0 OR st.degree = 0 AND (st.trend = 'rising' OR s.station_id = ANY(%s))) AND st.observed_at < %s
      AND NOT EXISTS (SELECT FROM dirty d WHERE d.series_id = s.series_id
                      AND NOT EXISTS (SELECT FROM aside a WHERE a.series_id = d.series_id))
      AND NOT EXISTS (SELECT FROM event e WHERE e.station_id = s.station_id AND e.quantity = s.quantity
                      AND e.kind = 'silence' AND e.at > st.observed_at)
    ORDER BY s.series_id
    FOR UPDATE OF st SKIP LOCKED"""
_USED: LiteralString = """
    SELECT u.delivery, u.since, u.rule_version, v.rules::text AS rules
    FROM rule_use u JOIN rule_version v USING (rule_version)
    WHERE u.series_id = %s ORDER BY u.delivery, u.since"""
_STORED: LiteralString = """
    SELECT series_id, station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit, limit_value,
           trend, trend_per_hour, chain, rule_version, exercise, firm_from, firm_to, doubt
    FROM event
    WHERE series_id = %s AND kind = ANY(%s) AND at >= %s AND at < %s
    ORDER BY event_id"""


@dataclass(frozen=True, slots=True)
class Series:
    """A claimed series with its stored standing; all of it None before its first judgement.

    `judged_until` is the time of the newest sample judged, `judged_delivery` the newest delivery, `judged_at`
    when that was; `degree` the one of the state people see, `flag` and `test` the verdict on the newest sample.
    """

    series_id: int
    station_id: str
    quantity: str
    unit: str
    rule_version: str | None
    judged_until: datetime | None
    judged_delivery: int | None
    judged_at: datetime | None
    degree: int | None
    flag: int | None
    test: str | None
    standing: str | None


@dataclass(frozen=True, slots=True)
class StateRow:
    """The state of a series after judging; the order of the fields is that of the statement.

    `firm` is what is proved of the degree, and `doubt` why the rest is not; None where all is.
    """

    series_id: int
    rule_version: str
    judged_until: datetime
    judged_delivery: int
    standing: str
    degree: int | None
    value: float | None
    observed_at: datetime | None
    trend: str
    trend_per_hour: float | None
    flag: int
    test: str
    updated_at: datetime
    firm: int | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What is thought of a sample among its neighbours, where that is not what the door thought."""

    series_id: int
    observed_at: datetime
    flag: int
    test: str


@dataclass(frozen=True, slots=True)
class RuleUse:
    """From the sample of `since` in the batch `delivery` on the series is judged by `rule_version`.

    `valid_from` is when the limits were to hold from, `source` where they come from; empty is not known.
    """

    series_id: int
    delivery: int
    since: datetime
    rule_version: str
    valid_from: datetime | None = None
    source: str = ""
    author: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UsedRules:
    """Rules in use from the sample of `since` in the batch `delivery` on, as canonical JSON."""

    delivery: int
    since: datetime
    rule_version: str
    rules: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event not yet stored; the order of the fields is that of the statement.

    `firm_from` and `firm_to` are what residents knew and know, None where that is as the degrees; `doubt` is why.
    """

    series_id: int
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
    chain: str
    rule_version: str
    exercise: bool
    firm_from: int | None = None
    firm_to: int | None = None
    doubt: str = ""

    @property
    def key(self) -> tuple[str, str, str, datetime, int]:
        """What makes the event unique."""
        return self.station_id, self.quantity, self.kind, self.at, self.to_degree


@dataclass(frozen=True, slots=True)
class Announcement:
    """Intent to tell the audience of `channel` of an event."""

    event_id: int
    channel: str
    priority: int
    valid_until: datetime


_Row = TypeVar("_Row", StateRow, VerdictRow, RuleUse, NewEvent, Announcement)


async def save_standing(conn: AsyncConnection, series: int, standing: str) -> None:
    """Replace a standing that cannot be read."""
    await conn.execute(_STANDING, (standing, series))


async def load(conn: AsyncConnection, series: Sequence[int]) -> list[Series]:
    """The series with their standings, in order of number."""
    async with conn.cursor(row_factory=class_row(Series)) as cursor:
        await cursor.execute(_LOAD, (series,))
        return await cursor.fetchall()


async def samples(conn: AsyncConnection, after: Mapping[int, datetime], limit: int) -> dict[int, list[Sample]]:
    """The samples of each series newer than given that count, in time order, at most `limit` of each."""
    found: dict[int, list[Sample]] = {series: [] for series in after}
    cursor = await conn.execute(_SAMPLES, (list(after), list(after.values()), limit))
    for series, at, value, flag, test, delivery in await cursor.fetchall():
        found[series].append(Sample(at, value, _FLAGS[flag], test, delivery))
    return found


async def save_rules(conn: AsyncConnection, rules: Mapping[str, str], uses: Sequence[RuleUse], now: datetime) -> None:
    """Keep rule versions (version to canonical JSON) and from which sample on they are used."""
    if uses:
        await conn.execute(_RULES, (now, list(rules), list(rules.values())))
        await conn.execute(_USES, [now, *_columns(uses, RuleUse)])


async def save_states(conn: AsyncConnection, states: Sequence[StateRow]) -> None:
    """Store the states, replacing earlier ones."""
    if not states:
        return
    columns: list[object] = list(_columns(states, StateRow))
    # One document for all: quoting JSON inside an array literal costs more than judging the series.
    columns[4] = f"[{','.join(state.standing for state in states)}]"
    await conn.execute(_STATES, columns)


async def save_verdicts(conn: AsyncConnection, verdicts: Iterable[VerdictRow]) -> None:
    """Store verdicts; of two on one sample the later stands."""
    newest = list({(verdict.series_id, verdict.observed_at): verdict for verdict in verdicts}.values())
    if newest:
        await conn.execute(_VERDICTS, _columns(newest, VerdictRow))


async def forget_verdicts(conn: AsyncConnection, series: int, start: datetime) -> None:
    """Forget the verdicts on the samples from `start` on; they are judged again."""
    await conn.execute("DELETE FROM verdict WHERE series_id = %s AND observed_at >= %s", (series, start))


async def save_events(conn: AsyncConnection, events: Sequence[NewEvent]) -> list[tuple[int, NewEvent]]:
    """Store the events in the given order; returns those that are new, with their numbers."""
    if not events:
        return []
    by_key = {event.key: event for event in events}
    cursor = await conn.execute(_EVENTS, _columns(events, NewEvent))
    return [(number, by_key[station, q, kind, at, to]) for number, station, q, kind, at, to in await cursor.fetchall()]


async def announce(conn: AsyncConnection, announcements: Sequence[Announcement]) -> None:
    """Store the intents; the rooms that tell claim them."""
    if announcements:
        await conn.execute(_ANNOUNCE, _columns(announcements, Announcement))


async def notify(conn: AsyncConnection, *channels: str) -> None:
    """Wake the listeners when the transaction commits."""
    await conn.execute(_NOTIFY, (list(channels),))


async def uses(conn: AsyncConnection, series: int) -> list[UsedRules]:
    """The rules the series was judged by, oldest first."""
    async with conn.cursor(row_factory=class_row(UsedRules)) as cursor:
        await cursor.execute(_USED, (series,))
        return await cursor.fetchall()


async def events(
    conn: AsyncConnection, series: int, kinds: Sequence[str], start: datetime, end: datetime
) -> list[NewEvent]:
    """The stored events of `kinds` of the series with `at` in [start, end), in the order they were stored."""
    async with conn.cursor(row_factory=class_row(NewEvent)) as cursor:
        await cursor.execute(_STORED, (series, list(kinds), start, end))
        return await cursor.fetchall()


async def at_degree(conn: AsyncConnection) -> frozenset[str]:
    """The stations that have reached a degree."""
    found = "SELECT DISTINCT s.station_id FROM series_state st JOIN series s USING (series_id) WHERE st.degree > 0"
    return frozenset(station for (station,) in await (await conn.execute(found)).fetchall())


async def unheard(conn: AsyncConnection, before: datetime, below: Sequence[str] = ()) -> list[Series]:
    """Series at a degree, rising or at a station of `below` whose last believed value is older than `before`, locked.

    Without those that have samples waiting to be judged, or whose silence is known already.
    """
    async with conn.cursor(row_factory=class_row(Series)) as cursor:
        await cursor.execute(_UNHEARD, (list(below), before))
        return await cursor.fetchall()


def _columns(rows: Sequence[_Row], row: type[_Row]) -> list[list[object]]:
    """The rows turned into one list per field, for UNNEST."""
    return [[getattr(each, field.name) for each in rows] for field in fields(row)]
