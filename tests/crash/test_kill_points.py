"""The house is killed at every named point between a socket and a phone, started again, and nothing is lost.

Real PostgreSQL, real Mosquitto, the house as a process of its own. One run: three gauges (polled,
radioed, pushed) rise through all three degrees; the house dies once at the armed point, or from
outside at a random moment when the point is not passed often enough. Then every acknowledged reading
is stored, every degree change is one event, every event has one CAP document and one text for each
recipient. The gateway is troubled (5xx after acceptance, hang-ups), so texts are also reconciled.

The suite runs each point with one seed; `--long` runs ten.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import psycopg
import pytest
from aiohttp import web
from lxml import etree

from floodcore.killpoint import KILL_POINTS
from floodcore.store import book
from simulators import gateway as fake
from tests.crash.devices import Polled, Pushed, Radioed, Sample
from tests.crash.house import NETWORK, STATIONS, House, expected, flood, settled
from tests.mosquitto import Broker

PHONES = {"+420600000001": ("cs", "officer"), "+420600000002": ("de", "resident")}
TOP = {"cs": "3. SPA", "de": "3. SPA"}
# Passed only in an outage, a fault or once an hour: test_quiet_points.py and tests/notify/test_killed.py.
POINTS = [
    name
    for name in KILL_POINTS
    if not name.startswith(
        ("foresee.", "aside.", "sweep.", "vouch.", "spare.", "renew.", "upkeep.", "repair.", "incident.")
    )
]
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--crash-seeds")))


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def enrol(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for phone, (language, role) in PHONES.items():
            cursor = await connection.execute(
                "INSERT INTO recipient (phone, language, role) VALUES (%s, %s, %s) RETURNING recipient_id",
                (phone, language, role),
            )
            row = await cursor.fetchone()
            assert row is not None
            for station in STATIONS:
                await connection.execute("INSERT INTO subscription VALUES (%s, %s)", (row[0], station))


async def partner(url: str) -> None:
    """A partner's desk: fetches the feed for ever, whatever happens to us."""
    async with aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with session.get(f"{url}/feed/atom.xml") as answer:
                    await answer.read()
            await asyncio.sleep(0.2)


async def feed_the_flood(
    samples: list[Sample], polled: Polled, radioed: Radioed, pushed: Pushed, rng: random.Random
) -> None:
    """The three gauges speak at the same time, in small portions of random size."""

    async def radio() -> None:
        for portion in portions(samples, rng):
            await radioed.send(portion)
            await asyncio.sleep(rng.random() * 0.1)

    async def push() -> None:
        for portion in portions(samples, rng):
            await pushed.send(portion)

    async def show() -> None:
        for portion in portions(samples, rng):
            polled.samples += portion
            await asyncio.sleep(rng.random() * 0.3)

    await asyncio.gather(radio(), push(), show())


