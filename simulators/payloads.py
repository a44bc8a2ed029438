"""What LoRaWAN sensors put on the air, and how The Things Stack wraps it. Pure.

Layouts as their makers document them: Dragino LDDS75 (big-endian: battery mV in 14 bits, distance mm,
interrupt, temperature in tenths of °C signed, sensor flag; port 2) and Decentlab DL-TBRG (version 2,
device id, flags, then 16-bit words: tips, interval in s, cumulative tips low and high word, battery mV).
The Things Stack leaves out fields that are zero, false or empty, and writes nine digits of a second.
"""

import base64
import json
import math
import struct
from datetime import datetime, timedelta
from hashlib import blake2b

from simulators import sensors
from simulators.sample import Feed, Sample

_RESOLUTION_MM = 0.1  # one tip of a DL-TBRG bucket
_BATTERY_MV = 3590
_WORD = 0xFFFF
APPLICATION = "exercise"
TENANT = "simulator"


def topic(device_id: str) -> str:
    """The topic of a device's uplinks on a multi-tenant stack."""
    return f"v3/{APPLICATION}@{TENANT}/devices/{device_id}/up"


def dragino_ldds(level_cm: float | None, zero_cm: float) -> bytes:
    """LDDS75 payload for water `level_cm` under a sensor `zero_cm` above the gauge's zero.

    No value, or water at or above the sensor, gives distance 0: no echo.
    """
    distance = 0 if level_cm is None or math.isnan(level_cm) else max(0, round((zero_cm - level_cm) * 10.0))
    return struct.pack(">HHBhB", _BATTERY_MV & 0x3FFF, min(distance, _WORD), 0, 85, 1)


def decentlab_tbrg(device: int, tips: int, interval: timedelta, total_tips: int) -> bytes:
    """DL-TBRG payload: tips in the interval and since installation (low word first)."""
    seconds = min(_WORD, int(interval.total_seconds()))
    total = total_tips & 0xFFFFFFFF
    words = (min(tips, _WORD), seconds, total & _WORD, total >> 16, _BATTERY_MV)
    return struct.pack(">BHH5H", 2, device & _WORD, 0x0003, *words)


def other(sensor: str, level_cm: float | None, height_cm: float) -> tuple[bytes, int]:
    """Payload and port of another sensor `height_cm` above the gauge's zero; no value is what it says of nothing.

    Raises:
        ValueError: no such sensor is simulated.
    """
    measured = level_cm is not None and not math.isnan(level_cm)
    above = max(0, min(_WORD, round((height_cm - level_cm) * 10.0))) if level_cm is not None and measured else 0
    match sensor:
        case "decentlab_mbx":
            return sensors.decentlab_mbx(above), 1
        case "decentlab_lid":
            return sensors.decentlab_lid(above), 1
        case "milesight_em500_udl":
            return sensors.milesight_udl(above if measured else _WORD), 85
        case "decentlab_ctd10":
            depth = round((level_cm - height_cm) * 10.0) if level_cm is not None and measured else 0
            return sensors.decentlab_ctd10(depth, 8.0, frozen=not measured), 1
        case _:
            message = f"no simulated device for sensor {sensor!r}"
            raise ValueError(message)


def tips(rain_mm: float | None) -> int:
    """Tips of the bucket for `rain_mm`; none for no value."""
    return 0 if rain_mm is None or math.isnan(rain_mm) else round(rain_mm / _RESOLUTION_MM)


def eui(device_id: str) -> str:
    """A made-up DevEUI that belongs to the device id."""
    return blake2b(device_id.encode(), digest_size=8).hexdigest().upper()


def uplinks(feed: Feed) -> list[tuple[Sample, bytes]]:
    """Every sample of a tts feed with the MQTT message it becomes.

    Raises:
        ValueError: the feed's sensor is unknown or a distance sensor has no height.
    """
    messages = []
    total = 0
    for sample in feed.samples:
        count = int(sample.at.timestamp() // feed.interval.total_seconds()) % 65536
        match feed.sensor:
            case "decentlab_tbrg":
                fallen = tips(sample.value)
                total += fallen
                raw, port = decentlab_tbrg(int(eui(feed.address)[:4], 16), fallen, feed.interval, total), 1
            case "dragino_ldds" if feed.zero_cm is not None:
                raw, port = dragino_ldds(sample.value, feed.zero_cm), 2
            case _ if feed.zero_cm is not None:
                raw, port = other(feed.sensor, sample.value, feed.zero_cm)
            case _:
                message = f"{feed.station_id}: no simulated device for sensor {feed.sensor!r}"
                raise ValueError(message)
        messages.append((sample, uplink(feed.address, raw, port, count, sample, jitter=0 if feed.exact else count)))
    return messages


def uplink(device_id: str, raw: bytes, port: int, count: int, sample: Sample, *, jitter: int) -> bytes:
    """The JSON of one uplink; `received_at` is when the sample was taken and a fraction made of `jitter`, none of 0."""
    message: dict[str, object] = {
        "session_key_id": base64.b64encode(eui(device_id).encode()).decode(),
        "f_port": port,
        "f_cnt": count,
        "frm_payload": base64.b64encode(raw).decode(),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "exercise-gateway"}, "rssi": -97, "snr": 6.5}],
        "settings": {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 9}}, "frequency": "868300000"},
        "received_at": _stamp(sample.at, jitter),
        "consumed_airtime": "0.205824s",
    }
    envelope = {
        "end_device_ids": {
            "device_id": device_id,
            "application_ids": {"application_id": APPLICATION},
            "dev_eui": eui(device_id),
            "dev_addr": eui(device_id)[:8],
        },
        "correlation_ids": [f"as:up:{eui(device_id)}{count}"],
        "received_at": _stamp(sample.at, jitter + 1),
        "uplink_message": {key: value for key, value in message.items() if value not in (0, "", False)},
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def _stamp(at: datetime, jitter: int) -> str:
    """UTC with nine digits of a second, as the stack writes it."""
    return f"{at.replace(tzinfo=None):%Y-%m-%dT%H:%M:%S}.{(jitter * 7919) % 1000000:06d}{jitter % 1000:03d}Z"
