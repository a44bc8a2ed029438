"""An MQTT client that acknowledges when told to, not on receipt.

aiomqtt hides paho's manual acknowledgement; this subclass uncovers it (ADR 0006). It also bypasses
aiomqtt's queue, which makes a task for every message, and reads as many packets as have come.

One client is one connection. An acknowledgement belongs to the connection that brought the message:
after a loss the broker sends again whatever was not acknowledged, with the numbers of the new
connection, and an old number sent there could acknowledge a message that was never stored.
"""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ssl import SSLSocket
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt import client as paho
from paho.mqtt.reasoncodes import ReasonCode

_KEEPALIVE_S = 15
_CONNECT_LIMIT_S = 10.0
_PACKETS_A_READ = 64  # then the event loop gets a turn
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_AT_LEAST_ONCE = 1
_REFUSED_LOGIN = {134, 135}  # bad user name or password, not authorized (paho maps 3.1.1 to these)


class BrokerError(ConnectionError):
    """The broker cannot be used; the text names it and says what to check."""


class AcknowledgingClient(aiomqtt.Client):
    """A persistent MQTT 3.1.1 session; every message waits for `acknowledge`.

    3.1.1, because The Things Stack and the embedded broker of the demo speak nothing newer.
    """

    def __init__(self, hostname: str, port: int, **options: Any) -> None:  # aiomqtt's own options
        super().__init__(hostname, port, clean_session=False, keepalive=_KEEPALIVE_S, **options)
        self._client.manual_ack_set(True)  # noqa: FBT003
        self._arrived: deque[paho.MQTTMessage] = deque()
        self._wake = asyncio.Event()

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:  # noqa: ARG002
        self._arrived.append(message)
        self._wake.set()

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        reason_code: ReasonCode,
        properties: object = None,  # noqa: ARG002
    ) -> None:
        super()._on_disconnect(client, userdata, flags, reason_code)
        self._wake.set()

    def _on_socket_open(self, client: paho.Client, userdata: object, sock: Any) -> None:
        super()._on_socket_open(client, userdata, sock)
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock.fileno(), self._read, client)

    def _read(self, client: paho.Client) -> None:
        """Read what has come; in place of aiomqtt's reader of one packet per turn of the event loop."""
        try:
            for _ in range(_PACKETS_A_READ):
                before = len(self._arrived)
                client.loop_read()
                if len(self._arrived) == before and not _decrypted(client):
                    return
        except (OSError, ValueError, LookupError, struct.error) as error:  # what a broken connection or packet raises
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
            self._wake.set()

    async def listen_to(self, topic: str) -> None:
        """Subscribe to `topic` with QoS 1, and believe it only when the broker grants that.

        Raises:
            BrokerError: the broker refuses, or would deliver without asking for an acknowledgement.
        """
        granted = await self.subscribe(topic, qos=_AT_LEAST_ONCE)
        codes = [code.value if isinstance(code, ReasonCode) else int(code) for code in granted]
        if any(code != _AT_LEAST_ONCE for code in codes):
            message = (
                f"the broker {self._hostname}:{self._port} does not grant {topic} with QoS 1 (it says {codes}): "
                "check the rights of the user in HLADINA_MQTT_URL"
            )
            raise BrokerError(message)

    async def batch(self, limit: int, wait_s: float) -> list[paho.MQTTMessage]:
        """What has arrived, at most `limit` messages, in order; empty if nothing came for `wait_s` seconds.

        What had arrived when the connection was lost is still given out: mosquitto does not write
        messages in flight to its disk (measured, ADR 0006), so this may be the only copy.

        Raises:
            BrokerError: the connection is lost and nothing is left of it.
        """
        if not self._arrived and not self._disconnected.done():
            self._wake.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                return []
        if not self._arrived and self._disconnected.done():
            message = (
                f"the connection to the broker {self._hostname}:{self._port} was lost; if that goes on, "
                f"another client uses our name {self.identifier!r}: give one of them another HLADINA_MQTT_CLIENT"
            )
            raise BrokerError(message) from self._disconnected.exception()
        return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    def acknowledge(self, messages: Sequence[paho.MQTTMessage]) -> None:
        """Send PUBACK for `messages`, in order, on the connection that brought them; nothing if it is gone."""
        if self._disconnected.done():
            return
        for message in messages:
            self._client.ack(message.mid, message.qos)


def _decrypted(client: paho.Client) -> bool:
    """Whether TLS holds bytes that the selector cannot see any more."""
    connection = client.socket()
    return isinstance(connection, SSLSocket) and connection.pending() > 0


@asynccontextmanager
async def connected(url: str, identifier: str) -> AsyncIterator[AcknowledgingClient]:
    """A client connected to `mqtt[s]://[user:password@]host[:port]`, disconnected on leaving.

    Raises:
        BrokerError: not reachable, or it refuses us.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    client = AcknowledgingClient(
        host,
        port,
        identifier=identifier,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        tls_params=aiomqtt.TLSParameters() if parts.scheme == "mqtts" else None,
        timeout=_CONNECT_LIMIT_S,
    )
    try:
        async with client:
            yield client
    except aiomqtt.MqttError as error:
        raise BrokerError(_advice(error, f"{host}:{port}")) from error


def _advice(error: aiomqtt.MqttError, address: str) -> str:
    if not isinstance(error, MqttConnectError):
        return f"the broker {address} does not answer ({error}): check HLADINA_MQTT_URL and that it runs"
    code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
    if code in _REFUSED_LOGIN:
        return f"the broker {address} refuses the user name or password: check HLADINA_MQTT_URL"
    return f"the broker {address} refuses the connection: {error}"
