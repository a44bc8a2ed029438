"""The telling part of a house as a process, for tests that kill it: `python -m tests.notify.house DSN GATEWAY PORT`."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from alerting.notify.routes import routes
from alerting.notify.stages import stages
from floodcore import killpoint, texts
from floodcore.house import House
from floodcore.settings import Settings, Twilio
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor
from simulators.gateway import ACCOUNT, TOKEN
from tests.notify.conftest import NETWORK, PACE, hurry


async def main(dsn: str, gateway: str, port: str) -> None:
    hurry(pytest.MonkeyPatch())
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    settings = Settings(
        database_url=dsn,
        stations=Path(),
        public_url=f"http://127.0.0.1:{port}",
        twilio=Twilio(ACCOUNT, TOKEN, "HLADINA", gateway),
    )
    pool = await open_pool(dsn)
    house = House(settings, pool, NETWORK, texts.load(), Supervisor(settings.clock))
    app = web.Application()
    app.add_routes(routes(house))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    await house.supervisor.run(stages(house, PACE))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
