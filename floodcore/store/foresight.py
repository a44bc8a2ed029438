"""What foreseeing reads and writes: marks, believed points, the forecast of each series, expected events.

All of it inside the caller's transaction. The engine only adds marks and waits for nobody. A claimer
takes marks away, locks the rows of `foresight` in the order of their numbers, and reads the truth from the
series themselves: how far they are judged and how far they were foreseen. So a lost or doubled mark, or two
stages at once, change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

_CLAIM: LiteralString = """
    WITH longest AS (
        SELECT series_id FROM foresight_mark GROUP BY series_id ORDER BY min(mark_id) LIMIT %s),
    taken AS (
        DELETE FROM foresight_mark WHERE mark_id IN (
            SELECT mark_id FROM foresight_mark JOIN longest USING (series_id) FOR UPDATE OF foresight_mark SKIP LOCKED)
        RETURNING series_id)
    SELECT DISTINCT series_id FROM taken ORDER BY series_id"""
_MARK: LiteralString = "INSERT INTO foresight_mark (series_id) SELECT unnest(%s::int[])"
_UNMARK: LiteralString = "DELETE FROM foresight_mark WHERE series_id = %s"
_BEGIN: LiteralString = """
    INSERT INTO foresight (series_id)
    SELECT series_id FROM series_state WHERE series_id = ANY(%s) AND degree IS NOT NULL ORDER BY series_id
    ON CONFLICT DO NOTHING"""
_LOAD: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity, s.unit, st.rule_version, f.foreseen_until, f.foreseen_delivery,
           f.issued_at, f.memory::text AS memory, f.outlook::text AS outlook, f.made_by
    FROM foresight f JOIN series s USING (series_id) JOIN series_state st USING (series_id)
    WHERE f.series_id = ANY(%s) ORDER BY f.series_id FOR UPDATE OF f"""
_NUMBERS: LiteralString = """
    SELECT s.station_id, s.quantity, s.series_id
    FROM unnest(%s::text[], %s::text[]) AS w(station_id, quantity) JOIN series s USING (station_id, quantity)"""
_REACHED: LiteralString = """
    SELECT c.series_id, e.at, e.to_degree::int AS degree, e.chain
    FROM unnest(%s::int[], %s::text[], %s::text[], %s::timestamptz[]) AS c(series_id, station_id, quantity, after)
    CROSS JOIN LATERAL (
        (SELECT at, to_degree, chain FROM event
         WHERE station_id = c.station_id AND quantity = c.quantity AND kind = 'reached' AND at <= c.after
         ORDER BY at DESC, event_id DESC LIMIT 1)
        UNION ALL
        (SELECT at, to_degree, chain FROM event
         WHERE station_id = c.station_id AND quantity = c.quantity AND kind = 'reached' AND at > c.after)) e
    ORDER BY c.series_id, e.at"""
_SAVE: LiteralString = """
    UPDATE foresight f SET foreseen_until = n.u, foreseen_delivery = n.n, issued_at = n.i, model = n.v,
        memory = n.m::jsonb, outlook = n.o::jsonb, degree = n.d, made_by = n.b, updated_at = n.a
    FROM unnest(%s::int[], %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                %s::smallint[], %s::text[], %s::timestamptz[]) AS n(s, u, n, i, v, m, o, d, b, a)
    WHERE f.series_id = n.s"""
_EXPECTATIONS: LiteralString = """
    INSERT INTO expectation (event_id, probability, horizon_min, expected_at, earliest_at, latest_at, model)
    SELECT * FROM unnest(%s::bigint[], %s::float8[], %s::smallint[], %s::timestamptz[], %s::timestamptz[],
                         %s::timestamptz[], %s::text[])"""
# Overtaken: its limit, or the one given up, is reached by now; that is told by itself.
_SAID: LiteralString = """
    SELECT x.probability, x.expected_at, x.earliest_at, x.latest_at,
           EXISTS (SELECT FROM event r WHERE r.station_id = e.station_id AND r.quantity = e.quantity
                   AND r.kind = 'reached' AND r.at >= e.at
                   AND r.to_degree >= greatest(e.from_degree, e.to_degree)) AS overtaken,
           EXISTS (SELECT FROM event o JOIN delivery USING (event_id)
                   WHERE o.station_id = e.station_id AND o.quantity = e.quantity AND o.kind = 'expected'
                     AND o.at BETWEEN e.at - interval '12 hours' AND e.at AND o.event_id < e.event_id) AS heard
    FROM event e LEFT JOIN expectation x USING (event_id) WHERE e.event_id = %s"""
