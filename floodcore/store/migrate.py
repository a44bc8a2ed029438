"""Forward-only numbered SQL migrations under an advisory lock, and the shape of the time-series table."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.store import modes
from floodcore.store.modes import Mode

_LOCK = 0x48_4C_41_44  # "HLAD"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_LEDGER: LiteralString = """
CREATE TABLE IF NOT EXISTS migration (
    number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


class MigrationError(RuntimeError):
    """The database and the code do not fit; the text says how."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sha256: str
    sql: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of the ledger."""

    number: int
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is applied, what is still to do, and the mode the time-series table lives in."""

    applied: tuple[Applied, ...]
    pending: tuple[Migration, ...]
    mode: Mode


def available() -> tuple[Migration, ...]:
    """The migrations of this version in order."""
    files = (resources.files(__package__) / "migrations").iterdir()
    texts = {file.name: file.read_text("utf-8") for file in files if _NAME.fullmatch(file.name)}
    return tuple(
        Migration(int(name[:4]), name, hashlib.sha256(text.encode()).hexdigest(), text)
        for name, text in sorted(texts.items())
    )


async def status(connection: AsyncConnection) -> Status:
    """Compare database and code.

    Raises:
        MigrationError: the database is newer than this version, or an applied file was changed.
    """
    await connection.execute(_LEDGER)
    async with connection.cursor(row_factory=class_row(Applied)) as cursor:
        await cursor.execute("SELECT number, name, sha256 FROM migration ORDER BY number")
        applied = tuple(await cursor.fetchall())
    known = {migration.number: migration for migration in available()}
    for row in applied:
        if row.number not in known:
            message = f"the database has migration {row.name}, unknown here: run a newer version of hladina"
            raise MigrationError(message)
        if known[row.number].sha256 != row.sha256:
            message = f"migration {row.name} was changed after it was applied: restore the file, add a new number"
            raise MigrationError(message)
    done = {row.number for row in applied}
    pending = tuple(migration for number, migration in known.items() if number not in done)
    return Status(applied, pending, await modes.detect(connection))


async def upgrade(connection: AsyncConnection) -> Status:
    """Apply what is pending, in one transaction, one process at a time; then give the tables their shape.

    Raises:
        MigrationError: as `status`.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        before = await status(connection)
        for migration in before.pending:
            # The text comes from our own package, not from outside.
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
        await modes.shape(connection, before.mode)
        return await status(connection)
