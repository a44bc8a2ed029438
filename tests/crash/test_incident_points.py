"""The look for incidents is killed at each of its points and done again: told once, whenever it dies."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from floodcore.killpoint import KILL_POINTS
from floodcore.quality.door import at_the_door
from floodcore.store import book
from floodcore.store.ingest import store
from floodcore.words import Quantity, Reading
from tests.crash.looking import STATIONS

ROOT = Path(__file__).resolve().parents[2]
LAST = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
GONE = LAST + timedelta(minutes=30)
POINTS = [name for name in KILL_POINTS if name.startswith("incident.")]


async def looked(dsn: str, now: datetime, kill_at: str = "") -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.looking", dsn, now.isoformat(),
        env=os.environ | {"HLADINA_KILL_AT": kill_at, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
    )  # fmt: skip
    return await process.wait()


@pytest.mark.parametrize("point", POINTS)
async def test_an_incident_found_by_a_look_that_died_is_told_once(point: str, database: str) -> None:
    readings = [Reading(name, Quantity.LEVEL, LAST, 50.0, 50.0, "cm") for name in STATIONS]
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as conn:
        await store(conn, at_the_door(readings, LAST), "test", LAST)
        assert await looked(database, GONE, f"{point}:1") == -signal.SIGKILL
        assert await (await conn.execute("SELECT count(*) FROM incident")).fetchone() == (0,)
        for minutes in (1, 2):
            assert await looked(database, GONE + timedelta(minutes=minutes)) == 0
        for table in ("incident", "event", "announcement"):
            assert await (await conn.execute(f"SELECT count(*) FROM {table}".encode())).fetchone() == (1,), table  # noqa: S608
        assert await (await conn.execute("SELECT count(*) FROM incident_member")).fetchone() == (len(STATIONS),)
        assert (await book.verify(conn)).entries == 1
