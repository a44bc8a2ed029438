"""The Things Stack v3 uplinks: topic and JSON to readings of a station. Pure.

Time rule: the sample was taken when the network server received it (`uplink_message.received_at`,
else the application server's `received_at`); a LoRaWAN sensor of this kind has no clock. Raw bytes are
decoded by us; the vendor's `decoded_payload` is used only when no raw bytes came. Zero, false and
empty fields are omitted by the sender, so every field has its zero here. docs/sources/tts.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from collectors import decentlab, dragino
from collectors.faults import DecodeError
from collectors.samples import Sample
from collectors.stamps import as_utc
from floodcore.network.model import Link, Station
from floodcore.words import Reading

KIND = "tts"
_MESSAGE_CAP = 65_536  # an uplink heard by twenty gateways is about 10 kB
_TOPIC_PARTS = 5  # v3/{application}/devices/{device}/up


class _Ids(msgspec.Struct, gc=False):
    device_id: str = ""


class _Uplink(msgspec.Struct):
    received_at: datetime | None = None
    f_port: int = 0
    frm_payload: bytes = b""  # base64 in the JSON
    decoded_payload: msgspec.Raw = msgspec.Raw()


class _Message(msgspec.Struct):
    end_device_ids: _Ids
    received_at: datetime | None = None
    uplink_message: _Uplink | None = None
    simulated: bool = False


_message = msgspec.json.Decoder(_Message)
_fields = msgspec.json.Decoder(dict[str, object])


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor of the network: which station it hangs at, and how."""

    station: Station
    link: Link


def devices(stations: Mapping[str, Station]) -> dict[str, Device]:
    """The sensors of all stations by device id."""
    return {
        link.address: Device(station, link)
        for station in stations.values()
        for link in station.links
        if link.kind == KIND
    }


def readings(topic: str, payload: bytes, known: Mapping[str, Device]) -> list[Reading]:
    """The readings of one uplink, of those quantities that its station has.

    Raises:
        DecodeError: not an uplink, simulated, of an unknown device or of another than the topic
            says, without time, or its payload holds no measurement.
    """
    device_id = _device_of(topic)
    if len(payload) > _MESSAGE_CAP:
        fault = f"{len(payload)} bytes are too many for an uplink"
        raise DecodeError(fault)
    try:
        message = _message.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"not an uplink of The Things Stack: {error}"
        raise DecodeError(fault) from None
    if message.end_device_ids.device_id != device_id:
        fault = f"the message of {message.end_device_ids.device_id[:40]!r} came on the topic of {device_id[:40]!r}"
        raise DecodeError(fault)
    if message.simulated:
        fault = "simulated uplink: never data"
        raise DecodeError(fault)
    device = known.get(device_id)
    if device is None:
        fault = f"device {device_id[:40]!r} is linked to no station"
        raise DecodeError(fault)
    if message.uplink_message is None:
        fault = "no uplink_message in it"
        raise DecodeError(fault)
    at = _moment(message, message.uplink_message)
    station, wanted = device.station.id, device.station.quantities
    return [
        Reading(station, sample.quantity, at, sample.value, sample.raw_value, sample.raw_unit)
        for sample in _samples(message.uplink_message, device.link)
        if sample.quantity in wanted
    ]


def _device_of(topic: str) -> str:
    parts = topic.split("/")
    if len(parts) != _TOPIC_PARTS or parts[0] != "v3" or parts[2] != "devices" or parts[4] != "up":
        fault = f"topic {topic[:80]!r} is not v3/…/devices/…/up"
        raise DecodeError(fault)
    return parts[3]


def _moment(message: _Message, uplink: _Uplink) -> datetime:
    moment = uplink.received_at if uplink.received_at is not None else message.received_at
    if moment is None:
        fault = "no received_at in it"
        raise DecodeError(fault)
    return as_utc(moment)


def _samples(uplink: _Uplink, link: Link) -> tuple[Sample, ...]:
    if link.sensor == "decentlab_tbrg":
        return decentlab.samples(uplink.frm_payload)
    if link.sensor != "dragino_ldds":
        fault = f"no decoder for sensor {link.sensor!r}"
        raise DecodeError(fault)
    if link.zero_cm is None:
        fault = "the height of the sensor above the gauge's zero (zero_cm) is not configured"
        raise DecodeError(fault)
    if uplink.frm_payload:
        return dragino.samples(uplink.frm_payload, uplink.f_port, link.zero_cm)
    return dragino.samples_of_text(_vendor_distance(uplink.decoded_payload), link.zero_cm)


def _vendor_distance(decoded_payload: msgspec.Raw) -> object:
    if not bytes(decoded_payload):
        fault = "neither frm_payload nor decoded_payload in it"
        raise DecodeError(fault)
    try:
        return _fields.decode(decoded_payload).get("Distance")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"decoded_payload: {error}"
        raise DecodeError(fault) from None
