"""One round of repair as a process that can be killed: `python -m tests.crash.repairing DSN URL NOW`."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors import fetch, repair
from floodcore import killpoint, texts
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Link, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor
from floodcore.words import Quantity

STATION = Station(
    "jez",
    Names("Jez"),
    None,
    "CZ",
    "invented",
    (Quantity.LEVEL,),
    timedelta(minutes=10),
    links=(Link("chmu", "0-203-1-999002"),),
    synthetic=True,
)


async def main(dsn: str, url: str, now: str) -> None:
    """Search, and repair what is due."""
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    clock = Clock(datetime.fromisoformat(now), datetime.now(UTC))
    settings = replace(Settings(database_url=dsn, stations=Path()), chmu_url=url, clock=clock)
    pool = await open_pool(dsn)
    house = House(settings, pool, Network(stations={STATION.id: STATION}), texts.load(), Supervisor(clock))
    async with fetch.session(door=fetch.door(settings)) as http:
        await repair.one_round(house, http)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
