"""Readings into the store: the only writer of `series`, `observation`, `contradiction`, `tip` and `dirty`.

One transaction per batch. The row locks of `tip`, taken in the order of the series numbers, put the
writers of one series in a line, so `late` is decided once and never again. What is newer than the
tip cannot be stored yet, so it goes in by binary COPY without asking for conflicts; only the rest, a
few repeats after a lost answer, pays for `ON CONFLICT` (ADR 0006 holds the measurement).

The series of dirty marks is upserted `DO UPDATE`: with `DO NOTHING` an existing mark is not locked
and the engine may delete it without having seen the new rows.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from floodcore.freshness import TOO_LATE
from floodcore.killpoint import passing
from floodcore.quality.door import REFUSED
from floodcore.store import sources, wellbeing
from floodcore.units import CANONICAL
from floodcore.words import Observation, Quantity

# Older than any reading; the tip of a series that has none. Inside what Python can hold in every zone.
_BEFORE_ALL = datetime(1000, 1, 1, tzinfo=UTC)

_TIPS: LiteralString = """
    SELECT s.station_id, s.quantity, s.series_id, t.newest_at, t.deliveries
    FROM unnest(%s::text[], %s::text[]) AS wanted(station_id, quantity)
    JOIN series s USING (station_id, quantity)
    JOIN tip t USING (series_id)
    ORDER BY s.series_id
    FOR UPDATE OF t"""
_NEW_SERIES: LiteralString = """
    INSERT INTO series (station_id, quantity, unit)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ORDER BY 1, 2
    ON CONFLICT (station_id, quantity) DO NOTHING"""
_NEW_TIPS: LiteralString = """
    INSERT INTO tip (series_id, newest_at)
    SELECT s.series_id, %s
    FROM unnest(%s::text[], %s::text[]) AS wanted(station_id, quantity)
    JOIN series s USING (station_id, quantity)
    ORDER BY s.series_id
    ON CONFLICT (series_id) DO NOTHING"""
_COPY: LiteralString = """
    COPY observation
        (series_id, observed_at, value, raw_value, raw_unit, flag, test, delivery, late, source, received_at)
    FROM STDIN (FORMAT BINARY)"""
_COPY_TYPES = (
    "int4", "timestamptz", "float8", "float8", "text", "int2", "text", "int8", "bool", "text", "timestamptz",
)  # fmt: skip
_OLD: LiteralString = """
    INSERT INTO observation
        (series_id, observed_at, value, raw_value, raw_unit, flag, test, delivery, late, source, received_at)
    SELECT offered.*, true, %s, %s
    FROM unnest(%s::int[], %s::timestamptz[], %s::float8[], %s::float8[], %s::text[], %s::smallint[], %s::text[],
                %s::bigint[])
        AS offered
    ON CONFLICT (series_id, observed_at) DO NOTHING
    RETURNING series_id, delivery"""
# What was stored as history counts once its gauge brings it itself: it may be the crest.
_COUNT: LiteralString = """
    UPDATE observation o SET delivery = offered.delivery
    FROM unnest(%s::int[], %s::timestamptz[], %s::float8[], %s::bigint[]) AS offered(series_id, at, value, delivery)
    WHERE o.series_id = offered.series_id AND o.observed_at = offered.at AND o.delivery = 0
      AND o.value IS NOT DISTINCT FROM offered.value
    RETURNING o.series_id"""
# A source that repeats its contradiction at every poll is noted once.
_CONTRADICTIONS: LiteralString = """
    WITH differing AS (
        SELECT offered.series_id, offered.observed_at, o.value AS stored, offered.value AS offered
        FROM unnest(%(series)s::int[], %(at)s::timestamptz[], %(value)s::float8[])
            AS offered(series_id, observed_at, value)
        JOIN observation o USING (series_id, observed_at)
        WHERE o.value IS DISTINCT FROM offered.value
    ), noted AS (
        INSERT INTO contradiction (series_id, observed_at, stored, offered, source, received_at)
        SELECT DISTINCT ON (series_id, observed_at) d.*, %(source)s, %(received_at)s FROM differing d
        WHERE NOT EXISTS (
            SELECT FROM contradiction c
            WHERE c.series_id = d.series_id AND c.observed_at = d.observed_at
                AND c.offered IS NOT DISTINCT FROM d.offered)
        ON CONFLICT (series_id, observed_at, received_at) DO NOTHING
    )
    SELECT count(*) FROM differing"""
_MARK: LiteralString = """
    WITH moved AS (SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::bool[]) AS m(series_id, newest_at, late)),
    tips AS (
        UPDATE tip SET newest_at = greatest(tip.newest_at, moved.newest_at), deliveries = deliveries + 1
        FROM moved WHERE tip.series_id = moved.series_id),
    marks AS (
        INSERT INTO dirty (series_id, marked_at, late) SELECT series_id, %s, late FROM moved ORDER BY series_id
        ON CONFLICT (series_id) DO UPDATE
            SET marked_at = excluded.marked_at, renewed = nextval('dirty_renewed'),
                late = dirty.late OR excluded.late)
    SELECT pg_notify('hladina_dirty', '')"""

# What is stored as late although nothing newer was there: later rows of that time must look for it.
_MOVE: LiteralString = """
    UPDATE tip SET newest_at = greatest(tip.newest_at, moved.newest_at)
    FROM (SELECT * FROM unnest(%s::int[], %s::timestamptz[])) AS moved(series_id, newest_at)
    WHERE tip.series_id = moved.series_id"""

_Key = tuple[str, Quantity]
_Tip = tuple[int, datetime, int]
_Row = tuple[int, datetime, float | None, float | None, str, int, str, int]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch. `late` are among the `new`; `refused` stand in quarantine."""

    new: int = 0
    repeated: int = 0
    contradictory: int = 0
    late: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Batch:
    """The rows of a batch, sorted out against the tips. `twins` repeat a row of the same batch.

    `newest` are the times that the fresh rows reach, `remembered` those that only history reaches;
    `counting` are the series in which a late row that counts was new.
    """

    fresh: dict[tuple[int, datetime], _Row] = field(default_factory=dict)
    old: list[_Row] = field(default_factory=list)
    twins: list[_Row] = field(default_factory=list)
    newest: dict[int, datetime] = field(default_factory=dict)
    remembered: dict[int, datetime] = field(default_factory=dict)
    counting: set[int] = field(default_factory=set)


