"""Texts (SMS) of loggers, read by the pattern of their site. Pure.

Time rule: `{date}` and `{time}` of the text in the zone that the link names; a text without them was measured
when the gateway received it. A time without a date is the newest such time that is not to come. Of the
hour that comes twice in autumn the earlier is taken, so that a gauge may look older, never fresher.
docs/sources/sms.md.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from collectors.faults import DecodeError
from collectors.mounted import Heard, heard, measure
from collectors.rowtimes import zone_of
from collectors.samples import Measured
from collectors.source import Offer, Source, Way
from collectors.walltime import alone
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.network.pattern import compiled
from floodcore.words import Quantity

KIND = "sms"
_LONGEST = 1600
_AHEAD = timedelta(minutes=5)
_PARTS = re.compile(r"[0-9]+")
_DAY_AND_MONTH = 2


def decode(body: str, station_id: str, stations: Mapping[str, Station], received_at: datetime) -> Heard:
    """What one text of the logger at `station_id` says.

    Raises:
        DecodeError: no such station, none of its patterns fits, or the time or a value in it is none.
    """
    station = stations.get(station_id)
    if station is None:
        fault = f"there is no station {station_id[:40]!r} any more"
        raise DecodeError(fault)
    links = [link for link in station.links if link.kind == KIND]
    for link in links:
        pattern = compiled(link.pattern)
        match = pattern.regex.fullmatch(body[:_LONGEST])
        if match is not None:
            said = match.groupdict()
            at = moment(said.get("date"), said.get("time"), link.zone, received_at)
            measures = [
                Measured(measure(kind, float(said[kind].replace(",", ".")), unit))
                for kind, unit in pattern.units.items()
            ]
            return heard(station, link.mountings, measures, at)
    fault = f"the text fits none of the {len(links)} patterns of {station.id}"
    raise DecodeError(fault)


def moment(date: str | None, time: str | None, zone: str, received_at: datetime) -> datetime:
    """The moment that a text of `received_at` names by a time of the wall in `zone`, with or without a date.

    Raises:
        DecodeError: there is no such time, or it is still to come.
    """
    if time is None:
        return received_at
    place = zone_of(zone)
    today = received_at.astimezone(place)
    wall = _wall(date, time, today.year, (today.day, today.month))
    found = alone(wall, place)
    if found <= received_at + _AHEAD:
        return found
    if date is None:
        return alone(wall - timedelta(days=1), place)
    if len(_PARTS.findall(date)) == _DAY_AND_MONTH:  # a text of the old year's last night
        return alone(_wall(date, time, today.year - 1, (0, 0)), place)
    fault = f"the text is of {found.isoformat()}, which is still to come"
    raise DecodeError(fault)


def _wall(date: str | None, time: str, year: int, day_and_month: tuple[int, int]) -> datetime:
    hour, minute, second = map(int, (*_PARTS.findall(time), "0")[:3])
    day, month, *years = map(int, _PARTS.findall(date)) if date else day_and_month
    try:
        return datetime(years[0] if years else year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        fault = f"{date or ''} {time} is no time"
        raise DecodeError(fault) from None


def _probe(body: bytes) -> object:
    """The decoder on any bytes, for a site with two patterns."""
    timed = Link(KIND, pattern="Hladina {level:cm} cm {date} {time}*", zone="Europe/Prague")
    plain = Link(KIND, mounted=(Mounting(None, "", 400.0),), pattern="*ODSTUP={distance:mm};SRAZKY={rain:mm};*")
    links = (timed, plain)
    station = Station("probe", Names("probe"), None, "CZ", "", tuple(Quantity), timedelta(minutes=10), links=links)
    at = datetime(2026, 11, 22, 23, 2, tzinfo=UTC)
    return decode(body.decode("utf-8", "replace"), "probe", {"probe": station}, at)


SOURCE = Source(
    name=KIND,
    title="Texts of loggers (SMS)",
    way=Way.TEXT,
    module="collectors/loggertexts.py",
    offers=(
        Offer("level, distance, depth", Quantity.LEVEL, "of the pattern", "distance and depth by the mounting"),
        Offer("rain", Quantity.RAIN, "mm"),
        Offer("battery", Quantity.BATTERY, "V, mV"),
    ),
    time_rule="date and time of the text in the stated zone, else when the gateway received it",
    probe=_probe,
)
