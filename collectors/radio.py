"""A LoRaWAN frame to what is heard of its station, whatever network carried it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import Heard, heard
from collectors.sensors.registry import registry
from floodcore.network.model import Link, Mounting, Station, mounting_at
from floodcore.store.wellbeing import Sign
from floodcore.words import Quantity, Reading

MESSAGE_CAP = 65_536  # an uplink heard by twenty gateways is about 10 kB
_Message = TypeVar("_Message")
_Json = bytes | msgspec.Raw
_NOTED_EVERY = timedelta(minutes=10)  # of data time
_AT_ONCE = timedelta(0)


class _Gateway(msgspec.Struct):
    rssi: float | None = None
    snr: float | None = None


_fields = msgspec.json.Decoder(dict[str, object])
_gateways = msgspec.json.Decoder(list[_Gateway])


def decoded(payload: bytes, decoder: msgspec.json.Decoder[_Message], network: str) -> _Message:
    """The message that `network` wraps an uplink into.

    Raises:
        DecodeError: it is too long, or none.
    """
    if len(payload) > MESSAGE_CAP:
        fault = f"{len(payload)} bytes are too many for an uplink"
        raise DecodeError(fault)
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"not an uplink of {network}: {error}"
        raise DecodeError(fault) from None


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor of the network: which station it hangs at, and how."""

    station: Station
    link: Link
    mountings: tuple[Mounting, ...]


class Frame(msgspec.Struct, frozen=True):
    """What a network says of one uplink. `fields` is what the vendor's decoder made of it, `gateways` who heard it."""

    payload: bytes
    port: int
    at: datetime
    fields: _Json = b""
    gateways: _Json = b""


def devices(stations: Mapping[str, Station], kind: str) -> dict[str, Device]:
    """The sensors that are linked by `kind`, by their address there."""
    return {
        link.address: Device(station, link, link.mountings)
        for station in stations.values()
        for link in station.links
        if link.kind == kind
    }


def known_device(known: Mapping[str, Device], address: str) -> Device:
    """The device called `address`.

    Raises:
        DecodeError: no station names it.
    """
    device = known.get(address)
    if device is None:
        message = f"device {address[:40]!r} is linked to no station"
        raise DecodeError(message)
    return device


def of_frame(device: Device, frame: Frame) -> Heard:
    """The readings of one uplink, of those quantities that its station has.

    The sensor is the one that hung there at the time of the frame. Raw bytes are decoded by us; the
    vendor's fields are used only when no raw bytes came.

    Raises:
        DecodeError: no known sensor, no measurement in it, or no offset for its time.
    """
    mounting = mounting_at(device.mountings, frame.at)
    sensor = None if mounting is None else registry().get(mounting.sensor)
    if sensor is None:
        named = "no sensor" if mounting is None else f"no decoder for sensor {mounting.sensor!r}"
        message = f"{named} of {device.link.address} is configured for {frame.at.date().isoformat()}"
        raise DecodeError(message)
    measures = sensor.decode(frame.payload, frame.port) if frame.payload else sensor.said(_said(frame.fields))
    counter = f"{device.link.kind}:{device.link.address}"
    return heard(device.station, device.mountings, measures, frame.at, counter)


def _said(fields: _Json) -> dict[str, object]:
    if not bytes(fields):
        message = "neither a raw payload nor a decoded one in it"
        raise DecodeError(message)
    try:
        return _fields.decode(fields)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"the decoded payload: {error}"
        raise DecodeError(message) from None


@dataclass(slots=True)
class Signs:
    """Which devices have said how they fare, and when that was noted last; one word in ten minutes is enough."""

    noted: dict[str, datetime] = field(default_factory=dict)

    def of(self, device: Device, frame: Frame, readings: Iterable[Reading]) -> list[Sign]:
        """The word of the device with this frame, if it is time for one."""
        address, last = device.link.address, self.noted.get(device.link.address)
        if last is not None and _AT_ONCE <= frame.at - last < _NOTED_EVERY:
            return []
        self.noted[address] = frame.at
        rssi, snr = _signal(frame.gateways)
        volts = next((each.value for each in readings if each.quantity is Quantity.BATTERY), None)
        return [Sign(device.station.id, address, frame.at, rssi, snr, volts)]


def _signal(gateways: _Json) -> tuple[float | None, float | None]:
    """RSSI (dBm) and SNR (dB) at the gateway that heard best; what cannot be read is unknown, no fault of the data."""
    if not bytes(gateways):
        return None, None
    try:
        heard_by = [each for each in _gateways.decode(gateways) if each.rssi is not None]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None, None
    best = max(heard_by, key=lambda each: each.rssi or 0.0, default=None)
    return (None, None) if best is None else (best.rssi, best.snr)