@asynccontextmanager
async def durable(conn: AsyncConnection) -> AsyncIterator[None]:
    """One transaction for readings and what must move with them (a cursor, a quarantine row).

    After it has closed without an exception the data are committed: only then acknowledge.
    """
    async with conn.transaction():
        yield
        passing("ingest.before_commit")
    passing("ingest.after_commit")


async def store(
    conn: AsyncConnection, observations: Sequence[Observation], source: str, received_at: datetime
) -> Stored:
    """Store a batch, mark its series dirty and wake the engine; idempotent on (station, quantity, time).

    Opens its own transaction unless `conn` is inside one; call it once per transaction, because the
    locks are in order only within a call. A reading is late when an already committed one of its
    series is newer, or when it is history out of a device's memory; the order within the batch means
    nothing. A late reading is judged too if it is not too late (`TOO_LATE`): only what counts leaves a dirty
    mark, and a number of its delivery, so that the order of arrival can be told later.

    Raises:
        psycopg.Error: nothing of the batch was stored.
    """
    if conn.info.transaction_status is TransactionStatus.INTRANS:
        return await _write(conn, observations, source, received_at)
    async with durable(conn):
        return await _write(conn, observations, source, received_at)


async def _write(
    conn: AsyncConnection, observations: Sequence[Observation], source: str, received_at: datetime
) -> Stored:
    # A stamp of a wrong clock must not become the tip: every true reading after it would be late, and
    # the gauge mute.
    believed = [each for each in observations if each.test not in REFUSED]
    stored = await _write_believed(conn, believed, source, received_at) if believed else Stored()
    # Counted last, as the callers do: whoever held the row of the source while waiting for a tip
    # would block the one who holds that tip and is about to count.
    wild = [each for each in observations if each.test in REFUSED]
    await wellbeing.note_ahead(conn, source, wild, received_at)
    await sources.quarantine(conn, [_as_refused(each, source) for each in wild], received_at)
    return replace(stored, refused=len(wild))


async def _write_believed(
    conn: AsyncConnection, believed: Sequence[Observation], source: str, received_at: datetime
) -> Stored:
    tips = await _lock_tips(conn, {(each.reading.station_id, each.reading.quantity) for each in believed})
    batch = _sort_out(believed, tips)
    await _copy(conn, batch, source, received_at)
    passing("ingest.copied")
    late, contradictory = await _add_old(conn, batch, source, received_at)
    if batch.newest or batch.counting:
        moved = sorted((dict.fromkeys(batch.counting, _BEFORE_ALL) | batch.newest).items())
        series, stamps = ",".join(str(each) for each, _ in moved), ",".join(at.isoformat() for _, at in moved)
        late_ones = [each in batch.counting for each, _ in moved]
        await conn.execute(_MARK, (f"{{{series}}}", f"{{{stamps}}}", late_ones, received_at))
    if batch.remembered:
        await conn.execute(_MOVE, (list(batch.remembered), list(batch.remembered.values())))
    passing("ingest.marked")
    new = len(batch.fresh) + late
    return Stored(new, len(believed) - new - contradictory, contradictory, late)


