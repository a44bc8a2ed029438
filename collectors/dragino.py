"""Dragino LDDS75/45/20 and DDS75-LB ultrasonic distance sensors: payload to samples. Pure.

Layout (dragino/dragino-end-node-decoder, fPort 2, big-endian): u16 & 0x3FFF battery mV, u16 distance
mm, then interrupt flag, s16 temperature / 10, sensor flag. Traps: docs/sources/tts.md.
"""

import re
import struct

from collectors.faults import DecodeError
from collectors.samples import Sample, level_from_distance
from floodcore.units import to_canonical
from floodcore.words import Quantity

_PORT = 2
_HEAD = struct.Struct(">HH")
_BATTERY_MASK = 0x3FFF
_MULTI_SAMPLE = 0x10  # bit of the first byte: the second layout of DDS75-LB
_NO_ECHO_MM = 0
_BLIND_ZONE_MM = 20  # what the sensor reports for anything nearer than it can hear
_FARTHEST_MM = 10_000  # above the reach of every model (7.5 m)
_TEXT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*(?:mm)?\s*")


def samples(payload: bytes, port: int, zero_cm: float) -> tuple[Sample, ...]:
    """Level (cm) and battery (V) of a raw payload; `zero_cm` is the height of the sensor above the gauge's zero.

    Raises:
        DecodeError: another port or layout, too short, or no measurement in it.
    """
    if port != _PORT:
        message = f"fPort {port} is not the measurement port {_PORT}"
        raise DecodeError(message)
    if len(payload) < _HEAD.size:
        message = f"{len(payload)} bytes are too short for battery and distance"
        raise DecodeError(message)
    if payload[0] & _MULTI_SAMPLE:
        message = "the multi-sample layout of DDS75-LB is not supported"
        raise DecodeError(message)
    battery, distance = _HEAD.unpack_from(payload)
    millivolts = battery & _BATTERY_MASK
    volts = to_canonical(Quantity.BATTERY, millivolts, "mV")
    return (
        level_from_distance(_measured(distance), zero_cm),
        Sample(Quantity.BATTERY, volts, millivolts, "mV"),
    )


def samples_of_text(distance: object, zero_cm: float) -> tuple[Sample, ...]:
    """Level from the vendor's own decoder, when the raw payload is absent: "1234 mm", "1234" or 1234, all mm.

    Raises:
        DecodeError: anything else, or no measurement.
    """
    if isinstance(distance, str) and (match := _TEXT.fullmatch(distance)):
        return (level_from_distance(_measured(float(match[1])), zero_cm),)
    if isinstance(distance, int | float) and not isinstance(distance, bool):
        return (level_from_distance(_measured(distance), zero_cm),)
    message = f"Distance {str(distance)[:40]!r} is no distance in mm"
    raise DecodeError(message)


def _measured(distance_mm: float) -> float:
    """The distance, unless it is one of the sensor's ways to say that it measured nothing."""
    if distance_mm == _NO_ECHO_MM:
        message = "no echo (distance 0)"
        raise DecodeError(message)
    if distance_mm == _BLIND_ZONE_MM:
        message = "something is in the blind zone of the sensor (distance 20 mm): water at the sensor, snow, a web"
        raise DecodeError(message)
    if not 0 < distance_mm <= _FARTHEST_MM:
        message = f"distance {str(distance_mm)[:20]} mm is beyond the sensor's reach"
        raise DecodeError(message)
    return distance_mm
