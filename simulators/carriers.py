"""How a device's samples become one HTTP request, for each way that pushes. Pure.

Channels of loggers are named as here, observations carry the canonical unit: a station file for these
simulators says so too.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from floodcore.words import Quantity
from simulators import files, networks, payloads
from simulators.sample import Feed, Sample

UNITS: Mapping[Quantity, str] = MappingProxyType(
    {Quantity.LEVEL: "cm", Quantity.DISCHARGE: "m3/s", Quantity.RAIN: "mm", Quantity.WATER_TEMPERATURE: "degC"}
)
# The labels that a simulated Fiedler logger gives its channels.
LABELS: Mapping[Quantity, str] = MappingProxyType(
    {
        Quantity.LEVEL: "Hladina",
        Quantity.DISCHARGE: "Prutok",
        Quantity.RAIN: "Srazky",
        Quantity.WATER_TEMPERATURE: "Voda",
    }
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request: path below the house's address, whose key it carries, its body."""

    path: str
    user: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Way:
    """How one way packs `at_once` samples at most."""

    pack: Callable[[Feed, Sequence[Sample], int, datetime], Parcel]
    at_once: int = 500


def contract(feed: Feed, samples: Sequence[Sample], sequence: int, sent: datetime) -> Parcel:
    """The JSON of our push contract; a value that is no number travels as null with the flag of the logger."""
    said = [
        {
            "t": _stamp(sample.at),
            "q": str(feed.quantity),
            "v": sample.value if _measured(sample) else None,
            "u": UNITS[feed.quantity],
            "flag": "ok" if _measured(sample) else "missing",
        }
        for sample in samples
    ]
    body = {"station": feed.station_id, "seq": sequence, "sent": _stamp(sent), "samples": said}
    return Parcel(f"/api/v1/ingest/{feed.station_id}", feed.station_id, json.dumps(body).encode())


def _hardwario(feed: Feed, samples: Sequence[Sample], _sequence: int, sent: datetime) -> Parcel:
    if feed.quantity is Quantity.RAIN:
        body = networks.hardwario(feed.address, (), samples, sent)
    else:
        height = feed.zero_cm or 0.0
        far = [Sample(s.at, None if s.value is None else (height - s.value) * 10.0, s.sent_at) for s in samples]
        body = networks.hardwario(feed.address, far, (), sent)
    return Parcel("/api/v1/hooks/hardwario", "hardwario", body)


def _chirpstack(feed: Feed, samples: Sequence[Sample], _sequence: int, _sent: datetime) -> Parcel:
    sample = samples[0]
    if feed.sensor == "decentlab_tbrg":
        total = sum(payloads.tips(each.value) for each in feed.samples if each.at <= sample.at)
        raw, port = payloads.decentlab_tbrg(1, payloads.tips(sample.value), feed.interval, total), 1
    elif feed.sensor == "dragino_ldds":
        raw, port = payloads.dragino_ldds(sample.value, feed.zero_cm or 0.0), 2
    else:
        raw, port = payloads.other(feed.sensor, sample.value, feed.zero_cm or 0.0)
    count = int(sample.at.timestamp() // feed.interval.total_seconds()) % 65536
    body = networks.chirpstack(feed.address, raw, port, count, sample.at)
    return Parcel("/api/v1/hooks/chirpstack?event=up", "chirpstack", body)


def _sensorthings(feed: Feed, samples: Sequence[Sample], _sequence: int, _sent: datetime) -> Parcel:
    sample = samples[0]
    value = sample.value if sample.value is not None and math.isfinite(sample.value) else None
    path = f"/api/v1/sensorthings/v1.1/Datastreams({feed.address})/Observations"
    body = b'{"result": null}' if value is None else networks.observation(value, sample.at)
    return Parcel(path, feed.station_id, body)


def _fiedler(feed: Feed, samples: Sequence[Sample], _sequence: int, _sent: datetime) -> Parcel:
    units = {LABELS[feed.quantity]: {"degC": "°C"}.get(UNITS[feed.quantity], UNITS[feed.quantity])}
    rows = [(sample.at, (sample.value if _measured(sample) else None,)) for sample in samples]
    return Parcel(f"/api/v1/upload/{feed.station_id}", feed.station_id, files.dta(feed.address, 1, units, rows))


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "push": Way(contract),
        "hardwario": Way(_hardwario, 60),
        "chirpstack": Way(_chirpstack, 1),
        "sensorthings": Way(_sensorthings, 1),
        "fiedler": Way(_fiedler),
    }
)


def _measured(sample: Sample) -> bool:
    return sample.value is not None and math.isfinite(sample.value)


def _stamp(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
