"""The house looks after its database itself, and two houses do not get into each other's way."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Network
from floodcore.quality.door import at_the_door
from floodcore.settings import Settings
from floodcore.store import modes
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.supervision import Pulse, Supervisor
from floodcore.texts import Texts
from floodcore.words import Quantity, Reading
from hladina.upkeep import stages, upkeep


async def test_partitions_are_made_ahead_by_data_time_and_by_one_house_at_a_time(pool: Pool, texts: Texts) -> None:
    clock = Clock(datetime(2031, 5, 15, tzinfo=UTC), datetime.now(UTC), 1.0)
    settings = Settings("postgresql://nowhere.invalid/x", Path(), clock=clock)
    house = House(settings, pool, Network(), texts, Supervisor(clock))
    async with pool.connection() as first, pool.connection() as second:
        async with first.transaction():
            done = await upkeep(first, house)
            async with second.transaction():
                assert await upkeep(second, house) == [], "the other house is at it"
        if await modes.detect(first) is modes.Mode.PLAIN:
            assert done == ["made observation_2031_05", "made observation_2031_06", "made observation_2031_07"]
        async with second.transaction():
            assert await upkeep(second, house) == []


async def test_readings_are_stored_while_the_house_forgets(pool: Pool, texts: Texts) -> None:
    clock = Clock(datetime(2031, 5, 15, tzinfo=UTC), datetime.now(UTC), 1.0)
    settings = Settings("postgresql://nowhere.invalid/x", Path(), clock=clock)
    house = House(settings, pool, Network(), texts, Supervisor(clock))
    reading = Reading("g", Quantity.LEVEL, clock.now(), 60.0, 60.0, "cm")
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'quarantine'::regclass"
    async with pool.connection() as holding, pool.connection() as writing:
        await writing.execute("SET lock_timeout = '5s'")
        await writing.commit()
        await holding.execute("LOCK TABLE quarantine IN ACCESS EXCLUSIVE MODE")
        stage = asyncio.ensure_future(stages(house)["upkeep"](Pulse("upkeep", clock)))
        async with asyncio.timeout(20):
            while await (await holding.execute(waiting)).fetchone() is None:
                await asyncio.sleep(0.01)
        async with writing.transaction():
            await store(writing, at_the_door([reading], clock.now()), "test", clock.now())
        stage.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stage
        await holding.rollback()
        if await modes.detect(writing) is modes.Mode.PLAIN:
            found = await writing.execute("SELECT to_regclass('observation_2031_06') IS NOT NULL")
            assert await found.fetchone() == (True,)