def portions(samples: list[Sample], rng: random.Random) -> list[list[Sample]]:
    cuts = sorted(rng.sample(range(1, len(samples)), 3))
    return [samples[a:b] for a, b in zip([0, *cuts], [*cuts, len(samples)], strict=True)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", POINTS)
async def test_nothing_is_lost_and_nobody_is_told_twice(
    point: str, seed: int, database: str, broker: Broker, tmp_path: Path
) -> None:
    rng = random.Random(f"{point}/{seed}")
    samples = flood(datetime.now(UTC))
    changes = expected(samples)
    events = len(changes) * len(STATIONS)
    await enrol(database)
    polled = Polled()
    gateway = fake.FakeGateway(seed=seed, trouble=0.3, reports=("sent", "delivered"), hang_s=0.5)
    async with served(polled.application()) as chmu, served(gateway.application()) as texts:
        house = House(
            environment(database, broker.url, chmu, texts),
            output=tmp_path / "house.log",
            arguments=("--only", "collectors,alerting,bridge_de"),
        )
        radioed, pushed = Radioed(broker.url), Pushed(f"http://127.0.0.1:{house.port}")
        house.environment["HLADINA_PUBLIC_URL"] = pushed.url
        await house.start(f"{point}:{rng.randint(1, 3)}")
        desk = asyncio.create_task(partner(pushed.url))
        try:
            await pushed.send(samples[:1])  # the house is up; its subscription at the broker stands or is persistent
            await subscribed(database)
            await feed_the_flood(samples, polled, radioed, pushed, rng)
            await asyncio.sleep(rng.random())
            if house.deaths == 0:
                await house.kill()
            await settled(database, len(samples) * len(STATIONS), events, house)
            assert house.deaths >= 1
            await check_store(database, samples, changes)
            check_texts(gateway, await told(database), events)
            await check_feed(pushed.url, events)
        finally:
            desk.cancel()
            await house.stop()


def environment(dsn: str, mqtt: str, chmu: str, texts: str) -> dict[str, str]:
    return {
        "HLADINA_DATABASE_URL": dsn,
        "HLADINA_MQTT_URL": mqtt,
        "HLADINA_CHMU_URL": chmu,
        "HLADINA_CHMU_INTERVAL_S": "0.3",
        "HLADINA_STATIONS": str(NETWORK),
        "HLADINA_TWILIO_ACCOUNT_SID": fake.ACCOUNT,
        "HLADINA_TWILIO_AUTH_TOKEN": fake.TOKEN,
        "HLADINA_TWILIO_SENDER": "+420600000000",
        "HLADINA_TWILIO_BASE_URL": texts,
    }


async def subscribed(dsn: str) -> None:
    """Wait until the collector has subscribed: a broker keeps nothing for a session it has never seen."""
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            cursor = await connection.execute("SELECT 1 FROM source_health WHERE source = 'mqtt' AND ok_at IS NOT NULL")
            if await cursor.fetchone() is not None:
                return
            await asyncio.sleep(0.05)


async def check_store(dsn: str, samples: list[Sample], changes: list[tuple[datetime, int, int]]) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        cursor = await connection.execute(
            "SELECT s.station_id, o.observed_at, o.value FROM observation o JOIN series s USING (series_id)"
            " WHERE s.quantity = 'level' ORDER BY 1, 2"
        )
        assert await cursor.fetchall() == [(name, *sample) for name in sorted(STATIONS) for sample in samples]
        cursor = await connection.execute(
            "SELECT station_id, at, from_degree, to_degree FROM event WHERE kind = 'reached' ORDER BY 1, 2"
        )
        assert await cursor.fetchall() == [(name, *change) for name in sorted(STATIONS) for change in changes]
        cursor = await connection.execute(
            "SELECT count(*), count(DISTINCT event_id) FROM cap_message WHERE revision = 0"
        )
        assert await cursor.fetchone() == (len(changes) * 3, len(changes) * 3)
        assert (await book.verify(connection)).fault == ""


async def told(dsn: str) -> set[str]:
    """The tokens of texts that the house itself flagged as perhaps sent twice."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        cursor = await connection.execute("SELECT token FROM delivery WHERE maybe_duplicate")
        return {row[0] for row in await cursor.fetchall()}


def check_texts(gateway: fake.FakeGateway, flagged: set[str], events: int) -> None:
    texts = Counter((message.to, message.body) for message in gateway.accepted)
    for (_, body), count in texts.items():
        if count > 1:
            assert count == 2
            assert any(token in body for token in flagged), f"sent twice and not flagged: {body}"
    for phone in PHONES:
        own = [body for to, body in texts if to == phone]
        last = {name for name in STATIONS for body in own if name.title() in body and TOP[PHONES[phone][0]] in body}
        assert last == set(STATIONS), (phone, own)
        assert sum(to == phone for to, _ in texts) <= events


async def fetched(session: aiohttp.ClientSession, address: str) -> bytes:
    """As a partner does it: again until it is there; the house may just have died at the feed itself."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with session.get(address) as answer:
                    if answer.status == 200:
                        return await answer.read()
            await asyncio.sleep(0.1)


async def check_feed(url: str, events: int) -> None:
    async with aiohttp.ClientSession() as session:
        links: list[str | None] = []
        await fetched(session, f"{url}/feed/atom.xml")  # the house may have died last of all, and be starting
        async with asyncio.timeout(3):  # a desk shows what it had half a second ago
            while len(links) < events:
                feed = etree.fromstring(await fetched(session, f"{url}/feed/atom.xml"))
                links = [link.get("href") for link in feed.iter("{*}link") if link.get("type") == "application/cap+xml"]
                await asyncio.sleep(0.05)
        assert len(links) == events
        known: set[str] = set()
        for link in reversed(links):
            path = str(link)[str(link).index("/feed/") :]
            alert = etree.fromstring(await fetched(session, url + path))
            known.add(",".join(alert.findtext(f"{CAP}{part}") or "" for part in ("sender", "identifier", "sent")))
            assert set((alert.findtext(f"{CAP}references") or "").split()) <= known
