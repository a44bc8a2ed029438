"""Who answers for an unproved rise: people, a gauge beside it, the rain; reminders; and that a replay is the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.rebuild import rebuild
from alerting.vouch import look
from floodcore.network.model import Change, Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import book, notes
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.store.notes import NewNote
from floodcore.words import Cause, Degree, Language, Quantity, Reading

T0 = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 80.0, Degree.READINESS: 140.0}, "invented", None)
ABOVE = Station(
    "above", Names("Above"), "beck", "CZ", "t", (Quantity.LEVEL,), STEP, lat=50.8, lon=15.0, limits=(LIMITS,)
)
RULEBOOK = Rulebook(
    Network(
        stations={
            "above": ABOVE,
            "below": replace(ABOVE, id="below"),
            "rain": replace(ABOVE, id="rain", river=None, quantities=(Quantity.RAIN,), limits=(), lat=50.85),
        }
    )
)
CALM = tuple(50.0 + n % 2 for n in range(12))
LEAPT = (*CALM, *(180.0 + n % 2 for n in range(4)))
END = T0 + (len(LEAPT) - 1) * STEP


async def bring(
    conn: AsyncConnection,
    name: str,
    values: Sequence[float],
    first: datetime = T0,
    quantity: Quantity = Quantity.LEVEL,
) -> None:
    batch = [Reading(name, quantity, first + i * STEP, v, v, "cm") for i, v in enumerate(values)]
    now = batch[-1].observed_at
    async with conn.transaction():
        await store(conn, at_the_door(batch, now), "test", now)
    await evaluate(conn, RULEBOOK, now, exercise=False)


async def events(conn: AsyncConnection) -> list[tuple[object, ...]]:
    async with conn.transaction():
        cursor = await conn.execute(
            "SELECT kind, from_degree, to_degree, firm_to, reason, doubt, string_agg(channel, '+' ORDER BY channel)"
            " FROM event JOIN announcement USING (event_id) WHERE station_id = 'above'"
            " GROUP BY event_id ORDER BY event_id"
        )
        return await cursor.fetchall()


async def held(conn: AsyncConnection) -> tuple[object, ...] | None:
    async with conn.transaction():
        cursor = await conn.execute(
            "SELECT degree, firm, doubt FROM series_state JOIN series USING (series_id) WHERE station_id = 'above'"
        )
        return await cursor.fetchone()


async def sound(conn: AsyncConnection) -> bool:
    async with conn.transaction():
        ((number,),) = await (await conn.execute("SELECT series_id FROM series WHERE station_id = 'above'")).fetchall()
        again = await rebuild(conn, number, T0, T0 + timedelta(days=2))
        return again.sound and (await book.verify(conn)).fault == ""


REACHED = ("reached", 0, 2, 0, "skipped", "leap", "cap+sms")


async def test_what_nobody_answers_for_stays_unproved_and_officers_are_reminded(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        assert await events(conn) == [REACHED]
        assert await held(conn) == (2, 0, "leap")
        assert await look(conn, RULEBOOK, END, exercise=False) == 0
        await bring(conn, "above", [180.0 + n % 2 for n in range(30)], END + STEP)
        since = T0 + 12 * STEP
        assert await look(conn, RULEBOOK, since + timedelta(minutes=59), exercise=False) == 0
        assert await look(conn, RULEBOOK, since + timedelta(minutes=61), exercise=False) == 1
        assert await look(conn, RULEBOOK, since + timedelta(minutes=70), exercise=False) == 0
        assert await look(conn, RULEBOOK, since + timedelta(minutes=241), exercise=False) == 1
        assert (await events(conn))[1:] == [("unproved", 2, 2, None, "unproved", "leap", "sms")] * 2
        assert await sound(conn)


@pytest.mark.parametrize(
    ("cause", "proved"), [(Cause.NATURAL, True), (Cause.RELEASE, True), (Cause.SENSOR, False), (Cause.WORKS, False)]
)
async def test_people_who_name_the_water_prove_it(pool: Pool, cause: Cause, proved: bool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        early = NewNote("above", Cause.NATURAL, T0, None, "before", {Language.CS: "z rána"})
        async with conn.transaction():
            await notes.add(conn, early, T0)
        await bring(conn, "above", LEAPT)
        assert await look(conn, RULEBOOK, END, exercise=False) == 0, "what was said before the leap is not about it"
        async with conn.transaction():
            await notes.add(conn, NewNote("above", cause, END, None, "officer", {Language.CS: "vidím"}), END)
        assert await look(conn, RULEBOOK, END, exercise=False) == int(proved)
        assert await look(conn, RULEBOOK, END, exercise=False) == 0
        if not proved:
            return
        assert await events(conn) == [REACHED, ("proved", 0, 2, None, "confirmed", "", "cap+sms")]
        assert await held(conn) == (2, None, "")
        assert await sound(conn)
        await bring(conn, "above", [180.0 + n % 2 for n in range(3)] + [50.0, 51.0] * 6, END + STEP)
        assert (await events(conn))[2:] == [("reached", 2, 0, None, "calm", "", "cap+sms")], "residents hear the end"
        assert await sound(conn)


async def test_a_late_sample_after_the_proof_takes_nothing_back(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT[:12])
        await bring(conn, "above", LEAPT[13:], T0 + 13 * STEP)
        async with conn.transaction():
            await notes.add(conn, NewNote("above", Cause.NATURAL, END, None, "officer", {Language.CS: "vidím"}), END)
        assert await look(conn, RULEBOOK, END, exercise=False) == 1
        await bring(conn, "above", [LEAPT[12]], T0 + 12 * STEP)
        assert await held(conn) == (2, None, "")
        assert len(await events(conn)) == 2
        assert await sound(conn)


async def test_a_gauge_of_the_same_river_answers_unless_its_own_rise_is_unproved(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        await bring(conn, "below", LEAPT)
        assert await look(conn, RULEBOOK, END, exercise=False) == 0, "one fault of many gauges is no proof"


async def test_a_neighbour_that_rose_proves_it(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "below", (*CALM, 65.0, 82.0, 98.0, 116.0))
        await bring(conn, "above", LEAPT)
        assert await look(conn, RULEBOOK, END, exercise=False) == 1
        assert (await events(conn))[1][4] == "neighbour"
        assert await sound(conn)


@pytest.mark.parametrize(("mm", "proved"), [(2.5, True), (0.5, False)])
async def test_much_rain_proves_it(pool: Pool, mm: float, proved: bool) -> None:
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "rain", [mm] * 13, quantity=Quantity.RAIN)
        await bring(conn, "above", LEAPT)
        assert await look(conn, RULEBOOK, END, exercise=False) == int(proved)
        assert [row[4] for row in (await events(conn))[1:]] == ["rain"] * proved


async def proved_by_an_officer(conn: AsyncConnection, network: Network) -> None:
    """The gauge above leaps, an officer sees water, and it is proved while the files are those of `network`."""
    await conn.set_autocommit(True)
    await bring(conn, "above", LEAPT)
    async with conn.transaction():
        await notes.add(conn, NewNote("above", Cause.NATURAL, END, None, "officer", {Language.CS: "vidím"}), END)
    assert await look(conn, Rulebook(network), END, exercise=False) == 1


async def told_by_the_rules_in_use(conn: AsyncConnection) -> None:
    async with conn.transaction():
        cursor = await conn.execute("SELECT kind, limit_value, rule_version FROM event ORDER BY event_id")
        told = await cursor.fetchall()
    version = RULEBOOK.of("above", Quantity.LEVEL, END).version
    assert told == [("reached", 140.0, version), ("proved", 140.0, version)]


async def test_a_change_still_to_come_proves_nothing_by_its_limits(pool: Pool) -> None:
    later = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 200.0, Degree.READINESS: 300.0}, "invented anew", None)
    change = Change(later, END + timedelta(days=30), "M. Vzorová", "the weir is to be raised")
    stations = {**RULEBOOK.network.stations, "above": replace(ABOVE, changes=(change,))}
    async with pool.connection() as conn:
        await proved_by_an_officer(conn, Network(stations=stations))
        assert await held(conn) == (2, None, "")
        await told_by_the_rules_in_use(conn)
        assert await sound(conn)


async def test_it_is_proved_by_the_rules_in_use_whatever_the_files_say_by_now(pool: Pool) -> None:
    lowered = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 70.0, Degree.READINESS: 120.0}, "invented anew", None)
    stations = {**RULEBOOK.network.stations, "above": replace(ABOVE, limits=(lowered,))}
    async with pool.connection() as conn:
        await proved_by_an_officer(conn, Network(stations=stations))
        await told_by_the_rules_in_use(conn)
        assert await sound(conn)


@pytest.mark.parametrize(("cause", "reminders"), [(Cause.SENSOR, 0), (Cause.DESTROYED, 0), (Cause.WORKS, 0), (None, 2)])
async def test_who_said_that_it_is_the_gauge_is_not_reminded(pool: Pool, cause: Cause | None, reminders: int) -> None:
    since = T0 + 12 * STEP
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        early = NewNote("above", Cause.SENSOR, T0, None, "before", {Language.CS: "z rána"})
        async with conn.transaction():
            await notes.add(conn, early, T0)
        await bring(conn, "above", LEAPT)
        if cause is not None:
            async with conn.transaction():
                await notes.add(conn, NewNote("above", cause, END, None, "officer", {Language.CS: "čidlo"}), END)
        told = [await look(conn, RULEBOOK, since + timedelta(minutes=m), exercise=False) for m in (61, 241)]
        assert sum(told) == reminders
        assert await held(conn) == (2, 0, "leap")


async def test_what_is_held_is_answered_for_when_the_station_has_no_limits_any_more(pool: Pool) -> None:
    bare = Rulebook(Network(stations={"above": replace(ABOVE, limits=())}))
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await bring(conn, "above", LEAPT)
        async with conn.transaction():
            await notes.add(conn, NewNote("above", Cause.NATURAL, END, None, "officer", {Language.CS: "voda"}), END)
        assert await look(conn, bare, END + STEP, exercise=False) == 1
        assert (await events(conn))[1][:5] == ("proved", 0, 2, None, "confirmed")
        assert await held(conn) == (2, None, "")
        async with conn.transaction():
            assert await (await conn.execute("SELECT FROM aside")).fetchall() == []
