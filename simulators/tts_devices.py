"""Devices on MQTT: publish the uplinks of all tts feeds when their data time has come, QoS 1.

A device whose broker is away keeps its message and tries again; it goes on only after the broker's
acknowledgement, so nothing is skipped.
"""

import asyncio
import heapq
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

import aiomqtt

from floodcore.clock import Clock
from simulators.payloads import topic, uplinks
from simulators.sample import Feed

_log = logging.getLogger("simulators.tts")
_RETRY_S = 0.5
_ACKNOWLEDGE_LIMIT_S = 5.0


def schedule(feeds: Iterable[Feed], since: datetime) -> Iterator[tuple[datetime, str, bytes]]:
    """(when, topic, message) of all tts feeds from `since` on, in the order of time."""
    ways = [
        [(sample.sent_at, topic(feed.address), message) for sample, message in uplinks(feed) if sample.sent_at >= since]
        for feed in feeds
        if feed.way == "tts"
    ]
    return heapq.merge(*ways)


async def publish(mqtt_url: str, feeds: Iterable[Feed], clock: Clock, since: datetime) -> None:
    """Publish everything due from `since` on; returns after the last message."""
    waiting = schedule(feeds, since)
    message = next(waiting, None)
    away = False
    while message is not None:
        try:
            async with _client(mqtt_url) as client:
                away = False
                while message is not None:
                    await _until(message[0], clock)
                    await client.publish(message[1], message[2], qos=1, timeout=_ACKNOWLEDGE_LIMIT_S)
                    message = next(waiting, None)
        except aiomqtt.MqttError as error:
            if not away:
                _log.warning("broker away, devices wait: %s", error)
            away = True
            await asyncio.sleep(_RETRY_S)


def _client(mqtt_url: str) -> aiomqtt.Client:
    parts = urlsplit(mqtt_url)
    return aiomqtt.Client(
        parts.hostname or "127.0.0.1",
        parts.port or 1883,
        username=parts.username,
        password=parts.password,
        identifier="simulated-devices",
    )


async def _until(moment: datetime, clock: Clock) -> None:
    """Wait until the data clock shows `moment`."""
    remaining = clock.real_seconds((moment - clock.now()).total_seconds())
    if remaining > 0:
        await asyncio.sleep(remaining)
