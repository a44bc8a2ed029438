"""The running house: a crowd of readers does not stand before the engine; a hung stage is seen; files enough."""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import psycopg
from psycopg import sql

from floodcore.house import House
from floodcore.settings import Settings
from hladina.run import serve
from tests.crash.house import NETWORK, free_port

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def a_house(database: str, *names: str) -> AsyncIterator[tuple[House, str]]:
    """The rooms `names` on a free port; yields the house and its address."""
    settings = Settings(database, NETWORK, port=free_port())
    ready: asyncio.Future[House] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, names, on_ready=ready.set_result))
    try:
        async with asyncio.timeout(20):
            yield await ready, f"http://127.0.0.1:{settings.port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def a_crowd(database: str, table: str, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Eighty readers of `address`, which reads `table`; the table is locked, so each hangs on a connection."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        await psycopg.AsyncConnection.connect(database) as locker,
    ):
        await locker.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))

        async def read_for_ever() -> None:
            while True:
                with suppress(aiohttp.ClientError):
                    async with http.get(address) as answer:
                        await answer.read()

        crowd = [asyncio.create_task(read_for_ever()) for _ in range(80)]
        try:
            yield http
        finally:
            for reader in crowd:
                reader.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)
            await locker.rollback()


async def test_a_crowd_of_readers_does_not_stand_before_the_engine(database: str) -> None:
    """Their questions hang; the engine's beat must not notice."""
    async with (
        a_house(database, "alerting", "bridge_de") as (house, url),
        a_crowd(database, "cap_message", f"{url}/feed/cap/any.xml"),
    ):
        await asyncio.sleep(1.0)
        longest = timedelta(0)
        for _ in range(40):
            await asyncio.sleep(0.1)
            beaten_at = house.supervisor.pulses["engine.evaluate"].beaten_at
            assert beaten_at is not None
            longest = max(longest, house.clock.now() - beaten_at)
    assert longest < timedelta(seconds=1.7), "it looks once a second"


async def test_a_crowd_at_the_portal_does_not_stand_before_the_partners(database: str) -> None:
    async with (
        a_house(database, "bridge_de", "portal") as (_, url),
        a_crowd(database, "observation", f"{url}/api/v1/stations/PUSHED/observations?quantity=level") as http,
    ):
        answers = []
        for _ in range(5):
            await asyncio.sleep(0.6)
            async with http.get(f"{url}/feed/atom.xml") as answer:
                answers.append(answer.status)
    assert answers == [200] * 5


async def test_a_stage_that_hangs_makes_the_process_unhealthy(database: str) -> None:
    async with a_house(database, "bridge_de") as (house, url), aiohttp.ClientSession() as http:
        async with asyncio.timeout(10):
            while True:
                async with http.get(f"{url}/health") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(0.05)
        pulse = house.supervisor.pulses["bridge.publish"]
        hung = replace(pulse, beaten_s=time.monotonic() - 600)
        house.supervisor.pulses["bridge.publish"] = hung
        async with http.get(f"{url}/health") as answer:
            assert answer.status == 503
            assert (await answer.json())["broken"] == {"bridge.publish": "silent for 600 s"}


def test_a_house_takes_all_the_files_it_may_open() -> None:
    program = (
        "import resource, sys\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
        "from hladina.run import until_signal\n"
        "async def main(): print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
        "sys.exit(until_signal(main))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
