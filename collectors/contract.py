"""The push contract: the body of `POST /api/v1/ingest/{station}` to readings. Pure.

`{"station", "seq", "sent", "samples": [{"t", "q", "v", "u", "flag"}]}`; docs/sources/push.md. One bad
sample does not stop the others: it is named in the answer with its place and reason. Time rule: `t`
carries `Z` or an offset. A `v` that is null or absent is no reading.
"""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import msgspec

from collectors.faults import DecodeError
from collectors.stamps import as_utc
from floodcore.units import CANONICAL, UnknownUnitError, to_canonical
from floodcore.words import Quantity, Reading

# More than a body of the largest size can hold of real samples. Two million ones of a byte each would
# be refused one by one, and the house would do nothing else for seconds.
_MOST_SAMPLES = 80_000
_GOOD_FLAGS = {"", "ok", "good"}


class _Sample(msgspec.Struct, gc=False):
    t: datetime
    q: Quantity
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


def pushed(body: bytes, station_id: str) -> Pushed:
    """The readings of `body`, pushed for `station_id`, and the samples that are none.

    Raises:
        DecodeError: no JSON of this contract, or it is about another station.
    """
    try:
        push = _push.decode(body)  # the fast way, when every sample has the right shape
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return _one_by_one(body, station_id)
    _same_station(push.station, station_id)
    readings: list[Reading] = []
    rejected: list[Rejected] = []
    for index, sample in enumerate(push.samples):
        try:
            readings.append(_reading(sample, station_id))
        except (DecodeError, UnknownUnitError) as error:
            rejected.append(Rejected(index, str(error)))
    return Pushed(tuple(readings), tuple(rejected))


def _one_by_one(body: bytes, station_id: str) -> Pushed:
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
            readings.append(_reading(_sample.decode(raw), station_id))
        except (msgspec.MsgspecError, RecursionError, DecodeError, UnknownUnitError) as error:
            rejected.append(Rejected(index, str(error)[:200]))
    return Pushed(tuple(readings), tuple(rejected))


def _same_station(said: str, station_id: str) -> None:
    if said not in {"", station_id}:
        message = f"the body is about station {said[:40]!r}, the address about {station_id!r}"
        raise DecodeError(message)


def _reading(sample: _Sample, station_id: str) -> Reading:
    if sample.v is None:
        message = "no value (v): a missing value is no reading; leave the sample out"
        raise DecodeError(message)
    if sample.flag not in _GOOD_FLAGS:
        message = f"the gauge itself flags it {sample.flag[:20]!r}"
        raise DecodeError(message)
    if not sample.u:
        message = f"no unit (u); ours would be {CANONICAL[sample.q]}"
        raise DecodeError(message)
    value = to_canonical(sample.q, sample.v, sample.u)
    if not isfinite(value):
        message = f"the value {sample.v:g} {sample.u} is too large"
        raise DecodeError(message)
    return Reading(station_id, sample.q, as_utc(sample.t), value, sample.v, sample.u)
