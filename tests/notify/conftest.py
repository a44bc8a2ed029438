"""A house with the fake gateway before it: real database, real HTTP, real stages."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from aiohttp import web
from psycopg import sql
from psycopg.rows import dict_row

from alerting.notify import policy, sending
from alerting.notify.policy import Patience
from alerting.notify.routes import routes
from alerting.notify.sending import Pace
from alerting.notify.stages import stages
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Names, Network, River, Station
from floodcore.settings import Settings, Twilio
from floodcore.store import contacts
from floodcore.store.connect import open_pool
from floodcore.store.contacts import NewRecipient
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Degree, Language, Quantity
from simulators.gateway import ACCOUNT, TOKEN, FakeGateway, serve

PACE = Pace(
    posts=16,
    looks=16,
    gather_s=0.005,
    post_limit_s=0.4,
    lease_s=0.6,
    begin_s=0.4,
    renew_s=0.3,
    patience=Patience(look_s=0.1, settle_s=0.6, doubt_s=1.0),
)

NETWORK = Network(
    rivers={"nisa": River("nisa", Names("Lužická Nisa", {Language.DE: "Lausitzer Neiße"}), "Odra")},
    stations={
        "hradek": Station(
            id="hradek",
            names=Names("Hrádek nad Nisou"),
            river="nisa",
            country="CZ",
            operator="ČHMÚ",
            quantities=(Quantity.LEVEL,),
            interval=timedelta(minutes=10),
            limits=(Limits(Quantity.LEVEL, {Degree.VIGILANCE: 160.0, Degree.READINESS: 200.0}, "invented", None),),
        )
    },
)

_EVENT = """
    INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit, limit_value,
                       trend, chain, rule_version, exercise)
    VALUES (%(station)s, 'level', %(kind)s, %(at)s, %(was)s, %(becomes)s, %(reason)s, 213.0, 'cm', 200.0, 'rising',
            'chain', 'test', false)
    RETURNING event_id"""
_ANNOUNCEMENT = """
    INSERT INTO announcement (event_id, channel, priority, valid_until) VALUES (%s, 'sms', %s, %s)"""

_HEARD = """
    WITH s AS (INSERT INTO series (station_id, quantity, unit) VALUES ('hradek', 'level', 'cm') RETURNING series_id),
         v AS (INSERT INTO rule_version VALUES ('test', '{}', now()))
    INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at, trend,
                              flag, test, updated_at)
    SELECT series_id, 'test', now(), '{}', 2, 210.0, now(), 'steady', 1, '', now() FROM s"""


@dataclass(slots=True)
class Rig:
    """The house under test and the gateway's truth."""

    house: House
    gateway: FakeGateway

    async def people(
        self, number: int, role: str = "resident", language: str = "cs", from_degree: int = 1
    ) -> list[str]:
        """Add invented recipients subscribed to the station; returns their numbers."""
        first = 1 if role == "resident" else 900_001
        phones = [f"+420600{first + i:06d}" for i in range(number)]
        async with self.house.pool.connection() as connection:
            for phone in phones:
                new = NewRecipient(phone, language, role, from_degree, ("hradek",) if role == "resident" else ())
                await contacts.add(connection, new)
        return phones

    async def announce(
        self,
        was: int,
        becomes: int,
        *,
        kind: str = "reached",
        ago: timedelta = timedelta(),
        valid: timedelta = timedelta(minutes=30),
        reason: str = "",
    ) -> int:
        """What the engine writes for one event; returns its number."""
        at = datetime.now(UTC) - ago
        values = {"station": "hradek", "kind": kind, "at": at, "was": was, "becomes": becomes, "reason": reason}
        async with self.house.pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(_EVENT, values)).fetchone()
            assert row is not None
            await connection.execute(_ANNOUNCEMENT, [row[0], max(was, becomes), at + valid])
            await connection.execute("SELECT pg_notify('hladina_event', '')")
        return int(row[0])

    async def deliveries(self) -> list[dict[str, object]]:
        """All deliveries, in order."""
        async with self.house.pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute("SELECT * FROM delivery ORDER BY delivery_id")).fetchall()

    async def until(
        self, done: Callable[[list[dict[str, object]]], bool], limit_s: float = 15.0
    ) -> list[dict[str, object]]:
        """Wait until `done` holds of the deliveries; they must exist."""
        async with asyncio.timeout(limit_s):
            while True:
                rows = await self.deliveries()
                if rows and done(rows):
                    return rows
                await asyncio.sleep(0.03)

    @asynccontextmanager
    async def running(self, pace: Pace = PACE) -> AsyncIterator[Supervisor]:
        """The stages under a supervisor."""
        supervisor = Supervisor(self.house.clock)
        task = asyncio.create_task(supervisor.run(stages(self.house, pace)))
        try:
            yield supervisor
        finally:
            task.cancel()
            [ended] = await asyncio.gather(task, return_exceptions=True)
            if not isinstance(ended, asyncio.CancelledError):
                pytest.fail(f"the supervisor ended: {ended!r}")

    def later(self, shift: timedelta) -> None:
        """Move the clock of the data; stages started from now on see it."""
        now = datetime.now(UTC)
        clock = Clock(self.house.clock.now() + shift, now)
        self.house = replace(self.house, settings=replace(self.house.settings, clock=clock))

    async def heard_now(self) -> None:
        """The engine has judged a reading of the station just now."""
        async with self.house.pool.connection() as connection, connection.transaction():
            await connection.execute(_HEARD)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """The callbacks' server with the clock of now; yields its public address."""
        port = free_port()
        public = f"http://127.0.0.1:{port}"
        app = web.Application()
        app.add_routes(routes(replace(self.house, settings=replace(self.house.settings, public_url=public))))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield public
        finally:
            await runner.cleanup()

    def bodies(self) -> list[str]:
        """What the gateway accepted."""
        return [message.body for message in self.gateway.accepted]


