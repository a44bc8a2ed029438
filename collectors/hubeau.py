"""Hub'Eau hydrometry (France), for replays of other countries' floods: pages of observations. Pure.

Time rule: `date_obs` carries `Z` and is believed. Levels are in mm, discharges in l/s. An answer goes on at `next`.
docs/sources/hubeau.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from collectors.documents import document, field, fields, rows, word
from collectors.faults import DecodeError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, tried
from collectors.stamps import with_offset
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

_KINDS = {"H": (Quantity.LEVEL, "mm"), "Q": (Quantity.DISCHARGE, "l/s")}
_BACK = timedelta(hours=6)  # how long an outage may last and still be filled
_PATH = "/api/v1/hydrometrie/observations_tr"


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """Levels and discharges of the stations asked for, and where the answer goes on.

    Raises:
        DecodeError: no page of observations.
    """
    page = fields(document(body, "a page of observations"), "the page")
    readings: list[Reading] = []
    faults: list[str] = []
    for row in rows(page.get("data"), "data"):  # what was asked for, so possibly nothing
        address = word(row.get("code_station"))
        if address not in ask.stations:
            continue
        kind = _KINDS.get(word(row.get("grandeur_hydro")))
        if kind is None:
            continue
        quantity, unit = kind
        try:
            value = number(field(row, "resultat_obs"))
            at = with_offset(row.get("date_obs"))
        except DecodeError as error:
            faults.append(f"{address}: {error}")
            continue
        if value is not None:
            canonical = to_canonical(quantity, value, unit)
            readings.append(Reading(ask.stations[address], quantity, at, canonical, value, unit))
    return Decoded(tuple(readings), tuple(faults), word(page.get("next")))


def _asks(stations: Mapping[str, str], now: datetime) -> tuple[Ask, ...]:
    since = (now - _BACK).replace(minute=0, second=0, microsecond=0, tzinfo=None).isoformat()
    codes = ",".join(sorted(stations))
    path = f"{_PATH}?code_entite={codes}&date_debut_obs={since}Z&size=1000&sort=desc"
    return (Ask("observations_tr", path, stations),) if stations else ()


POLLED = Polled(
    Source(
        name="hubeau",
        title="Hub'Eau hydrometry (France)",
        way=Way.POLLED,
        module="collectors/hubeau.py",
        offers=(Offer("H", Quantity.LEVEL, "mm"), Offer("Q", Quantity.DISCHARGE, "l/s")),
        time_rule="Z, believed",
        probe=tried(decode, "Y251002001"),
    ),
    asks=_asks,
    decode=decode,
    interval_s=300.0,
    cap=2_000_000,
    pages=5,
)
