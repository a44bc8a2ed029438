"""The push contract: the body of `POST /api/v1/ingest/{station}`, or of its MQTT topic, to readings. Pure.

`{"station", "seq", "sent", "samples": [{"t", "q", "v", "u", "flag"}]}`; docs/sources/push.md. One bad
sample does not stop the others: it is named in the answer with its place and reason. Time rule: `t`
carries `Z` or an offset. A `v` that is null or absent is no reading. A distance or depth becomes a level
by the mounting of the station's push link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import converted, measure
from collectors.samples import Plain
from collectors.source import Offer, Source, Way
from collectors.stamps import as_utc
from floodcore.network.model import Mounting, Station, mounting_at
from floodcore.units import CANONICAL, UnknownUnitError, to_canonical
from floodcore.words import Quantity, Reading

KIND = "push"
PREFIX = "hladina/v1/"
TOPIC = "hladina/v1/+/samples"

# More than a body of the largest size can hold of real samples. Two million ones of a byte each would
# be refused one by one, and the house would do nothing else for seconds.
_MOST_SAMPLES = 80_000
_GOOD_FLAGS = {"", "ok", "good"}
_ALWAYS = (Mounting(),)
_QUANTITIES = {str(quantity): quantity for quantity in Quantity}
_TOPIC_PARTS = 4  # hladina/v1/{station}/samples


class _Sample(msgspec.Struct, gc=False):
    t: datetime
    q: str
    v: float | None = None
    u: str = ""
    flag: str = ""


class _Push(msgspec.Struct):
    samples: list[_Sample]
    station: str = ""
    seq: int | None = None
    sent: datetime | None = None


class _LoosePush(msgspec.Struct):
    samples: list[msgspec.Raw]
    station: str = ""


_push = msgspec.json.Decoder(_Push)
_loose = msgspec.json.Decoder(_LoosePush)
_sample = msgspec.json.Decoder(_Sample)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A sample that was not used. `index` is its place in `samples`, from 0."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one body said."""

    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...]


def mountings(station: Station) -> tuple[Mounting, ...]:
    """The mountings of the push link of `station`; without one it may push what needs no offset."""
    link = next((link for link in station.links if link.kind == KIND), None)
    return _ALWAYS if link is None or (not link.mounted and link.zero_cm is None) else link.mountings


def published(topic: str, body: bytes, stations: Mapping[str, Station]) -> Pushed:
    """As `pushed`, of the station that the topic names; the broker lets only that station write there.

    Raises:
        DecodeError: no such station, it does not push, no JSON of this contract, or about another station.
    """
    parts = topic.split("/")
    if len(parts) != _TOPIC_PARTS or not topic.startswith(PREFIX) or parts[3] != "samples":
        message = f"topic {topic[:80]!r} is not {TOPIC.replace('+', '…')}"
        raise DecodeError(message)
    station = stations.get(parts[2])
    if station is None or all(link.kind != KIND for link in station.links):
        message = f"station {parts[2][:40]!r} has no push link"
        raise DecodeError(message)
    return pushed(body, station.id, mountings(station))


def pushed(body: bytes, station_id: str, mounted: tuple[Mounting, ...] = _ALWAYS) -> Pushed:
    """The readings of `body`, pushed for `station_id`, and the samples that are none.

    Raises:
        DecodeError: no JSON of this contract, or it is about another station.
    """
    try:
        push = _push.decode(body)  # the fast way, when every sample has the right shape
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return _one_by_one(body, station_id, mounted)
    _same_station(push.station, station_id)
    readings: list[Reading] = []
    rejected: list[Rejected] = []
    for index, sample in enumerate(push.samples):
        try:
            readings.append(_reading(sample, station_id, mounted))
        except (DecodeError, UnknownUnitError) as error:
            rejected.append(Rejected(index, str(error)))
    return Pushed(tuple(readings), tuple(rejected))


def _one_by_one(body: bytes, station_id: str, mounted: tuple[Mounting, ...]) -> Pushed:
    """At least one sample has a wrong shape: find which."""
    try:
        push = _loose.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"the body is not of the form {{station, seq, sent, samples: [{{t, q, v, u}}]}}: {error}"
        raise DecodeError(message) from None
    _same_station(push.station, station_id)
    if len(push.samples) > _MOST_SAMPLES:
        message = f"{len(push.samples)} samples are more than {_MOST_SAMPLES}: send fewer at a time"
        raise DecodeError(message)
    readings: list[Reading] = []
    rejected: list[Rejected] = []
    for index, raw in enumerate(push.samples):
        try:
            readings.append(_reading(_sample.decode(raw), station_id, mounted))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, DecodeError, UnknownUnitError) as error:
            rejected.append(Rejected(index, str(error)[:200]))
    return Pushed(tuple(readings), tuple(rejected))


def _same_station(said: str, station_id: str) -> None:
    if said not in {"", station_id}:
        message = f"the body is about station {said[:40]!r}, the address about {station_id!r}"
        raise DecodeError(message)


def _reading(sample: _Sample, station_id: str, mounted: tuple[Mounting, ...]) -> Reading:
    if sample.v is None:
        message = "no value (v): a missing value is no reading; leave the sample out"
        raise DecodeError(message)
    if sample.flag not in _GOOD_FLAGS:
        message = f"the gauge itself flags it {sample.flag[:20]!r}"
        raise DecodeError(message)
    if not sample.u:
        known = CANONICAL.get(sample.q)  # type: ignore[call-overload]  # a quantity is its word
        message = "no unit (u)" + (f"; ours would be {known}" if known else "")
        raise DecodeError(message)
    at = as_utc(sample.t)
    quantity, raw, unit = _QUANTITIES.get(sample.q), sample.v, sample.u
    if quantity is not None and (mounted is _ALWAYS or quantity is not Quantity.LEVEL):
        value = to_canonical(quantity, raw, unit)  # the many samples that no mounting concerns
    else:
        what = measure(sample.q, raw, unit)
        value, raw, unit = converted(what, mounting_at(mounted, at), at)
        quantity = what.quantity if isinstance(what, Plain) else Quantity.LEVEL
    if not isfinite(value):
        message = f"the value {sample.v:g} {sample.u} is too large"
        raise DecodeError(message)
    return Reading(station_id, quantity, at, value, raw, unit)


SOURCE = Source(
    name=KIND,
    title="Our push contract, HTTP and MQTT",
    way=Way.PUSHED,
    module="collectors/contract.py",
    offers=(
        Offer("level", Quantity.LEVEL, "cm, mm, m"),
        Offer("distance, depth", Quantity.LEVEL, "cm, mm, m", "by the mounting of its time"),
        Offer("discharge", Quantity.DISCHARGE, "m3/s, l/s"),
        Offer("rain", Quantity.RAIN, "mm"),
        Offer("water_temperature", Quantity.WATER_TEMPERATURE, "degC"),
        Offer("battery", Quantity.BATTERY, "V, mV"),
    ),
    time_rule="Z or offset, believed; without one refused",
    probe=lambda body: pushed(body, "probe", (Mounting(None, "", 400.0),)),
)
