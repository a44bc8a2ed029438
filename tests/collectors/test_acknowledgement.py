"""Nothing that the broker counts as delivered is lost: broker restarted, collector killed at every point."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import pytest
from paho.mqtt.client import MQTTMessage

from collectors import broker as mqtt
from collectors import uplinks
from floodcore.clock import Clock
from floodcore.store.connect import Pool
from floodcore.supervision import Pulse

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses
    from tests.mosquitto import Broker

TOPIC = "v3/invented@tenant/devices/ldds-lavka/up"
BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
CLIENT = "hladina-of-test"  # that of the process, too
PROGRAM = Path(__file__).with_name("collector_process.py")
POINTS = ("mqtt.received", "ingest.copied", "ingest.marked", "ingest.before_commit", "ingest.after_commit",
          "mqtt.before_ack", "mqtt.after_ack")  # fmt: skip


def uplink(number: int) -> bytes:
    payload = base64.b64encode((3600).to_bytes(2, "big") + (1000 + number).to_bytes(2, "big")).decode()
    received = (BEGUN + timedelta(seconds=number)).isoformat()
    inner = {"f_port": 2, "frm_payload": payload, "received_at": received}
    return json.dumps({"end_device_ids": {"device_id": "ldds-lavka"}, "uplink_message": inner}).encode()


async def publish(port: int, *payloads: bytes, topic: str = TOPIC) -> None:
    """Publish with QoS 1; returns when the broker has acknowledged each."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await asyncio.gather(*(client.publish(topic, payload, qos=1) for payload in payloads))


async def stored(pool: Pool) -> set[int]:
    """The numbers of the uplinks that are in the store."""
    async with pool.connection() as conn:
        found = await (await conn.execute("SELECT raw_value FROM observation")).fetchall()
    return {round(raw) - 1000 for (raw,) in found}


async def until_stored(pool: Pool, wanted: set[int], limit_s: float = 20.0) -> None:
    async with asyncio.timeout(limit_s):
        while not wanted <= await stored(pool):
            await asyncio.sleep(0.05)


