"""Killed while it does what it does seldom: looking for lost gauges, putting a series aside, keeping its tables."""

import asyncio
import os
import signal
import sys

import psycopg
import pytest
from psycopg import AsyncConnection

from alerting.evaluate import evaluate
from floodcore.killpoint import KILL_POINTS
from floodcore.quality.door import at_the_door
from floodcore.store import book, modes
from floodcore.store.ingest import store
from floodcore.words import Quantity, Reading
from tests.crash.house import ROOT
from tests.crash.quiet import FLOOD, RULEBOOK, STATIONS, STEP, T0, engine, keep_shape
from tests.rows import rows

ENGINE = [
    f"{name}:{number}"
    for name in KILL_POINTS
    for number in (1, 2)
    if name.startswith(("aside.", "sweep.", "spare."))
    and (name, number) != ("aside.released", 2)  # one comes back in a life
]
UPKEEP = [name for name in KILL_POINTS if name.startswith("upkeep.")]


async def die(what: str, dsn: str, point: str) -> None:
    """Do `what` in a process that is killed at `point`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.quiet",
        what,
        dsn,
        cwd=ROOT,
        env={**os.environ, "HLADINA_KILL_AT": point, "PYTHONPATH": str(ROOT)},
    )
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


async def bring(conn: AsyncConnection, *names: str) -> None:
    now = T0 + len(FLOOD) * STEP
    batch = [
        Reading(name, Quantity.LEVEL, T0 + i * STEP, level, level, "cm")
        for name in names
        for i, level in enumerate(FLOOD)
    ]
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)


@pytest.mark.parametrize("point", ENGINE)
async def test_lost_gauges_and_series_put_aside_are_told_once(database: str, point: str) -> None:
    async with await AsyncConnection.connect(database, autocommit=True) as conn:
        await bring(conn, "D")
        await evaluate(conn, RULEBOOK, T0, exercise=False)
        await conn.execute("UPDATE series_state SET lifecycle = '[]'")  # D: its standing cannot be read
        await bring(conn, "A", "B", "C", "E")
        await conn.execute("UPDATE series SET quantity = 'nonsense' WHERE station_id = 'B'")  # cannot be judged
        await die("engine", database, point)
        await engine(conn)
        await conn.execute("UPDATE series SET quantity = 'level' WHERE station_id = 'B'")
        await engine(conn)
        reached = await rows(
            conn, "SELECT station_id, to_degree FROM event WHERE kind = 'reached' ORDER BY 1, event_id"
        )
        assert reached == [(name, degree) for name in STATIONS for degree in (1, 2)]
        silent = await rows(conn, "SELECT station_id, to_degree FROM event WHERE kind = 'silence' ORDER BY 1")
        assert silent == [(name, 2) for name in STATIONS]
        assert await rows(
            conn,
            "SELECT kind, channel, count(*) FROM announcement JOIN event USING (event_id) GROUP BY 1, 2 ORDER BY 1, 2",
        ) == [("reached", "cap", 9), ("reached", "sms", 9), ("silence", "sms", 5)]  # of the spare what it holds
        assert await rows(conn, "SELECT (SELECT count(*) FROM aside), (SELECT count(*) FROM dirty)") == [(0, 0)]
        assert (await book.verify(conn)).fault == ""
        assert (await book.verify(conn)).entries == 17


@pytest.mark.parametrize("point", UPKEEP)
async def test_upkeep_that_died_is_done_by_the_next(database: str, point: str) -> None:
    await die("upkeep", database, f"{point}:1")
    done = await keep_shape(database)
    async with await psycopg.AsyncConnection.connect(database) as conn:
        if await modes.detect(conn) is modes.Mode.PLAIN:
            assert done == ["made observation_2031_05", "made observation_2031_06", "made observation_2031_07"]