def _sort_out(observations: Sequence[Observation], tips: Mapping[_Key, _Tip]) -> _Batch:
    """Split a batch into what no one can have stored yet, what may be stored, and twins of the batch."""
    batch = _Batch()
    fresh, newest = batch.fresh, batch.newest
    for each in observations:
        reading = each.reading
        at = reading.observed_at
        series, tip, deliveries = tips[reading.station_id, reading.quantity]
        counts = not reading.history and (at > tip or tip - at < TOO_LATE)
        delivery = deliveries + 1 if counts else 0
        row = (series, at, reading.value, reading.raw_value, reading.raw_unit, int(each.flag), each.test, delivery)
        if at <= tip:
            batch.old.append(row)
        elif reading.history:
            batch.old.append(row)
            batch.remembered[series] = max(at, batch.remembered.get(series, tip))
        elif (series, at) in fresh:
            batch.twins.append(row)
        else:
            fresh[series, at] = row
            if at > newest.get(series, tip):
                newest[series] = at
    return batch


async def _lock_tips(conn: AsyncConnection, keys: set[_Key]) -> dict[_Key, _Tip]:
    """Series number, newest committed time and number of deliveries of each key, locked until the transaction ends."""
    wanted = sorted(keys)
    tips = await _known_tips(conn, wanted)
    missing = [key for key in wanted if key not in tips]
    if not missing:
        return tips
    # Two writers that meet new series while they hold other tips may deadlock; PostgreSQL then ends
    # one, nothing of it was acknowledged, and it comes again.
    stations, quantities = [station for station, _ in missing], [str(quantity) for _, quantity in missing]
    units = [CANONICAL[quantity] for _, quantity in missing]
    await conn.execute(_NEW_SERIES, (stations, quantities, units))
    await conn.execute(_NEW_TIPS, (_BEFORE_ALL, stations, quantities))
    return await _known_tips(conn, wanted)


async def _known_tips(conn: AsyncConnection, wanted: Sequence[_Key]) -> dict[_Key, _Tip]:
    cursor = await conn.execute(_TIPS, ([station for station, _ in wanted], [str(quantity) for _, quantity in wanted]))
    found = await cursor.fetchall()
    return {
        (station, Quantity(quantity)): (series, newest, count) for station, quantity, series, newest, count in found
    }


async def _copy(conn: AsyncConnection, batch: _Batch, source: str, received_at: datetime) -> None:
    """The fast way in, for rows newer than the tip: no one can have stored them."""
    if not batch.fresh:
        return
    tail = (False, source, received_at)
    async with conn.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_COPY_TYPES)
        for row in batch.fresh.values():
            await copy.write_row(row + tail)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


async def _add_old(conn: AsyncConnection, batch: _Batch, source: str, received_at: datetime) -> tuple[int, int]:
    """Add what may be stored already; returns how many were late and how many contradict the store."""
    late = 0
    if batch.old:
        # A list that mixes whole and broken numbers has no type in PostgreSQL; decoders give both.
        rows = [(*row[:2], _float(row[2]), _float(row[3]), *row[4:]) for row in batch.old]
        columns = [list(column) for column in zip(*rows, strict=True)]
        added = await (await conn.execute(_OLD, (source, received_at, *columns))).fetchall()
        late, batch.counting = len(added), {series for series, delivery in added if delivery}
        if late < len(batch.old):
            batch.counting |= await _count(conn, [row for row in batch.old if row[-1] > 0])
    doubtful = batch.old + batch.twins if late < len(batch.old) else batch.twins
    if not doubtful:
        return late, 0
    offered = {"series": [row[0] for row in doubtful], "at": [row[1] for row in doubtful]}
    values = {"value": [_float(row[2]) for row in doubtful], "source": source, "received_at": received_at}
    cursor = await conn.execute(_CONTRADICTIONS, offered | values)
    found = await cursor.fetchone()
    return late, 0 if found is None else int(found[0])


async def _count(conn: AsyncConnection, rows: Sequence[_Row]) -> set[int]:
    """Let those of the rows count that are stored as history; returns their series."""
    if not rows:
        return set()
    values = [_float(row[2]) for row in rows]
    columns = ([row[0] for row in rows], [row[1] for row in rows], values, [row[-1] for row in rows])
    return {series for (series,) in await (await conn.execute(_COUNT, columns)).fetchall()}


def _as_refused(observation: Observation, source: str) -> sources.Refused:
    reading = observation.reading
    text = f"{reading.quantity} {reading.observed_at.isoformat()} {reading.raw_value} {reading.raw_unit}"
    return sources.Refused(source, reading.station_id, f"{observation.test}: time stamp out of bounds", text.encode())
