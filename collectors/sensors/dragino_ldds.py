"""Dragino LDDS75/45/20 and DDS75-LB ultrasonic distance sensors. Pure.

Layouts (dragino/dragino-end-node-decoder, big-endian):
port 2: u16 & 0x3FFF battery mV, u16 distance mm, then interrupt flag, s16 temperature / 10, sensor flag;
port 2 of DDS75-LB with bit 0x10 of the first byte: u16 & 0x0FFF battery mV, six bytes, up to twenty u16 mm;
port 3 of DDS75-LB, its memory: records of eleven bytes, as above with the Unix time in the last four.
Traps: docs/sources/sensors.md.
"""

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median

from collectors.faults import DecodeError
from collectors.samples import Distance, Measured
from collectors.sensors.sensor import ZERO, Sensor, battery

_PORT, _MEMORY_PORT = 2, 3
_HEAD = struct.Struct(">HH")
_RECORD = struct.Struct(">HHhBI")
_BATTERY_MASK, _SHORT_BATTERY_MASK = 0x3FFF, 0x0FFF
_MULTI_SAMPLE = 0x10  # bit of the first byte
_FIRST_SAMPLE, _MOST_SAMPLES = 8, 20
# More than this between the samples of one batch is no water surface, and their median none either.
_CALM_MM = 200
_NO_ECHO_MM = 0
_BLIND_ZONE_MM = 20  # what the sensor reports for anything nearer than it can hear
_FARTHEST_MM = 10_000  # above the reach of every model (7.5 m)
_TEXT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*(?:mm)?\s*")


def decode(payload: bytes, port: int) -> tuple[Measured, ...]:
    """Distance and battery of a payload; of port 3 the distances that the device remembers.

    Raises:
        DecodeError: another port, too short, or no measurement in it.
    """
    if port == _MEMORY_PORT:
        return _remembered(payload)
    if port != _PORT:
        message = f"fPort {port} is not the measurement port {_PORT}"
        raise DecodeError(message)
    if len(payload) < _HEAD.size:
        message = f"{len(payload)} bytes are too short for battery and distance"
        raise DecodeError(message)
    if payload[0] & _MULTI_SAMPLE:
        return _batch(payload)
    millivolts, distance = _HEAD.unpack_from(payload)
    return Measured(Distance(_measured(distance))), battery(millivolts & _BATTERY_MASK)


def said(fields: Mapping[str, object]) -> tuple[Measured, ...]:
    """Distance of the vendor's own decoder: "1234 mm", "1234" or 1234, all mm.

    Raises:
        DecodeError: anything else, or no measurement.
    """
    distance = fields.get("Distance")
    if isinstance(distance, str) and (match := _TEXT.fullmatch(distance)):
        return (Measured(Distance(_measured(float(match[1])))),)
    if isinstance(distance, int | float) and not isinstance(distance, bool):
        return (Measured(Distance(_measured(distance))),)
    message = f"Distance {str(distance)[:40]!r} is no distance in mm"
    raise DecodeError(message)


def _batch(payload: bytes) -> tuple[Measured, ...]:
    """The median of a batch; the maker does not say how far apart in time its samples are."""
    samples = payload[_FIRST_SAMPLE : _FIRST_SAMPLE + 2 * _MOST_SAMPLES]
    if len(samples) < 2 or len(samples) % 2:  # noqa: PLR2004  # bytes of one sample
        message = f"{len(payload)} bytes hold no whole batch of samples"
        raise DecodeError(message)
    heard = [mm for (mm,) in struct.iter_unpack(">H", samples) if _is_echo(mm)]
    if 2 * len(heard) <= len(samples) // 2:
        message = f"only {len(heard)} of {len(samples) // 2} samples of the batch heard an echo"
        raise DecodeError(message)
    if max(heard) - min(heard) > _CALM_MM:
        message = f"the samples of the batch differ by {max(heard) - min(heard)} mm: no calm surface"
        raise DecodeError(message)
    millivolts = int.from_bytes(payload[:2], "big") & _SHORT_BATTERY_MASK
    return Measured(Distance(median(heard))), battery(millivolts)


def _remembered(payload: bytes) -> tuple[Measured, ...]:
    """The usable records of the device's memory; what measured nothing is left out."""
    if not payload or len(payload) % _RECORD.size:
        message = f"{len(payload)} bytes are no whole records of the device's memory"
        raise DecodeError(message)
    return tuple(
        Measured(Distance(distance), datetime.fromtimestamp(at, UTC), history=True)
        for _, distance, _, _, at in _RECORD.iter_unpack(payload)
        if _is_echo(distance)
    )


def _is_echo(distance_mm: float) -> bool:
    return distance_mm != _BLIND_ZONE_MM and 0 < distance_mm <= _FARTHEST_MM


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


SENSOR = Sensor("dragino_ldds", ZERO, decode, said)
