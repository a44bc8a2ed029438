"""Context beside the readings: the bulletin of warnings of a source, the flood classes of gauges.

An empty answer, a failure and the word "no warning" are three values here: `Doubt("empty")`,
`Doubt("failed")` and a `Bulletin` without warnings. A bulletin past its age is a fourth, `Doubt("old")`, and one
that nobody has asked for lately a fifth, `Doubt("stalled")`. What is dated in the future is believed by nobody and
stands in nobody's way (ADR 0025).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from floodcore.context import Bulletin, GaugeClass, Warned

TOLD, EMPTY, FAILED, OLD, NEVER, STALLED = "told", "empty", "failed", "old", "never", "stalled"
# A bulletin comes at least once a day (docs/sources/chmu_cap.md); an older one is a dead source.
MAX_AGE = timedelta(hours=24)
# Twelve of the usual rounds without an answer of any kind: it is we who no longer ask (a judgement).
MAX_IMPORT = timedelta(hours=1)
# What stands is read by every portal; the whole true document has 0.7 to 2.5 MB with all its quiet blocks.
MOST_BYTES = 3_000_000
# A stamp further ahead is wrong, not early; it must not hold the place of every true one that follows.
AHEAD = timedelta(hours=1)
# The class of a gauge is of a quarter of an hour to an hour; one this old says nothing about now (a judgement).
MAX_CLASS_AGE = timedelta(hours=3)

# An older document than the one that stands is a server out of step: it does not take its place.
_TOLD: LiteralString = """
    INSERT INTO bulletin (source, identifier, sent, warnings, told_at, state, tried_at)
    VALUES (%(source)s, %(identifier)s, %(sent)s, %(warnings)s, %(now)s, 'told', %(now)s)
    ON CONFLICT (source) DO UPDATE SET identifier = excluded.identifier, sent = excluded.sent,
        warnings = excluded.warnings, told_at = excluded.told_at, state = 'told', fault = '',
        tried_at = excluded.tried_at
    WHERE bulletin.sent IS NULL OR bulletin.sent <= excluded.sent OR bulletin.sent > %(ahead)s"""
_DOUBT: LiteralString = """
    INSERT INTO bulletin (source, state, fault, tried_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (source) DO UPDATE SET state = excluded.state, fault = excluded.fault, tried_at = excluded.tried_at"""
_STANDINGS: LiteralString = """
    SELECT source, identifier, sent, told_at, state, fault, tried_at
    FROM bulletin WHERE %(source)s::text IS NULL OR source = %(source)s ORDER BY source"""
_WARNINGS: LiteralString = "SELECT coalesce(warnings, '[]')::text FROM bulletin WHERE source = %s"
_CLASS: LiteralString = """
    INSERT INTO gauge_class (source, station_id, at, grade, name, received_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (source, station_id) DO UPDATE SET at = excluded.at, grade = excluded.grade, name = excluded.name,
        received_at = excluded.received_at
    WHERE gauge_class.at <= excluded.at OR gauge_class.at > %s"""
_CLASSES: LiteralString = "SELECT station_id, at, grade, name FROM gauge_class WHERE source = %s ORDER BY station_id"
_GRADED: LiteralString = """
    SELECT source, station_id, at, grade::int AS grade, name, received_at FROM gauge_class
    ORDER BY station_id, source"""

_Version = tuple[str, str | None, datetime | None, datetime | None]
_warnings = msgspec.json.Decoder(tuple[Warned, ...])


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nothing may be said about the warnings of a source: "empty", "failed", "old", "stalled" or "never".

    `last` is what it said before, with its own time, for whoever shows it as old.
    """

    why: str
    fault: str = ""
    last: Bulletin | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of one source of warnings: its last word, when we took it in, and how the last try ended.

    `sent` None = it never said anything usable. `told_at` is when the last word was new to us, `tried_at` when the
    source was last asked with any outcome, `state` that outcome.
    """

    source: str
    identifier: str | None
    sent: datetime | None
    told_at: datetime | None
    state: str
    fault: str
    tried_at: datetime
    warnings: tuple[Warned, ...] = ()

    def last(self, now: datetime) -> Bulletin | None:
        """Its last word, ended warnings left out; None without one, or if it is dated in the future."""
        if self.sent is None or self.sent - now > AHEAD:
            return None
        return Bulletin(self.identifier or "", self.sent, tuple(each for each in self.warnings if each.holds(now)))

    def says(self, now: datetime, max_age: timedelta = MAX_AGE, max_import: timedelta = MAX_IMPORT) -> Bulletin | Doubt:
        """What it warns of at `now`; a `Doubt` when that is not known."""
        last = self.last(now)
        if last is None:
            return Doubt(FAILED if self.state == TOLD else self.state, self.fault)
        if last.stale(now, max_age):
            return Doubt(OLD, self.fault, last)
        if self.state != TOLD:
            return Doubt(self.state, self.fault, last)
        return Doubt(STALLED, "", last) if now - self.tried_at > max_import else last


@dataclass(frozen=True, slots=True)
class Graded:
    """The newest class `source` gave a gauge, on its own scale; `grade` None = it has no data. Never a level."""

    source: str
    station_id: str
    at: datetime
    grade: int | None
    name: str
    received_at: datetime

    @property
    def until(self) -> datetime:
        """Until when it may be shown as current."""
        return self.at + MAX_CLASS_AGE

    def current(self, now: datetime) -> bool:
        """Whether it speaks of now: not too old, and not of the future."""
        return self.at - now <= AHEAD and now <= self.until


async def put_bulletin(conn: AsyncConnection, source: str, bulletin: Bulletin, now: datetime) -> None:
    """`source` said `bulletin` at `now`; to be called in the transaction that moves its cursor."""
    if bulletin.sent - now > AHEAD:
        await note_doubt(conn, source, FAILED, "the bulletin is dated in the future", now)
        return
    size = len(msgspec.json.encode(bulletin.warnings))
    if size > MOST_BYTES:  # half of it would say "no warning" of the other half
        await note_doubt(conn, source, FAILED, f"the warnings of the bulletin are {size} bytes", now)
        return
    warnings = Jsonb(msgspec.to_builtins(bulletin.warnings))
    row = {"source": source, "identifier": bulletin.identifier, "sent": bulletin.sent, "warnings": warnings}
    await conn.execute(_TOLD, {**row, "now": now, "ahead": now + AHEAD})


async def note_doubt(conn: AsyncConnection, source: str, state: str, fault: str, now: datetime) -> None:
    """The last try of `source` ended in `state` (`EMPTY` or `FAILED`); what it said before stays, as its last word."""
    await conn.execute(_DOUBT, (source, state, fault[:500], now))


async def clear_doubt(conn: AsyncConnection, source: str, now: datetime) -> None:
    """`source` answered that its document has not changed: what it said last is what it says."""
    await conn.execute(
        "UPDATE bulletin SET state = 'told', fault = '', tried_at = %s WHERE source = %s AND sent IS NOT NULL",
        (now, source),
    )


async def standings(conn: AsyncConnection, source: str | None = None, known: Sequence[Standing] = ()) -> list[Standing]:
    """What stands of every source of warnings that was ever asked, or of one.

    The warnings of what is `known` and has not changed are taken from there: a bulletin is large and changes seldom.
    """
    async with conn.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(_STANDINGS, {"source": source})
        found = await cursor.fetchall()
    before = {(each.source, each.identifier, each.sent, each.told_at): each.warnings for each in known}
    return [await _with_warnings(conn, each, before) for each in found]


async def _with_warnings(
    conn: AsyncConnection, it: Standing, before: Mapping[_Version, tuple[Warned, ...]]
) -> Standing:
    kept = before.get((it.source, it.identifier, it.sent, it.told_at))
    if kept is not None:
        return replace(it, warnings=kept)
    row = await (await conn.execute(_WARNINGS, (it.source,))).fetchone()
    return replace(it, warnings=() if row is None else _warnings.decode(row[0]))


async def bulletin(conn: AsyncConnection, source: str, now: datetime, max_age: timedelta = MAX_AGE) -> Bulletin | Doubt:
    """What `source` warns of at `now`, ended warnings left out; a `Doubt` when that is not known."""
    found = await standings(conn, source)
    return found[0].says(now, max_age) if found else Doubt(NEVER)


async def put_classes(conn: AsyncConnection, source: str, classes: Sequence[GaugeClass], now: datetime) -> None:
    """Keep the newest class of each gauge; an older one than stands, and one of the future, is left out."""
    ordered = sorted(classes, key=lambda each: (each.station_id, each.at))  # two writers lock in one order
    ahead = now + AHEAD
    rows = [
        (source, each.station_id, each.at, each.grade, each.name, now, ahead) for each in ordered if each.at <= ahead
    ]
    if rows:
        async with conn.cursor() as cursor:
            await cursor.executemany(_CLASS, rows)


async def classes(conn: AsyncConnection, source: str) -> list[GaugeClass]:
    """The newest class of each gauge, with its time."""
    async with conn.cursor(row_factory=class_row(GaugeClass)) as cursor:
        await cursor.execute(_CLASSES, (source,))
        return await cursor.fetchall()


async def graded(conn: AsyncConnection) -> list[Graded]:
    """The newest class of every gauge that a service classes, with its times."""
    async with conn.cursor(row_factory=class_row(Graded)) as cursor:
        await cursor.execute(_GRADED)
        return await cursor.fetchall()
