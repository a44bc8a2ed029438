"""Spare gauges: how their main ones stand, and which of their events have not been announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('spares', 0))"
_STANDINGS: LiteralString = """
    SELECT s.station_id, s.quantity, st.degree, st.observed_at, st.flag, st.judged_until, st.updated_at AS judged_at
    FROM series s JOIN series_state st USING (series_id)
    WHERE s.station_id = ANY(%s)"""
# Of a spare whose main one is lost: the degree it holds, its own silence, the newest reminder that it is not proved.
# Of any spare: what goes on in a chain that people were told of, to its end.
_PENDING: LiteralString = """
    SELECT e.event_id, e.station_id, e.quantity, e.kind, e.at, e.to_degree
    FROM event e
    WHERE e.station_id = ANY(%(spares)s) AND e.kind IN ('reached', 'proved', 'silence', 'unproved')
      AND NOT EXISTS (SELECT FROM announcement a WHERE a.event_id = e.event_id)
      AND (e.kind <> 'unproved'
           OR NOT EXISTS (SELECT FROM event n WHERE n.station_id = e.station_id AND n.quantity = e.quantity
                          AND n.kind IN ('reached', 'proved', 'unproved') AND n.event_id > e.event_id))
      AND (e.station_id = ANY(%(lost)s) AND e.to_degree > 0
             AND NOT EXISTS (SELECT FROM event n WHERE n.station_id = e.station_id AND n.quantity = e.quantity
                             AND n.kind = 'reached' AND n.event_id > e.event_id)
           OR e.kind IN ('reached', 'proved', 'unproved')
             AND EXISTS (SELECT FROM event c JOIN announcement a USING (event_id)
                         WHERE c.station_id = e.station_id AND c.quantity = e.quantity AND c.chain = e.chain
                           AND c.kind = 'reached' AND c.event_id < e.event_id))
    ORDER BY e.event_id"""


@dataclass(frozen=True, slots=True)
class Stand:
    """A series as last judged; `judged_at` is when the sample of `judged_until` was."""

    station_id: str
    quantity: str
    degree: int | None
    observed_at: datetime | None
    flag: int
    judged_until: datetime
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Untold:
    """An event of a spare that is to be announced."""

    event_id: int
    station_id: str
    quantity: str
    kind: str
    at: datetime
    to_degree: int


async def lock(conn: AsyncConnection) -> None:
    """One process at a time decides, until its transaction ends."""
    await conn.execute(_LOCK)


async def standings(conn: AsyncConnection, stations: Sequence[str]) -> list[Stand]:
    """How the series of `stations` stand."""
    async with conn.cursor(row_factory=class_row(Stand)) as cursor:
        return await (await cursor.execute(_STANDINGS, (list(stations),))).fetchall()


async def untold(conn: AsyncConnection, spares: Sequence[str], lost: Sequence[str]) -> list[Untold]:
    """What is to be announced of `spares`; `lost` are those of them whose main gauge is lost."""
    async with conn.cursor(row_factory=class_row(Untold)) as cursor:
        return await (await cursor.execute(_PENDING, {"spares": list(spares), "lost": list(lost)})).fetchall()
