"""ČHMÚ rain gauges, ten-minute sums (open climate data): one file for each gauge and day. Pure.

Time rule: `DT` carries `Z` or an offset and is believed; the day in the name of the file is one of UTC.
Columns are found by header name. A null is no reading. The files are written about once an hour: context for
people and checks, too slow for alarms. docs/sources/chmu_rain.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from collectors.documents import Json, document, fields, word
from collectors.faults import DecodeError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, tried
from collectors.stamps import with_offset
from floodcore.words import Quantity, Reading

_ELEMENT = "SRA10M"
_COLUMNS = ("STATION", "ELEMENT", "DT", "VAL")
# The last hour of a day is written in the first of the next one; twice that for a slow writer.
_YESTERDAY_UNTIL = timedelta(hours=2)


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """Ten-minute sums of the gauge that was asked for, mm.

    Raises:
        DecodeError: no such file, or it lacks a column.
    """
    (address, station_id), *_ = ask.stations.items()
    rows, where = _table(body)
    readings: list[Reading] = []
    faults: list[str] = []
    known = not rows  # a file without rows is that of a day that has just begun
    for row in rows:
        if not isinstance(row, list) or len(row) <= max(where.values()):
            faults.append("a row is too short")
            continue
        station, element, stamp, said = (row[where[name]] for name in _COLUMNS)
        known = known or word(station) == address
        if element != _ELEMENT or word(station) != address:
            continue
        try:
            value = number(said)
            at = with_offset(stamp)
        except DecodeError as error:
            faults.append(f"{_ELEMENT}: {error}")
            continue
        if value is not None:
            readings.append(Reading(station_id, Quantity.RAIN, at, value, value, "mm"))
    if not known:
        message = f"the file of {address} speaks of other gauges only"
        raise DecodeError(message)
    return Decoded(tuple(readings), tuple(faults))


def _table(body: bytes) -> tuple[list[Json], dict[str, int]]:
    """The rows, and where the columns stand."""
    table = fields(fields(fields(document(body, "a file of rain"), "the file").get("data"), "data").get("data"), "data")
    heads = [name.strip() for name in word(table.get("header")).split(",")]
    rows = table.get("values")
    if not isinstance(rows, list) or any(name not in heads for name in _COLUMNS):
        message = f"the file lacks its rows or one of the columns {', '.join(_COLUMNS)}"
        raise DecodeError(message)
    return rows, {name: heads.index(name) for name in _COLUMNS}


def _asks(stations: Mapping[str, str], now: datetime) -> tuple[Ask, ...]:
    """Today's file of each gauge, and yesterday's while it may still be written."""
    days = {now.date(), (now - _YESTERDAY_UNTIL).date()}
    return tuple(
        Ask(
            f"{address}:{day.toordinal() % 2}",  # two cursors a gauge, not one for each day for ever
            f"/meteorology/climate/now/data/10m-{address}-{day:%Y%m%d}.json",
            {address: stations[address]},
        )
        for address in sorted(stations)
        for day in sorted(days)
    )


POLLED = Polled(
    Source(
        name="chmu_rain",
        title="ČHMÚ open data, rain in ten minutes",
        way=Way.POLLED,
        module="collectors/chmu_rain.py",
        offers=(Offer(_ELEMENT, Quantity.RAIN, "mm"),),
        time_rule="Z or offset, believed",
        probe=tried(decode, "0-20000-0-11683"),
    ),
    asks=_asks,
    decode=decode,
    interval_s=300.0,
    cap=2_000_000,
)
