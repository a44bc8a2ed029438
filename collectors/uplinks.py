"""The stage that listens to the broker: messages in, readings committed, then acknowledged.

A batch is what has come while the last one was being committed, so a single message goes through at
once and a flood of them shares one commit. Whatever fails before the commit leaves the batch
unacknowledged: the stage ends, the supervisor starts it again, and the broker sends it again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paho.mqtt.client import MQTTMessage
from psycopg import AsyncConnection

from collectors import broker, chirpstack, contract, sensorthings, tts
from collectors.faults import DecodeError
from collectors.mounted import Heard
from collectors.radio import Device, Frame, Signs, devices
from collectors.settling import settle
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.network.model import Station
from floodcore.settings import Settings
from floodcore.store import identity
from floodcore.store.sources import Refused, note_failure, note_success
from floodcore.store.wellbeing import Sign
from floodcore.supervision import Pulse

SOURCE = "mqtt"
TOPIC = tts.TOPIC
_BATCH = 1000
_QUIET_S = 1.0
# In a stream batches begin this far apart, so that each commit serves several messages; a lone message is
# stored at once.
_ROUND_S = 0.015

_Uplink = Callable[[str, bytes, Mapping[str, Device]], tuple[Device, Frame, Heard]]
_RADIO: Mapping[str, tuple[str, str, _Uplink]] = {  # by the first letters of the topic
    "v3/": (tts.KIND, tts.TOPIC, tts.uplink),
    "app": (chirpstack.KIND, chirpstack.TOPIC, chirpstack.uplink),
}


@dataclass(slots=True)
class Batch:
    """What the messages of one way gave."""

    heard: Heard = field(default_factory=Heard)
    refused: list[Refused] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)


@dataclass(slots=True)
class Ear:
    """What this process knows of those who may speak, and when each was last noted."""

    radio: Mapping[str, Mapping[str, Device]]
    stations: Mapping[str, Station]
    streams: Mapping[str, sensorthings.Stream]
    signs: Signs = field(default_factory=Signs)

    @property
    def topics(self) -> list[str]:
        """The topics that some station of the network speaks on; always that of The Things Stack."""
        others = [topic for kind, topic, _ in _RADIO.values() if self.radio[kind] and topic != TOPIC]
        pushing = any(link.kind == contract.KIND for station in self.stations.values() for link in station.links)
        own = [contract.TOPIC] if pushing else []
        return [TOPIC, *others, *own, *([sensorthings.TOPIC] if self.streams else [])]


def ear(stations: Mapping[str, Station]) -> Ear:
    """An ear for all that the network names."""
    radio = {kind: devices(stations, kind) for kind, _, _ in _RADIO.values()}
    return Ear(radio, stations, sensorthings.streams(stations))


async def listen(house: House, pulse: Pulse) -> None:
    """Take messages until cancelled.

    Raises:
        BrokerError: the connection failed or was lost.
        psycopg.Error: a batch could not be stored; it was not acknowledged.
    """
    try:
        await _listen(house, pulse)
    except broker.BrokerError as error:
        async with house.pool.connection() as conn:
            await note_failure(conn, SOURCE, house.clock.now(), str(error))
        raise


async def client_name(conn: AsyncConnection, settings: Settings) -> str:
    """The name that the session, and with it what was not acknowledged, belongs to: one for each house, for ever."""
    async with conn.transaction():
        return settings.mqtt_client or await identity.mqtt_client(conn)


async def _listen(house: House, pulse: Pulse) -> None:
    known = ear(house.network.stations)
    async with (
        house.pool.connection() as conn,
        broker.connected(house.settings.mqtt_url, await client_name(conn, house.settings)) as client,
    ):
        for topic in known.topics:
            await client.listen_to(topic)
        async with conn.transaction():
            await note_success(conn, SOURCE, house.clock.now())
        while True:
            messages = await client.batch(_BATCH, _QUIET_S)
            began = time.monotonic()
            if messages:
                passing("mqtt.received")
                await _keep(conn, decoded(messages, known), house.clock.now())
                passing("mqtt.before_ack")
                client.acknowledge(messages)
                passing("mqtt.after_ack")
            pulse.beat()
            await asyncio.sleep(max(0.0, _ROUND_S - (time.monotonic() - began)))


async def _keep(conn: AsyncConnection, batches: Mapping[str, Batch], now: datetime) -> None:
    for source, batch in batches.items():
        await settle(conn, source, batch.heard, batch.refused, now, signs=batch.signs)


def decoded(messages: Sequence[MQTTMessage], known: Ear) -> dict[str, Batch]:
    """What all `messages` gave, by the source that each came by, and what gave nothing, with the reason."""
    batches: dict[str, Batch] = {}
    for message in messages:
        topic, payload = "", bytes(message.payload)
        source = SOURCE
        try:
            topic = message.topic
            source = _source(topic)
            batch = batches.setdefault(source, Batch())
            _hear(source, topic, payload, known, batch)
        except (DecodeError, UnicodeDecodeError) as error:  # the topic may be no UTF-8
            refused = Refused(source, topic, str(error), payload)
            batches.setdefault(source, Batch()).refused.append(refused)
    return batches


def _source(topic: str) -> str:
    way = _RADIO.get(topic[:3])
    if way is not None:
        return way[0]
    return contract.KIND if topic.startswith(contract.PREFIX) else sensorthings.KIND


def _hear(source: str, topic: str, payload: bytes, known: Ear, batch: Batch) -> None:
    if source == contract.KIND:
        pushed = contract.published(topic, payload, known.stations)
        batch.heard.readings += pushed.readings
        faults = tuple(rejected.reason for rejected in pushed.rejected)
    elif source == sensorthings.KIND:
        batch.heard.readings.append(sensorthings.published(topic, payload, known.streams))
        return
    else:
        device, frame, found = _RADIO[topic[:3]][2](topic, payload, known.radio[source])
        batch.signs += known.signs.of(device, frame, found.readings)
        batch.heard.readings += found.readings
        batch.heard.counts += found.counts
        faults = tuple(found.faults)
    if faults:
        reason = f"{len(faults)} measures, the first: {faults[0]}"
        batch.refused.append(Refused(source, topic, reason, payload))
