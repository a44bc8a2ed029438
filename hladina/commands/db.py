"""`hladina db upgrade|status|backup|restore|maintain`."""

import argparse
import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from psycopg import AsyncConnection, OperationalError, conninfo

from floodcore.store import migrate, modes, retention
from floodcore.store.connect import DatabaseMissingError, describe
from floodcore.store.embedded import find_binaries
from hladina.cli import FAILED, OK, settings


def main(argv: Sequence[str]) -> int:
    """Do one thing to the database named by HLADINA_DATABASE_URL."""
    parser = argparse.ArgumentParser(prog="hladina db", description="Look after the database.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("upgrade", help="bring the tables to this version")
    commands.add_parser("status", help="version, mode and what is pending")
    commands.add_parser("maintain", help="partitions ahead, compression of old data, forgetting what is too old")
    for name, text in (("backup", "write a backup to FILE"), ("restore", "read FILE into an empty database")):
        commands.add_parser(name, help=text).add_argument("file", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    dsn = settings().database_url
    match arguments.command:
        case "backup":
            return _tool("pg_dump", dsn, "--format=custom", "--no-owner", f"--file={arguments.file}")
        case "restore":
            return _restore(dsn, arguments.file)
        case command:
            return asyncio.run(_with_connection(dsn, command))


async def _with_connection(dsn: str, command: str) -> int:
    try:
        connection = await AsyncConnection.connect(dsn, connect_timeout=5)
    except OperationalError as error:
        message = f"the database {describe(dsn)} does not answer: {str(error).splitlines()[0]}"
        raise DatabaseMissingError(message) from error
    async with connection:
        if command == "upgrade":
            _print(await migrate.upgrade(connection))
        elif command == "maintain":
            status = await migrate.status(connection)
            cursor = await connection.execute("SELECT now()")
            row = await cursor.fetchone()
            done = [] if row is None else await modes.maintain(connection, status.mode, row[0])
            await connection.commit()  # the table of the observations is free again before anything is forgotten
            done += [] if row is None else await retention.forget(connection, row[0])
            print("\n".join(done) or "nothing to do")
        else:
            status = await migrate.status(connection)
            _print(status)
            return FAILED if status.pending else OK
    return OK


def _print(status: migrate.Status) -> None:
    print(f"mode      {status.mode}")
    print(f"version   {status.applied[-1].name if status.applied else 'empty'}")
    print(f"pending   {', '.join(migration.name for migration in status.pending) or 'nothing'}")


def _restore(dsn: str, file: Path) -> int:
    if not file.is_file():
        print(f"hladina: {file} does not exist", file=sys.stderr)
        return FAILED
    return _tool("pg_restore", dsn, "--no-owner", "--exit-on-error", "--single-transaction", str(file), database=True)


def _tool(name: str, dsn: str, *arguments: str, database: bool = False) -> int:
    folder = find_binaries()
    program = shutil.which(name) if folder is None or not (folder / name).exists() else str(folder / name)
    if program is None:
        print(f"hladina: {name} is missing: install the package postgresql-client", file=sys.stderr)
        return FAILED
    # The password travels in the environment, not in the list of processes.
    parts = conninfo.conninfo_to_dict(dsn)
    password = str(parts.pop("password", "") or "")
    target = conninfo.make_conninfo(**parts)  # type: ignore[arg-type]
    flag = [f"--dbname={target}"] if database else [target]
    done = subprocess.run([program, *arguments, *flag], env={"PGPASSWORD": password}, check=False)  # noqa: S603
    return OK if done.returncode == 0 else FAILED
