"""Which rooms there are, and how a house is put together from them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from aiohttp import web
from psycopg import AsyncConnection

from collectors.sensors.registry import offsets
from floodcore import texts
from floodcore.house import House
from floodcore.network import load
from floodcore.settings import Settings
from floodcore.store import migrate
from floodcore.store.connect import open_pool
from floodcore.supervision import Stage, Supervisor

ROOMS = ("collectors", "alerting", "bridge_de", "portal")
_READERS = 8  # connections


class Room(Protocol):
    """What the module `<room>.room` offers."""

    def stages(self, house: House) -> dict[str, Stage]:
        """Background stages by name."""

    def routes(self, house: House) -> list[web.RouteDef]:
        """HTTP routes, possibly none."""


def rooms(names: Iterable[str]) -> list[Room]:
    """The rooms called `names`, imported only now, so that a part of the house starts fast."""
    return [cast("Room", import_module(f"{name}.room")) for name in names]


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[House]:
    """A house with its database open and upgraded; closed at the end.

    Raises:
        ConfigurationError: the station files have faults.
        DatabaseMissingError: no answer from the database.
        MigrationError: database and code do not fit.
        TextsError: the catalogues do not fit together.
    """
    network = load.read(settings.stations, offsets())
    catalogue = texts.load()
    pool = await open_pool(settings.database_url)
    try:
        async with pool.connection() as connection:
            await upgraded(connection)
        yield House(settings, pool, network, catalogue, Supervisor(settings.clock))
    finally:
        await pool.close()


@asynccontextmanager
async def for_readers(house: House) -> AsyncIterator[House]:
    """The same house with a pool of its own, for those who only look: a crowd of them waits for one another.

    With one pool for all, the engine, the senders and the partners across the border would stand in
    the queue behind the crowd, and the crowd comes with the flood.
    """
    pool = await open_pool(house.settings.database_url, max_size=_READERS)
    try:
        yield replace(house, pool=pool)
    finally:
        await pool.close()


async def upgraded(connection: AsyncConnection) -> migrate.Status:
    """Bring the database to this version; safe to call from several processes at once."""
    return await migrate.upgrade(connection)
