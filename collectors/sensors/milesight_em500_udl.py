"""Milesight EM500-UDL ultrasonic distance sensor. Pure.

Channel, type, value, little-endian: `01 75` battery %, `03 82` distance mm, `83 E9` distance, change and
alarm, `20 CE` a measure of the device's memory (Unix time, distance mm), `FF …` answers and versions.
What the device remembers is history: stored as late data, never judged as news.

The distance of `83 E9` is not used: the maker's decoder divides it by ten and that of `03 82` not, and a
tenfold slip would be a flood.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

from collectors.faults import DecodeError
from collectors.samples import Distance, Measured
from collectors.sensors.sensor import ZERO, Sensor

_DISTANCE, _ALARM, _HISTORY = 0x0382, 0x83E9, 0x20CE
_LENGTHS = {
    0x0175: 1, _DISTANCE: 2, _ALARM: 5, _HISTORY: 6,
    0xFF01: 1, 0xFF09: 2, 0xFF0A: 2, 0xFF0B: 1, 0xFF0F: 1, 0xFF16: 8, 0xFFFE: 1, 0xFFFF: 2,
}  # fmt: skip
_NO_TARGET_MM = 0xFFFF
_BLIND_ZONE_MM = 250  # reported for anything nearer
_FARTHEST_MM = 10_000  # the longest model


def decode(payload: bytes, _port: int) -> tuple[Measured, ...]:
    """The distance of now, if there is one, and those of the device's memory.

    Raises:
        DecodeError: a broken frame, or no measurement in it.
    """
    found: list[Measured] = []
    reason = "the frame holds no distance"
    for kind, value in values(payload):
        if kind == _DISTANCE:
            reason = _fault(int.from_bytes(value, "little"))
            found += [] if reason else [Measured(Distance(int.from_bytes(value, "little")))]
        elif kind == _HISTORY:
            at, distance = struct.unpack("<IH", value)
            if not _fault(distance):
                found.append(Measured(Distance(distance), datetime.fromtimestamp(at, UTC), history=True))
        elif kind == _ALARM:
            reason = "an alarm frame, whose unit the maker's documents do not agree on; the next regular frame counts"
    if not found:
        raise DecodeError(reason)
    return tuple(found)


def values(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Channel and type as one number, and the bytes of the value. What follows an unknown type is not read.

    Raises:
        DecodeError: the frame ends inside a value, or begins with an unknown type.
    """
    place = 0
    while place < len(payload):
        kind = int.from_bytes(payload[place : place + 2], "big")
        length = _LENGTHS.get(kind)
        if length is None:
            if place == 0:
                message = f"unknown channel {payload[:2].hex()}"
                raise DecodeError(message)
            return
        value = payload[place + 2 : place + 2 + length]
        if len(value) < length:
            message = f"the frame ends inside channel {payload[place : place + 2].hex()}"
            raise DecodeError(message)
        yield kind, value
        place += 2 + length


def _fault(distance_mm: int) -> str:
    """Why this is no distance; empty when it is one."""
    if distance_mm == _NO_TARGET_MM:
        return "no target (distance 0xFFFF)"
    if distance_mm <= _BLIND_ZONE_MM:
        return f"something is in the blind zone of the sensor (distance {distance_mm} mm)"
    return f"distance {distance_mm} mm is beyond the sensor's reach" if distance_mm > _FARTHEST_MM else ""


SENSOR = Sensor("milesight_em500_udl", ZERO, decode, vectors=(("01756403821e00", 85),))
