"""`hladina db upgrade` from every earlier state of the tables, with a small flood in them: nothing is lost or retold.

What is written is what the version of that state had written: a rise to SPA 1 that was judged and is being told, a
sample that came late and, before deliveries were numbered (0009), was on the record only, and one not judged yet.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from alerting.engine.judge import Job, Standing, chain, encode, judge
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.rebuild import rebuild
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import at_the_door, of_value
from floodcore.quality.window import Sample
from floodcore.store import book, embedded, migrate
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from hladina import cli
from tests.rows import rows

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
NOW = T0 + timedelta(hours=3)
LIMITS = Limits(Quantity.LEVEL, {Degree(1): 80.0, Degree(2): 100.0, Degree(3): 120.0}, "invented", None)
STATION = Station("A", Names("A"), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(LIMITS,))
RULEBOOK = Rulebook(Network(stations={"A": STATION}))
JUDGED = ((0, 60.0), (1, 70.0), (2, 85.0), (4, 86.0))
ONLY_RECORDED = (3, 105.0)
WAITING = (5, 87.0)
NUMBERED = 9  # the migration that numbered deliveries
EARLIER = [each.name for each in migrate.available()][:-1]


@pytest.fixture
def before(cluster: embedded.Cluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The DSN of a database as it was after an earlier migration, dropped by the next test of that name."""
    name = f"upgraded_{request.param[:4]}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn = cluster.dsn.removesuffix("/hladina") + f"/{name}"
    every = migrate.available()
    with monkeypatch.context() as then:
        then.setattr(migrate, "available", lambda: tuple(each for each in every if each.name <= request.param))
        asyncio.run(_as_of_then(dsn, int(request.param[:4])))
    return dsn


async def _as_of_then(dsn: str, number: int) -> None:
    async with await AsyncConnection.connect(dsn) as conn:
        await migrate.upgrade(conn)
        await conn.execute("INSERT INTO series (station_id, quantity, unit) VALUES ('A', 'level', 'cm')")
        await conn.execute("INSERT INTO tip (series_id, newest_at) VALUES (1, %s)", [T0 + WAITING[0] * STEP])
        for (step, level), late in [*((each, False) for each in (*JUDGED, WAITING)), (ONLY_RECORDED, True)]:
            await conn.execute(
                "INSERT INTO observation (series_id, observed_at, value, raw_value, raw_unit, flag, test, late, source,"
                " received_at) VALUES (1, %s, %s, %s, 'cm', 1, '', %s, 'then', %s)",
                [T0 + step * STEP, level, level, late, T0],
            )
        await conn.execute("INSERT INTO dirty (series_id, marked_at) VALUES (1, %s)", [T0])
        await _judged(conn)
        if number >= NUMBERED:
            await conn.execute("UPDATE observation SET delivery = 0 WHERE late")
            await conn.execute("UPDATE tip SET deliveries = 1")


async def _judged(conn: AsyncConnection) -> None:
    ruled = RULEBOOK.of("A", Quantity.LEVEL, T0)
    samples = [Sample(T0 + i * STEP, level, *of_value(Quantity.LEVEL, level)) for i, level in JUDGED]
    (judgement,) = judge([Job(ruled.rules, Standing(), samples)])
    (change,) = judgement.changes
    await conn.execute("INSERT INTO rule_version VALUES (%s, %s, %s)", [ruled.version, ruled.canonical, T0])
    await conn.execute("INSERT INTO rule_use (series_id, since, rule_version) VALUES (1, %s, %s)", [T0, ruled.version])
    await conn.execute(
        "INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at, trend,"
        " flag, test, updated_at) VALUES (1, %s, %s, %s, 1, 86.0, %s, 'rising', 1, '', %s)",
        [ruled.version, samples[-1].at, encode(judgement.standing), samples[-1].at, samples[-1].at],
    )
    await conn.execute(
        "INSERT INTO event (series_id, station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,"
        " limit_value, trend, trend_per_hour, chain, rule_version, exercise) VALUES (1, 'A', 'level', 'reached', %s,"
        " 0, 1, 'reached', 85.0, 'cm', 80.0, %s, %s, %s, %s, false)",
        [change.transition.at, change.trend, change.per_hour, chain("A", change.transition.since), ruled.version],
    )
    announced = "INSERT INTO announcement (event_id, channel, priority, valid_until) VALUES (1, 'cap', 1, now())"
    await conn.execute(announced)
    await conn.execute("INSERT INTO recipient (phone, language, role) VALUES ('+420600000001', 'cs', 'resident')")
    await conn.execute(
        "INSERT INTO delivery (event_id, recipient_id, phone, body, segments, token, priority, valid_until)"
        " VALUES (1, 1, '+420600000001', 'as it was', 1, 'abc', 1, now())"
    )
    await book.append(conn, [book.NewEntry(T0, "event", 1, {"degree": 1})], T0)


async def bring(conn: AsyncConnection, readings: Sequence[tuple[int, float]]) -> None:
    """One delivery, judged."""
    batch = [Reading("A", Quantity.LEVEL, T0 + i * STEP, v, v, "cm") for i, v in readings]
    await store(conn, at_the_door(batch, NOW), "now", NOW)
    await judge_all(conn)


async def judge_all(conn: AsyncConnection) -> None:
    while (await evaluate(conn, RULEBOOK, NOW, exercise=False)).claimed:
        pass


CHANGES = "SELECT from_degree, to_degree FROM event WHERE kind = 'reached' ORDER BY event_id"


async def _goes_on(dsn: str) -> None:
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        assert await rows(conn, "SELECT count(*) FROM observation") == [(6,)]
        assert await rows(conn, "SELECT body, status FROM delivery") == [("as it was", "due")]
        assert await rows(conn, "SELECT channel, done_at FROM announcement") == [("cap", None)]
        await judge_all(conn)
        assert await rows(conn, "SELECT judged_until FROM series_state") == [(T0 + WAITING[0] * STEP,)]
        assert await rows(conn, CHANGES) == [(0, 1)], "what came late before is on the record only"
        assert (await rebuild(conn, 1, T0 - STEP, NOW)).sound
        await bring(conn, [(6, 88.0), (8, 90.0)])
        await bring(conn, [(7, 104.0)])  # what comes late now counts
        assert await rows(conn, CHANGES) == [(0, 1), (1, 2)]
        assert (await rebuild(conn, 1, T0 - STEP, NOW)).sound
        assert (await book.verify(conn)).fault == ""
        assert (await migrate.status(conn)).pending == ()


async def _first_is_late(dsn: str) -> None:
    """The first that comes after the upgrade comes late: between the crest that was judged and the sample waiting."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        await judge_all(conn)
        batch = [Reading("A", Quantity.LEVEL, T0 + 4.5 * STEP, 101.0, 101.0, "cm")]
        await store(conn, at_the_door(batch, NOW), "now", NOW)
        await judge_all(conn)
        assert await rows(conn, CHANGES) == [(0, 1), (1, 2)]
        assert (await rebuild(conn, 1, T0 - STEP, NOW)).sound


@pytest.mark.parametrize("before", EARLIER, indirect=True)
def test_a_flood_goes_on_after_the_upgrade(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLADINA_DATABASE_URL", before)
    assert cli.main(["db", "upgrade"]) == 0
    asyncio.run(_goes_on(before))


@pytest.mark.parametrize("before", ["0008_context.sql"], indirect=True)
def test_the_first_sample_after_the_upgrade_may_be_a_late_one(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLADINA_DATABASE_URL", before)
    assert cli.main(["db", "upgrade"]) == 0
    asyncio.run(_first_is_late(before))
