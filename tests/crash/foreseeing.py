"""One gauge lived through reading by reading, from the store to texts and CAP, as a process that can be killed.

`python -m tests.crash.foreseeing STATION DSN`: brings what is not stored yet, judges, foresees, tells; then the next.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from alerting.notify.expanding import expand_one
from bridge_de.publish import publish_batch, publisher_of
from floodcore import killpoint, texts
from floodcore.clock import Clock
from floodcore.house import House, Pool
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.settings import Settings
from floodcore.store.connect import open_pool
from floodcore.store.ingest import store
from floodcore.supervision import Supervisor
from floodcore.words import Degree, Quantity, Reading

T0 = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
# Still water, a rise past the first limit, the second expected in vain, a slow fall.
LEVELS = (
    *[40.0, 41.0] * 6,
    *(43.0, 46.0, 50.0, 55.0, 61.0, 68.0, 76.0, 84.0, 92.0, 99.0, 104.0, 107.0, 108.0, 108.5, 108.0, 107.0, 106.0),
    *(105.0, 104.0, 103.0, 102.0, 101.0, 100.0),
)
AT_ONCE = 16
# In which order they come: three of them late, so that decisions are made anew and what was seen is kept.
ORDER = [*range(23), 24, 25, 23, 26, 28, 27, 29, 31, 32, 30, *range(33, len(LEVELS))]
_LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 90.0, Degree.READINESS: 125.0}, "invented", None)
NETWORK = Network(
    stations={
        name: Station(
            name, Names(name), None, "CZ", "t", (Quantity.LEVEL,), STEP, lat=50.8, lon=15.0, limits=(_LIMITS,)
        )
        for name in ("KILLED", "SPARED")
    }
)


def reading(station: str, number: int) -> Reading:
    """The reading of that number."""
    return Reading(station, Quantity.LEVEL, T0 + number * STEP, LEVELS[number], LEVELS[number], "cm")


async def stored(pool: Pool, station: str) -> int:
    """How many readings the store has."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT count(*) FROM observation JOIN series USING (series_id) WHERE station_id = %s", (station,)
        )
        row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def live(pool: Pool, dsn: str, station: str) -> None:
    """From where the last life ended to the last reading."""
    rulebook = Rulebook(NETWORK)
    done = await stored(pool, station)
    for number in range(max(AT_ONCE, done), len(LEVELS) + 1):
        clock = Clock(T0 + number * STEP, datetime.now(UTC), 1.0)
        house = House(Settings(dsn, Path(), clock=clock), pool, NETWORK, texts.load(), Supervisor(clock))
        async with pool.connection() as conn:
            batch = [reading(station, each) for each in ORDER[done:number]]
            async with conn.transaction():
                await store(conn, at_the_door(batch, clock.now()), "test", clock.now())
            await evaluate(conn, rulebook, clock.now(), exercise=False)
            while (await foresee(conn, rulebook, clock.now(), exercise=False)).claimed:
                pass
        while await expand_one(house):
            pass
        while await publish_batch(pool, publisher_of(house), clock):
            pass
        done = number


async def main(station: str, dsn: str) -> None:
    """Live, and be killed if so armed."""
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    pool = await open_pool(dsn, max_size=3)
    try:
        await live(pool, dsn, station)
    finally:
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
