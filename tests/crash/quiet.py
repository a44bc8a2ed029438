"""What the house does seldom, as a process that can be killed: `python -m tests.crash.quiet engine|upkeep DSN`."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate, retry
from alerting.spare import stand_in
from alerting.sweep import sweep
from floodcore import killpoint, texts
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor
from floodcore.words import Degree, Quantity
from hladina.upkeep import upkeep

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
FLOOD = (50.0, 60.0, 72.0, 85.0, 104.0)
STATIONS = ("A", "B", "C", "D", "E")  # E is the spare of A
YEARS_LATER = datetime(2031, 5, 15, tzinfo=UTC)
_LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0}, "invented", None)
RULEBOOK = Rulebook(
    Network(
        stations={
            name: Station(
                name,
                Names(name),
                None,
                "CZ",
                "t",
                (Quantity.LEVEL,),
                STEP,
                limits=(_LIMITS,),
                spare_for="A" if name == "E" else None,
            )
            for name in STATIONS
        }
    )
)


async def engine(conn: AsyncConnection) -> None:
    """Two hours after the flood was last heard: judge what is there, try again who was put aside, look who is lost."""
    late = T0 + timedelta(hours=2)
    while (await evaluate(conn, RULEBOOK, late, exercise=False)).claimed:
        pass
    for _ in range(2):
        await retry(conn, RULEBOOK, late, exercise=False)
        await sweep(conn, RULEBOOK, late, exercise=False)
        await stand_in(conn, RULEBOOK, late)


async def keep_shape(dsn: str) -> list[str]:
    """One round of upkeep, years later."""
    clock = Clock(YEARS_LATER, datetime.now(UTC), 1.0)
    pool = await open_pool(dsn, max_size=2)
    try:
        house = House(Settings(dsn, Path(), clock=clock), pool, Network(), texts.load(), Supervisor(clock))
        async with pool.connection() as conn:
            return await upkeep(conn, house)
    finally:
        await pool.close()


async def main(what: str, dsn: str) -> None:
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    if what == "upkeep":
        await keep_shape(dsn)
        return
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await engine(conn)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