def settled(rows: list[dict[str, object]]) -> bool:
    """Whether every delivery has come to rest."""
    return all(row["status"] not in {"due", "sending"} for row in rows)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def open_rig(dsn: str, texts: Texts, **changed: object) -> AsyncIterator[Rig]:
    """A rig on the database `dsn` with the callbacks' server running; `changed` are settings to replace."""
    gateway = FakeGateway()
    gateway_runner, base = await serve(gateway)
    port = free_port()
    settings = Settings(
        database_url=dsn,
        stations=Path(),
        public_url=f"http://127.0.0.1:{port}",
        twilio=Twilio(ACCOUNT, TOKEN, "HLADINA", base),
    )
    settings = replace(settings, **changed)  # type: ignore[arg-type]
    pool = await open_pool(dsn, max_size=8)
    house = House(settings, pool, NETWORK, texts, Supervisor(settings.clock))
    app = web.Application()
    app.add_routes(routes(house))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield Rig(house, gateway)
    finally:
        await gateway_runner.cleanup()
        await runner.cleanup()
        await pool.close()


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Shorten the waits that only make a test longer: the first back-off and the poll behind the notification."""
    patch.setattr(policy, "FIRST_BACKOFF_S", 0.2)
    patch.setattr(sending, "_POLL_S", 0.2)


@pytest.fixture
async def rig(database: str, texts: Texts, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    """A rig on a fresh database; stages start with `rig.running()`."""
    hurry(monkeypatch)
    async with open_rig(database, texts) as opened:
        yield opened


@pytest.fixture
def second_database(database: str) -> Iterator[str]:
    """Another fresh database, cloned from the same template."""
    address, _, name = database.rpartition("/")
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template_hladina").format(sql.Identifier(f"{name}_second"))
        )
    yield f"{database}_second"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"{name}_second")))
