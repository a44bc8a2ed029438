"""The look for common faults on a real PostgreSQL: told once, ended once, no gauge hidden by it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.incident_watch import look
from alerting.sweep import sweep
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import book, incidents
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from tests.rows import rows

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
SPA = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0}
COUNT = 30


def station(name: str, operator: str = "") -> Station:
    limits = Limits(Quantity.LEVEL, SPA, "invented", None)
    owner = operator or f"owner of {name}"
    return Station(name, Names(name), None, "CZ", owner, (Quantity.LEVEL,), STEP, limits=(limits,))


NAMES = [f"G{n:02}" for n in range(COUNT)]
NETWORK = Network(stations={name: station(name) for name in NAMES})
RULEBOOK = Rulebook(NETWORK)


async def speak(
    conn: AsyncConnection,
    names: Iterable[str],
    at: datetime,
    level: float = 50.0,
    source: str = "",
    now: datetime | None = None,
) -> None:
    """Each gauge says one level; it comes a minute later, or at `now`."""
    came = at + timedelta(minutes=1) if now is None else now
    ways: dict[str, list[Reading]] = {}
    for name in names:
        way = source or ("tts", "chmu", "push")[int(name[1:]) % 3]
        ways.setdefault(way, []).append(Reading(name, Quantity.LEVEL, at, level, level, "cm"))
    for way, readings in ways.items():
        await store(conn, at_the_door(readings, came), way, came)
    while (await evaluate(conn, RULEBOOK, came, exercise=False)).claimed:
        pass


async def rounds(
    conn: AsyncConnection, now: datetime, network: Network = NETWORK, *, real_time: bool = True
) -> tuple[int, int]:
    """A look and a sweep; how many new events of each."""
    found = await look(conn, network, now, exercise=False, real_time=real_time)
    return found, await sweep(conn, RULEBOOK, now, exercise=False)


async def running(conn: AsyncConnection, names: Iterable[str] = NAMES, level: float = 50.0) -> datetime:
    """Ten readings of everybody; returns the time of the last."""
    at = T0
    for number in range(10):
        at = T0 + number * STEP
        await speak(conn, names, at, level)
        assert await rounds(conn, at + timedelta(minutes=2)) == (0, 0)
    return at


async def flooding(conn: AsyncConnection) -> datetime:
    """Everybody rises over the first limit; returns the time of the last reading."""
    at = await running(conn)
    for level in (60.0, 72.0, 84.0, 85.0):
        at += STEP
        await speak(conn, NAMES, at, level)
    assert await rows(conn, "SELECT DISTINCT degree FROM series_state") == [(1,)]
    return at


async def test_thirty_gauges_silent_in_flood_are_one_incident_told_once(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        flood = await flooding(conn)
        told = len(await rows(conn, "SELECT FROM announcement"))
        gone = flood + timedelta(minutes=22)
        assert await rounds(conn, gone) == (1, 0), "one incident and no silence of a single gauge"
        assert await rounds(conn, gone + STEP) == (0, 0)
        (event,) = await rows(
            conn, "SELECT station_id, to_degree, value, limit_value, unit, reason FROM event WHERE kind = 'incident'"
        )
        assert event == ("all:", 1, 30.0, 30.0, "stations", "begun")
        new = await rows(conn, "SELECT channel, priority FROM announcement ORDER BY event_id DESC LIMIT 1")
        assert new == [("sms", 1)]
        assert len(await rows(conn, "SELECT FROM announcement")) == told + 1
        assert await rows(conn, "SELECT count(*) FROM series_state WHERE degree = 1") == [(30,)], "no degree changes"
        assert (await book.verify(conn)).fault == ""


async def test_it_ends_when_they_are_back_and_who_stays_silent_is_told_alone(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        flood = await flooding(conn)
        gone = flood + timedelta(minutes=22)
        assert (await rounds(conn, gone))[0] == 1
        back = flood + timedelta(minutes=40)
        await speak(conn, NAMES[:14], back, 86.0)
        assert await rounds(conn, back + timedelta(minutes=2)) == (0, 0), "more than half are silent still"
        await speak(conn, NAMES[14:27], back, 86.0)
        ended, alone = await rounds(conn, back + timedelta(minutes=3))
        assert (ended, alone) == (1, 3)
        assert await rows(conn, "SELECT reason FROM event WHERE kind = 'incident' ORDER BY event_id") == [
            ("begun",),
            ("ended",),
        ]
        assert await rows(conn, "SELECT station_id FROM event WHERE kind = 'silence' ORDER BY 1") == [
            (name,) for name in NAMES[27:]
        ]
        assert await rounds(conn, back + STEP) == (0, 0), "who is left over makes no new incident"


async def test_a_gauge_that_drowns_during_a_long_incident_is_not_hidden_by_it(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        flood = await flooding(conn)
        lone = NAMES[29]
        at = flood
        for number in range(1, 9):
            at = flood + number * STEP
            await speak(conn, [lone], at, 85.0 + number)
            await look(conn, NETWORK, at + timedelta(minutes=2), exercise=False)
            await sweep(conn, RULEBOOK, at + timedelta(minutes=2), exercise=False)
        assert len(await rows(conn, "SELECT FROM incident")) == 1
        await rounds(conn, at + timedelta(minutes=22))
        assert await rows(conn, "SELECT station_id FROM event WHERE kind = 'silence'") == [(lone,)]


async def test_one_transport_down_is_named(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        last = await running(conn)
        others = [name for name in NAMES if int(name[1:]) % 3]
        for number in range(1, 4):
            await speak(conn, others, last + number * STEP)
            await rounds(conn, last + number * STEP + timedelta(minutes=2))
        (incident,) = await incidents.open_ones(conn)
        assert (incident.scope, incident.name, incident.silent) == ("transport", "tts", 10)
        assert set(incident.members) == set(NAMES) - set(others)
        assert await incidents.covered(conn) == frozenset(incident.members)


async def test_two_watchers_tell_it_once(pool: Pool) -> None:
    async with pool.connection() as conn, pool.connection() as other:
        await conn.set_autocommit(True)
        await other.set_autocommit(True)
        last = await running(conn)
        gone = last + timedelta(minutes=30)
        assert await look(conn, NETWORK, gone, exercise=False) == 1
        assert await look(other, NETWORK, gone, exercise=False) == 0
        assert len(await rows(conn, "SELECT FROM incident")) == 1


async def test_a_slow_clock_of_ours_is_an_incident_and_ends(pool: Pool) -> None:
    """An hour behind: every reading is refused as coming from the future."""
    hour = timedelta(hours=1)
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        last = await running(conn)
        at = last
        for number in range(1, 3):
            at = last + number * STEP
            await speak(conn, NAMES, at + hour, now=at)
            await look(conn, NETWORK, at, exercise=False)
        (event,) = await rows(conn, "SELECT station_id, value, unit FROM event WHERE kind = 'incident'")
        assert event == ("clock:slow", 60.0, "min")
        for number in range(1, 4):
            await speak(conn, NAMES, at + hour + number * STEP)
            await look(conn, NETWORK, at + hour + number * STEP + timedelta(minutes=1), exercise=False)
        reasons = await rows(conn, "SELECT station_id, reason FROM event WHERE kind = 'incident' ORDER BY event_id")
        assert reasons == [("clock:slow", "begun"), ("clock:slow", "ended")]


async def test_a_fast_clock_of_ours_is_an_incident_and_no_outage_of_thirty(pool: Pool) -> None:
    hour = timedelta(hours=1)
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        last = await running(conn)
        for number in range(1, 5):
            at = last + number * STEP
            await speak(conn, NAMES, at, now=at + hour)
            await look(conn, NETWORK, at + hour, exercise=False)
        clocks = await rows(conn, "SELECT station_id, value FROM event WHERE station_id LIKE 'clock:%'")
        assert clocks == [("clock:fast", 59.0)]


async def test_a_clock_that_is_sped_up_is_not_judged(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        last = await running(conn)
        at = last + STEP
        await speak(conn, NAMES, at + timedelta(hours=1), now=at)
        assert await look(conn, NETWORK, at, exercise=False, real_time=False) == 0


@pytest.mark.parametrize("few", [1, 2])
async def test_a_gauge_or_two_are_told_one_by_one(pool: Pool, few: int) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        flood = await flooding(conn)
        for number in range(1, 4):
            await speak(conn, NAMES[few:], flood + number * STEP, 85.0)
        assert await rounds(conn, flood + 3 * STEP + timedelta(minutes=2)) == (0, few)


async def told_of(conn: AsyncConnection) -> list[tuple[object, ...]]:
    return await rows(conn, "SELECT station_id, reason FROM event WHERE kind = 'incident' ORDER BY event_id")


async def test_gauges_unheard_for_a_day_keep_no_incident_open_and_hide_no_other(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        last = await running(conn)
        gone, left = NAMES[:20], NAMES[20:]
        for number in range(1, 4):
            await speak(conn, left, last + number * STEP)
            await rounds(conn, last + number * STEP + timedelta(minutes=2))
        assert await told_of(conn) == [("all:", "begun")]
        assert set(gone) <= await incidents.covered(conn)
        day = last + timedelta(hours=25)
        for number in range(10):
            await speak(conn, left, day + number * STEP)
            await rounds(conn, day + number * STEP + timedelta(minutes=2))
        assert await told_of(conn) == [("all:", "begun"), ("all:", "ended")]
        assert await incidents.covered(conn) == frozenset()
        await rounds(conn, day + 9 * STEP + timedelta(minutes=30))
        assert await told_of(conn) == [("all:", "begun"), ("all:", "ended"), ("all:", "begun")]
        newest = (await incidents.open_ones(conn))[-1]
        assert set(newest.members) == set(left)