_VIEW: LiteralString = """
    SELECT s.station_id, s.quantity, f.foreseen_until, f.issued_at, f.model, f.degree, f.outlook::text AS outlook,
           f.memory::text AS memory
    FROM foresight f JOIN series s USING (series_id)
    WHERE f.outlook IS NOT NULL ORDER BY s.station_id, s.quantity"""


class Told(msgspec.Struct, frozen=True):
    """The expectation people were told of, as last told at `at`; it stands since `since` in the chain `chain`.

    `probability` is that of reaching the limit of `degree` within `horizon_min` minutes of `at`. `fading` is
    since when (seconds since 1970) the decision to warn no longer bears it out.
    """

    degree: int
    at: datetime
    since: datetime
    chain: str
    probability: float
    horizon_min: int
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime
    fading: float | None = None


# Since when (seconds) each warning stands, 4 degrees by 4 horizons; empty where none does.
Matrix = tuple[tuple[float | None, ...], ...]


class Start(msgspec.Struct, frozen=True):
    """The memory of the decision before the forecast of `before` (seconds since 1970)."""

    before: float
    since: Matrix = ()


class Memory(msgspec.Struct, frozen=True):
    """What is remembered between samples: the warnings that stand, what people were told, where to start again.

    `lived` is the newest reading (seconds) after which it was decided what to tell; `seen` up to which delivery the
    series beside (gauges above, rain gauges) were looked at, by number.
    """

    since: Matrix = ()
    told: Told | None = None
    starts: tuple[Start, ...] = ()
    lived: float | None = None
    seen: tuple[tuple[int, int], ...] = ()


class LimitOutlook(msgspec.Struct, frozen=True):
    """Of one limit: the probability of reaching it within each reach, and when, if within the longest."""

    degree: int
    limit: float
    probability: tuple[float, ...]
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime
    warned: bool


class Outlook(msgspec.Struct, frozen=True):
    """The newest forecast of a series: limits not reached, and per horizon the value (median, 10 %, 90 %)."""

    reaches_min: tuple[int, ...]
    horizons_min: tuple[int, ...]
    limits: tuple[LimitOutlook, ...]
    level: tuple[tuple[float, float, float], ...]
    rising: bool


@dataclass(frozen=True, slots=True)
class Series:
    """A claimed series, how far it was foreseen, and what is remembered of it."""

    series_id: int
    station_id: str
    quantity: str
    unit: str
    rule_version: str
    foreseen_until: datetime | None
    foreseen_delivery: int
    issued_at: datetime | None
    memory: str | None
    outlook: str | None
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class ReachedRow:
    """From `at` on the degree reached is `degree`."""

    series_id: int
    at: datetime
    degree: int
    chain: str


@dataclass(frozen=True, slots=True)
class ForesightRow:
    """The forecast of a series after a round; the order of the fields is that of the statement."""

    series_id: int
    foreseen_until: datetime
    foreseen_delivery: int
    issued_at: datetime | None
    model: str
    memory: str
    outlook: str | None
    degree: int | None
    made_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an expected event said; all but the number and the model None when nothing is expected any more."""

    event_id: int
    probability: float | None
    horizon_min: int | None
    expected_at: datetime | None
    earliest_at: datetime | None
    latest_at: datetime | None
    model: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an expected event said; None where nothing is expected any more.

    `overtaken`: the limit is reached. `heard`: somebody was told something of the kind before.
    """

    probability: float | None
    expected_at: datetime | None
    earliest_at: datetime | None
    latest_at: datetime | None
    overtaken: bool
    heard: bool = True


@dataclass(frozen=True, slots=True)
class ForesightView:
    """What the portal shows of a series: what was told (None: nothing), and the newest forecast of `issued_at`."""

    station_id: str
    quantity: str
    foreseen_until: datetime | None
    issued_at: datetime | None
    model: str
    told: Told | None
    outlook: Outlook | None


