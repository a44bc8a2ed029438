"""Decentlab DL-TBRG tipping bucket: payload to samples. Pure.

Frame (decentlab/decentlab-decoders, protocol 2): 02, u16 device id, u16 flags, then big-endian u16
words. Flag bit 0: four words: tips in the interval, interval s, cumulative tips low word, high word;
bit 1: one word, battery mV. Millimetres = tips x resolution; the resolution is a property of the bucket.

First form: rain is the precipitation of the interval. A lost packet loses its tips; the cumulative
counter, decoded here too, will close that gap once the collector keeps the previous count.
"""

import struct
from dataclasses import dataclass

from collectors.faults import DecodeError
from collectors.samples import Sample
from floodcore.units import to_canonical
from floodcore.words import Quantity

_PROTOCOL = 2
_HEAD = struct.Struct(">BHH")
_RAIN = struct.Struct(">HHHH")
_BATTERY = struct.Struct(">H")
_RAIN_FLAG = 0b01
_BATTERY_FLAG = 0b10
_RESOLUTION_MM = 0.1  # the bucket Decentlab delivers by default


@dataclass(frozen=True, slots=True)
class Tipping:
    """One frame. Tips of the last `interval_s` seconds, and since the device started; `battery_mv` if sent."""

    device: int
    tips: int
    interval_s: int
    cumulative_tips: int
    battery_mv: int | None


def frame(payload: bytes) -> Tipping:
    """Decode one frame.

    Raises:
        DecodeError: not protocol 2, no rain in it, or the length does not match the flags.
    """
    if len(payload) < _HEAD.size:
        message = f"{len(payload)} bytes are too short for a frame"
        raise DecodeError(message)
    version, device, flags = _HEAD.unpack_from(payload)
    if version != _PROTOCOL:
        message = f"protocol {version} is not {_PROTOCOL}"
        raise DecodeError(message)
    if not flags & _RAIN_FLAG:
        message = "the frame holds no rain"
        raise DecodeError(message)
    has_battery = bool(flags & _BATTERY_FLAG)
    expected = _HEAD.size + _RAIN.size + (_BATTERY.size if has_battery else 0)
    if len(payload) != expected:
        message = f"{len(payload)} bytes, the flags promise {expected}"
        raise DecodeError(message)
    tips, interval, low, high = _RAIN.unpack_from(payload, _HEAD.size)
    battery = _BATTERY.unpack_from(payload, _HEAD.size + _RAIN.size)[0] if has_battery else None
    return Tipping(device, tips, interval, low + (high << 16), battery)


def samples(payload: bytes, resolution_mm: float = _RESOLUTION_MM) -> tuple[Sample, ...]:
    """Rain of the interval (mm) and battery (V) of a payload; `resolution_mm` per tip.

    Raises:
        DecodeError: as `frame`.
    """
    tipping = frame(payload)
    rain = tipping.tips * resolution_mm
    found = [Sample(Quantity.RAIN, to_canonical(Quantity.RAIN, rain, "mm"), tipping.tips, "tips")]
    if tipping.battery_mv is not None:
        volts = to_canonical(Quantity.BATTERY, tipping.battery_mv, "mV")
        found.append(Sample(Quantity.BATTERY, volts, tipping.battery_mv, "mV"))
    return tuple(found)
