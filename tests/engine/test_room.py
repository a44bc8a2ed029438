"""The sweep stage: alive while it waits, patient once, and never called well before it has swept again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting import room
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.settings import Settings
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.supervision import Pulse, Supervisor
from floodcore.texts import Texts
from floodcore.words import Degree, Quantity, Reading

LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0}, "invented", None)
STATION = Station("A", Names("A"), None, "CZ", "t", (Quantity.LEVEL,), timedelta(minutes=10), limits=(LIMITS,))
NETWORK = Network(stations={"A": STATION})


@pytest.fixture
def house(pool: Pool, database: str, texts: Texts) -> House:
    return House(Settings(database, Path()), pool, NETWORK, texts, Supervisor(Clock()))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SWEEP_S", 0.3)
    monkeypatch.setattr(room, "_SWEEP_AFTER_S", 1.0)
    monkeypatch.setattr(room, "_LEAST_SWEEP_S", 0.3)
    monkeypatch.setattr(room, "_AWAY_S", 1.5)
    monkeypatch.setattr(room, "_BEAT_S", 0.05)


async def lose_a_gauge(pool: Pool) -> None:
    """A gauge that rose past its limit and has been silent for two hours."""
    start = datetime.now(UTC) - timedelta(hours=3)
    readings = [
        Reading("A", Quantity.LEVEL, start + i * timedelta(minutes=10), v, v, "cm")
        for i, v in enumerate([50.0, 60, 70, 85, 90])
    ]
    async with pool.connection() as conn:
        await store(conn, at_the_door(readings, datetime.now(UTC)), "test", start + timedelta(minutes=40))
        await evaluate(conn, Rulebook(NETWORK), start + timedelta(minutes=40), exercise=False)


async def silences(pool: Pool) -> int:
    async with pool.connection() as conn:
        found = await (await conn.execute("SELECT count(*) FROM event WHERE kind = 'silence'")).fetchone()
        assert found is not None
        return int(found[0])


@asynccontextmanager
async def kept(house: House, *, name: str = "engine.sweep") -> AsyncIterator[Pulse]:
    """The stage under the supervisor of the house."""
    task = asyncio.create_task(house.supervisor.run({name: room.stages(house)[name]}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        yield house.supervisor.pulses[name]
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(pool: Pool, wanted: int, limit_s: float) -> float:
    began = time.monotonic()
    while await silences(pool) != wanted:
        assert time.monotonic() - began < limit_s
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_the_sweep_beats_while_it_waits_and_sweeps_after_the_grace(house: House) -> None:
    await lose_a_gauge(house.pool)
    async with kept(house) as pulse:
        await asyncio.sleep(0.4)
        first = pulse.beaten_at
        await asyncio.sleep(0.4)
        assert first is not None
        assert pulse.beaten_at is not None
        assert pulse.beaten_at > first
        assert await silences(house.pool) == 0
        await until(house.pool, 1, 5.0)


async def test_a_blip_of_the_database_does_not_start_the_grace_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_SWEEP_AFTER_S", 3.0)
    monkeypatch.setattr(room, "_AWAY_S", 30.0)
    async with kept(house) as pulse:
        await asyncio.sleep(3.2)
        async with house.pool.connection() as conn:
            await conn.execute("ALTER TABLE series_state RENAME TO gone")
        while not pulse.failures:
            await asyncio.sleep(0.02)
        async with house.pool.connection() as conn:
            await conn.execute("ALTER TABLE gone RENAME TO series_state")
        await lose_a_gauge(house.pool)
        assert await until(house.pool, 1, 2.5) < 2.5


async def test_the_sweep_is_not_called_well_before_it_has_swept_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_AWAY_S", 0.0)  # it waits for the collectors again, and is broken meanwhile
    async with house.pool.connection() as conn:
        await conn.execute("ALTER TABLE series_state RENAME TO gone")
    async with kept(house) as pulse:
        while not pulse.failures:
            await asyncio.sleep(0.02)
        beaten = pulse.beaten_at
        await asyncio.sleep(0.8)
        assert pulse.broken
        assert pulse.beaten_at == beaten
        async with house.pool.connection() as conn:
            await conn.execute("ALTER TABLE gone RENAME TO series_state")
        await lose_a_gauge(house.pool)
        await until(house.pool, 1, 8.0)
        await asyncio.sleep(0.1)
        assert not pulse.broken


async def test_after_a_long_outage_the_collectors_are_given_the_grace_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_AWAY_S", 0.0)  # every outage is a long one
    stage = room.stages(house)["engine.sweep"]

    async def started() -> None:
        await stage(Pulse("engine.sweep", house.clock))

    for _ in range(2):
        with suppress(TimeoutError):
            await asyncio.wait_for(started(), 1.2)
    await lose_a_gauge(house.pool)
    task = asyncio.create_task(started())
    await asyncio.sleep(0.7)
    assert await silences(house.pool) == 0
    await until(house.pool, 1, 3.0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