@contextmanager
def collecting(dsn: str, url: str, kill_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The collector as a process of its own."""
    environment = {**os.environ, "HLADINA_KILL_AT": kill_at}
    process = subprocess.Popen([sys.executable, str(PROGRAM), dsn, url], env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def subscribed(broker: "Broker") -> AsyncIterator[None]:
    """Make the persistent session exist, so that the broker keeps what comes before the collector does."""
    async with mqtt.connected(broker.url, CLIENT) as client:
        await client.subscribe(uplinks.TOPIC, qos=1)
    yield


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_every_point_nothing_is_lost(point: str, database: str, pool: Pool, broker: "Broker") -> None:
    async with subscribed(broker):
        await publish(broker.port, *map(uplink, range(30)))
    with collecting(database, broker.url, f"{point}:1") as process:
        assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await publish(broker.port, *map(uplink, range(30, 40)))
    with collecting(database, broker.url):
        await until_stored(pool, set(range(40)))
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT count(*) FROM observation")).fetchone() == (40,)
        assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []


@pytest.mark.shows("outage", "tts")
async def test_broker_killed_and_started_again(database: str, pool: Pool, broker: "Broker") -> None:
    with collecting(database, broker.url):
        async with subscribed(broker):
            pass
        wanted: set[int] = set()
        for generation in range(3):
            numbers = range(generation * 20, generation * 20 + 20)
            await publish(broker.port, *map(uplink, numbers))
            wanted |= set(numbers)
            await asyncio.sleep(1.5)  # reliability.md 1D: the broker's own writing is a matter of a second
            broker.kill()
            await asyncio.sleep(0.3)
            broker.start()
        await until_stored(pool, wanted)


async def test_an_acknowledgement_never_crosses_to_the_next_connection(broker: "Broker") -> None:
    async with mqtt.connected(broker.url, "taker") as client:
        await client.subscribe(TOPIC, qos=1)
        await publish(broker.port, b"one", b"two")
        first = await _gather(client, 2)
        _save(broker)
        broker.kill()
        broker.start()
        with pytest.raises(mqtt.BrokerError, match="was lost"):
            await client.batch(10, 10.0)
        client.acknowledge(first)  # goes nowhere
    async with mqtt.connected(broker.url, "taker") as client:
        assert [bytes(m.payload) for m in await _gather(client, 2)] == [b"one", b"two"]
        client.acknowledge(first)


async def test_what_has_arrived_is_given_out_though_the_broker_died(broker: "Broker") -> None:
    """Mosquitto 2.0 does not save what is in flight on change: killed now, it has forgotten these two."""
    async with mqtt.connected(broker.url, "taker") as client:
        await client.subscribe(TOPIC, qos=1)
        await publish(broker.port, b"one", b"two")
        await asyncio.sleep(0.3)
        broker.kill()
        await asyncio.sleep(0.3)
        assert [bytes(m.payload) for m in await _gather(client, 2)] == [b"one", b"two"]
        with pytest.raises(mqtt.BrokerError, match="was lost"):
            await client.batch(10, 10.0)


def _save(broker: "Broker") -> None:
    """Make the broker write what is in flight, which it does not do on change."""
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGUSR1)
    time.sleep(0.5)


async def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(broker: "Broker") -> None:
    async with mqtt.connected(broker.url, "taker") as client:
        await client.subscribe(TOPIC, qos=1)
        await publish(broker.port, b"1", b"2", b"3")
        client.acknowledge((await _gather(client, 3))[:2])
        await asyncio.sleep(0.2)
    async with mqtt.connected(broker.url, "taker") as client:
        again = await _gather(client, 1)
        assert [(bytes(m.payload), m.dup) for m in again] == [(b"3", True)]
        assert await client.batch(10, 0.3) == []


async def _gather(client: mqtt.AcknowledgingClient, number: int) -> list[MQTTMessage]:
    messages: list[MQTTMessage] = []
    async with asyncio.timeout(10):
        while len(messages) < number:
            messages += await client.batch(number, 5.0)
    return messages


async def test_undecodable_is_quarantined_then_acknowledged_and_stops_nothing(
    houses: "Houses", pool: Pool, broker: "Broker"
) -> None:
    async with subscribed(broker):
        simulated = json.dumps({**json.loads(uplink(2)), "simulated": True}).encode()
        await publish(broker.port, b"\xff\x00", uplink(1), simulated, uplink(3))
        await publish(broker.port, uplink(4), topic="v3/invented/devices/stranger/up")
    stage = asyncio.create_task(uplinks.listen(houses(mqtt_url=broker.url, mqtt_client=CLIENT), Pulse("mqtt", Clock())))
    await until_stored(pool, {1, 3})
    await asyncio.sleep(0.2)
    stage.cancel()
    await asyncio.gather(stage, return_exceptions=True)
    async with pool.connection() as conn:
        reasons = await (await conn.execute("SELECT reason, payload FROM quarantine ORDER BY quarantine_id")).fetchall()
        assert [reason.split(":")[0] for reason, _ in reasons] == [
            "not an uplink of The Things Stack",
            "simulated uplink",
            "the message of 'ldds-lavka' came on the topic of 'stranger'",
        ]
        assert reasons[0][1] == b"\xff\x00"
        health = await (
            await conn.execute("SELECT source, readings, quarantined, fault FROM source_health ORDER BY source")
        ).fetchall()
        assert health == [("mqtt", 0, 0, ""), ("tts", 2, 3, "")]
    async with mqtt.connected(broker.url, CLIENT) as client:
        assert await client.batch(10, 0.3) == []


async def test_no_commit_no_acknowledgement(houses: "Houses", pool: Pool, broker: "Broker") -> None:
    async with subscribed(broker):
        await publish(broker.port, uplink(1))
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE dirty RENAME TO gone")
    with pytest.raises(Exception, match="dirty"):
        await uplinks.listen(houses(mqtt_url=broker.url, mqtt_client=CLIENT), Pulse("mqtt", Clock()))
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE gone RENAME TO dirty")
    stage = asyncio.create_task(uplinks.listen(houses(mqtt_url=broker.url, mqtt_client=CLIENT), Pulse("mqtt", Clock())))
    await until_stored(pool, {1})
    stage.cancel()
    await asyncio.gather(stage, return_exceptions=True)


async def test_a_wrong_password_is_one_clear_line(houses: "Houses", pool: Pool, broker: "Broker") -> None:
    broker.kill()
    configuration = broker.folder / "mosquitto.conf"
    configuration.write_text(configuration.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    url = broker.url.replace("mqtt://", "mqtt://somebody:wrong@")
    with pytest.raises(mqtt.BrokerError) as caught:
        await uplinks.listen(houses(mqtt_url=url, mqtt_client=CLIENT), Pulse("mqtt", Clock()))
    assert str(caught.value) == (
        f"the broker 127.0.0.1:{broker.port} refuses the user name or password: check HLADINA_MQTT_URL"
    )
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT fault FROM source_health")).fetchone() == (str(caught.value),)


async def test_a_broker_that_grants_less_is_a_fault_not_silence(houses: "Houses", pool: Pool, broker: "Broker") -> None:
    """With QoS 0, or none at all, what is sent is lost while the stage looks well."""
    broker.kill()
    configuration = broker.folder / "mosquitto.conf"
    configuration.write_text(f"listener {broker.port} 127.0.0.1\nmax_qos 0\nallow_anonymous true\nuser root\n")
    broker.start()
    with pytest.raises(mqtt.BrokerError, match=r"does not grant v3/\+/devices/\+/up with QoS 1"):
        await asyncio.wait_for(
            uplinks.listen(houses(mqtt_url=broker.url, mqtt_client=CLIENT), Pulse("mqtt", Clock())), 10
        )
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT ok_at FROM source_health")).fetchone() == (None,)


async def test_no_broker_is_one_clear_line(houses: "Houses") -> None:
    with pytest.raises(mqtt.BrokerError, match=r"127\.0\.0\.1:1 does not answer .* check HLADINA_MQTT_URL"):
        await uplinks.listen(houses(mqtt_url="mqtt://127.0.0.1:1", mqtt_client=CLIENT), Pulse("mqtt", Clock()))
