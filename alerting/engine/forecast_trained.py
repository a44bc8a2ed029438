"""What stations learnt from their own past, as a file: read and checked. Pure.

`hladina hindcast --train` writes stations.json; laid beside the station files as trained.json it is what the live
house foresees with. A file of another format, of other odds or of other stations would quietly forecast nonsense, so
any fault makes the whole file unusable, and every fault says what to do.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from reprlib import repr as shown

import msgspec
import numpy as np

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_local import OWN_STEPS, RAIN_SPANS, SPANS, Local
from alerting.engine.forecast_odds import REACHES_MIN
from floodcore.words import Quantity

# Beside the station files.
FILE = "trained.json"
FORMAT = 2
_ANEW = "train again (`hladina hindcast --train`), or take the file away"


class TrainedError(ValueError):
    """The file cannot be used; `faults` holds a line for each reason, with what to do."""

    def __init__(self, faults: list[str]) -> None:
        # A file may name half of a letter, which nothing can print.
        self.faults = [fault.encode("utf-8", "backslashreplace").decode() for fault in faults]
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be as it was when a station learnt: its quantity, and the gauges above it, the nearer first."""

    quantity: Quantity
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taught:
    """What one station learnt, of itself, of the gauges `above` and of the rain at `rain_gauges`, in this order."""

    local: Local
    above: tuple[str, ...]
    rain_gauges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """What stations learnt, by id; `version` names the file. Empty: the forecast is the generic one."""

    version: str = ""
    stations: Mapping[str, Taught] = field(default_factory=dict)

    def model(self, odds_version: str, station_id: str) -> str:
        """By what a station is foreseen."""
        return f"{odds_version}+{self.version}" if station_id in self.stations else odds_version


class _Station(msgspec.Struct, frozen=True):
    """One station of the file; what else it says is for people."""

    quantity: Quantity
    upstream: tuple[str, ...]
    rain_gauges: tuple[str, ...]
    rise: list[list[float]]
    change: list[list[float]]
    share: list[float]
    stretch: list[float]
    push: list[float]
    shift: list[float]


class _File(msgspec.Struct, frozen=True):
    version: str
    format: int
    odds: str
    reaches_min: list[int]
    horizons_min: list[int]
    spans_10min: dict[str, list[tuple[int, int]]]
    stations: dict[str, _Station]


def version_of(body: Mapping[str, object]) -> str:
    """The version of a file: the hash of all it says but its version."""
    rest = {key: value for key, value in body.items() if key != "version"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse(text: bytes, known: Mapping[str, Facts], odds_version: str) -> Trained:
    """What the stations of a file learnt, if all of it holds for the stations that are `known`.

    Raises:
        TrainedError: with every fault.
    """
    file = _decoded(text)
    faults = [
        *_of_another_kind(file, odds_version),
        *(f for key, one in file.stations.items() for f in _of(key, one, known)),
    ]
    if faults:
        raise TrainedError(faults)
    return Trained(file.version, {key: _taught(one) for key, one in file.stations.items()})


def _decoded(text: bytes) -> _File:
    try:
        body = json.loads(text)
        if isinstance(body, dict) and body.get("format") != FORMAT:
            raise TrainedError([f"is of format {shown(body.get('format'))}, this house reads {FORMAT}: {_ANEW}"])
        file = msgspec.convert(body, _File)
    except (ValueError, RecursionError) as error:
        if isinstance(error, TrainedError):
            raise
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise TrainedError([f"is damaged ({reason}): copy it again, or {_ANEW}"]) from None
    if file.version != version_of(body):
        raise TrainedError(
            [f"was changed after it was written (version {file.version[:40]}): copy it again, or {_ANEW}"]
        )
    return file


def _of_another_kind(file: _File, odds_version: str) -> Iterator[str]:
    if file.odds != odds_version:
        yield f"was learnt beside the generic forecast {file.odds[:40]}, this house has {odds_version}: {_ANEW}"
    spans = {"upstream": list(SPANS), "rain": list(RAIN_SPANS)}
    if (file.reaches_min, file.horizons_min, file.spans_10min) != (list(REACHES_MIN), list(HORIZONS_MIN), spans):
        yield f"foresees other times or looks back over others than this house: {_ANEW}"


def _of(key: str, one: _Station, known: Mapping[str, Facts]) -> Iterator[str]:
    """What does not fit of one station."""
    facts = known.get(key)
    if facts is None:
        yield f"station {key}: is not in the station files: {_ANEW}"
        return
    if one.quantity is not facts.quantity:
        yield f"station {key}: learnt from its {one.quantity}, is judged by its {facts.quantity}: {_ANEW}"
    if one.upstream != facts.above:
        names = [", ".join(each) or "none" for each in (one.upstream, facts.above)]
        yield f"station {key}: learnt with {names[0]} above it, the station files say {names[1]}: {_ANEW}"
    for name in one.rain_gauges:
        if name not in known or known[name].quantity is not Quantity.RAIN:
            yield f"station {key}: learnt with the rain at {name}, which is no rain gauge of the station files: {_ANEW}"
    if not _sound(one):
        yield f"station {key}: its numbers are not of the size they have to be, or no numbers: {_ANEW}"


def _sound(one: _Station) -> bool:
    """Whether there are as many numbers as the forecast takes, each of them one."""
    rain = len(RAIN_SPANS) if one.rain_gauges else 0
    features = len(OWN_STEPS) + len(SPANS) * len(one.upstream) + rain
    reaches, horizons = len(REACHES_MIN), len(HORIZONS_MIN)
    tables = ((one.rise, features, reaches), (one.change, features, horizons))
    rows = ((one.share, horizons), *((row, reaches) for row in (one.stretch, one.push, one.shift)))
    shaped = all(len(table) == high and all(len(row) == wide for row in table) for table, high, wide in tables)
    every = [value for table, _, _ in tables for row in table for value in row]
    every += [value for row, _ in rows for value in row]
    return shaped and all(len(row) == wide for row, wide in rows) and all(isfinite(value) for value in every)


def _taught(one: _Station) -> Taught:
    arrays = (np.array(each) for each in (one.rise, one.change, one.share, one.stretch, one.push, one.shift))
    return Taught(Local(*arrays), one.upstream, one.rain_gauges)
