"""kill -9 at every named point of foreseeing: each change is one event, one CAP document, one text for each."""

import asyncio
import os
import random
import signal
import sys

import psycopg
import pytest

from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.rebuild_forecast import foreseen_again
from floodcore.killpoint import KILL_POINTS
from floodcore.store import book
from tests.crash.foreseeing import LEVELS, NETWORK
from tests.crash.house import ROOT

POINTS = [name for name in KILL_POINTS if name.startswith("foresee.")]
CHANGES = """
    SELECT at, kind, from_degree, to_degree, reason, value, probability, expected_at, latest_at
    FROM event LEFT JOIN expectation USING (event_id) WHERE station_id = %s ORDER BY at, kind"""
TOLD = """
    SELECT count(*), count(DISTINCT (event_id, recipient_id)),
           count(*) FILTER (WHERE EXISTS (SELECT FROM event e WHERE e.event_id = d.event_id AND kind = 'expected'))
    FROM delivery d JOIN event USING (event_id) WHERE station_id = %s"""
DOCUMENTS = """
    SELECT e.event_id, (SELECT count(*) FROM cap_message m WHERE m.event_id = e.event_id AND revision = 0)
    FROM event e WHERE station_id = %s AND kind IN ('reached', 'expected') AND reason <> 'fulfilled'"""

LOOKS = "SELECT series_id, count(*) FROM foresight_look GROUP BY series_id ORDER BY series_id"


async def life(station: str, dsn: str, kill_at: str) -> int | None:
    """The code with which a life of the gauge ended."""
    environment = {**os.environ, "HLADINA_KILL_AT": kill_at}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.foreseeing", station, dsn, cwd=ROOT, env=environment
    )
    async with asyncio.timeout(90):
        return await process.wait()


@pytest.mark.timeout(150)
@pytest.mark.parametrize("point", POINTS)
async def test_each_expectation_is_told_once(point: str, database: str) -> None:
    rng = random.Random(point)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(
            "INSERT INTO recipient (phone, language, role) VALUES ('+420600000001', 'cs', 'officer'),"
            " ('+420600000002', 'de', 'officer')"
        )
        assert await life("SPARED", database, "") == 0
        assert await life("KILLED", database, f"{point}:{rng.randint(2, 18)}") == -signal.SIGKILL
        assert await life("KILLED", database, "") == 0
        told = {}
        for station in ("SPARED", "KILLED"):
            changes = await (await connection.execute(CHANGES, (station,))).fetchall()
            texts = await (await connection.execute(TOLD, (station,))).fetchone()
            documents = await (await connection.execute(DOCUMENTS, (station,))).fetchall()
            assert {count for _, count in documents} == {1}
            told[station] = changes, texts
        assert told["KILLED"] == told["SPARED"]
        await connection.execute("BEGIN")
        for number, looked in await (await connection.execute(LOOKS)).fetchall():
            assert looked >= 2
            again = await foreseen_again(connection, Rulebook(NETWORK), Trained(), number)
            assert again is not None
            assert (again.sound, again.comparable, again.since) == (True, True, None)
        await connection.execute("COMMIT")
        changes, texts = told["SPARED"]
        reasons = [row[4] for row in changes if row[1] == "expected"]
        assert {"expected", "fulfilled", "withdrawn"} <= set(reasons), reasons
        announced = sum(reason != "fulfilled" for reason in reasons)
        assert texts is not None
        assert texts[0] == texts[1] == 2 * (announced + sum(row[1] == "reached" for row in changes))
        assert texts[2] == 2 * announced
        cursor = await connection.execute("SELECT count(*) FROM foresight_mark")
        assert await cursor.fetchone() == (0,)
        cursor = await connection.execute("SELECT count(*) FROM observation")
        assert await cursor.fetchone() == (2 * len(LEVELS),)
        assert (await book.verify(connection)).fault == ""
