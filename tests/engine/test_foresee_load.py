"""What a round reads: enough to go on from, however fast a gauge reports and however long another has not been read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from psycopg import AsyncConnection

from alerting import foresee_load
from floodcore.network.model import Change, Limits, Network
from floodcore.store.connect import Pool
from floodcore.store.foresight import Memory
from floodcore.words import Quantity, Reading
from tests.engine.test_foresee import SPA, STEP, T0, bring, readings, run, station, wave
from tests.rows import rows

UNTIL = """
    SELECT judged_until - foreseen_until
    FROM foresight JOIN series_state USING (series_id) JOIN series USING (series_id)
    WHERE station_id = 'A'"""
STATE = """
    SELECT foreseen_until, memory::text, outlook::text FROM foresight JOIN series USING (series_id)
    WHERE station_id = '{name}'"""
PAIRS = Network(stations={"A": station("A", ("U",)), "U": station("U"), "B": station("B", ("W",)), "W": station("W")})


async def state(conn: AsyncConnection, name: str) -> tuple[Any, ...]:
    (found,) = await rows(conn, STATE.format(name=name))
    memory = msgspec.structs.replace(msgspec.json.decode(found[1], type=Memory), seen=(), told=None)
    return found[0], memory, found[2]


async def come(conn: AsyncConnection, first: int, count: int, step: timedelta) -> None:
    """Readings of still water, every `step`, a round for each."""
    for number in range(first, first + count):
        at = T0 + number * step
        await bring(conn, [Reading("A", Quantity.LEVEL, at, 40.0 + number % 3, 40.0 + number % 3, "cm")])
        await run(conn, at)


async def test_a_gauge_that_reports_faster_than_it_is_read_is_foreseen_on(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresee_load, "VALUES", 50)
    step = timedelta(minutes=2)
    async with pool.connection() as conn:
        await come(conn, 0, 70, step)
        assert await rows(conn, UNTIL) == [(timedelta(0),)]
        await bring(
            conn,
            [Reading("A", Quantity.LEVEL, T0 + n * step, 41.0, 41.0, "cm") for n in range(70, 270)],
        )
        for _ in range(5):
            await run(conn, T0 + 270 * step)
        assert await rows(conn, UNTIL) == [(timedelta(0),)]
        assert await rows(conn, "SELECT count(*) FROM foresight_mark") == [(0,)]


async def test_a_gauge_above_that_was_never_foreseen_takes_nothing_from_the_one_below(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresee_load, "VALUES", 60)
    upper, lower = wave(40, 150, 20, 5) * 3, wave(40, 70, 24, 3) * 3

    async def bring_both(conn: AsyncConnection, first: int, end: int) -> None:
        at, span = T0 + first * STEP, slice(first, end)
        await bring(conn, [r for name in "UW" for r in readings(name, upper[span], at)])
        await bring(conn, [r for name in "AB" for r in readings(name, lower[span], at)])
        for _ in range(6):
            await run(conn, T0 + 100 * STEP, PAIRS)

    async with pool.connection() as conn:
        for start in range(0, 90, 30):
            await bring_both(conn, start, start + 30)
        await conn.execute(
            "UPDATE foresight SET foreseen_until = NULL, memory = NULL FROM series s"
            " WHERE s.series_id = foresight.series_id AND station_id = 'W'"
        )
        await bring_both(conn, 90, 92)
        assert await state(conn, "A") == await state(conn, "B")
        assert (await state(conn, "A"))[0] == T0 + 91 * STEP


async def test_a_gauge_above_that_is_read_in_parts_is_waited_for(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    levels, minute = wave(40, 150, 20, 5), timedelta(minutes=1)
    fast = [
        levels[n // 10] + (levels[n // 10 + 1] - levels[n // 10]) * (n % 10) / 10 for n in range(10 * len(levels) - 10)
    ]
    async with pool.connection() as conn:
        for lower, upper, values in (("A", "U", 20_000), ("B", "W", 60)):
            monkeypatch.setattr(foresee_load, "VALUES", values)
            await bring(conn, [Reading(upper, Quantity.LEVEL, T0 + n * minute, v, v, "cm") for n, v in enumerate(fast)])
            await bring(conn, readings(lower, wave(40, 125, 24)), T0 + 90 * STEP)
            for _ in range(30):
                await run(conn, T0 + 100 * STEP, PAIRS)
        assert await state(conn, "A") == await state(conn, "B")
        assert (await state(conn, "A"))[0] == T0 + 74 * STEP


async def test_a_discharge_without_limits_before_its_first_change_is_foreseen_from_then_on(pool: Pool) -> None:
    flows = wave(40, 125, 24)
    holds_from = T0 + 15 * STEP
    limits = Limits(Quantity.DISCHARGE, SPA, "invented", None)
    change = Change(limits, holds_from, "M. Vzorová", "measured anew")
    bare = replace(station("A"), quantities=(Quantity.DISCHARGE,), limits=(), changes=(change,))
    network = Network(stations={"A": bare})
    until = "SELECT foreseen_until, issued_at >= %s FROM foresight"
    async with pool.connection() as conn:
        for number, flow in enumerate(flows[:34]):
            at = T0 + number * STEP
            await bring(conn, [Reading("A", Quantity.DISCHARGE, at, flow, flow, "m3/s")])
            if number > 2:  # the first round is one of several readings
                await run(conn, at, network)
            await run(conn, at, network)
        cursor = await conn.execute(until, (holds_from,))
        assert await cursor.fetchall() == [(T0 + 33 * STEP, True)]
        first = await rows(conn, "SELECT min(at) FROM event WHERE kind = 'expected'")
        assert holds_from <= first[0][0] < T0 + 33 * STEP
