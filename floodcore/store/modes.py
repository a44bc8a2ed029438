"""Three modes of the time-series table: full TimescaleDB, its Apache edition, plain PostgreSQL.

Detected at start, never configured. The table `observation` is made as an ordinary table by the
migration and given its shape while it is empty: a hypertable with the extension, native monthly
partitions without. Maintenance is driven by our own scheduler calling `maintain`, never by the
extension's background jobs, so that all three modes behave alike.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import LiteralString

from psycopg import AsyncConnection, sql

_MONTHS_AHEAD = 2
_MONTHS_IN_YEAR = 12

_PLAIN_SHAPE: LiteralString = """
ALTER TABLE observation RENAME TO observation_flat;
CREATE TABLE observation (LIKE observation_flat INCLUDING DEFAULTS, PRIMARY KEY (series_id, observed_at))
    PARTITION BY RANGE (observed_at);
DROP TABLE observation_flat;
CREATE TABLE observation_rest PARTITION OF observation DEFAULT;
"""


class Mode(StrEnum):
    """What the server offers."""

    FULL = "timescaledb"
    APACHE = "timescaledb-apache"
    PLAIN = "plain"


async def detect(connection: AsyncConnection) -> Mode:
    """The best mode the server offers to this user."""
    cursor = await connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
    if await cursor.fetchone() is None and not await _install(connection):
        return Mode.PLAIN
    cursor = await connection.execute("SELECT current_setting('timescaledb.license', true)")
    row = await cursor.fetchone()
    return Mode.FULL if row is not None and row[0] == "timescale" else Mode.APACHE


async def shape(connection: AsyncConnection, mode: Mode) -> None:
    """Give `observation` the shape of `mode` if it still is an ordinary table; then make what is needed ahead."""
    cursor = await connection.execute(
        "SELECT relkind, to_regclass('_timescaledb_catalog.hypertable') IS NOT NULL FROM pg_class"
        " WHERE oid = 'observation'::regclass"
    )
    row = await cursor.fetchone()
    if row is not None and row[0] == "r" and not (row[1] and await _is_hypertable(connection)):
        if mode is Mode.PLAIN:
            for statement in _PLAIN_SHAPE.split(";"):
                if statement.strip():
                    await connection.execute(statement)
        else:
            await connection.execute(
                "SELECT create_hypertable('observation', 'observed_at', chunk_time_interval => INTERVAL '7 days')"
            )
            if mode is Mode.FULL:
                await connection.execute(
                    "ALTER TABLE observation SET (timescaledb.compress,"
                    " timescaledb.compress_segmentby = 'series_id', timescaledb.compress_orderby = 'observed_at')"
                )
    cursor = await connection.execute("SELECT now()")
    clock = await cursor.fetchone()
    if clock is not None:
        await maintain(connection, mode, clock[0])


async def maintain(connection: AsyncConnection, mode: Mode, now: datetime) -> list[str]:
    """Do what the table needs at `now`; returns a line for each thing done.

    Plain: the partitions of this and the next two months. Full: compress chunks older than 30 days.
    """
    if mode is Mode.PLAIN:
        return [line for ahead in range(_MONTHS_AHEAD + 1) for line in await _partition(connection, now, ahead)]
    if mode is Mode.FULL:
        cursor = await connection.execute(
            "SELECT compress_chunk(chunk, if_not_compressed => true)::text"
            " FROM show_chunks('observation', older_than => INTERVAL '30 days') AS chunk"
        )
        return [f"compressed {row[0]}" for row in await cursor.fetchall()]
    return []


async def _install(connection: AsyncConnection) -> bool:
    cursor = await connection.execute(
        "SELECT (SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb') > 0"
        " AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
        " AND current_setting('shared_preload_libraries') LIKE '%timescaledb%'"
    )
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return False
    await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    return True


async def _is_hypertable(connection: AsyncConnection) -> bool:
    cursor = await connection.execute(
        "SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_name = 'observation'"
    )
    return await cursor.fetchone() is not None


async def _partition(connection: AsyncConnection, now: datetime, ahead: int) -> list[str]:
    first, after = _month(now, ahead), _month(now, ahead + 1)
    name = f"observation_{first:%Y_%m}"
    cursor = await connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM observation_rest WHERE observed_at >= %s AND observed_at < %s)",
        (name, first, after),
    )
    row = await cursor.fetchone()
    if row is None or row[0]:
        return []  # exists, or the rest partition already holds rows of that month, which stay there
    await connection.execute(
        sql.SQL("CREATE TABLE {} PARTITION OF observation FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(name), sql.Literal(first.isoformat()), sql.Literal(after.isoformat())
        )
    )
    return [f"made {name}"]


def _month(now: datetime, ahead: int) -> datetime:
    months = now.year * _MONTHS_IN_YEAR + now.month - 1 + ahead
    return datetime(months // _MONTHS_IN_YEAR, months % _MONTHS_IN_YEAR + 1, 1, tzinfo=UTC)
