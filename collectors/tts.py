"""The Things Stack v3 uplinks: topic and JSON to what is heard of a station. Pure.

Time rule: the sample was taken when the network server received it (`uplink_message.received_at`,
else the application server's `received_at`); a LoRaWAN sensor of this kind has no clock. Zero, false and
empty fields are omitted by the sender, so every field has its zero here. docs/sources/tts.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import Heard
from collectors.radio import Device, Frame, decoded, known_device, of_frame
from collectors.radio import devices as linked
from collectors.source import Offer, Source, Way
from collectors.stamps import as_utc
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.words import Quantity, Reading

__all__ = ["KIND", "SOURCE", "TOPIC", "Device", "devices", "readings", "uplink"]
KIND = "tts"
TOPIC = "v3/+/devices/+/up"
_TOPIC_PARTS = 5  # v3/{application}/devices/{device}/up


class _Ids(msgspec.Struct, gc=False):
    device_id: str = ""


class _Uplink(msgspec.Struct):
    received_at: datetime | None = None
    f_port: int = 0
    frm_payload: bytes = b""  # base64 in the JSON
    decoded_payload: msgspec.Raw = msgspec.Raw()
    rx_metadata: msgspec.Raw = msgspec.Raw()


class _Message(msgspec.Struct):
    end_device_ids: _Ids
    received_at: datetime | None = None
    uplink_message: _Uplink | None = None
    simulated: bool = False


_message = msgspec.json.Decoder(_Message)


def devices(stations: Mapping[str, Station]) -> dict[str, Device]:
    """The sensors of all stations by device id."""
    return linked(stations, KIND)


def readings(topic: str, payload: bytes, known: Mapping[str, Device]) -> list[Reading]:
    """The readings of one uplink that need no comparison with earlier ones.

    Raises:
        DecodeError: as `uplink`.
    """
    return uplink(topic, payload, known)[2].readings


def uplink(topic: str, payload: bytes, known: Mapping[str, Device]) -> tuple[Device, Frame, Heard]:
    """What one uplink says, and of which device.

    Raises:
        DecodeError: not an uplink, simulated, of an unknown device or of another than the topic
            says, without time, or its payload holds no measurement.
    """
    device_id = _device_of(topic)
    message = decoded(payload, _message, "The Things Stack")
    if message.end_device_ids.device_id != device_id:
        fault = f"the message of {message.end_device_ids.device_id[:40]!r} came on the topic of {device_id[:40]!r}"
        raise DecodeError(fault)
    if message.simulated:
        fault = "simulated uplink: never data"
        raise DecodeError(fault)
    device = known_device(known, device_id)
    inner = message.uplink_message
    if inner is None:
        fault = "no uplink_message in it"
        raise DecodeError(fault)
    at = _moment(message, inner)
    frame = Frame(inner.frm_payload, inner.f_port, at, inner.decoded_payload, inner.rx_metadata)
    return device, frame, of_frame(device, frame)


def _device_of(topic: str) -> str:
    parts = topic.split("/")
    if len(parts) != _TOPIC_PARTS or parts[0] != "v3" or parts[2] != "devices" or parts[4] != "up":
        fault = f"topic {topic[:80]!r} is not v3/…/devices/…/up"
        raise DecodeError(fault)
    return parts[3]


def _moment(message: _Message, inner: _Uplink) -> datetime:
    moment = inner.received_at if inner.received_at is not None else message.received_at
    if moment is None:
        fault = "no received_at in it"
        raise DecodeError(fault)
    return as_utc(moment)


def _probe(body: bytes) -> object:
    link = Link(KIND, "probe", mounted=(Mounting(None, "dragino_ldds", 400.0),))
    everything = tuple(Quantity)
    station = Station("probe", Names("probe"), None, "CZ", "", everything, timedelta(minutes=10), links=(link,))
    return uplink("v3/probe@tenant/devices/probe/up", body, devices({"probe": station}))


SOURCE = Source(
    name=KIND,
    title="The Things Stack v3, MQTT",
    way=Way.RADIO,
    module="collectors/tts.py",
    offers=(
        Offer("distance, depth", Quantity.LEVEL, "mm", "by the mounting of its time"),
        Offer("tips", Quantity.RAIN, "tips", "differences of the counter"),
        Offer("temperature", Quantity.WATER_TEMPERATURE, "degC"),
        Offer("battery", Quantity.BATTERY, "mV"),
    ),
    time_rule="received_at of the network server (UTC); device memory by its own stamp, as late data",
    probe=_probe,
)
