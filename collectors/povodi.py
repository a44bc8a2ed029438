"""Pages of the river boards Povodí Labe and Povodí Ohře: table to readings. Pure.

Time rule: `DD.MM.YYYY HH:MM` of Prague's clock without an offset; the order of the rows settles the hour that
comes twice. Decimal comma. The server sometimes answers an empty page first: that is a fault, and the
next round asks again. An address is `{oid}-{id}` of the page: docs/sources/povodi.md.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from collectors import tables
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, tried
from collectors.tables import Column, Form
from collectors.walltime import PRAGUE
from floodcore.words import Quantity

_FORM = Form(
    columns=(
        Column(("h", "[cm]"), Quantity.LEVEL, "cm"),
        Column(("q", "[m"), Quantity.DISCHARGE, "m3/s"),
    ),
    mark=",",
    zone=PRAGUE,
    table_id="ObsahCPH_DataMereniGV",
)


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """The table of one station.

    Raises:
        EmptyAnswerError: the empty page that comes before the real one.
        DecodeError: no such table.
    """
    return tables.readings(body, _FORM, ask.stations[ask.item])


def _pages(path: str) -> Callable[[Mapping[str, str], datetime], tuple[Ask, ...]]:
    def asks(stations: Mapping[str, str], _now: datetime) -> tuple[Ask, ...]:
        found = []
        for address in sorted(stations):
            board, _, number = address.partition("-")
            found.append(Ask(address, f"{path}?id={number}&oid={board}", {address: stations[address]}))
        return tuple(found)

    return asks


def _board(name: str, title: str, path: str) -> Polled:
    return Polled(
        Source(
            name=name,
            title=title,
            way=Way.POLLED,
            module="collectors/povodi.py",
            offers=(Offer("H", Quantity.LEVEL, "cm"), Offer("Q", Quantity.DISCHARGE, "m3/s")),
            time_rule="Prague wall clock, no offset; the order of the rows settles the repeated hour",
            probe=tried(decode, "1-307"),
            to_confirm="the address: pla.cz is moving; ask the dispatch for a file",
        ),
        asks=_pages(path),
        decode=decode,
        interval_s=600.0,
        cap=1_000_000,
        html=True,
    )


LABE = _board("povodi_labe", "Povodí Labe pages", "/portal/sap/cz/PC/Mereni.aspx")
OHRE = _board("povodi_ohre", "Povodí Ohře pages", "/portal/SaP/cz/pc/Mereni.aspx")
