"""ChirpStack v4 uplinks, by MQTT or the HTTP integration: JSON to what is heard of a station. Pure.

Time rule: `time` is when the network server received the frame, with its zone. Zero values are omitted by
the sender (proto3 JSON). docs/sources/chirpstack.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import Heard
from collectors.radio import Device, Frame, decoded, devices, known_device, of_frame
from collectors.source import Offer, Source, Way
from collectors.stamps import as_utc
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.words import Quantity

KIND = "chirpstack"
TOPIC = "application/+/device/+/event/up"
_TOPIC_PARTS = 6  # application/{application}/device/{devEui}/event/up


class _Info(msgspec.Struct, rename="camel"):
    dev_eui: str = ""
    application_id: str = ""


class _Message(msgspec.Struct, rename="camel"):
    device_info: _Info
    time: datetime | None = None
    f_port: int = 0
    data: bytes = b""  # base64 in the JSON
    object: msgspec.Raw = msgspec.Raw()
    rx_info: msgspec.Raw = msgspec.Raw()


_message = msgspec.json.Decoder(_Message)


def uplink(topic: str, payload: bytes, known: Mapping[str, Device]) -> tuple[Device, Frame, Heard]:
    """What one MQTT message says, and of which device.

    Raises:
        DecodeError: as `posted`, or the topic is of another device or application than the message.
    """
    parts = topic.split("/")
    if len(parts) != _TOPIC_PARTS or parts[0::2] != ["application", "device", "event"] or parts[5] != "up":
        fault = f"topic {topic[:80]!r} is not application/…/device/…/event/up"
        raise DecodeError(fault)
    message = decoded(payload, _message, "ChirpStack")
    said = message.device_info
    if said.dev_eui.lower() != parts[3].lower() or said.application_id not in {"", parts[1]}:
        fault = f"the message of {said.dev_eui[:40]!r} came on the topic of {parts[3][:40]!r}"
        raise DecodeError(fault)
    return _of(message, known)


def posted(payload: bytes, known: Mapping[str, Device]) -> tuple[Device, Frame, Heard]:
    """What one POST of the HTTP integration says, and of which device.

    Raises:
        DecodeError: not an uplink, of an unknown device, without time, or no measurement in it.
    """
    return _of(decoded(payload, _message, "ChirpStack"), known)


def _of(message: _Message, known: Mapping[str, Device]) -> tuple[Device, Frame, Heard]:
    device = known_device(known, message.device_info.dev_eui.lower())
    if message.time is None:
        fault = "no time in it"
        raise DecodeError(fault)
    frame = Frame(message.data, message.f_port, as_utc(message.time), message.object, message.rx_info)
    return device, frame, of_frame(device, frame)


def _probe(body: bytes) -> object:
    eui = "0102030405060708"
    link = Link(KIND, eui, mounted=(Mounting(None, "milesight_em500_udl", 400.0),))
    everything = tuple(Quantity)
    station = Station("probe", Names("probe"), None, "CZ", "", everything, timedelta(minutes=10), links=(link,))
    return posted(body, devices({"probe": station}, KIND))


SOURCE = Source(
    name=KIND,
    title="ChirpStack v4, MQTT and HTTP",
    way=Way.RADIO,
    module="collectors/chirpstack.py",
    offers=(
        Offer("distance, depth", Quantity.LEVEL, "mm", "by the mounting of its time"),
        Offer("tips", Quantity.RAIN, "tips", "differences of the counter"),
        Offer("temperature", Quantity.WATER_TEMPERATURE, "degC"),
        Offer("battery", Quantity.BATTERY, "mV"),
    ),
    time_rule="time of the network server, with its zone; device memory by its own stamp, as late data",
    probe=_probe,
)
