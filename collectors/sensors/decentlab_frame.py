"""The frame of all Decentlab sensors, protocol 2: `02`, u16 device id, u16 flags, big-endian u16 words. Pure.

Each flag bit stands for a group of words; the last group is the battery in mV.
"""

import struct
from dataclasses import dataclass

from collectors.faults import DecodeError

_PROTOCOL = 2
_HEAD = struct.Struct(">BHH")


@dataclass(frozen=True, slots=True)
class Frame:
    """The words of the sensor's group, empty when the frame holds only the battery; `battery_mv` if sent."""

    device: int
    words: tuple[int, ...]
    battery_mv: int | None


def frame(payload: bytes, count: int) -> Frame:
    """Decode a frame whose sensor group has `count` words.

    Raises:
        DecodeError: not protocol 2, unknown groups, or the length does not match the flags.
    """
    if len(payload) < _HEAD.size:
        message = f"{len(payload)} bytes are too short for a frame"
        raise DecodeError(message)
    version, device, flags = _HEAD.unpack_from(payload)
    if version != _PROTOCOL:
        message = f"protocol {version} is not {_PROTOCOL}"
        raise DecodeError(message)
    if flags not in {0b01, 0b10, 0b11}:
        message = f"flags {flags:#06x} name groups that this sensor does not have"
        raise DecodeError(message)
    measured, powered = bool(flags & 0b01), bool(flags & 0b10)
    expected = _HEAD.size + 2 * (count * measured + powered)
    if len(payload) != expected:
        message = f"{len(payload)} bytes, the flags promise {expected}"
        raise DecodeError(message)
    words = struct.unpack_from(f">{count * measured + powered}H", payload, _HEAD.size)
    return Frame(device, words[: count * measured], words[-1] if powered else None)


def measured(payload: bytes, count: int, what: str) -> Frame:
    """As `frame`, and its sensor group is there; `what` it measures is named when it is not.

    Raises:
        DecodeError: as `frame`, or the frame holds only the battery.
    """
    found = frame(payload, count)
    if not found.words:
        message = f"the frame holds no {what}"
        raise DecodeError(message)
    return found
