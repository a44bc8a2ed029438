"""ČHMÚ open data, hydrology: bytes to readings. Pure.

Shapes and quirks: docs/sources/chmu.md. Time rule: `dt` carries `Z` and is believed. A `null` value
is no reading: ČHMÚ writes the slot before the value has come, and a stored "missing" would stand
against the value that follows. The gap in time says the same. Columns are found by header name.
"""

import re
from datetime import datetime
from typing import TypeAlias

import msgspec

from collectors.faults import DecodeError
from collectors.source import Ask, Decoded, Index, Offer, Polled, Profile, Published, Source, Way, one_for_each, tried
from collectors.stamps import with_offset
from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Degree, Quantity, Reading

_QUANTITIES = {"H": Quantity.LEVEL, "Q": Quantity.DISCHARGE, "TH": Quantity.WATER_TEMPERATURE}
_ENTRY = re.compile(r'href="([0-9A-Za-z-]{1,40})\.json"')
_LIMITS = {"SPA1H": Degree.VIGILANCE, "SPA2H": Degree.READINESS, "SPA3H": Degree.EMERGENCY, "SPA4H": Degree.EXTREME}
_LIST_SAMPLE = 2  # [dt, value, …]: at least these two
_SANE_CM = 1e6  # anything larger is no limit, and integers beyond a double cannot be converted

_Sample: TypeAlias = dict[str, object] | list[object]


class _Series(msgspec.Struct):
    tsConID: str  # noqa: N815  # the source's own names
    unit: str = ""
    tsData: list[_Sample] | None = None  # noqa: N815


class _Object(msgspec.Struct):
    objID: str  # noqa: N815
    tsList: list[_Series] = []  # noqa: N815


class _File(msgspec.Struct):
    objList: list[_Object]  # noqa: N815


class _Table(msgspec.Struct):
    header: str
    values: list[list[object]]


class _Collection(msgspec.Struct):
    data: _Table


class _Metadata(msgspec.Struct):
    data: _Collection


_file = msgspec.json.Decoder(_File)
_metadata = msgspec.json.Decoder(_Metadata)


def listed(index: bytes) -> frozenset[str]:
    """The objIDs that have a data file, from the directory index; metadata names many that have none.

    Raises:
        DecodeError: the page lists no data file at all, so it is no directory index.
    """
    found = frozenset(_ENTRY.findall(index.decode("utf-8", "replace")))
    if not found:
        message = "the directory index lists no data file"
        raise DecodeError(message)
    return found


def station_file(body: bytes, obj_id: str, station_id: str) -> Decoded:
    """Readings of `obj_id`, under our `station_id`, in canonical units, in the order of the file.

    Raises:
        DecodeError: no JSON of this shape, or it speaks of other stations only.
    """
    try:
        objects = _file.decode(body).objList
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"not a ČHMÚ data file: {error}"
        raise DecodeError(message) from None
    ours = [each for each in objects if each.objID == obj_id]
    if objects and not ours:
        message = f"the file of {obj_id} speaks of {objects[0].objID[:40]!r}"
        raise DecodeError(message)
    readings: list[Reading] = []
    faults: list[str] = []
    for series in (series for each in ours for series in each.tsList):
        _read_series(series, station_id, readings, faults)
    return Decoded(tuple(readings), tuple(faults))


def _read_series(series: _Series, station_id: str, readings: list[Reading], faults: list[str]) -> None:
    quantity = _QUANTITIES.get(series.tsConID)
    if quantity is None:  # forecasts and the like; not ours to judge
        return
    if series.tsData is None:  # the shape has changed, which is not that nothing was measured
        faults.append(f"{series.tsConID}: no tsData")
        return
    for sample in series.tsData:
        try:
            reading = _reading(sample, quantity, series.unit, station_id)
        except (DecodeError, UnknownUnitError) as error:
            faults.append(f"{series.tsConID[:20]}: {error}")
        else:
            if reading is not None:
                readings.append(reading)


def _reading(sample: _Sample, quantity: Quantity, unit: str, station_id: str) -> Reading | None:
    if isinstance(sample, dict) and "dt" in sample and "value" in sample:
        stamp, value = sample["dt"], sample["value"]
    elif isinstance(sample, dict):
        message = "a sample without dt or value"
        raise DecodeError(message)
    elif len(sample) >= _LIST_SAMPLE:
        stamp, value = sample[0], sample[1]
    else:
        message = f"a sample of {len(sample)} fields"
        raise DecodeError(message)
    if value is None:
        return None
    number = _number(value)
    return Reading(station_id, quantity, with_offset(stamp), to_canonical(quantity, number, unit), number, unit)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"value is {type(value).__name__}, not a number"
        raise DecodeError(message)
    try:
        return float(value)
    except OverflowError:
        message = "value is too large"
        raise DecodeError(message) from None


def profiles(body: bytes) -> list[Profile]:
    """The station metadata, columns by name. A limit that is null stays unknown; rows without objID are left out.

    Raises:
        DecodeError: no JSON of this shape, or the column objID is missing.
    """
    try:
        table = _metadata.decode(body).data.data
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"not a ČHMÚ metadata file: {error}"
        raise DecodeError(message) from None
    names = [name.strip() for name in table.header.split(",")]
    if "objID" not in names:
        message = "the metadata has no column objID"
        raise DecodeError(message)
    rows = [dict(zip(names, row, strict=False)) for row in table.values]
    return [_profile(row) for row in rows if isinstance(row.get("objID"), str)]


def _profile(row: dict[str, object]) -> Profile:
    limits = {
        degree: float(value)
        for name, degree in _LIMITS.items()
        if isinstance(value := row.get(name), int | float) and not isinstance(value, bool) and abs(value) < _SANE_CM
    }
    return Profile(str(row["objID"]), str(row.get("STATION_NAME", "")), limits)


def _decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    return station_file(body, ask.item, ask.stations[ask.item])


POLLED = Polled(
    Source(
        name="chmu",
        title="ČHMÚ open data, hydrology",
        way=Way.POLLED,
        module="collectors/chmu.py",
        offers=(
            Offer("H", Quantity.LEVEL, "CM"),
            Offer("Q", Quantity.DISCHARGE, "M3_S"),
            Offer("TH", Quantity.WATER_TEMPERATURE, "0C"),
        ),
        time_rule="Z or offset, believed",
        probe=tried(_decode, "0-203-1-999001"),
        to_confirm="the Z in the stamps: the catalogue text speaks of local time; conditional GET",
    ),
    asks=one_for_each("/hydrology/now/data/{}.json"),
    decode=_decode,
    interval_s=60.0,
    cap=1_000_000,
    index=Index("/hydrology/now/data/", listed),
    published=Published("ČHMÚ", "spa", "/hydrology/now/metadata/meta1.json", profiles),
)
