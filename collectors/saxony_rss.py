"""The Saxon feed of one gauge (RSS): fifteen hours of readings, the spare for the gauge layer. Pure.

Time rule: `dc:date` carries `Z` or an offset and is believed. The values stand in the escaped HTML of the
description, with a decimal comma; a dot there could part thousands and is refused. docs/sources/saxony_rss.md.
"""

import re
from datetime import datetime, timedelta

from lxml import etree

from collectors import xmlsafe
from collectors.faults import DecodeError, EmptyAnswerError
from collectors.numerals import decimal
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_each, tried
from collectors.stamps import with_offset
from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Quantity, Reading

_CAP = 500_000
_VALUE = re.compile(r"(Wasserstand|Durchfluss)\s*:\s*([^<]{0,40})")
_QUANTITIES = {"Wasserstand": Quantity.LEVEL, "Durchfluss": Quantity.DISCHARGE}


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """The items of the feed, in its order.

    Raises:
        EmptyAnswerError: an empty body.
        DecodeError: no feed.
    """
    if not body.strip():
        message = "an empty body instead of a feed"
        raise EmptyAnswerError(message)
    root = xmlsafe.parse(body, _CAP)
    if _name(root) not in {"rss", "RDF"}:
        message = f"the root {_name(root)[:40]!r} is that of no feed"
        raise DecodeError(message)
    readings: list[Reading] = []
    faults: list[str] = []
    for item in root.iter():
        if _name(item) == "item":
            _read(item, ask.stations[ask.item], readings, faults)
    return Decoded(tuple(readings), tuple(faults))


def _read(item: etree._Element, station_id: str, readings: list[Reading], faults: list[str]) -> None:
    texts = {_name(child): (child.text or "").strip() for child in item}
    try:
        at = with_offset(texts.get("date"))
    except DecodeError as error:
        faults.append(str(error))
        return
    values = _VALUE.findall(texts.get("description", ""))
    if not values:
        faults.append("an item without a value that we know")
    for name, said in values:
        figure, _, unit = said.strip().partition(" ")
        try:
            value = decimal(figure, ",")
            if value is None:
                continue
            quantity = _QUANTITIES[name]
            canonical = to_canonical(quantity, value, unit.strip())
        except (DecodeError, UnknownUnitError) as error:
            faults.append(f"{name}: {error}")
        else:
            readings.append(Reading(station_id, quantity, at, canonical, value, unit.strip()))


def _name(element: etree._Element) -> str:
    """The name without its namespace; the reader leaves neither comments nor instructions."""
    return str(etree.QName(element).localname)


POLLED = Polled(
    Source(
        name="saxony_rss",
        title="Saxony, feed of one gauge (RSS)",
        way=Way.POLLED,
        module="collectors/saxony_rss.py",
        offers=(
            Offer("Wasserstand", Quantity.LEVEL, "cm"),
            Offer("Durchfluss", Quantity.DISCHARGE, "m³/s"),
            Offer("Meldestufe", None, "", "not read: the stage is declared by the authority"),
        ),
        time_rule="Z or offset, believed",
        probe=tried(decode, "660160"),
        to_confirm="the numbers of the feeds, from a public list; which way may be used (ask LHWZ)",
    ),
    asks=one_for_each("/umwelt/infosysteme/hwims/portal/web/feed/wasserstand-pegel-{}"),
    decode=decode,
    interval_s=300.0,
    cap=_CAP,
    past=timedelta(hours=14),  # 60 readings of 15 min, less one hour for those that come late
)
