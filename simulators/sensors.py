"""What sensors other than those of the demonstration put on the air. Pure; made from the makers' documents.

Decentlab frames: 02, u16 device, u16 flags, big-endian words; Milesight: channel, type, little-endian value;
Dragino DDS75-LB: the layout with many samples, and its memory. See `simulators.payloads` for LDDS75 and DL-TBRG.
"""

import struct
from collections.abc import Sequence
from datetime import datetime

_BATTERY_MV = 3590
_DEVICE = 303
_MIDDLE = 32768


def _decentlab(*words: int) -> bytes:
    return struct.pack(f">BHH{len(words) + 1}H", 2, _DEVICE, 0b11, *words, _BATTERY_MV)


def decentlab_mbx(distance_mm: int) -> bytes:
    """DL-MBX: distance and number of valid samples; none of them valid for distance 0."""
    return _decentlab(distance_mm, 0 if distance_mm == 0 else 5)


def decentlab_lid(distance_mm: int, spread_mm: int = 10) -> bytes:
    """DL-LID: a hundred samples around the median; `spread_mm` from quarter to quarter."""
    half = spread_mm // 2
    below, above = max(0, distance_mm - half), distance_mm + half
    words = (distance_mm, below, above, distance_mm, below, below, above, above, distance_mm, 100, 409)
    return _decentlab(*words)


def decentlab_ctd10(depth_mm: int, celsius: float, *, frozen: bool = False) -> bytes:
    """DL-CTD10: depth, temperature, conductivity, freezing flag."""
    return _decentlab(depth_mm + _MIDDLE, round(celsius * 10) + _MIDDLE, 120, int(frozen))


def milesight_udl(distance_mm: int, remembered: Sequence[tuple[datetime, int]] = ()) -> bytes:
    """EM500-UDL: battery in %, distance, and what the device remembers; 0xFFFF stands for no target."""
    history = b"".join(b"\x20\xce" + struct.pack("<IH", round(at.timestamp()), mm) for at, mm in remembered)
    return b"\x01\x75\x64\x03\x82" + struct.pack("<H", distance_mm) + history


def dragino_batch(distances_mm: Sequence[int]) -> bytes:
    """DDS75-LB with many samples: bit 0x10 of the first byte, six bytes, up to twenty distances."""
    return struct.pack(">H6x", 0x1000 | _BATTERY_MV) + struct.pack(f">{len(distances_mm)}H", *distances_mm)


def dragino_memory(remembered: Sequence[tuple[datetime, int]]) -> bytes:
    """DDS75-LB on port 3: records of battery, distance, temperature, flags and Unix time."""
    return b"".join(struct.pack(">HHhBI", _BATTERY_MV, mm, 85, 0, round(at.timestamp())) for at, mm in remembered)
