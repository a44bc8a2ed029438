"""The stage that listens to the broker: messages in, readings committed, then acknowledged.

A batch is what has come while the last one was being committed, so a single message goes through at
once and a flood of them shares one commit. Whatever fails before the commit leaves the batch
unacknowledged: the stage ends, the supervisor starts it again, and the broker sends it again.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from paho.mqtt.client import MQTTMessage

from collectors import broker, tts
from collectors.faults import DecodeError
from collectors.keeping import keep
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store.sources import Refused, note_failure, note_success
from floodcore.supervision import Pulse
from floodcore.words import Reading

SOURCE = "mqtt"
TOPIC = "v3/+/devices/+/up"
# Fixed: the session, and with it what was not acknowledged, belongs to this name.
CLIENT = "hladina-collector"
_BATCH = 1000
_QUIET_S = 1.0
# In a stream batches begin this far apart, so that each commit serves several messages; a lone message is
# stored at once.
_ROUND_S = 0.015


async def listen(house: House, pulse: Pulse) -> None:
    """Take uplinks until cancelled.

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


async def _listen(house: House, pulse: Pulse) -> None:
    known = tts.devices(house.network.stations)
    async with house.pool.connection() as conn, broker.connected(house.settings.mqtt_url, CLIENT) as client:
        await client.listen_to(TOPIC)
        async with conn.transaction():
            await note_success(conn, SOURCE, house.clock.now())
        while True:
            messages = await client.batch(_BATCH, _QUIET_S)
            began = time.monotonic()
            if messages:
                passing("mqtt.received")
                readings, refused = decoded(messages, known)
                await keep(conn, SOURCE, readings, refused, house.clock.now())
                passing("mqtt.before_ack")
                client.acknowledge(messages)
                passing("mqtt.after_ack")
            pulse.beat()
            await asyncio.sleep(max(0.0, _ROUND_S - (time.monotonic() - began)))


def decoded(messages: Sequence[MQTTMessage], known: Mapping[str, tts.Device]) -> tuple[list[Reading], list[Refused]]:
    """The readings of all `messages`, and what had none with the reason."""
    readings: list[Reading] = []
    refused: list[Refused] = []
    for message in messages:
        topic, payload = "", bytes(message.payload)
        try:
            topic = message.topic
            readings += tts.readings(topic, payload, known)
        except (DecodeError, UnicodeDecodeError) as error:  # the topic may be no UTF-8
            refused.append(Refused(SOURCE, topic, str(error), payload))
    return readings, refused
