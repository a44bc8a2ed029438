"""Where to start judging again when samples come late: the standing before the first sample of an hour.

Written in the engine's round, for the series it has claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_SAVE: LiteralString = """
    INSERT INTO checkpoint (series_id, before, standing)
    SELECT i, b, s FROM unnest(%s::int[], %s::timestamptz[],
        (SELECT array_agg(one ORDER BY number)
         FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS standings(one, number))) AS c(i, b, s)
    ON CONFLICT (series_id, before) DO UPDATE SET standing = excluded.standing"""
_THIN: LiteralString = """
    DELETE FROM checkpoint c USING (
        SELECT series_id, max(before) AS needed FROM checkpoint
        JOIN unnest(%s::int[], %s::timestamptz[]) AS u(series_id, until) USING (series_id)
        WHERE before <= until - %s GROUP BY series_id) AS n
    WHERE c.series_id = n.series_id AND c.before < n.needed"""


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """The standing, as JSON, of a series before its first sample at or after `before`."""

    series_id: int
    before: datetime
    standing: str


async def of_series(conn: AsyncConnection, series: int) -> list[CheckpointRow]:
    """The checkpoints of a series, oldest first."""
    statement = "SELECT series_id, before, standing::text FROM checkpoint WHERE series_id = %s ORDER BY before"
    async with conn.cursor(row_factory=class_row(CheckpointRow)) as cursor:
        await cursor.execute(statement, (series,))
        return await cursor.fetchall()


async def forget(conn: AsyncConnection, series: Sequence[int]) -> None:
    """Forget all checkpoints of the series."""
    if series:
        await conn.execute("DELETE FROM checkpoint WHERE series_id = ANY(%s)", (series,))


async def save(
    conn: AsyncConnection, rows: Sequence[CheckpointRow], until: Sequence[tuple[int, datetime]], reach: timedelta
) -> None:
    """Keep the checkpoints, and of each series in `until` only those that a sample up to `reach` older may need.

    `until` pairs a series with its newest sample judged.
    """
    if not rows:
        return
    standings = f"[{','.join(row.standing for row in rows)}]"
    await conn.execute(_SAVE, ([row.series_id for row in rows], [row.before for row in rows], standings))
    await conn.execute(_THIN, ([series for series, _ in until], [at for _, at in until], reach))
