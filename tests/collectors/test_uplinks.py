"""What comes by MQTT beside The Things Stack, on a real broker with the access list that is deployed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import pytest
from paho.mqtt.client import MQTTMessage

from collectors import broker as mqtt
from collectors import chirpstack, contract, sensorthings, tts, uplinks
from floodcore.clock import Clock
from floodcore.network.model import Network
from floodcore.store.connect import Pool
from floodcore.supervision import Pulse
from hladina.broker import _mosquitto_hash
from simulators import networks, payloads, sensors
from simulators.sample import Sample

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses
    from tests.mosquitto import Broker

CLIENT = "hladina-of-test"
ROOT = Path(__file__).resolve().parents[2]
EUI = "0102030405060708"
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
STREAM = "v1.1/Datastreams(5)/Observations"
Said = tuple[str, bytes]


def push(station: str, value: float) -> Said:
    sample = {"t": NOW.isoformat(), "q": "level", "v": value, "u": "cm"}
    return f"hladina/v1/{station}/samples", json.dumps({"samples": [sample]}).encode()


def uplink(device: str, level: float) -> Said:
    raw = payloads.dragino_ldds(level, 400.0)
    return payloads.topic(device), payloads.uplink(device, raw, 2, 1, Sample(NOW, level, NOW), jitter=0)


def spirka(level: float) -> Said:
    raw = sensors.milesight_udl(round(4000 - level * 10))
    return networks.chirpstack_topic(EUI), networks.chirpstack(EUI, raw, 85, 1, NOW)


def stream(level: float) -> Said:
    return STREAM, networks.observation(level * 10, NOW)


@pytest.fixture
def guarded(broker: "Broker") -> "Broker":
    """The broker with passwords and the deployed access list; each user's password is the name backwards."""
    users = ("collector", "chirpstack", "brod", "mlyn", "ldds-lavka", "proud")
    entries = (f"{user}:{_mosquitto_hash(user[::-1])}\n" for user in users)
    (broker.folder / "passwords").write_text("".join(entries))
    acl = (ROOT / "deploy" / "mosquitto.acl").read_text()
    assert "user lvs-mostek" in acl
    mine = acl.replace("#   user lvs-mostek", "user proud").replace("#   topic write", "topic write")
    (broker.folder / "acl").write_text(mine)
    for name in ("passwords", "acl"):
        (broker.folder / name).chmod(0o600)
    configuration = (
        (broker.folder / "mosquitto.conf").read_text().replace("allow_anonymous true", "allow_anonymous false")
    )
    more = f"password_file {broker.folder}/passwords\nacl_file {broker.folder}/acl\n"
    (broker.folder / "mosquitto.conf").write_text(configuration + more)
    broker.kill()
    broker.start()
    return broker


async def say(broker: "Broker", user: str, *said: Said) -> None:
    """Publish as `user`; a broker of MQTT 3.1.1 has no word for what it does not let through."""
    async with aiomqtt.Client("127.0.0.1", broker.port, username=user, password=user[::-1]) as client:
        for topic, payload in said:
            await client.publish(topic, payload, qos=1)


@asynccontextmanager
async def collecting(houses: "Houses", url: str) -> AsyncIterator[None]:
    stage = asyncio.create_task(uplinks.listen(houses(mqtt_url=url, mqtt_client=CLIENT), Pulse("mqtt", Clock())))
    try:
        yield
    finally:
        stage.cancel()
        await asyncio.gather(stage, return_exceptions=True)


async def stored(pool: Pool) -> set[tuple[str, float, str]]:
    async with pool.connection() as conn:
        statement = "SELECT station_id, value, source FROM observation JOIN series USING (series_id)"
        return set(await (await conn.execute(statement)).fetchall())


async def until(pool: Pool, count: int) -> set[tuple[str, float, str]]:
    async with asyncio.timeout(15):
        while len(found := await stored(pool)) < count:
            await asyncio.sleep(0.05)
    return found


