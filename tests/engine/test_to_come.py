"""A change of limits that is entered and does not hold yet acts nowhere; one that holds acts on what waited too."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate, retry
from alerting.foresee import foresee
from alerting.foresee_load import PATIENCE
from alerting.spare import stand_in
from floodcore.network.model import Change, Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from tests.rows import rows

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
CHANGED = 20
RISE = tuple(40.0 if i < 18 else 40.0 + 7.0 * (i - 17) for i in range(26))
ABOVE = tuple(40.0 if i < 15 else 40.0 + 8.0 * (i - 14) for i in range(24))


def station(name: str, first: float = 100.0, quantity: Quantity = Quantity.LEVEL) -> Station:
    limits = Limits(quantity, {Degree.VIGILANCE: first, Degree.READINESS: first * 1.6}, "invented", None)
    measured = (Quantity.LEVEL, Quantity.DISCHARGE) if quantity is Quantity.DISCHARGE else (quantity,)
    return Station(name, Names(name), None, "CZ", "t", measured, STEP, limits=(limits,))


def changed(one: Station, first: float, since: datetime, quantity: Quantity = Quantity.LEVEL) -> Station:
    limits = Limits(quantity, {Degree.VIGILANCE: first, Degree.READINESS: first * 1.6}, "invented anew", None)
    return replace(one, changes=(Change(limits, since, "M. Vzorová", "the weir is rebuilt"),))


def book(*stations: Station) -> Rulebook:
    return Rulebook(Network(stations={one.id: one for one in stations}))


async def bring(
    conn: AsyncConnection,
    rulebook: Rulebook,
    name: str,
    values: dict[int, float],
    quantity: Quantity = Quantity.LEVEL,
    now: datetime | None = None,
) -> None:
    unit = "cm" if quantity is Quantity.LEVEL else "m3/s"
    batch = [Reading(name, quantity, T0 + i * STEP, v, v, unit) for i, v in values.items()]
    now = max(reading.observed_at for reading in batch) if now is None else now
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)
    while (await evaluate(conn, rulebook, now, exercise=False)).claimed:
        pass


async def look(conn: AsyncConnection, rulebook: Rulebook, now: datetime) -> None:
    for _ in range(6):
        await foresee(conn, rulebook, now, exercise=False)


OUTLOOK = """
    SELECT foreseen_until, issued_at, memory::jsonb - 'seen' - 'told', outlook::text
    FROM foresight JOIN series USING (series_id) WHERE station_id = '{}' AND quantity = '{}'"""
EXPECTED = """
    SELECT at, to_degree, reason, limit_value FROM event WHERE kind = 'expected' AND station_id = 'A' ORDER BY at"""


async def test_a_binding_limit_to_come_leaves_todays_forecast(pool: Pool) -> None:
    rulebook = book(changed(station("A", 10.0, Quantity.DISCHARGE), 100.0, T0 + timedelta(days=60)))
    async with pool.connection() as conn:
        await bring(conn, rulebook, "A", {i: v / 10.0 for i, v in enumerate(RISE)}, Quantity.DISCHARGE)
        await look(conn, rulebook, T0 + 25 * STEP)
        ((until, _, _, outlook),) = await rows(conn, OUTLOOK.format("A", "discharge"))
        assert until == T0 + 25 * STEP
        assert outlook is not None


async def test_a_scheme_to_come_of_which_nobody_is_told_leaves_todays_spare(pool: Pool) -> None:
    limits = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 100.0}, "invented anew", None, "alarmstufe")
    change = Change(limits, T0 + timedelta(days=60), "M. Vzorová", "given to the neighbours")
    spare = replace(station("spare"), changes=(change,), spare_for="main")
    rulebook = book(station("main"), spare)
    async with pool.connection() as conn:
        await bring(conn, rulebook, "spare", dict(enumerate((*RISE, 104.0))))
        assert await stand_in(conn, rulebook, T0 + 26 * STEP) == 1
        told = "SELECT DISTINCT station_id, to_degree FROM event JOIN announcement USING (event_id)"
        assert await rows(conn, told) == [("spare", 1)]


async def test_a_gauge_above_is_seen_by_the_limits_of_its_time(pool: Pool) -> None:
    """The discharge of the gauge above is measured by its lowest limit; U is foreseen beside W, whose limit stays."""
    later = T0 + timedelta(days=60)
    upper = replace(station("W", 10.0, Quantity.DISCHARGE), quantities=(Quantity.DISCHARGE,))
    pair = [replace(station("A"), upstream=("U",)), replace(station("B"), upstream=("W",))]
    rulebook = book(*pair, upper, changed(replace(upper, id="U"), 1.0, later, Quantity.DISCHARGE))
    async with pool.connection() as conn:
        for name in "UW":
            await bring(conn, rulebook, name, {i: v / 10.0 for i, v in enumerate(ABOVE)}, Quantity.DISCHARGE)
        for name in "AB":
            await bring(conn, rulebook, name, dict(enumerate(RISE[:24])))
        await look(conn, rulebook, T0 + 24 * STEP)
        (one,), (two,) = [await rows(conn, OUTLOOK.format(name, "level")) for name in "AB"]
        assert one[3] is not None
        assert one == two


async def test_a_change_above_is_foreseen_alike_however_the_readings_came(pool: Pool) -> None:
    upper = replace(station("W", 10.0, Quantity.DISCHARGE), quantities=(Quantity.DISCHARGE,))
    upper = changed(upper, 5.0, T0 + CHANGED * STEP, Quantity.DISCHARGE)
    pair = [replace(station("A"), upstream=("U",)), replace(station("B"), upstream=("W",))]
    rulebook = book(*pair, upper, replace(upper, id="U"))
    async with pool.connection() as conn:
        for first, last in ((0, 24), *((i, i + 1) for i in range(24))):
            upper_name, name = ("U", "A") if last - first > 1 else ("W", "B")
            flow = {i: ABOVE[i] / 10.0 for i in range(first, last)}
            await bring(conn, rulebook, upper_name, flow, Quantity.DISCHARGE)
            await bring(conn, rulebook, name, {i: RISE[i] for i in range(first, last)})
            await look(conn, rulebook, T0 + 24 * STEP)
        (one,), (two,) = [await rows(conn, OUTLOOK.format(name, "level")) for name in "AB"]
        assert one[3] is not None
        assert one == two


async def test_a_lost_standing_is_judged_again_by_the_limits_of_its_time(pool: Pool) -> None:
    one = station("A", 80.0)
    rulebook = book(changed(one, 200.0, T0 + timedelta(days=60)), replace(one, id="B"))
    async with pool.connection() as conn:
        for name in "AB":
            await bring(conn, rulebook, name, dict(enumerate((50.0, 60.0, 72.0, 85.0, 88.0))))
        await conn.execute("UPDATE series_state SET lifecycle = '[]'")
        await conn.execute("UPDATE rule_version SET rules = jsonb_set(rules, '{engine}', '0')")
        for name in "AB":
            await bring(conn, rulebook, name, {5: 86.0})
            await retry(conn, rulebook, T0, exercise=False)
        first, second = await rows(conn, "SELECT lifecycle::text, degree FROM series_state ORDER BY series_id")
        assert first == second


@pytest.mark.parametrize("way", ["one by one", "together", "late"])
async def test_what_waits_for_the_gauge_above_is_foreseen_by_its_own_limits(pool: Pool, way: str) -> None:
    """The limits rise to 300 cm before the water does: nothing is expected, whatever waits for U at the change."""
    above, since = station("U"), T0 + CHANGED * STEP
    rulebook = book(changed(replace(station("A"), upstream=("U",)), 300.0, since), above)
    levels, end = dict(enumerate(RISE)), T0 + 25 * STEP
    async with pool.connection() as conn:
        if way == "one by one":
            for i, level in levels.items():
                now = T0 + i * STEP
                if i < len(ABOVE):
                    await bring(conn, rulebook, "U", {i: ABOVE[i]})
                await bring(conn, rulebook, "A", {i: level})
                await look(conn, rulebook, now + timedelta(minutes=4))
        else:
            late = {18: levels.pop(18)} if way == "late" else {}
            await bring(conn, rulebook, "U", dict(enumerate(ABOVE)), now=end)
            await bring(conn, rulebook, "A", levels, now=end)
            await look(conn, rulebook, end)
            for i, level in late.items():
                await bring(conn, rulebook, "A", {i: level}, now=end)
                await look(conn, rulebook, end)
        assert await rows(conn, EXPECTED) == []
        await look(conn, rulebook, end + PATIENCE)
        assert await rows(conn, EXPECTED) == []
        (row,) = await rows(conn, OUTLOOK.format("A", "level"))
        assert row[0] == end
        assert '"limit":300.0' in row[3].replace(" ", "")
