"""Two gauges of one site: the spare speaks only while the main one is lost, and then to the end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.spare import stand_in
from alerting.sweep import sweep
from alerting.vouch import look
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import book, notes
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.store.notes import NewNote
from floodcore.words import Cause, Degree, Language, Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0}, "invented", None)
MAIN = Station("main", Names("Main"), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(LIMITS,))
RULEBOOK = Rulebook(Network(stations={"main": MAIN, "spare": replace(MAIN, id="spare", spare_for="main")}))
FLOOD = (50.0, 60, 72, 85, 104)
CALM = (50.0, 51, 50, 51, 50)
END = T0 + 4 * STEP


async def bring(conn: AsyncConnection, name: str, levels: Sequence[float], first: int = 0) -> None:
    batch = [Reading(name, Quantity.LEVEL, T0 + (first + i) * STEP, v, v, "cm") for i, v in enumerate(levels)]
    now = batch[-1].observed_at
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)
    await evaluate(conn, RULEBOOK, now, exercise=False)


async def told(conn: AsyncConnection) -> list[tuple[object, ...]]:
    async with conn.transaction():
        cursor = await conn.execute(
            "SELECT station_id, kind, from_degree, to_degree, string_agg(channel, '+' ORDER BY channel)"
            " FROM event JOIN announcement USING (event_id) GROUP BY event_id ORDER BY event_id"
        )
        return await cursor.fetchall()


async def test_while_the_main_gauge_speaks_the_spare_is_judged_and_not_told(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, "main", CALM)
        await bring(conn, "spare", FLOOD)
        assert await stand_in(conn, RULEBOOK, END) == 0
        assert await stand_in(conn, RULEBOOK, END + timedelta(minutes=12)) == 0  # late is not lost
        assert await told(conn) == []
        async with conn.transaction():
            row = await (await conn.execute("SELECT count(*) FROM event WHERE station_id = 'spare'")).fetchone()
        assert row == (2,)


@pytest.mark.parametrize("main", ["never came", "silent", "doubtful", "destroyed"])
async def test_the_spare_of_a_lost_gauge_tells_the_degree_it_holds_once(pool: Pool, main: str) -> None:
    now = END
    async with pool.connection() as conn:
        if main != "never came":
            await bring(conn, "main", CALM)
        if main == "doubtful":
            await bring(conn, "main", [400.0], first=5)
            now = END + STEP
        await bring(conn, "spare", FLOOD)
        if main == "destroyed":  # a wreck may go on talking
            assert await stand_in(conn, RULEBOOK, now) == 0
            wreck = NewNote("main", Cause.DESTROYED, T0, None, "patrol", {Language.CS: "Strhlo vodočet"})
            async with conn.transaction():
                await notes.add(conn, wreck, now)
        if main == "silent":
            assert await stand_in(conn, RULEBOOK, now) == 0
            now = END + timedelta(minutes=22)
        assert await stand_in(conn, RULEBOOK, now) == 1
        assert await stand_in(conn, RULEBOOK, now + STEP) == 0
        assert await told(conn) == [("spare", "reached", 1, 2, "cap+sms")]
        async with conn.transaction():
            cursor = await conn.execute("SELECT DISTINCT valid_until FROM announcement")
            assert await cursor.fetchall() == [(now + timedelta(minutes=30),)]
        assert (await book.verify(conn)).fault == ""


async def test_whom_a_spare_told_of_a_rise_it_tells_of_the_rest_though_the_main_one_is_back(pool: Pool) -> None:
    falling = [90.0] * 5 + [60.0] * 6
    async with pool.connection() as conn:
        await bring(conn, "spare", FLOOD)
        assert await stand_in(conn, RULEBOOK, END) == 1
        await bring(conn, "main", CALM)
        await bring(conn, "spare", falling, first=5)
        assert await stand_in(conn, RULEBOOK, END) == 2
        assert [row[:4] for row in await told(conn)] == [
            ("spare", "reached", 1, 2),
            ("spare", "reached", 2, 1),
            ("spare", "reached", 1, 0),
        ]
        await bring(conn, "spare", FLOOD, first=20)
        assert await stand_in(conn, RULEBOOK, END) == 0  # the next flood is the main gauge's again


async def test_when_both_are_lost_the_officers_hear_of_the_spare_too(pool: Pool) -> None:
    late = END + timedelta(hours=2)
    async with pool.connection() as conn:
        await bring(conn, "main", FLOOD)
        await bring(conn, "spare", FLOOD)
        assert await sweep(conn, RULEBOOK, late, exercise=False) == 2
        assert await stand_in(conn, RULEBOOK, late) == 2
        assert await told(conn) == [
            ("main", "reached", 0, 1, "cap+sms"),
            ("main", "reached", 1, 2, "cap+sms"),
            ("spare", "reached", 1, 2, "cap+sms"),
            ("main", "silence", 2, 2, "sms"),
            ("spare", "silence", 2, 2, "sms"),
        ]


async def test_a_network_without_spares_asks_nothing(pool: Pool) -> None:
    async with pool.connection() as conn:
        assert await stand_in(conn, Rulebook(Network(stations={"main": MAIN})), T0) == 0


async def test_officers_are_reminded_of_a_spare_that_stands_in_and_is_not_proved(pool: Pool) -> None:
    rests = [*(50.0 + n % 2 for n in range(12)), *(180.0 + n % 2 for n in range(24))]
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        for n, level in enumerate(rests):
            now = T0 + n * STEP
            await bring(conn, "spare", [level], n)
            await look(conn, RULEBOOK, now, exercise=False)
            if n >= 20:
                await stand_in(conn, RULEBOOK, now)
        reminder = ("spare", "unproved", 2, 2, "sms")
        assert await told(conn) == [("spare", "reached", 0, 2, "cap+sms"), reminder]
        later = T0 + 12 * STEP + timedelta(hours=4, minutes=1)
        assert await look(conn, RULEBOOK, later, exercise=False) == 1
        await stand_in(conn, RULEBOOK, later)
        assert (await told(conn))[2:] == [reminder]
        assert await stand_in(conn, RULEBOOK, later) == 0