async def test_each_way_is_stored_under_its_own_name_and_nobody_speaks_for_another(
    houses: "Houses", pool: Pool, guarded: "Broker"
) -> None:
    url = f"mqtt://collector:{'collector'[::-1]}@127.0.0.1:{guarded.port}"
    async with mqtt.connected(url, CLIENT) as client:  # so that the broker keeps what comes before the stage
        for topic in (tts.TOPIC, chirpstack.TOPIC, contract.TOPIC, sensorthings.TOPIC):
            await client.listen_to(topic)
    # each tries to speak for all the others
    everything = (push("brod", 999), uplink("ldds-lavka", 199), spirka(299), stream(399))
    for user in ("mlyn", "chirpstack", "proud", "ldds-lavka", "brod"):
        own = {"chirpstack": 2, "proud": 3, "ldds-lavka": 1, "brod": 0}.get(user)
        for number, said in enumerate(everything):
            if number != own:
                with suppress(aiomqtt.MqttError):  # the broker hangs up on some of them
                    await say(guarded, user, said)
    await say(guarded, "brod", push("brod", 101))
    await say(guarded, "ldds-lavka", uplink("ldds-lavka", 102))
    await say(guarded, "chirpstack", spirka(103))
    await say(guarded, "proud", stream(104))
    async with collecting(houses, url):
        found = await until(pool, 4)
    assert found == {
        ("brod", 101, "push"), ("lavka", 102, "tts"), ("spirka", 103, "chirpstack"), ("proud", 104, "sensorthings"),
    }  # fmt: skip
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT * FROM quarantine")).fetchall() == []
    with pytest.raises(aiomqtt.MqttError):
        await say(guarded, "nobody", push("brod", 999))


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (push("mlyn", 1)[0], push("mlyn", 1)[1], "station 'mlyn' has no push link"),
        (push("nowhere", 1)[0], push("nowhere", 1)[1], "station 'nowhere' has no push link"),
        (push("brod", 1)[0], json.dumps({"station": "jez", "samples": []}).encode(), "is about station 'jez'"),
        (push("brod", 1)[0], b"{", "the body is not of the form"),
        (networks.chirpstack_topic("ff" * 8), spirka(1)[1], "came on the topic of 'ffffffffffffffff'"),
        (spirka(1)[0].replace("000000000001", "000000000009"), spirka(1)[1], "came on the topic of"),
        (spirka(1)[0], b"[]", "not an uplink of ChirpStack"),
        (STREAM.replace("5", "6"), stream(1)[1], "is not the v1.1"),
        ("v1.1/Things(5)/Observations", stream(1)[1], "is not the v1.1"),
    ],
)
def test_what_is_no_reading_has_a_reason(little_network: Network, topic: str, payload: bytes, reason: str) -> None:
    message = MQTTMessage(topic=topic.encode())
    message.payload = payload
    ((_, batch),) = uplinks.decoded([message], uplinks.ear(little_network.stations)).items()
    assert batch.heard.readings == []
    assert reason in batch.refused[0].reason


def test_only_what_some_station_speaks_on_is_subscribed(little_network: Network) -> None:
    one = {"lavka": little_network.stations["lavka"]}
    assert uplinks.ear(one).topics == [tts.TOPIC]
    everything = uplinks.ear(little_network.stations).topics
    assert everything == [tts.TOPIC, chirpstack.TOPIC, contract.TOPIC, sensorthings.TOPIC]


def test_a_usable_part_of_a_message_is_used_and_the_rest_named(little_network: Network) -> None:
    samples = [{"t": NOW.isoformat(), "q": "level", "v": 1, "u": unit} for unit in ("cm", "cubit")]
    message = MQTTMessage(topic=b"hladina/v1/brod/samples")
    message.payload = json.dumps({"samples": samples}).encode()
    batch = uplinks.decoded([message], uplinks.ear(little_network.stations))["push"]
    assert len(batch.heard.readings) == 1
    assert "unknown unit" in batch.refused[0].reason


def test_signal_and_battery_are_noted_every_ten_minutes(little_network: Network) -> None:
    known = uplinks.ear(little_network.stations)
    found = []
    for minutes in (0, 5, 10, 19, 20):
        body = json.loads(uplink("ldds-lavka", 100)[1])
        body["uplink_message"]["received_at"] = (NOW + timedelta(minutes=minutes)).isoformat()
        message = MQTTMessage(topic=payloads.topic("ldds-lavka").encode())
        message.payload = json.dumps(body).encode()
        found += uplinks.decoded([message], known)["tts"].signs
    assert [(sign.station_id, sign.device, sign.rssi_dbm, sign.snr_db) for sign in found] == [
        ("lavka", "ldds-lavka", -97.0, 6.5)
    ] * 3


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
async def test_a_time_at_the_end_of_the_calendar_stops_nothing(little_network: Network, pool: Pool, year: str) -> None:
    """A message that ended the stage would come again and again."""
    known, now = uplinks.ear(little_network.stations), datetime.now(UTC)
    for second in (0, 1, 59):
        total = 500 + second
        raw = payloads.decentlab_tbrg(7, 1, timedelta(minutes=10), total)
        body = json.loads(payloads.uplink("tbrg-hreben", raw, 1, 1, Sample(NOW, 0.0, NOW), jitter=0))
        body["uplink_message"]["received_at"] = f"{year}T{'00:00' if year < '1' else '23:59'}:{second:02}Z"
        message = MQTTMessage(topic=payloads.topic("tbrg-hreben").encode())
        message.payload = json.dumps(body).encode()
        async with pool.connection() as conn:
            await uplinks._keep(conn, uplinks.decoded([message], known), now)
    assert await stored(pool) == set()
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT * FROM counter")).fetchall() == []
