"""PEGELONLINE (German federal waterways), REST v2: the current measurements of one station. Pure.

Time rule: the stamp carries its offset and is believed. The unit stands beside each series: a level in metres
above sea level (`m+NN`) is none above the gauge's zero and is refused. docs/sources/pegelonline.md.
"""

from datetime import datetime

from collectors.documents import Json, document, field, fields, rows, word
from collectors.faults import DecodeError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_each, tried
from collectors.stamps import with_offset
from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Quantity, Reading

_QUANTITIES = {"W": Quantity.LEVEL, "Q": Quantity.DISCHARGE, "WT": Quantity.WATER_TEMPERATURE}


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """The current measurement of each series of the station that was asked for.

    Raises:
        DecodeError: no station, or another one.
    """
    station = fields(document(body, "a station of PEGELONLINE"), "the station")
    names = {word(station.get(key)).casefold() for key in ("uuid", "number", "shortname")}
    if ask.item.casefold() not in names:
        message = f"the answer about {ask.item} speaks of {word(station.get('shortname'))[:40]!r}"
        raise DecodeError(message)
    readings: list[Reading] = []
    faults: list[str] = []
    for series in rows(station.get("timeseries"), "timeseries"):
        quantity = _QUANTITIES.get(word(series.get("shortname")))
        if quantity is None or series.get("currentMeasurement") is None:
            continue
        try:
            reading = _reading(series, quantity, ask.stations[ask.item])
        except (DecodeError, UnknownUnitError) as error:
            faults.append(f"{word(series.get('shortname'))}: {error}")
        else:
            readings += [] if reading is None else [reading]
    return Decoded(tuple(readings), tuple(faults))


def _reading(series: dict[str, Json], quantity: Quantity, station_id: str) -> Reading | None:
    current = fields(series["currentMeasurement"], "currentMeasurement")
    value = number(field(current, "value"))
    if value is None:
        return None
    unit = word(series.get("unit"))
    canonical = to_canonical(quantity, value, unit)
    return Reading(station_id, quantity, with_offset(current.get("timestamp")), canonical, value, unit)


POLLED = Polled(
    Source(
        name="pegelonline",
        title="PEGELONLINE REST (German waterways)",
        way=Way.POLLED,
        module="collectors/pegelonline.py",
        offers=(
            Offer("W", Quantity.LEVEL, "cm", "m+NN is refused"),
            Offer("Q", Quantity.DISCHARGE, "m³/s"),
            Offer("WT", Quantity.WATER_TEMPERATURE, "°C"),
        ),
        time_rule="offset in the stamp, believed",
        probe=tried(decode, "501010"),
    ),
    asks=one_for_each(
        "/webservices/rest-api/v2/stations/{}.json?includeTimeseries=true&includeCurrentMeasurement=true"
    ),
    decode=decode,
    interval_s=300.0,
    cap=500_000,
)
