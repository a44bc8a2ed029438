"""One look for incidents as a process that can be killed: `python -m tests.crash.looking DSN NOW`."""

import asyncio
import os
import sys
from datetime import datetime, timedelta

import psycopg

from alerting.incident_watch import look
from floodcore import killpoint
from floodcore.network.model import Names, Network, Station
from floodcore.words import Quantity

STATIONS = tuple(f"G{number}" for number in range(5))
NETWORK = Network(
    stations={
        name: Station(name, Names(name), None, "CZ", "invented", (Quantity.LEVEL,), timedelta(minutes=10))
        for name in STATIONS
    }
)


async def main(dsn: str, now: str) -> None:
    """Look once."""
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await look(conn, NETWORK, datetime.fromisoformat(now), exercise=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
