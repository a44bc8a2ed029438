"""The watch on a real PostgreSQL: a doubt is kept, goes on, ends; the degree does not care."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from alerting.watch import Watching, look
from floodcore.network.model import Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.doubts import lowered, open_doubts, past_doubts
from floodcore.store.ingest import store
from floodcore.words import Freshness, Quantity, Reading

T0 = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)


def gauge(name: str) -> Station:
    return Station(name, Names(name), "R", "CZ", "test", (Quantity.LEVEL,), STEP, lat=50.8, lon=15.0)


def bucket(name: str, lon: float) -> Station:
    return Station(name, Names(name), None, "CZ", "test", (Quantity.RAIN,), STEP, lat=50.8, lon=lon)


NETWORK = Network(
    stations={name: gauge(name) for name in ("A", "B", "C")}
    | {name: bucket(name, 15.0 + 0.01 * i) for i, name in enumerate(("P", "Q", "S"))}
)


async def bring(conn: AsyncConnection, name: str, values: Sequence[float], start: datetime = T0) -> datetime:
    quantity = Quantity.RAIN if name in "PQS" else Quantity.LEVEL
    batch = [Reading(name, quantity, start + i * STEP, v, v, "cm") for i, v in enumerate(values, start=1)]
    now = batch[-1].observed_at
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)
    return now


def calm(n: int, base: float = 50.0) -> list[float]:
    return [base + 0.1 * (i % 7) for i in range(n)]


async def test_a_moved_zero_is_kept_shown_written_again_and_ends(pool: Pool) -> None:
    async with pool.connection() as conn:
        for name in ("A", "B", "C"):
            await bring(conn, name, [*calm(54), *calm(18, 90.0 if name == "B" else 50.0)])
        now = T0 + 72 * STEP
        watching = Watching()
        assert await look(conn, NETWORK, now, watching) == 1
        (doubt,) = await open_doubts(conn, now)
        assert (doubt.station_id, doubt.test, doubt.key) == ("B", "step", "doubt.step")
        assert doubt.numbers["cm"] == pytest.approx(40.0, abs=1.0)
        assert doubt.since <= T0 + 55 * STEP
        assert "+40 cm" in doubt.text
        assert await look(conn, NETWORK, now + STEP, watching) == 0  # known, and holds for long
        assert await look(conn, NETWORK, now + 7 * STEP, watching) == 1  # goes on: written again
        (again,) = await open_doubts(conn, now + 7 * STEP)
        assert again.since == doubt.since
        assert again.until > doubt.until
        assert await open_doubts(conn, again.until) == []
        (told,) = await past_doubts(conn, "B")
        assert (told.since, told.until) == (doubt.since, again.until)
        assert await (await conn.execute("SELECT count(*) FROM event")).fetchone() == (0,)


async def test_a_clogged_rain_gauge_and_a_lone_jump(pool: Pool) -> None:
    async with pool.connection() as conn:
        for name in ("A", "B"):
            await bring(conn, name, calm(72))
        await bring(conn, "C", [*calm(70), 250.0, 252.0])
        await bring(conn, "P", [0.0] * 72)
        for name in ("Q", "S"):
            await bring(conn, name, [0.0] * 20 + [1.0] * 6 + [0.0] * 46)
        now = T0 + 72 * STEP
        await look(conn, NETWORK, now, Watching())
        assert [(one.station_id, one.test) for one in await open_doubts(conn, now)] == [("C", "alone")]
        later = T0 + 78 * STEP
        for name in ("Q", "S"):
            await bring(conn, name, [1.5] * 6, T0 + 72 * STEP)
        await bring(conn, "P", [0.0] * 6, T0 + 72 * STEP)
        await look(conn, NETWORK, later, Watching())
        assert ("P", "clogged") in [(one.station_id, one.test) for one in await open_doubts(conn, later)]


async def test_drift_over_two_weeks_is_looked_at_every_six_hours(pool: Pool) -> None:
    hourly = replace(NETWORK, stations={name: replace(gauge(name), interval=timedelta(hours=1)) for name in "ABC"})
    async with pool.connection() as conn:
        for name in ("A", "B", "C"):
            values = [50.0 + 0.1 * (i % 5) for i in range(336)]
            if name == "C":
                values = [v + max(0, i - 263) * 0.4 for i, v in enumerate(values)]
            batch = [
                Reading(name, Quantity.LEVEL, T0 + i * timedelta(hours=1), v, v, "cm") for i, v in enumerate(values)
            ]
            async with conn.transaction():
                await store(conn, at_the_door(batch, T0 + timedelta(days=14)), "test", T0 + timedelta(days=14))
        now, watching = T0 + timedelta(days=14) - timedelta(minutes=1), Watching()
        assert await look(conn, hourly, now, watching) == 1
        assert [(one.station_id, one.test) for one in await open_doubts(conn, now)] == [("C", "drift")]
        assert watching.long_at == now
        await look(conn, hourly, now + timedelta(hours=5), watching)
        assert watching.long_at == now


async def test_stations_that_are_not_in_the_files_and_empty_tables_are_passed_over(pool: Pool) -> None:
    async with pool.connection() as conn:
        assert await look(conn, NETWORK, T0, Watching()) == 0
        await bring(conn, "X", calm(72))
        assert await look(conn, NETWORK, T0 + 72 * STEP, Watching()) == 0


async def test_doubts_are_append_only(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("DELETE FROM doubt")


def test_a_doubt_lowers_what_looks_calm_and_nothing_else() -> None:
    assert [lowered(one, doubted=True) for one in Freshness] == [
        Freshness.DOUBTFUL,
        Freshness.DOUBTFUL,
        Freshness.SILENT,
        Freshness.DOUBTFUL,
        Freshness.NEVER,
    ]
    assert [lowered(one, doubted=False) for one in Freshness] == list(Freshness)
