"""Environment Agency, flood monitoring (England), for replays: the latest reading of every measure. Pure.

Time rule: `dateTime` carries `Z` and is believed. Quantity and unit stand in the address of the measure only; a
level above the ordnance datum (`mAOD`) is none above the gauge's zero and is left out. A value that is a
list or "a|b" is two answers to one question and refused. docs/sources/ea.md.
"""

import re
from datetime import datetime

from collectors.documents import Json, document, field, fields, rows, word
from collectors.faults import DecodeError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_all, tried
from collectors.stamps import with_offset
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

_MEASURE = re.compile(
    r"/measures/([A-Za-z0-9]{1,20})(?:_[A-Za-z0-9]+)?-(level-stage|flow|rainfall)-.{0,60}-([A-Za-z0-9_]+)"
)
_KINDS = {
    ("level-stage", "mASD"): (Quantity.LEVEL, "m"),  # above the stage datum: the gauge's zero
    ("level-stage", "m"): (Quantity.LEVEL, "m"),
    ("level-stage", "mm"): (Quantity.LEVEL, "mm"),
    ("flow", "m3_s"): (Quantity.DISCHARGE, "m3/s"),
    ("rainfall", "mm"): (Quantity.RAIN, "mm"),
}


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """Stage, flow and rainfall of the stations asked for.

    Raises:
        DecodeError: no list of readings.
    """
    readings: list[Reading] = []
    faults: list[str] = []
    known = False
    items = rows(fields(document(body, "a list of readings"), "the answer").get("items"), "items")
    for item in items:
        found = _MEASURE.search(_address(item.get("measure")))
        if found is None or found[1] not in ask.stations:
            continue
        known = True
        if (found[2], found[3]) not in _KINDS:
            continue
        quantity, unit = _KINDS[found[2], found[3]]
        try:
            value = number(field(item, "value"))
            at = with_offset(item.get("dateTime"))
        except DecodeError as error:
            faults.append(f"{found[1]}: {error}")
            continue
        if value is not None:
            canonical = to_canonical(quantity, value, unit)
            readings.append(Reading(ask.stations[found[1]], quantity, at, canonical, value, unit))
    if ask.stations and not known:  # the addresses are no longer what they were: silence without a fault
        message = f"none of {len(items)} readings is about a station of ours"
        raise DecodeError(message)
    return Decoded(tuple(readings), tuple(faults))


def _address(measure: Json) -> str:
    """The address of the measure, which stands as text or in an object."""
    return word(measure.get("@id")) if isinstance(measure, dict) else word(measure)


POLLED = Polled(
    Source(
        name="ea",
        title="Environment Agency flood monitoring (England)",
        way=Way.POLLED,
        module="collectors/ea.py",
        offers=(
            Offer("level-stage", Quantity.LEVEL, "mASD, m, mm", "mAOD is left out"),
            Offer("flow", Quantity.DISCHARGE, "m3_s"),
            Offer("rainfall", Quantity.RAIN, "mm"),
        ),
        time_rule="Z, believed",
        probe=tried(decode, "1491TH"),
        to_confirm="values that are lists or joined by |",
    ),
    asks=one_for_all("readings", "/flood-monitoring/data/readings?latest"),
    decode=decode,
    interval_s=300.0,
    cap=8_000_000,
)
