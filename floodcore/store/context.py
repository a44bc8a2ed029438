"""Context beside the readings: the bulletin of warnings of a source, the flood classes of gauges.

An empty answer, a failure and the word "no warning" are three values here: `Doubt("empty")`,
`Doubt("failed")` and a `Bulletin` without warnings. A bulletin past its age is a fourth, `Doubt("old")`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from floodcore.context import Bulletin, GaugeClass, Warned

TOLD, EMPTY, FAILED, OLD, NEVER = "told", "empty", "failed", "old", "never"
# A bulletin comes at least once a day (docs/sources/chmu_cap.md); an older one is a dead source.
MAX_AGE = timedelta(hours=24)

# An older document than the one that stands is a server out of step: it does not take its place.
_TOLD: LiteralString = """
    INSERT INTO bulletin (source, identifier, sent, warnings, told_at, state, tried_at)
    VALUES (%(source)s, %(identifier)s, %(sent)s, %(warnings)s, %(now)s, 'told', %(now)s)
    ON CONFLICT (source) DO UPDATE SET identifier = excluded.identifier, sent = excluded.sent,
        warnings = excluded.warnings, told_at = excluded.told_at, state = 'told', fault = '',
        tried_at = excluded.tried_at
    WHERE bulletin.sent IS NULL OR bulletin.sent <= excluded.sent"""
_DOUBT: LiteralString = """
    INSERT INTO bulletin (source, state, fault, tried_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (source) DO UPDATE SET state = excluded.state, fault = excluded.fault, tried_at = excluded.tried_at"""
_BULLETIN: LiteralString = """
    SELECT identifier, sent, warnings::text, state, fault, tried_at FROM bulletin WHERE source = %s"""
_CLASS: LiteralString = """
    INSERT INTO gauge_class (source, station_id, at, grade, name, received_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (source, station_id) DO UPDATE SET at = excluded.at, grade = excluded.grade, name = excluded.name,
        received_at = excluded.received_at
    WHERE gauge_class.at <= excluded.at"""
_CLASSES: LiteralString = "SELECT station_id, at, grade, name FROM gauge_class WHERE source = %s ORDER BY station_id"

_warnings = msgspec.json.Decoder(tuple[Warned, ...])


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nothing may be said about the warnings of a source: "empty", "failed", "old" or "never".

    `last` is what it said before, with its own time, for whoever shows it as old.
    """

    why: str
    fault: str = ""
    last: Bulletin | None = None


async def put_bulletin(conn: AsyncConnection, source: str, bulletin: Bulletin, now: datetime) -> None:
    """`source` said `bulletin` at `now`; to be called in the transaction that moves its cursor."""
    warnings = Jsonb(msgspec.to_builtins(bulletin.warnings))
    row = {"source": source, "identifier": bulletin.identifier, "sent": bulletin.sent, "warnings": warnings, "now": now}
    await conn.execute(_TOLD, row)


async def note_doubt(conn: AsyncConnection, source: str, state: str, fault: str, now: datetime) -> None:
    """The last try of `source` ended in `state` (`EMPTY` or `FAILED`); what it said before stays, as its last word."""
    await conn.execute(_DOUBT, (source, state, fault[:500], now))


async def clear_doubt(conn: AsyncConnection, source: str, now: datetime) -> None:
    """`source` answered that its document has not changed: what it said last is what it says."""
    await conn.execute(
        "UPDATE bulletin SET state = 'told', fault = '', tried_at = %s WHERE source = %s AND sent IS NOT NULL",
        (now, source),
    )


async def bulletin(conn: AsyncConnection, source: str, now: datetime, max_age: timedelta = MAX_AGE) -> Bulletin | Doubt:
    """What `source` warns of at `now`, ended warnings left out; a `Doubt` when that is not known."""
    row = await (await conn.execute(_BULLETIN, (source,))).fetchone()
    if row is None:
        return Doubt(NEVER)
    identifier, sent, warnings, state, fault, _ = row
    if sent is None:
        return Doubt(state, fault)
    told = Bulletin(identifier, sent, tuple(each for each in _warnings.decode(warnings) if each.holds(now)))
    if told.stale(now, max_age):
        return Doubt(OLD, fault, told)
    return told if state == TOLD else Doubt(state, fault, told)


async def put_classes(conn: AsyncConnection, source: str, classes: Sequence[GaugeClass], now: datetime) -> None:
    """Keep the newest class of each gauge; an older one than stands is left out."""
    if classes:
        ordered = sorted(classes, key=lambda each: (each.station_id, each.at))  # two writers lock in one order
        rows = [(source, each.station_id, each.at, each.grade, each.name, now) for each in ordered]
        async with conn.cursor() as cursor:
            await cursor.executemany(_CLASS, rows)


async def classes(conn: AsyncConnection, source: str) -> list[GaugeClass]:
    """The newest class of each gauge, with its time."""
    async with conn.cursor(row_factory=class_row(GaugeClass)) as cursor:
        await cursor.execute(_CLASSES, (source,))
        return await cursor.fetchall()
