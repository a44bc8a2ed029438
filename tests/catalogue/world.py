"""A small invented river behind simulated sources, the real collectors, store and engine, on hands that are set.

The river rises through all three limits, so that what is asserted of a fault always is: the degrees people were
told of are those of the water, and whatever a source acknowledged or showed is in the record.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.abc import AbstractResolver

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.incident_watch import look
from alerting.notify.expanding import expand_one
from alerting.sweep import sweep
from alerting.vouch import look as vouch
from collectors import chmu, fetch, polling, push
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Link, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store import contacts
from floodcore.store.connect import Pool
from floodcore.store.contacts import NewRecipient
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Degree, Quantity
from simulators.chmu_server import ChmuServer
from simulators.misbehave import Fault, apply
from simulators.pushers import body
from simulators.sample import Feed, Sample

TEN = timedelta(minutes=10)
T0 = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
SPA = {Degree.VIGILANCE: 100.0, Degree.READINESS: 130.0, Degree.EMERGENCY: 160.0}
# Seven hours at ten minutes, cm: calm that moves a little, a rise of 6 to 9 cm in a step, a crest that moves.
CALM = tuple(60.0 + (n * 7 % 3) for n in range(18))
RISE = (67.0, 74.0, 82.0, 90.0, 98.0, 107.0, 116.0, 125.0, 133.0, 141.0, 149.0, 157.0, 164.0, 170.0)
CREST = (174.0, 177.0, 179.0, 180.0, 181.0, 180.0, 181.0, 179.0, 180.0, 178.0)
LEVELS = CALM + RISE + CREST
HASTY = ClientTimeout(total=0.4)
MAIN, PUSHED, RADIO = "RIVER", "VILLAGE", "BRIDGE"


@dataclass(frozen=True)
class Hands(Clock):
    """A clock whose hands the test sets; every part of the world reads the same one."""

    shown: list[datetime] = field(default_factory=lambda: [T0])

    def now(self) -> datetime:
        """What the hands show."""
        return self.shown[0]

    def settled(self) -> datetime:
        """The same: nothing runs by itself here."""
        return self.shown[0]


def station(name: str, *links: Link, operator: str = "") -> Station:
    """An invented gauge with invented limits."""
    limits = Limits(Quantity.LEVEL, SPA, "invented", None)
    owner = operator or f"owner of {name}"
    return Station(
        name, Names(name), None, "CZ", owner, (Quantity.LEVEL,), TEN, limits=(limits,), links=links, synthetic=True
    )


def address(number: int) -> str:
    """An objID of nobody."""
    return f"0-203-1-999{number:03}"


def samples(levels: Sequence[float | None], start: datetime = T0) -> tuple[Sample, ...]:
    """One sample in ten minutes, out five seconds later."""
    return tuple(Sample(start + n * TEN, v, start + n * TEN + timedelta(seconds=5)) for n, v in enumerate(levels))


def crossings(levels: Sequence[float], start: datetime = T0) -> list[tuple[datetime, int, int]]:
    """(at, from, to) of the degrees reached on a rise, by nothing but the limits."""
    found, degree = [], 0
    for number, level in enumerate(levels):
        reached = sum(level >= limit for limit in SPA.values())
        if reached > degree:
            found.append((start + number * TEN, degree, reached))
            degree = reached
    return found


@dataclass
class World:
    """The house on the river. `others` are more gauges by the same source."""

    house: House
    server: ChmuServer
    http: ClientSession
    base: str
    memory: polling.Memory
    rulebook: Rulebook
    hands: list[datetime]

    def show(self, name_of: Mapping[str, Sequence[Sample]]) -> None:
        """Let the simulated source show these samples, by station."""
        links = {s.id: s.links[0].address for s in self.house.network.stations.values() if s.links[0].kind == "chmu"}
        self.server.show(
            Feed(name, Quantity.LEVEL, "chmu", links[name], "", None, TEN, tuple(each))
            for name, each in name_of.items()
        )

    async def play(self, until: datetime, every: timedelta = 3 * TEN) -> None:
        """Poll and judge from the time of the hands until `until`, with a look at the end of each round."""
        while self.hands[0] < until:
            self.hands[0] = min(self.hands[0] + every, until)
            await self.round()

    async def round(self) -> None:
        """Poll and judge at the time of the hands."""
        await polling.one_round(self.house, self.http, self.memory)
        await self.judge()

    async def judge(self) -> None:
        """What alerting does after a round."""
        now = self.hands[0]
        async with self.house.pool.connection() as conn:
            await conn.set_autocommit(True)
            while (await evaluate(conn, self.rulebook, now, exercise=True)).claimed:
                pass
            await look(conn, self.house.network, now, exercise=True)
            await sweep(conn, self.rulebook, now, exercise=True)
            await vouch(conn, self.rulebook, now, exercise=True)

    async def push(self, sent: Sequence[Sample], offset: timedelta = timedelta(0)) -> dict[str, Any]:
        """A logger's push over HTTP; `offset` is the zone its stamps are written in."""
        feed = Feed(PUSHED, Quantity.LEVEL, "push", "", "", None, TEN, tuple(sent))
        content = body(feed, list(sent), 1, self.hands[0])
        for written, sample in zip(content["samples"], sent, strict=True):  # type: ignore[call-overload]
            shown = (sample.at + offset).replace(tzinfo=None).isoformat()
            written["t"] = f"{shown}{'+' if offset >= timedelta(0) else '-'}{abs(offset).seconds // 3600:02}:00"
        async with self.http.post(f"{self.base}/api/v1/ingest/{PUSHED}", json=content) as answer:
            return dict(await answer.json())

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.house.pool.connection() as conn:
            return await (await conn.execute(query.encode())).fetchall()

    async def reached(self, name: str = MAIN) -> list[tuple[datetime, int, int]]:
        """The degrees people were told of."""
        found = await self.rows(
            "SELECT station_id, at, from_degree, to_degree FROM event WHERE kind = 'reached' ORDER BY at"
        )
        return [(at, was, to) for station_id, at, was, to in found if station_id == name]

    async def kept(self, name: str = MAIN) -> dict[datetime, float | None]:
        """The record of one gauge."""
        found = await self.rows(
            "SELECT station_id, observed_at, value FROM observation JOIN series USING (series_id) ORDER BY observed_at"
        )
        return {at: value for station_id, at, value in found if station_id == name}

    async def tests(self, name: str = MAIN) -> set[str]:
        """Which checks doubted or failed a sample of one gauge, at the door or later."""
        found = await self.rows(
            "SELECT station_id, coalesce(v.test, o.test) FROM observation o JOIN series USING (series_id)"
            " LEFT JOIN verdict v USING (series_id, observed_at) WHERE coalesce(v.flag, o.flag) > 2"
        )
        return {test for station_id, test in found if station_id == name}

    async def quarantined(self) -> list[str]:
        """The reasons of what was refused."""
        return [reason for (reason,) in await self.rows("SELECT reason FROM quarantine ORDER BY quarantine_id")]

    async def source(self) -> tuple[str, int]:
        """Fault and count of failures of the polled source."""
        ((fault, failures),) = await self.rows("SELECT fault, failures FROM source_health WHERE source = 'chmu'")
        return fault, failures

    async def telephones(self) -> dict[str, list[str]]:
        """The texts an officer and a resident of every gauge would have got by now, without those overtaken."""
        async with self.house.pool.connection() as conn:
            for phone, role in (("+420600000001", "officer"), ("+420600000002", "resident")):
                names = tuple(self.house.network.stations) if role == "resident" else ()
                await contacts.add(conn, NewRecipient(phone, "cs", role, 1, names))
        while await expand_one(self.house):
            pass
        found = await self.rows(
            "SELECT r.role, d.body FROM delivery d JOIN recipient r USING (recipient_id) ORDER BY d.delivery_id"
        )
        return {role: [body for whose, body in found if whose == role] for role in ("officer", "resident")}

    async def told(self) -> list[tuple[str, str]]:
        """(kind, station) of every event that is announced to people."""
        return [
            (kind, name)
            for kind, name in await self.rows(
                "SELECT DISTINCT kind, station_id FROM announcement JOIN event USING (event_id)"
                " WHERE channel = 'sms' ORDER BY 1, 2"
            )
        ]


