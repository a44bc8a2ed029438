"""A bridge in a process of its own, to be killed: its stage and its routes, over an empty network."""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from bridge_de.room import routes, stages
from floodcore import settings, texts
from floodcore.house import House
from floodcore.network.model import Network
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor


async def main(port: int) -> None:
    """Serve on `port` until killed."""
    read = settings.read({"HLADINA_STATIONS": str(Path(__file__).parent), **os.environ})
    pool = await open_pool(read.database_url)
    house = House(read, pool, Network(), texts.load(), Supervisor(read.clock))
    app = web.Application()
    app.add_routes(routes(house))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await house.supervisor.run(stages(house))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
