"""Rises that are not proved, and who answers for them (ADR 0020). All in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row, scalar_row

_UNPROVED: LiteralString = "SELECT series_id FROM series_state WHERE firm IS NOT NULL ORDER BY series_id"
# As the engine claims a series: it is the caller's alone until the end of its transaction.
_CLAIM: LiteralString = "SELECT series_id FROM series WHERE series_id = %s FOR NO KEY UPDATE SKIP LOCKED"
_HELD: LiteralString = """
    SELECT station_id FROM series JOIN series_state USING (series_id) WHERE firm IS NOT NULL"""
_SAVE: LiteralString = """
    INSERT INTO vouch (series_id, delivery, at, reason, author, recorded_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (series_id, delivery, at) DO NOTHING"""
_PROVED: LiteralString = """
    UPDATE series_state SET lifecycle = %s::jsonb, firm = NULL, doubt = '' WHERE series_id = %s"""
_GIVEN: LiteralString = """
    SELECT delivery, at, reason FROM vouch WHERE series_id = %s ORDER BY delivery, at"""


@dataclass(frozen=True, slots=True)
class NewVouch:
    """Somebody answers for a series, as of the sample of `at` in the batch `delivery`."""

    series_id: int
    delivery: int
    at: datetime
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class VouchRow:
    """A vouch as it stands, in the order of arrival."""

    delivery: int
    at: datetime
    reason: str


async def unproved(conn: AsyncConnection) -> Sequence[int]:
    """The series at a degree that is not proved; none is locked."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_UNPROVED)
        return await cursor.fetchall()


async def claim(conn: AsyncConnection, series: int) -> bool:
    """Take a series until the end of the transaction; False if somebody else judges it just now."""
    return await (await conn.execute(_CLAIM, (series,))).fetchone() is not None


async def held(conn: AsyncConnection) -> frozenset[str]:
    """The stations whose own rise is not proved: they answer for nobody."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_HELD)
        return frozenset(await cursor.fetchall())


async def save(conn: AsyncConnection, vouch: NewVouch, standing: str, now: datetime) -> None:
    """Keep a vouch, and the standing of its series that is proved by it."""
    row = (vouch.series_id, vouch.delivery, vouch.at, vouch.reason, vouch.author, now)
    await conn.execute(_SAVE, row)
    await conn.execute(_PROVED, (standing, vouch.series_id))


async def of_series(conn: AsyncConnection, series: int) -> list[VouchRow]:
    """All that were given for a series."""
    async with conn.cursor(row_factory=class_row(VouchRow)) as cursor:
        return await (await cursor.execute(_GIVEN, (series,))).fetchall()
