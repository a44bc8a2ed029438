"""The repair of a gap is killed at each of its points and begun again: nothing is lost, nothing is there twice."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from aiohttp import web

from floodcore.clock import Clock
from floodcore.killpoint import KILL_POINTS
from floodcore.quality.door import at_the_door
from floodcore.store import book
from floodcore.store.ingest import store
from floodcore.words import Quantity, Reading
from simulators.chmu_server import ChmuServer
from simulators.sample import Feed, Sample
from tests.crash.repairing import STATION

ROOT = Path(__file__).resolve().parents[2]
TEN = timedelta(minutes=10)
DAY = datetime(2026, 11, 20, tzinfo=UTC)
NOW = DAY + timedelta(days=2)
TIMES = [DAY + n * TEN for n in range(200)]
POINTS = [
    *(name for name in KILL_POINTS if name.startswith("repair.")),
    "ingest.copied",
    "ingest.marked",
    "ingest.before_commit",
    "ingest.after_commit",
]


async def repaired(dsn: str, url: str, now: datetime, kill_at: str = "") -> int:
    environment = os.environ | {"HLADINA_KILL_AT": kill_at, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.repairing", dsn, url, now.isoformat(), env=environment, cwd=ROOT
    )
    return await process.wait()


@pytest.mark.parametrize("point", POINTS)
async def test_a_repair_that_dies_is_done_again(point: str, database: str) -> None:
    server = ChmuServer(network=None, clock=Clock(NOW + timedelta(hours=1), datetime.now(UTC)))  # type: ignore[arg-type]
    samples = tuple(Sample(at, float(n), at) for n, at in enumerate(TIMES))
    server.show([Feed(STATION.id, Quantity.LEVEL, "chmu", "0-203-1-999002", "", None, TEN, samples)])
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    readings = [Reading(STATION.id, Quantity.LEVEL, s.at, s.value, s.value, "cm") for s in samples]
    kept = [reading for n, reading in enumerate(readings) if not 50 < n < 90]
    try:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as conn:
            await store(conn, at_the_door(kept, NOW), "test", NOW)
            await conn.execute("DELETE FROM dirty")
            first = point == "repair.noted"
            if not first:
                assert await repaired(database, url, NOW) == 0
            due = NOW + timedelta(minutes=0 if first else 6)
            assert await repaired(database, url, due, f"{point}:1") == -signal.SIGKILL
            for minutes in (7, 14):
                assert await repaired(database, url, NOW + timedelta(minutes=minutes)) == 0
            rows = await (await conn.execute("SELECT observed_at, value FROM observation ORDER BY 1")).fetchall()
            assert rows == [(s.at, s.value) for s in samples]
            gaps = await (await conn.execute("SELECT state, found FROM gap")).fetchall()
            assert gaps == [("repaired", 39)]
            marks = await (await conn.execute("SELECT count(*) FROM dirty")).fetchall()
            assert marks == [(0,)], "nothing of it is judged"
            assert (await book.verify(conn)).entries == 1
    finally:
        await runner.cleanup()
