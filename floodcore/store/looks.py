"""What forecasts saw, where the observations alone do not say it: an input for judging them again (ADR 0029)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.store.foresight import Expectation, Series

# Pairs of a series beside and the delivery up to which it was looked at.
Deliveries = tuple[tuple[int, int], ...]

_SAVE: LiteralString = """
    INSERT INTO foresight_look
        (series_id, look, until, delivery, seen, again_until, again_delivery, again_seen, memory)
    SELECT s, coalesce((SELECT max(look) FROM foresight_look l WHERE l.series_id = s), 0)
              + row_number() OVER (PARTITION BY s ORDER BY number), u, d, e::jsonb, a, n, g::jsonb, m::jsonb
    FROM unnest(%s::int[], %s::timestamptz[], %s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[],
                %s::text[]) WITH ORDINALITY AS r(s, u, d, e, a, n, g, m, number)"""
_OF_SERIES: LiteralString = """
    SELECT series_id, until, delivery, seen::text AS seen, again_until, again_delivery, again_seen::text AS again_seen,
           memory::text AS memory
    FROM foresight_look WHERE series_id = %s ORDER BY look"""
_STORED: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity, s.unit, st.rule_version, f.foreseen_until, f.foreseen_delivery,
           f.issued_at, f.memory::text AS memory, f.outlook::text AS outlook, f.made_by
    FROM foresight f JOIN series s USING (series_id) JOIN series_state st USING (series_id)
    WHERE f.series_id = %s AND f.foreseen_until IS NOT NULL"""
_EXPECTED: LiteralString = """
    SELECT x.event_id, x.probability, x.horizon_min::int, x.expected_at, x.earliest_at, x.latest_at, x.model
    FROM expectation x JOIN event e USING (event_id)
    WHERE e.series_id = %s AND e.at > %s ORDER BY x.event_id"""
_JUDGED: LiteralString = """
    SELECT s.series_id, s.station_id, s.quantity FROM series s JOIN series_state USING (series_id)
    WHERE %(stations)s::text[] = '{}' OR s.station_id = ANY(%(stations)s) ORDER BY s.station_id, s.series_id"""


@dataclass(frozen=True, slots=True)
class Look:
    """Up to `until` a series was foreseen with what had come by `delivery` here and by `seen` beside (JSON).

    Then one round up to `again_until` decided anew with what had come by `again_delivery` and `again_seen`; or, where
    those are None, another forecast or other rules took over from `memory`.
    """

    series_id: int
    until: datetime
    delivery: int
    seen: str
    again_until: datetime | None = None
    again_delivery: int | None = None
    again_seen: str | None = None
    memory: str | None = None


async def save(conn: AsyncConnection, looks: Sequence[Look]) -> None:
    """Keep the looks behind those of before; the caller holds the series' rows of `foresight`."""
    if looks:
        await conn.execute(_SAVE, [[getattr(look, field.name) for look in looks] for field in fields(Look)])


async def of_series(conn: AsyncConnection, series: int) -> list[Look]:
    """All looks of a series, oldest first."""
    async with conn.cursor(row_factory=class_row(Look)) as cursor:
        return await (await cursor.execute(_OF_SERIES, (series,))).fetchall()


async def stored(conn: AsyncConnection, series: int) -> Series | None:
    """The forecast of a series as it stands; None if it was never foreseen. Locks nothing."""
    async with conn.cursor(row_factory=class_row(Series)) as cursor:
        return await (await cursor.execute(_STORED, (series,))).fetchone()


async def expectations(conn: AsyncConnection, series: int, after: datetime) -> list[Expectation]:
    """What the expected events of a series after a time said, in the order they were stored."""
    async with conn.cursor(row_factory=class_row(Expectation)) as cursor:
        return await (await cursor.execute(_EXPECTED, (series, after))).fetchall()


async def judged(conn: AsyncConnection, stations: Sequence[str] = ()) -> list[tuple[int, str, str]]:
    """Number, station and quantity of every series that is judged, or of those of some stations; by station."""
    cursor = await conn.execute(_JUDGED, {"stations": list(stations)})
    return [(number, station, quantity) for number, station, quantity in await cursor.fetchall()]


def written(seen: Deliveries) -> str:
    """The deliveries as JSON."""
    return msgspec.json.encode(seen).decode()


def read(text: str) -> Deliveries:
    """The deliveries back from their JSON.

    Raises:
        msgspec.MsgspecError: the text is none.
    """
    return msgspec.json.decode(text, type=tuple[tuple[int, int], ...])
