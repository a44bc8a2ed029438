"""The house looks after its database itself, and two houses do not get into each other's way."""

from datetime import UTC, datetime
from pathlib import Path

from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Network
from floodcore.settings import Settings
from floodcore.store import modes
from floodcore.store.connect import Pool
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from hladina.upkeep import upkeep


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
