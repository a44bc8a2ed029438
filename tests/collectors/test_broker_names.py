"""Two houses on one broker, and fault 36: somebody else uses our name. A real mosquitto; nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from collectors import broker as mqtt
from collectors import uplinks
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.store import embedded, identity, migrate
from floodcore.store.connect import Pool, open_pool
from floodcore.supervision import Pulse
from tests.collectors.test_acknowledgement import CLIENT, collecting, publish, until_stored, uplink

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses
    from tests.mosquitto import Broker


@pytest.fixture
def second_database(cluster: embedded.Cluster) -> Iterator[str]:
    """The DSN of a database in which another house is made from nothing."""
    dsn = cluster.dsn.removesuffix("/hladina") + "/test_another_house"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_another_house")
        yield dsn
        connection.execute(sql.SQL("DROP DATABASE test_another_house WITH (FORCE)"))


@pytest.fixture
async def second_pool(second_database: str) -> AsyncIterator[Pool]:
    async with await psycopg.AsyncConnection.connect(second_database) as connection:
        await migrate.upgrade(connection)
    opened = await open_pool(second_database)
    try:
        yield opened
    finally:
        await opened.close()


async def until_listening(pool: Pool) -> None:
    """The stage of the house behind `pool` has subscribed."""
    async with asyncio.timeout(15), pool.connection() as conn:
        while await (await conn.execute("SELECT 1 FROM source_health WHERE source = 'mqtt'")).fetchone() is None:
            await conn.commit()
            await asyncio.sleep(0.05)


async def name_in(house: House) -> str:
    async with house.pool.connection() as conn:
        return await uplinks.client_name(conn, house.settings)


async def test_each_house_has_a_name_of_its_own_and_keeps_it(houses: "Houses", second_pool: Pool) -> None:
    house = houses()
    other = replace(house, pool=second_pool)
    first, second = await name_in(house), await name_in(other)
    assert first != second
    assert [first, second] == [await name_in(house), await name_in(other)]
    for name in (first, second):
        assert name.startswith("hladina-")
        assert len(name) <= 23  # what every broker must take
        assert name.replace("-", "").isalnum()
    assert await name_in(houses(mqtt_client="copy-1")) == "copy-1"


async def test_a_house_that_listened_before_keeps_the_name_its_session_waits_under(second_pool: Pool) -> None:
    (sql_of_it,) = [each.sql for each in migrate.available() if each.name == "0013_house.sql"]
    async with second_pool.connection() as conn:
        await conn.execute("DROP TABLE house")
        await conn.execute("INSERT INTO source_health (source) VALUES ('mqtt')")
        await conn.execute(sql_of_it)
        assert await identity.mqtt_client(conn) == "hladina-collector"


async def test_two_houses_on_one_broker_both_hear_everything(
    houses: "Houses", pool: Pool, second_pool: Pool, broker: "Broker"
) -> None:
    house = houses(mqtt_url=broker.url)
    stages = [
        asyncio.create_task(uplinks.listen(each, Pulse("mqtt", Clock())))
        for each in (house, replace(house, pool=second_pool))
    ]
    try:
        await asyncio.gather(until_listening(pool), until_listening(second_pool))
        await publish(broker.port, *map(uplink, range(20)))
        await asyncio.gather(until_stored(pool, set(range(20))), until_stored(second_pool, set(range(20))))
        assert not any(stage.done() for stage in stages), "none has thrown the other out"
    finally:
        for stage in stages:
            stage.cancel()
        await asyncio.gather(*stages, return_exceptions=True)


async def test_36_duplicate_client_id(database: str, pool: Pool, broker: "Broker") -> None:
    """A thief takes our session and its messages again and again, and acknowledges none: nothing is lost."""
    with collecting(database, broker.url):
        await until_listening(pool)
        for turn in range(3):
            with suppress(mqtt.BrokerError):  # the house takes its session back at once
                async with mqtt.connected(broker.url, CLIENT) as thief:
                    await publish(broker.port, *map(uplink, range(turn * 10, turn * 10 + 10)))
                    await thief.batch(100, 2.0)
        await until_stored(pool, set(range(30)))
        async with pool.connection() as conn:
            row = await (await conn.execute("SELECT failed_at FROM source_health WHERE source = 'mqtt'")).fetchone()
            assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []
            assert await (await conn.execute("SELECT count(*) FROM observation")).fetchone() == (30,)
    assert row is not None
    assert row[0] is not None, "the theft stands on the status page while it lasts"


async def test_who_is_thrown_out_says_under_which_name(broker: "Broker") -> None:
    async with mqtt.connected(broker.url, CLIENT) as client:
        await client.listen_to(uplinks.TOPIC)
        async with mqtt.connected(broker.url, CLIENT):
            with pytest.raises(mqtt.BrokerError, match=r"another client uses our name 'hladina-of-test'"):
                await client.batch(1, 10.0)
