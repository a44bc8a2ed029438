"""Whose turn it is when several sources carry one gauge (ADR 0011).

The links of a station are in the order of trust. A source that is not the first one keeps silent while one
before it feeds the gauge, and is then heard only about what is newer: it fills a silence, it never stands
beside a better source or against it. What comes after it (a spare's spare, the flood patrol) does not silence it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.catalogue import CATALOGUE
from collectors.source import Ask, Polled
from floodcore.house import House
from floodcore.network.model import Station
from floodcore.store.others import newest_of
from floodcore.words import Quantity, Reading

_CONTEXT = frozenset(name for name, source in CATALOGUE.items() if not any(offer.quantity for offer in source.offers))
_LEAST = timedelta(minutes=30)
_INTERVALS = 3  # two lost readings are no silence yet


@dataclass(frozen=True, slots=True)
class Turns:
    """What one source may be heard about in this round.

    `held` are stations that a source before it feeds; `since` the newest time of those for a series of a
    station where this one stands in.
    """

    held: frozenset[str] = frozenset()
    since: Mapping[tuple[str, Quantity], datetime] = field(default_factory=dict)

    def wanted(self, ask: Ask) -> bool:
        """Whether an answer to `ask` could be heard about any station."""
        return not self.held or not ask.stations or any(key not in self.held for key in ask.stations.values())

    def heard(self, readings: Iterable[Reading]) -> list[Reading]:
        """The readings that are this source's to tell."""
        return [
            each
            for each in readings
            if each.station_id not in self.held
            and ((since := self.since.get((each.station_id, each.quantity))) is None or each.observed_at > since)
        ]


async def of(house: House, polled: Polled, now: datetime, begun_at: datetime) -> Turns:
    """The turns of `polled` at `now`; one that is first everywhere, or is context only, costs no query."""
    stations = house.network.stations.values()
    stands_in = {s.id: s for s in stations if polled.name in feeding(s)[1:]}
    if not stands_in:
        return Turns()
    ahead = {key: feeding(s)[: feeding(s).index(polled.name)] for key, s in stands_in.items()}
    async with house.pool.connection() as conn:
        newest = await newest_of(conn, ahead, now)
    held = frozenset(key for key, station in stands_in.items() if not silent(station, newest, now, begun_at))
    return Turns(held, newest)


def feeding(station: Station) -> list[str]:
    """The sources whose readings feed `station`, in the order of trust; those of context have no turn."""
    return [link.kind for link in station.links if link.kind not in _CONTEXT]


def silent(
    station: Station, newest: Mapping[tuple[str, Quantity], datetime], now: datetime, begun_at: datetime
) -> bool:
    """Whether no better source feeds `station`. After a start they get as long to speak as later to be silent."""
    patience = max(_LEAST, _INTERVALS * station.interval)
    heard = [at for (key, _), at in newest.items() if key == station.id]
    return now - max([begun_at, *heard]) > patience
