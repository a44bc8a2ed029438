"""A process with the collector's MQTT stage, to be killed by tests: DSN and broker URL as arguments."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from collectors import room
from floodcore import killpoint, texts
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Link, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor
from floodcore.words import Quantity


async def main(dsn: str, url: str) -> None:
    """Run the stage until killed."""
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    station = Station(
        "lavka",
        Names("Lávka"),
        None,
        "CZ",
        "invented",
        (Quantity.LEVEL,),
        timedelta(minutes=10),
        links=(Link("tts", "ldds-lavka", "dragino_ldds", 400.0),),
    )
    settings = replace(Settings(database_url=dsn, stations=Path()), mqtt_url=url, mqtt_client="hladina-of-test")
    pool = await open_pool(dsn)
    supervisor = Supervisor(Clock())
    house = House(settings, pool, Network(stations={station.id: station}), texts.load(), supervisor)
    await supervisor.run(room.stages(house))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
