"""Decentlab DL-MBX ultrasonic distance sensor. Pure.

Two words: distance mm, number of valid samples. Without a valid sample there is no distance.
"""

from collectors.faults import DecodeError
from collectors.samples import Distance, Measured
from collectors.sensors.decentlab_frame import measured
from collectors.sensors.sensor import ZERO, Sensor, battery

_WORDS = 2
_FARTHEST_MM = 10_000  # the longest of the sensors that MaxBotix makes for it (general knowledge, confirm)


def decode(payload: bytes, _port: int) -> tuple[Measured, ...]:
    """Distance and battery.

    Raises:
        DecodeError: as `decentlab_frame.measured`, or nothing was measured.
    """
    frame = measured(payload, _WORDS, "distance")
    distance, valid = frame.words
    if valid == 0 or not 0 < distance <= _FARTHEST_MM:
        message = f"no distance: {distance} mm of {valid} valid samples"
        raise DecodeError(message)
    found = Measured(Distance(distance))
    return (found, *(() if frame.battery_mv is None else (battery(frame.battery_mv),)))


SENSOR = Sensor("decentlab_mbx", ZERO, decode, vectors=(("02012f000304d200010bb1", 1),))
