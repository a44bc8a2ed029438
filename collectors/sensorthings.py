"""OGC SensorThings 1.1 observations, published or posted: JSON to a reading. Pure.

Time rule: `phenomenonTime` with `Z` or an offset; of an interval its end. A server that is told no time
takes its own, so buffered values would all be of now: an observation without it is refused. Quantity and
unit are those of the link, since an observation carries neither. docs/sources/sensorthings.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import converted, measure
from collectors.samples import Plain
from collectors.source import Offer, Source, Way
from collectors.stamps import with_offset
from floodcore.network.model import Link, Mounting, Names, Station, mounting_at
from floodcore.units import UnknownUnitError
from floodcore.words import Quantity, Reading

KIND = "sensorthings"
TOPIC = "v1.1/+/Observations"
_PATH = re.compile(r"v1\.1/Datastreams\(([0-9A-Za-z._-]{1,64})\)/Observations")


class _Observation(msgspec.Struct):
    result: float | None = None
    phenomenonTime: str = ""  # noqa: N815  # the standard's own name


_observation = msgspec.json.Decoder(_Observation)


@dataclass(frozen=True, slots=True)
class Stream:
    """A datastream of the network: which station it belongs to, and how."""

    station: Station
    link: Link
    mountings: tuple[Mounting, ...]


def streams(stations: Mapping[str, Station]) -> dict[str, Stream]:
    """The datastreams of all stations by their number."""
    return {
        link.address: Stream(station, link, link.mountings)
        for station in stations.values()
        for link in station.links
        if link.kind == KIND
    }


def stream_of(path: str, known: Mapping[str, Stream]) -> Stream | None:
    """The datastream that `path` names, if it is one of ours."""
    found = _PATH.fullmatch(path)
    return None if found is None else known.get(found[1])


def published(topic: str, payload: bytes, known: Mapping[str, Stream]) -> Reading:
    """The reading of one message or POST; `topic` is also the path of the POST.

    Raises:
        DecodeError: another path, an unknown datastream, no observation, or one without value, time or offset.
    """
    stream = stream_of(topic, known)
    if stream is None:
        fault = f"{topic[:80]!r} is not the v1.1/Datastreams(…)/Observations of a station"
        raise DecodeError(fault)
    try:
        said = _observation.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"not an observation: {error}"
        raise DecodeError(fault) from None
    return _reading(said, stream)


def _reading(said: _Observation, stream: Stream) -> Reading:
    if said.result is None:
        fault = "no result in it: a missing value is no reading"
        raise DecodeError(fault)
    if not said.phenomenonTime:
        fault = "no phenomenonTime in it: the time of a buffered value would be guessed"
        raise DecodeError(fault)
    at = with_offset(said.phenomenonTime.rpartition("/")[2])
    try:
        what = measure(stream.link.quantity, said.result, stream.link.unit)
    except UnknownUnitError as error:
        raise DecodeError(str(error)) from None
    quantity = what.quantity if isinstance(what, Plain) else Quantity.LEVEL
    if quantity not in stream.station.quantities:
        fault = f"{stream.station.id} does not measure {quantity}"
        raise DecodeError(fault)
    value, raw, unit = converted(what, mounting_at(stream.mountings, at), at)
    if not isfinite(value):
        fault = f"the result {said.result:g} is too large"
        raise DecodeError(fault)
    return Reading(stream.station.id, quantity, at, value, raw, unit)


def _probe(body: bytes) -> object:
    link = Link(KIND, "5", zero_cm=400.0, quantity="distance", unit="mm")
    station = Station("probe", Names("probe"), None, "CZ", "", (Quantity.LEVEL,), timedelta(minutes=10), links=(link,))
    return published("v1.1/Datastreams(5)/Observations", body, streams({"probe": station}))


SOURCE = Source(
    name=KIND,
    title="OGC SensorThings 1.1, HTTP and MQTT",
    way=Way.PUSHED,
    module="collectors/sensorthings.py",
    offers=(Offer("result", Quantity.LEVEL, "of the link", "or any other quantity, as the link says"),),
    time_rule="phenomenonTime with Z or offset, of an interval its end; without it refused",
    probe=_probe,
)