def network(others: int = 0, river: str | None = None) -> Network:
    """The river, the village that pushes, the bridge by radio, and `others` more gauges of the same source."""
    gauges = [station(MAIN, Link("chmu", address(0))), station(PUSHED, Link("push"))]
    gauges.append(station(RADIO, Link("tts", "ldds-bridge", "dragino_ldds", 400.0)))
    gauges += [station(f"G{n:02}", Link("chmu", address(n))) for n in range(1, others + 1)]
    return Network(stations={gauge.id: replace(gauge, river=river) for gauge in gauges})


@asynccontextmanager
async def world(
    pool: Pool,
    database: str,
    texts: Texts,
    *,
    others: int = 0,
    river: str | None = None,
    chmu_url: str = "",
    resolver: AbstractResolver | None = None,
    start: datetime = T0,
) -> AsyncIterator[World]:
    """The world at `start`, all its gauges on one `river`; `chmu_url` asks somebody else than the simulator."""
    hands = [start]
    clock = Hands(shown=hands)
    net = network(others, river)
    server = ChmuServer(net, clock)
    settings = replace(Settings(database_url=database, stations=Path()), clock=clock)
    house = House(settings, pool, net, texts, Supervisor(clock))
    application = web.Application(client_max_size=8_000_000)
    application.add_subapp("/simulated", server.application())
    application.add_routes(push.routes(house))
    runner = web.AppRunner(application, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    house = replace(house, settings=replace(settings, chmu_url=chmu_url or f"{base}/simulated"))
    guard = replace(house.settings, source_urls={"own": base})  # the pushes of the test go by the same client
    try:
        async with fetch.session(HASTY, fetch.door(guard), resolver) as http:
            memory = polling.Memory(chmu.POLLED, {})
            yield World(house, server, http, base, memory, Rulebook(net), hands)
    finally:
        await asyncio.shield(runner.cleanup())


def faulty(levels: Sequence[float | None], faults: Iterable[Fault], start: datetime = T0) -> tuple[Sample, ...]:
    """The samples of `levels` after the simulated faults."""
    return apply(samples(levels, start), list(faults))
