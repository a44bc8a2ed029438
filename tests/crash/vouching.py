"""People answer for an unproved rise, in a process that can be killed: `python -m tests.crash.vouching DSN`."""

import asyncio
import os
import sys
from datetime import timedelta

import psycopg
from psycopg import AsyncConnection

from alerting.vouch import look
from floodcore import killpoint
from tests.engine.test_vouch import END, RULEBOOK

LATER = END + timedelta(minutes=1)


async def answer(conn: AsyncConnection) -> int:
    """One look at the rises that are not proved."""
    return await look(conn, RULEBOOK, LATER, exercise=False)


async def main(dsn: str) -> None:
    killpoint.arm(os.environ.get("HLADINA_KILL_AT", ""))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await answer(conn)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
