"""Waking on NOTIFY. A notification is for speed only: every listener also polls, which is for truth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from floodcore.store.connect import alive

DIRTY = "hladina_dirty"
EVENT = "hladina_event"
CHANGE = "hladina_change"

_RETRY_S = 1.0


@dataclass(slots=True)
class Wake:
    """Set by a notification; `wait` clears it."""

    _event: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a notification, at most `timeout_s`; returns whether one came."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def set(self) -> None:
        """Wake the waiter now."""
        self._event.set()


@asynccontextmanager
async def listening(dsn: str, *channels: str) -> AsyncIterator[Wake]:
    """Listen on `channels` over a connection of its own, which comes back by itself after an outage.

    After every reconnect the waiter is woken once, since notifications may have been missed.
    """
    wake = Wake()
    task = asyncio.create_task(_listen(dsn, channels, wake))
    try:
        yield wake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(dsn: str, channels: tuple[str, ...], wake: Wake) -> None:
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, **alive("hladina listen")
            ) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                wake.set()
                async for _ in connection.notifies():
                    wake.set()
        except (psycopg.Error, OSError):
            pass  # the waiter polls meanwhile; the pool's users report the outage
        await asyncio.sleep(_RETRY_S)
