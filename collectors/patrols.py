"""Readings of a staff gauge by people: a text or the page, one grammar. Pure.

`STAV <station> <cm> [HH:MM]`, also PEGEL, STAN, LEVEL; a value may carry `cm` or `m`. Time rule: HH:MM is the
time of the wall in Europe/Prague, the newest that is not to come; the page sends a moment with `Z`; without
either it was read when the text was received. docs/sources/patrol.md.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from collectors.faults import DecodeError
from collectors.loggertexts import moment
from collectors.mounted import converted
from collectors.samples import Level
from collectors.source import Offer, Source, Way
from collectors.stamps import with_offset
from floodcore.network.model import Link, Names, Station, mounting_at
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

KIND = "patrol"
UNIT = "cm staff gauge"  # how a reading by a person is told from one of a sensor
_ZONE = "Europe/Prague"
_OLDEST = timedelta(hours=24)
_AHEAD = timedelta(minutes=5)
_TEXT = re.compile(
    r"\s*(?:STAV|PEGEL|STAN|LEVEL)\s+(?P<station>[A-Z0-9][A-Z0-9_.-]{0,39})\s+"
    r"(?P<value>[+-]?[0-9]{1,4}(?:[.,][0-9]{1,2})?)\s*(?P<unit>CM|M)?"
    r"(?:\s+(?:(?P<time>[0-9]{1,2}:[0-9]{2})|(?P<stamp>[0-9]{4}-[0-9-]{5}T[0-9:.]{5,15}Z)))?\s*",
    re.IGNORECASE,
)


def decode(body: str, stations: Mapping[str, Station], received_at: datetime) -> Reading:
    """The reading that a person sent.

    Raises:
        DecodeError: not of this form, no staff gauge there, or a time that is none, to come or a day old.
    """
    match = _TEXT.fullmatch(body[:200])
    if match is None:
        fault = "the text is not of the form STAV <station> <cm> [HH:MM]"
        raise DecodeError(fault)
    wanted = match["station"].lower()
    station = next((each for key, each in stations.items() if key.lower() == wanted), None)
    link = None if station is None else next((link for link in station.links if link.kind == KIND), None)
    if station is None or link is None:
        fault = f"{match['station'][:40]!r} is no station with a staff gauge"
        raise DecodeError(fault)
    at = with_offset(match["stamp"]) if match["stamp"] else moment(None, match["time"], _ZONE, received_at)
    if not received_at - _OLDEST <= at <= received_at + _AHEAD:
        fault = f"a reading of {at.isoformat()} is to come or more than a day old"
        raise DecodeError(fault)
    cm = to_canonical(Quantity.LEVEL, float(match["value"].replace(",", ".")), (match["unit"] or "cm").lower())
    value, raw, unit = converted(Level(cm, cm, UNIT), mounting_at(link.mountings, at), at)
    return Reading(station.id, Quantity.LEVEL, at, value, raw, unit)


def _probe(body: bytes) -> object:
    station = Station(
        "probe", Names("probe"), None, "CZ", "", (Quantity.LEVEL,), timedelta(minutes=10), links=(Link(KIND),)
    )
    return decode(body.decode("utf-8", "replace"), {"probe": station}, datetime(2026, 11, 22, 23, 2, tzinfo=UTC))


SOURCE = Source(
    name=KIND,
    title="Flood patrols: readings of a staff gauge by people",
    way=Way.TEXT,
    module="collectors/patrols.py",
    offers=(Offer("level", Quantity.LEVEL, "cm, m", "marked as read by a person, and judged"),),
    time_rule="HH:MM in Europe/Prague, the newest not to come; the page sends UTC; else when it was received",
    probe=_probe,
)
