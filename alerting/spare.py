"""Two gauges of one site: the spare one speaks only while the main one is lost (ADR 0014).

Both are judged alike, each by itself, and their events are facts. What is decided here is only whether
people are told of a spare's: while the main gauge is silent, in doubt, reported destroyed or never came, they
are told of the degree the spare holds; and whom a spare has told of a rise it tells of the rest, to its end.
"""

import logging
from datetime import datetime

from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.tell import PROVED, REACHED, VALIDITY
from floodcore.freshness import freshness, lag
from floodcore.killpoint import passing
from floodcore.network.model import Station
from floodcore.store import book, judging, notes, spares
from floodcore.store.judging import Announcement
from floodcore.store.listen import EVENT
from floodcore.store.spares import Stand, Untold
from floodcore.words import Cause, Degree, Flag, Freshness, Quantity

_log = logging.getLogger("hladina.engine")
_CHANNELS = {REACHED: ("sms", "cap"), PROVED: ("sms", "cap")}
_OFFICERS = ("sms",)


def counts(station: Station, stand: Stand | None, now: datetime) -> bool:
    """Whether the reading of `station` is to be believed at data time `now`."""
    if stand is None:
        return False
    degree = Degree.NONE if stand.degree is None else Degree(stand.degree)
    late = lag(stand.judged_until, stand.judged_at)
    found = freshness(stand.observed_at, station.interval, degree, now, Flag(stand.flag), late)
    return found in {Freshness.FRESH, Freshness.LATE}


async def stand_in(conn: AsyncConnection, rulebook: Rulebook, now: datetime) -> int:
    """Announce what the spares of lost gauges hold; returns how many events are told now."""
    known = rulebook.network.stations
    mains = {one.id: known[main] for one in known.values() if (main := one.spare_for) is not None and main in known}
    if not mains:
        return 0
    async with conn.transaction():
        await spares.lock(conn)
        found = await spares.standings(conn, sorted({main.id for main in mains.values()}))
        stands = {(stand.station_id, stand.quantity): stand for stand in found}
        noted = await notes.in_force(conn, now)
        destroyed = {note.station_id for note in noted if note.cause == Cause.DESTROYED}
        lost = [
            spare
            for spare, main in mains.items()
            if main.id in destroyed
            or not any(counts(main, stands.get((main.id, limits.quantity)), now) for limits in main.limits)
        ]
        untold = [
            event
            for event in await spares.untold(conn, list(mains), lost)
            if rulebook.of(event.station_id, Quantity(event.quantity), event.at).rules.told
        ]
        await _announce(conn, untold, now)
        passing("spare.before_commit")
    passing("spare.after_commit")
    for event in untold:
        _log.warning(
            "%s stands in for %s: event %d is told", event.station_id, mains[event.station_id].id, event.event_id
        )
    return len(untold)


async def _announce(conn: AsyncConnection, untold: list[Untold], now: datetime) -> None:
    if not untold:
        return
    intents = [
        Announcement(event.event_id, channel, event.to_degree, max(event.at, now) + VALIDITY)
        for event in untold
        for channel in _CHANNELS.get(event.kind, _OFFICERS)
    ]
    await judging.announce(conn, intents)
    entries = [
        book.NewEntry(now, "spare", event.event_id, {"station": event.station_id, "to": event.to_degree})
        for event in untold
    ]
    await book.append(conn, entries, now)
    await judging.notify(conn, EVENT)
