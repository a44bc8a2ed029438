"""The house's own scheduler for what the database needs: partitions ahead, old chunks compressed, the old forgotten.

The same in all three modes; the extension's background jobs are not relied on. One process does the
round, the others find its lock taken and leave it.
"""

import asyncio
import time
from typing import LiteralString

from psycopg import AsyncConnection

from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import modes, retention
from floodcore.supervision import Pulse, Stage

_EVERY_S = 3600.0
_BEAT_S = 5.0
_LOCK_KEY = 0x48_4C_55_50  # "HLUP"
_TAKE: LiteralString = "SELECT pg_try_advisory_xact_lock(%s)"


def stages(house: House) -> dict[str, Stage]:
    """The stage that keeps the database in shape, once an hour."""

    async def keep(pulse: Pulse) -> None:
        while True:
            async with house.pool.connection() as connection:
                await upkeep(connection, house)
            done = time.monotonic()
            while time.monotonic() - done < _EVERY_S:
                pulse.beat()
                await asyncio.sleep(_BEAT_S)

    return {"upkeep": keep}


async def upkeep(connection: AsyncConnection, house: House) -> list[str]:
    """One round at the data time of `house`; a line for each thing done, none if another process is at it.

    In transactions of its own. To make a partition the table of the observations is taken from all who write into it:
    that is committed before anything is forgotten.
    """
    now = house.clock.now()
    async with connection.transaction():
        cursor = await connection.execute(_TAKE, (_LOCK_KEY,))
        row = await cursor.fetchone()
        if row is None or not row[0]:
            return []
        passing("upkeep.locked")
        done = await modes.maintain(connection, await modes.detect(connection), now)
        passing("upkeep.before_commit")
    return done + await retention.forget(connection, now)
