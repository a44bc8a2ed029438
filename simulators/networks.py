"""How ChirpStack, HARDWARIO Cloud and a SensorThings client wrap what their devices say. Pure.

ChirpStack writes proto3 JSON and leaves out zeros; HARDWARIO aggregates distances in metres and gives each
measurement its Unix time; an observation carries its own time.
"""

import base64
import json
import math
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from simulators.sample import Sample

APPLICATION = "00000000-0000-4000-8000-000000000001"
_SPACE = UUID("00000000-0000-4000-8000-000000000002")


def chirpstack_topic(dev_eui: str) -> str:
    """The topic of a device's uplinks."""
    return f"application/{APPLICATION}/device/{dev_eui}/event/up"


def chirpstack(dev_eui: str, raw: bytes, port: int, count: int, at: datetime) -> bytes:
    """One uplink as ChirpStack v4 publishes and posts it."""
    message: dict[str, object] = {
        "deduplicationId": str(uuid5(_SPACE, f"{dev_eui}{count}")),
        "time": at.isoformat(timespec="milliseconds"),
        "deviceInfo": {"applicationId": APPLICATION, "deviceName": "exercise", "devEui": dev_eui, "tags": {}},
        "devAddr": dev_eui[:8],
        "fCnt": count,
        "fPort": port,
        "data": base64.b64encode(raw).decode(),
        "rxInfo": [{"gatewayId": "0000000000000001", "uplinkId": count, "rssi": -97, "snr": 6.5}],
    }
    kept = {key: value for key, value in message.items() if value not in (0, "", False)}
    return json.dumps(kept, separators=(",", ":")).encode()


def hardwario(
    serial: str, distances: Sequence[Sample], rain: Sequence[Sample], sent: datetime, kind: str = "data"
) -> bytes:
    """One POST of a connector: distances in mm (written in m) and rain in mm; no value is null."""
    ranged = [
        {"timestamp": round(s.at.timestamp()), **dict.fromkeys(("min", "max", "avg", "mdn"), _metres(s))}
        for s in distances
    ]
    fallen = [{"timestamp": round(s.at.timestamp()), "value": s.value if _measured(s) else None} for s in rain]
    body = {
        "frame": {"protocol": 1, "sequence": 1, "timestamp": round(sent.timestamp())},
        "attribute": {"vendor_name": "HARDWARIO", "serial_number": serial},
        "system": {"voltage_rest": 3.61, "voltage_load": 3.55},
        "ultrasonic_ranger": {"distance": {"measurements": ranged}},
        "weather_station": {"rainfall": {"measurements": fallen}},
    }
    message = {"id": str(uuid5(_SPACE, f"{serial}{sent}")), "type": kind, "direction": "up", "body": body}
    return json.dumps({"message": message, "device": {"serial_number": serial, "label": "exercise"}}).encode()


def observation(value: float, at: datetime) -> bytes:
    """One observation of OGC SensorThings 1.1."""
    stamp = at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return json.dumps({"result": value, "phenomenonTime": stamp, "resultTime": stamp}).encode()


def _metres(sample: Sample) -> float | None:
    return sample.value / 1000.0 if sample.value is not None and math.isfinite(sample.value) else None


def _measured(sample: Sample) -> bool:
    return sample.value is not None and math.isfinite(sample.value)
