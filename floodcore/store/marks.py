"""Dirty marks: which series have samples to judge, and which of them are put aside. All in the caller's transaction.

Claiming locks the series, not the mark, and the mark is cleared last, just before the commit and only if
nobody has renewed it since it was seen; every renewal has a number of its own. So the collectors never wait
while the engine judges, several engines share the work (SKIP LOCKED), and a sample that is committed after
the claim keeps its mark: no update is lost (ADR 0015, style.md section 6). Samples are read after the claim,
never before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import scalar_row

_REASON_CAP = 500

# NO KEY UPDATE: rows that refer to the series may still be written by others.
_CLAIM: LiteralString = """
    SELECT series_id, d.renewed, d.late FROM dirty d JOIN series USING (series_id)
    WHERE NOT EXISTS (SELECT FROM aside a WHERE a.series_id = d.series_id)
    ORDER BY d.marked_at LIMIT %s FOR NO KEY UPDATE OF series SKIP LOCKED"""
_CLAIM_ONE: LiteralString = """
    SELECT series_id, d.renewed, d.late FROM dirty d JOIN series USING (series_id)
    WHERE series_id = %s FOR NO KEY UPDATE OF series SKIP LOCKED"""
# A mark that a collector holds is about to be renewed: it stays, and nobody waits.
_CLEAR: LiteralString = """
    DELETE FROM dirty WHERE series_id IN (
        SELECT d.series_id FROM dirty d
        JOIN unnest(%s::int[], %s::bigint[]) AS seen(series_id, renewed) USING (series_id, renewed)
        FOR UPDATE OF d SKIP LOCKED)
    RETURNING series_id"""
_WAITING: LiteralString = """
    SELECT series_id FROM dirty
    WHERE NOT EXISTS (SELECT FROM aside WHERE aside.series_id = dirty.series_id)
    ORDER BY marked_at LIMIT %s"""
_ASIDE: LiteralString = "SELECT series_id FROM aside ORDER BY tried_at LIMIT %s"
_PUT_ASIDE: LiteralString = """
    INSERT INTO aside (series_id, reason) VALUES (%s, %s)
    ON CONFLICT (series_id) DO UPDATE
        SET reason = excluded.reason, failures = aside.failures + 1, tried_at = excluded.tried_at
    RETURNING failures"""
_RELEASE: LiteralString = "DELETE FROM aside WHERE series_id = %s"
_MARK: LiteralString = """
    INSERT INTO dirty (series_id, marked_at) SELECT series_id, %s FROM unnest(%s::int[]) AS m(series_id)
    ORDER BY series_id ON CONFLICT (series_id) DO UPDATE
        SET marked_at = excluded.marked_at, renewed = nextval('dirty_renewed')"""
_LATE: LiteralString = "SELECT series_id FROM dirty WHERE late AND series_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as it was seen: the number of its last renewal, and whether it stands for samples that came late."""

    renewed: int
    late: bool


Marks = Mapping[int, Mark]
"""The marks of the claimed series by number."""


async def claim(conn: AsyncConnection, limit: int) -> Marks:
    """Up to `limit` marked series that nobody else judges, the longest waiting first; none that is put aside.

    They are the caller's alone until the end of its transaction.
    """
    return await _claimed(conn, _CLAIM, limit)


async def claim_one(conn: AsyncConnection, series: int) -> Marks:
    """One series, put aside or not; empty if it is not marked or somebody else judges it."""
    return await _claimed(conn, _CLAIM_ONE, series)


async def clear(conn: AsyncConnection, seen: Marks, unfinished: Sequence[int], now: datetime) -> None:
    """Take away the marks that were not renewed since they were seen; the last statement of a round.

    Those of the `unfinished`, which have more samples than one round judges, go to the end of the queue.
    """
    if not seen:
        return
    cursor = await conn.execute(_CLEAR, (list(seen), [mark.renewed for mark in seen.values()]))
    cleared = {number for (number,) in await cursor.fetchall()}
    # Only what is ours to write: waiting for a collector that waits for us would be a deadlock.
    if more := cleared.intersection(unfinished):
        await mark(conn, list(more), now)


async def mark(conn: AsyncConnection, series: Sequence[int], now: datetime) -> None:
    """Mark series as the collectors do, so that they are looked at again."""
    await conn.execute(_MARK, (now, series))


async def stay_late(conn: AsyncConnection, series: Sequence[int]) -> None:
    """The marks of these series go on standing for late samples; after `clear`, of series that are the caller's."""
    if series:
        await conn.execute("UPDATE dirty SET late = true WHERE series_id = ANY(%s)", (list(series),))


async def turned_late(conn: AsyncConnection, series: Sequence[int]) -> frozenset[int]:
    """Which of the series are marked for late samples by now. Asked after their samples were read.

    A mark is committed with its samples: who was read with a late sample, without knowing, is among them.
    """
    return frozenset(number for (number,) in await (await conn.execute(_LATE, (series,))).fetchall())


async def waiting(conn: AsyncConnection, limit: int) -> Sequence[int]:
    """Up to `limit` marked series, the longest waiting first, without claiming them."""
    return await _numbers(conn, _WAITING, limit)


async def aside(conn: AsyncConnection, limit: int) -> Sequence[int]:
    """Up to `limit` series put aside, the longest untried first."""
    return await _numbers(conn, _ASIDE, limit)


async def put_aside(conn: AsyncConnection, series: int, reason: str) -> bool:
    """Keep a series out of the rounds until it is released; whether it was not out already.

    Its mark stays, and its readings go on being stored.
    """
    plain = reason[:_REASON_CAP].replace("\x00", "").encode("utf-8", "backslashreplace").decode()
    cursor = await conn.execute(_PUT_ASIDE, (series, plain))
    return await cursor.fetchone() == (1,)


async def release(conn: AsyncConnection, series: int) -> bool:
    """Let a series take part again; whether it was put aside."""
    return (await conn.execute(_RELEASE, (series,))).rowcount > 0


async def _claimed(conn: AsyncConnection, statement: LiteralString, value: int) -> Marks:
    cursor = await conn.execute(statement, (value,))
    return {series: Mark(renewed, late) for series, renewed, late in sorted(await cursor.fetchall())}


async def _numbers(conn: AsyncConnection, statement: LiteralString, value: int) -> list[int]:
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement, (value,))
        return await cursor.fetchall()
