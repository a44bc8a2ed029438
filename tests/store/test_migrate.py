"""Migrations: forward only, once, by one process at a time; append-only tables refuse change."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql

from floodcore.store import embedded, migrate, modes
from floodcore.store.connect import Pool


async def test_two_processes_upgrading_an_empty_database_meet_in_peace(cluster: embedded.Cluster) -> None:
    async with await psycopg.AsyncConnection.connect(cluster.dsn, autocommit=True) as admin:
        await admin.execute("CREATE DATABASE empty_one")
    dsn = cluster.dsn.removesuffix("/hladina") + "/empty_one"

    async def upgrade() -> migrate.Status:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            return await migrate.upgrade(connection)

    first, second = await asyncio.gather(upgrade(), upgrade())
    assert first.pending == second.pending == ()
    assert len(first.applied) == len(migrate.available())
    assert first.mode in modes.Mode


async def test_a_changed_or_newer_migration_is_refused(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("UPDATE migration SET sha256 = 'x' WHERE number = 1")
        with pytest.raises(migrate.MigrationError, match="changed after it was applied"):
            await migrate.status(connection)
        await connection.execute("INSERT INTO migration (number, name, sha256) VALUES (9999, '9999_later.sql', '')")
        await connection.execute("DELETE FROM migration WHERE number = 1")
        with pytest.raises(migrate.MigrationError, match="newer version"):
            await migrate.status(connection)


@pytest.mark.parametrize("table", ["event", "flood_book", "cap_message"])
@pytest.mark.parametrize("act", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_append_only_tables_refuse_change(pool: Pool, table: str, act: str) -> None:
    statement = act.replace("recorded_at", "created_at") if table == "cap_message" else act
    async with pool.connection() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            await connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


ROW = "INSERT INTO observation VALUES (1, %s, 1, 1, 'cm', 1, '', false, 't', now())"


async def test_readings_of_any_month_find_their_place_and_maintenance_does_its_part(pool: Pool) -> None:
    async with pool.connection() as connection:
        for year in (1998, 2020, 2026, 2031):
            await connection.execute(ROW, (datetime(year, 6, 1, tzinfo=UTC),))
        cursor = await connection.execute("SELECT count(*) FROM observation")
        assert await cursor.fetchone() == (4,)
        mode = (await migrate.status(connection)).mode
        made = await modes.maintain(connection, mode, datetime(2031, 5, 15, tzinfo=UTC))
        again = await modes.maintain(connection, mode, datetime(2031, 5, 15, tzinfo=UTC))
        await connection.execute(ROW, (datetime(1998, 6, 2, tzinfo=UTC),))  # late by years, into what is compressed
    if mode is modes.Mode.PLAIN:
        assert made == ["made observation_2031_05", "made observation_2031_07"]  # June has a row in the rest already
        assert again == []
    elif mode is modes.Mode.FULL:
        assert len(made) == 3
        assert all(line.startswith("compressed ") for line in made)


async def test_the_shape_is_that_of_the_mode(pool: Pool) -> None:
    async with pool.connection() as connection:
        mode = (await migrate.status(connection)).mode
        cursor = await connection.execute("SELECT relkind FROM pg_class WHERE oid = 'observation'::regclass")
        assert await cursor.fetchone() == ("p" if mode is modes.Mode.PLAIN else "r",)
        if mode is not modes.Mode.PLAIN:
            cursor = await connection.execute("SELECT hypertable_name FROM timescaledb_information.hypertables")
            assert await cursor.fetchall() == [("observation",)]


async def test_the_apache_edition_is_told_from_the_full_one(cluster: embedded.Cluster) -> None:
    if not any((cluster.bin_dir.parent / "lib").rglob("timescaledb.so")):
        pytest.skip("TimescaleDB is not installed beside this PostgreSQL")
    with TemporaryDirectory(prefix="hladina-apache-") as folder:
        Path(folder).chmod(0o755)
        with embedded.cluster(Path(folder) / "pg", {"timescaledb.license": "apache"}, cluster.bin_dir) as apache:
            async with await psycopg.AsyncConnection.connect(apache.dsn) as connection:
                status = await migrate.upgrade(connection)
                assert status.mode is modes.Mode.APACHE
                assert await modes.maintain(connection, status.mode, datetime.now(UTC)) == []
