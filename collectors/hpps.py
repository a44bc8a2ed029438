"""HPPS pages of ČHMÚ, the fallback when the open data fail: table to readings. Pure.

Time rule: `DD.MM.YYYY HH:MM` of Prague's clock without an offset; the order of the rows settles the hour that
comes twice. Decimal dot. The page has no contract: docs/sources/hpps.md.
"""

from datetime import datetime, timedelta

from collectors import tables
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_each, tried
from collectors.tables import Column, Form
from collectors.walltime import PRAGUE
from floodcore.words import Quantity

_FORM = Form(
    columns=(
        Column(("stav", "[cm]"), Quantity.LEVEL, "cm"),
        Column(("tok", "[m"), Quantity.DISCHARGE, "m3/s"),
        Column(("teplota",), Quantity.WATER_TEMPERATURE, "degC"),
    ),
    mark=".",
    zone=PRAGUE,
)


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """The table of one profile.

    Raises:
        DecodeError: no such table.
    """
    return tables.readings(body, _FORM, ask.stations[ask.item])


POLLED = Polled(
    Source(
        name="hpps",
        title="HPPS pages of ČHMÚ (fallback)",
        way=Way.POLLED,
        module="collectors/hpps.py",
        offers=(
            Offer("Stav", Quantity.LEVEL, "cm"),
            Offer("Průtok", Quantity.DISCHARGE, "m3/s"),
            Offer("Teplota", Quantity.WATER_TEMPERATURE, "°C"),
        ),
        time_rule="Prague wall clock, no offset; the order of the rows settles the repeated hour",
        probe=tried(decode, "307311"),
        to_confirm="the page and its ids: no contract, the layout changes",
    ),
    asks=one_for_each("/hppsoldv/hpps_prfdata.php?seq={}"),
    decode=decode,
    interval_s=600.0,
    cap=1_000_000,
    html=True,
    past=timedelta(days=6),  # about a week of rows
)
