"""Decentlab DL-CTD10 pressure probe: depth, water temperature, conductivity. Pure.

Four words: depth mm + 32768, temperature °C x 10 + 32768, conductivity µS/cm, freezing flag. A frozen
probe measures the ice, so its frame gives nothing.
"""

from collectors.faults import DecodeError
from collectors.samples import Depth, Measured, Plain
from collectors.sensors.decentlab_frame import measured
from collectors.sensors.sensor import PROBE, Sensor, battery
from floodcore.units import to_canonical
from floodcore.words import Quantity

_WORDS = 4
_MIDDLE = 32768
_DEEPEST_MM = 10_000  # the probe is made for ten metres (general knowledge, confirm)
_DRY_MM = -100  # a dry probe wavers about zero


def decode(payload: bytes, _port: int) -> tuple[Measured, ...]:
    """Depth, water temperature and battery.

    Raises:
        DecodeError: as `decentlab_frame.measured`, frozen, or out of the probe's range.
    """
    frame = measured(payload, _WORDS, "depth")
    depth, tenths = frame.words[0] - _MIDDLE, frame.words[1] - _MIDDLE
    if frame.words[3]:
        message = "the probe says that it is frozen"
        raise DecodeError(message)
    if not _DRY_MM <= depth <= _DEEPEST_MM:
        message = f"depth {depth} mm is out of the probe's range"
        raise DecodeError(message)
    celsius = to_canonical(Quantity.WATER_TEMPERATURE, tenths / 10, "degC")
    found = (Measured(Depth(depth)), Measured(Plain(Quantity.WATER_TEMPERATURE, celsius, tenths / 10, "degC")))
    return (*found, *(() if frame.battery_mv is None else (battery(frame.battery_mv),)))


SENSOR = Sensor("decentlab_ctd10", PROBE, decode, vectors=(("0207d9000390888081006400000c60", 1),))
