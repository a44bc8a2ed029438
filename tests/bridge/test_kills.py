"""kill -9 at every named point of the bridge: afterwards each event has exactly one message, the chains are whole."""

import asyncio
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from bridge_de.check import faults
from floodcore.house import Pool

Happen = Callable[..., Awaitable[int]]
PROCESS = Path(__file__).with_name("bridge_process.py")
ROOT = PROCESS.parents[2]
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
KILLED = -9
POINTS = ("bridge.claimed", "bridge.composed", "bridge.before_commit", "bridge.after_commit", "feed.before_answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def bridge(database: str, kill_at: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = free_port()
    environment = {**os.environ, "HLADINA_DATABASE_URL": database, "HLADINA_KILL_AT": kill_at, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(sys.executable, str(PROCESS), str(port), env=environment)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def untold(pool: Pool) -> int:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM announcement WHERE channel = 'cap' AND done_at IS NULL")
        ((number,),) = await cursor.fetchall()
    return int(number)


async def fat_feed(url: str) -> list[str | None]:
    """Identifiers inside the fat feed, once the restarted process serves and no answer is half a second old."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/feed/fat.atom") as answer:
                    await answer.read()
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.6)
        async with session.get(f"{url}/feed/fat.atom") as answer:
            return [node.text for node in etree.fromstring(await answer.read()).iter(f"{CAP}identifier")]


async def read_until_dead(process: asyncio.subprocess.Process, url: str) -> None:
    """Fetch the feed as a partner does, until the process is gone."""
    async with aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(f"{url}/feed/atom.xml") as answer:
                    await answer.read()
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("point", POINTS)
async def test_killed_and_restarted_the_bridge_tells_each_event_once(
    database: str, pool: Pool, happen: Happen, point: str, seed: int
) -> None:
    rng = random.Random(f"{point} {seed}")
    events = [
        await happen(chain=f"chain {chain}", station_id=f"s{chain}", from_degree=step, to_degree=(step + 1) % 4)
        for step in range(4)
        for chain in range(3)
    ]
    passing = rng.randint(1, 4 if point.startswith("bridge") else 2)
    async with bridge(database, f"{point}:{passing}") as (process, url), asyncio.timeout(30):
        await asyncio.gather(process.wait(), read_until_dead(process, url))
        assert process.returncode == KILLED, "the kill point was never passed"
    async with bridge(database, "") as (process, url), asyncio.timeout(30):
        while await untold(pool):
            await asyncio.sleep(0.05)
        shown = await fat_feed(url)
        assert process.returncode is None
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """SELECT event_id, chain, identifier, reference, body, sha256(body) = sha256
            FROM cap_message ORDER BY cap_id"""
        )
        rows = await cursor.fetchall()
    assert sorted(row[0] for row in rows) == events, "none lost, none twice"
    assert [row[2] for row in reversed(rows)] == shown
    assert all(row[5] and faults(row[4]) == [] for row in rows)
    for chain in {row[1] for row in rows}:
        mine = [row for row in rows if row[1] == chain]
        for number, row in enumerate(mine):
            named = (etree.fromstring(row[4]).findtext(f"{CAP}references") or "").split()
            assert named == [earlier[3] for earlier in mine[:number]]