@dataclass(frozen=True, slots=True)
class _ViewRow:
    station_id: str
    quantity: str
    foreseen_until: datetime | None
    issued_at: datetime | None
    model: str
    degree: int | None
    outlook: str | None
    memory: str | None


async def claim(conn: AsyncConnection, limit: int) -> list[int]:
    """Take up to `limit` marks that nobody else holds, the oldest first; the series they name, each once."""
    return [number for (number,) in await (await conn.execute(_CLAIM, (limit,))).fetchall()]


async def mark(conn: AsyncConnection, series: Sequence[int]) -> None:
    """Mark series again: they are not foreseen to the end."""
    if series:
        await conn.execute(_MARK, (list(series),))


async def unmark(conn: AsyncConnection, series: int) -> None:
    """Take away all marks of one series."""
    await conn.execute(_UNMARK, (series,))


async def load(conn: AsyncConnection, series: Sequence[int]) -> list[Series]:
    """The series with what is remembered of them, locked until the transaction ends, in order of number."""
    await conn.execute(_BEGIN, (list(series),))
    async with conn.cursor(row_factory=class_row(Series)) as cursor:
        await cursor.execute(_LOAD, (list(series),))
        return await cursor.fetchall()


async def numbers(conn: AsyncConnection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The numbers of the series of (station, quantity), of those that have one."""
    if not wanted:
        return {}
    stations, quantities = zip(*wanted, strict=True)
    rows = await (await conn.execute(_NUMBERS, (list(stations), list(quantities)))).fetchall()
    return {(station, quantity): number for station, quantity, number in rows}


async def reached(conn: AsyncConnection, series: Sequence[tuple[Series, datetime]]) -> dict[int, list[ReachedRow]]:
    """The degree reached at a moment of each series and its later changes."""
    columns = (
        [one.series_id for one, _ in series],
        [one.station_id for one, _ in series],
        [one.quantity for one, _ in series],
        [after for _, after in series],
    )
    async with conn.cursor(row_factory=class_row(ReachedRow)) as cursor:
        await cursor.execute(_REACHED, columns)
        rows = await cursor.fetchall()
    found: dict[int, list[ReachedRow]] = {one.series_id: [] for one, _ in series}
    for row in rows:
        found[row.series_id].append(row)
    return found


async def save(conn: AsyncConnection, rows: Sequence[ForesightRow]) -> None:
    """Store the forecasts, replacing the earlier ones."""
    if rows:
        await conn.execute(_SAVE, [[getattr(row, field.name) for row in rows] for field in fields(ForesightRow)])


async def save_expectations(conn: AsyncConnection, rows: Sequence[Expectation]) -> None:
    """Store what expected events said, beside them."""
    if rows:
        columns = [[getattr(row, field.name) for row in rows] for field in fields(Expectation)]
        await conn.execute(_EXPECTATIONS, columns)


async def said(conn: AsyncConnection, event_id: int) -> Said | None:
    """What an expected event said, or None if there is no such event."""
    async with conn.cursor(row_factory=class_row(Said)) as cursor:
        return await (await cursor.execute(_SAID, (event_id,))).fetchone()


async def foresights(conn: AsyncConnection) -> list[ForesightView]:
    """The newest forecast of every series that has one, by station."""
    async with conn.cursor(row_factory=class_row(_ViewRow)) as cursor:
        await cursor.execute(_VIEW)
        return [_view(row) for row in await cursor.fetchall()]


def _view(row: _ViewRow) -> ForesightView:
    try:
        told = None if row.memory is None or row.degree is None else _MEMORY.decode(row.memory).told
        outlook = None if row.outlook is None else _OUTLOOK.decode(row.outlook)
    except msgspec.MsgspecError:  # of another version: there is no forecast until the next one
        told = outlook = None
    return ForesightView(row.station_id, row.quantity, row.foreseen_until, row.issued_at, row.model, told, outlook)


def encode(word: Memory | Outlook) -> str:
    """The word as JSON."""
    return msgspec.json.encode(word).decode()


def remembered(text: str | None) -> Memory:
    """The memory back from its JSON; an empty one if there is none.

    Raises:
        msgspec.MsgspecError: the text is none.
    """
    return Memory() if text is None else _MEMORY.decode(text)


_MEMORY = msgspec.json.Decoder(Memory)
_OUTLOOK = msgspec.json.Decoder(Outlook)
