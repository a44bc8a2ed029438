"""Killed while people answer for a rise: residents are told once, and a replay finds the same."""

import asyncio
import os
import signal
import sys

import pytest
from psycopg import AsyncConnection

from floodcore.killpoint import KILL_POINTS
from floodcore.store import notes
from floodcore.store.notes import NewNote
from floodcore.words import Cause, Language
from tests.crash.house import ROOT
from tests.crash.vouching import LATER, answer
from tests.engine.test_vouch import END, LEAPT, REACHED, bring, events, held, sound

POINTS = [name for name in KILL_POINTS if name.startswith("vouch.")]


@pytest.mark.parametrize("point", POINTS)
async def test_residents_are_told_once(database: str, point: str) -> None:
    async with await AsyncConnection.connect(database, autocommit=True) as conn:
        await bring(conn, "above", LEAPT)
        async with conn.transaction():
            await notes.add(
                conn, NewNote("above", Cause.NATURAL, END, None, "officer", {Language.CS: "vid\u00edm"}), LATER
            )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.vouching",
            database,
            cwd=ROOT,
            env={**os.environ, "HLADINA_KILL_AT": f"{point}:1", "PYTHONPATH": str(ROOT)},
        )
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGKILL
        told = point == "vouch.after_commit"
        assert await held(conn) == ((2, None, "") if told else (2, 0, "leap"))
        assert await answer(conn) == int(not told)
        assert await events(conn) == [REACHED, ("proved", 0, 2, None, "confirmed", "", "cap+sms")]
        assert await sound(conn)


async def test_two_processes_tell_once(database: str) -> None:
    async with (
        await AsyncConnection.connect(database, autocommit=True) as one,
        await AsyncConnection.connect(database, autocommit=True) as other,
    ):
        await bring(one, "above", LEAPT)
        async with one.transaction():
            await notes.add(one, NewNote("above", Cause.NATURAL, END, None, "officer", {Language.CS: "ano"}), LATER)
        assert sum(await asyncio.gather(answer(one), answer(other))) == 1
        assert len(await events(one)) == 2
