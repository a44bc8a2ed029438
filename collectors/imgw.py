"""IMGW open data, hydrology (Poland): one list for all gauges. Pure.

Everything is text or null, and each quantity has a stamp of its own: a discharge may be weeks older than the
level beside it. Time rule: `YYYY-MM-DD HH:MM:SS` without an offset, taken for Warsaw's clock. Public readers
disagree (Warsaw or UTC); if it were UTC, a reading would look one or two hours older than it is, which is
the safe side. A stamp stands alone, so the hour that comes twice is the earlier one. docs/sources/imgw.md.
"""

from datetime import datetime

from collectors.documents import Json, document, field, ours, rows
from collectors.faults import DecodeError, EmptyAnswerError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_all, tried
from collectors.walltime import WARSAW, alone, dashed
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

_FIELDS = (
    ("stan_wody", "stan_wody_data_pomiaru", Quantity.LEVEL, "cm"),
    ("przeplyw", "przeplyw_data", Quantity.DISCHARGE, "m3/s"),
    ("temperatura_wody", "temperatura_wody_data_pomiaru", Quantity.WATER_TEMPERATURE, "degC"),
)


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """Level, discharge and water temperature of the gauges asked for, each at its own time.

    Raises:
        EmptyAnswerError: a list without any gauge of Poland.
        DecodeError: no list; "no data" comes as an object.
    """
    found = rows(document(body, "the list of gauges"), "the list of gauges")
    if not found:
        message = "the list names no gauge at all"
        raise EmptyAnswerError(message)
    readings: list[Reading] = []
    faults: list[str] = []
    for address, row in ours(found, "id_stacji", ask.stations.keys()):
        for value, stamp, quantity, unit in _FIELDS:
            try:
                reading = _reading(field(row, value), row.get(stamp), ask.stations[address], quantity, unit)
            except DecodeError as error:
                faults.append(f"{address} {value}: {error}")
            else:
                readings += [] if reading is None else [reading]
    return Decoded(tuple(readings), tuple(faults))


def _reading(said: Json, stamp: Json, station_id: str, quantity: Quantity, unit: str) -> Reading | None:
    value = number(said, ".")
    if value is None or (stamp is None and quantity is Quantity.WATER_TEMPERATURE):  # often without a time of its own
        return None
    at = alone(dashed(stamp), WARSAW)
    return Reading(station_id, quantity, at, to_canonical(quantity, value, unit), value, unit)


POLLED = Polled(
    Source(
        name="imgw",
        title="IMGW open data, hydrology (Poland)",
        way=Way.POLLED,
        module="collectors/imgw.py",
        offers=(
            Offer("stan_wody", Quantity.LEVEL, "cm"),
            Offer("przeplyw", Quantity.DISCHARGE, "m3/s"),
            Offer("temperatura_wody", Quantity.WATER_TEMPERATURE, "°C"),
        ),
        time_rule="Warsaw wall clock, no offset; the earlier one of the repeated hour",
        probe=tried(decode, "151140060"),
        to_confirm="zone of stan_wody_data_pomiaru (public readers disagree): if it is UTC, readings look one or two "
        "hours older than they are",
    ),
    asks=one_for_all("hydro", "/api/data/hydro"),
    decode=decode,
    interval_s=600.0,
    cap=4_000_000,
)
