"""Decentlab DL-TBRG tipping bucket. Pure.

Four words: tips in the interval, interval s, cumulative tips low word and high word. Rain is made of the
cumulative counter by `collectors.counters`, since a lost frame loses the tips of its interval. The
millimetres of one tip belong to the bucket: `tip_mm` of the mounting.
"""

from collectors.samples import Measured, Tips
from collectors.sensors.decentlab_frame import measured
from collectors.sensors.sensor import Sensor, battery

_WORDS = 4


def decode(payload: bytes, _port: int) -> tuple[Measured, ...]:
    """Tips and battery.

    Raises:
        DecodeError: as `decentlab_frame.measured`.
    """
    frame = measured(payload, _WORDS, "rain")
    tips, interval_s, low, high = frame.words
    found = [Measured(Tips(tips, interval_s, low + (high << 16), str(frame.device)))]
    return (*found, *(() if frame.battery_mv is None else (battery(frame.battery_mv),)))


SENSOR = Sensor("decentlab_tbrg", "", decode, vectors=(("0202f8000300040258409a00000c54", 1),))
