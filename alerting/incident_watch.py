"""The look for what went wrong for many at once: one incident, told once to the officers, and its end.

One transaction a look: who was heard, what follows, the incident with its event, its announcement and its line
in the flood book. Dying before the commit leaves nothing, and the next look finds the same. Runs before the
sweep for lost gauges, which leaves out whom an open incident covers.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting import incidents
from alerting.incidents import CLOCK, Found, Known, Seen, WrongClock
from alerting.tell import VALIDITY
from floodcore.killpoint import passing
from floodcore.network.model import Network, Station
from floodcore.store import book, judging, wellbeing
from floodcore.store import incidents as store
from floodcore.store.incidents import Heard, Incident, NewIncident
from floodcore.store.judging import Announcement
from floodcore.store.listen import EVENT
from floodcore.words import Degree

BEGUN, ENDED = "begun", "ended"
# Who was not heard for a day is no part of a common fault any more.
ALIVE = timedelta(hours=24)
# An incident of our own clock is over when nobody has said so for this long.
_CLOCK_QUIET = timedelta(minutes=15)


async def look(
    conn: AsyncConnection, network: Network, now: datetime, *, exercise: bool, real_time: bool = True
) -> int:
    """Find incidents and their ends at data time `now`; returns how many events are new.

    `real_time` False leaves out the judgement of our own clock: on a clock that is sped up a second of work is
    minutes of delay.

    Raises:
        psycopg.Error: nothing of the look happened.
    """
    async with conn.transaction():
        await wellbeing.measure(conn, now)
    async with conn.transaction():
        seen = [_seen(one, network.stations[one.station_id]) for one in await _heard(conn, network, now)]
        known = await store.open_ones(conn)
        spent = await store.spent(conn)
        events = [
            *await _silences(conn, seen, known, spent, now, exercise=exercise),
            *(await _clock(conn, seen, known, now, exercise=exercise) if real_time else ()),
        ]
        passing("incident.found")
        await _tell(conn, events, now)
        passing("incident.before_commit")
    return len(events)


async def _heard(conn: AsyncConnection, network: Network, now: datetime) -> list[Heard]:
    """The stations of the network that were heard within a day; one taken out of the files is nobody's fault."""
    return [one for one in await store.heard(conn, now - ALIVE) if one.station_id in network.stations]


def _seen(one: Heard, station: Station) -> Seen:
    degree = Degree(one.degree)
    czech = any(limits.scheme == "spa" for limits in station.limits)
    return Seen(
        station_id=one.station_id,
        operator=station.operator,
        transport=one.source,
        newest_at=one.newest_at,
        received_at=one.received_at,
        interval=station.interval,
        degree=degree,
        spa=degree if czech else Degree.NONE,
        least_delay_s=one.least_delay_s,
        usual_delay_s=one.usual_delay_s,
    )


_Event = tuple[int, Incident | NewIncident, str]


async def _silences(
    conn: AsyncConnection,
    seen: Sequence[Seen],
    known: Sequence[Incident],
    spent: Collection[str],
    now: datetime,
    *,
    exercise: bool,
) -> list[_Event]:
    """Who speaks again, which incidents are over, who joins one, and what is new."""
    events: list[_Event] = []
    still: list[Known] = []
    silent = {station for one in known for station in one.members}
    back = set(incidents.heard_again(seen, now, silent | set(spent)))
    await store.hear(conn, back, now)
    for one in known:
        if one.scope == CLOCK:
            continue
        members = set(one.members) - back
        mine = Known(one.scope, one.name, one.at, frozenset(members))
        joined = incidents.joining(seen, now, mine, (silent | set(spent)) - back)
        await store.join(conn, one.incident_id, joined, now)
        silent |= set(joined)
        members |= set(joined)
        # A gauge that has not been heard for a day is its own affair: it must not keep the incident open for ever.
        members &= {each.station_id for each in seen}
        if incidents.is_over(one.silent, len(members)):
            events += await _end(conn, one, now, exercise=exercise)
        else:
            still.append(Known(one.scope, one.name, one.at, frozenset(members)))
    left_over = (silent | set(spent)) - back
    for found in incidents.silences(seen, now, still, left_over):
        events += await _begin(conn, _silence(found, now), exercise=exercise)
    return events


def _silence(found: Found, now: datetime) -> NewIncident:
    return NewIncident(
        found.scope, found.name, now, len(found.members), found.gauges, int(found.worst), None, found.members
    )


async def _clock(
    conn: AsyncConnection, seen: Sequence[Seen], known: Sequence[Incident], now: datetime, *, exercise: bool
) -> list[_Event]:
    """An incident of our own clock begins when many say so, and is over when nobody does any more."""
    ahead = {one.station_id: one.ahead_s for one in await store.ahead(conn, now - incidents.RECENT)}
    wrong = incidents.wrong_clock(seen, ahead, now)
    events: list[_Event] = []
    open_ones = [one for one in known if one.scope == CLOCK]
    for one in open_ones:
        same = wrong is not None and wrong.name == one.name
        if not same and now - one.at >= _CLOCK_QUIET:
            events += await _end(conn, one, now, exercise=exercise)
    if wrong is not None and wrong.name not in {one.name for one in open_ones}:
        events += await _begin(conn, _of_clock(wrong, now), exercise=exercise)
    return events


def _of_clock(wrong: WrongClock, now: datetime) -> NewIncident:
    return NewIncident(CLOCK, wrong.name, now, wrong.stations, wrong.heard, 0, round(wrong.minutes, 1), ())


async def _begin(conn: AsyncConnection, new: NewIncident, *, exercise: bool) -> list[_Event]:
    if await store.begin(conn, new) is None:
        return []
    number = await store.record(conn, new, BEGUN, new.at, exercise=exercise)
    return [] if number is None else [(number, new, BEGUN)]


async def _end(conn: AsyncConnection, one: Incident, now: datetime, *, exercise: bool) -> list[_Event]:
    if not await store.end(conn, one.incident_id, now):
        return []
    number = await store.record(conn, one, ENDED, now, exercise=exercise)
    return [] if number is None else [(number, one, ENDED)]


async def _tell(conn: AsyncConnection, events: Sequence[_Event], now: datetime) -> None:
    """To the officers, by SMS: lost sight is no statement about the water, and none for partners."""
    if not events:
        return
    told = [Announcement(number, "sms", max(1, incident.worst), now + VALIDITY) for number, incident, _ in events]
    await judging.announce(conn, told)
    await book.append(conn, [_entry(number, incident, reason, now) for number, incident, reason in events], now)
    await judging.notify(conn, EVENT)


def _entry(number: int, incident: Incident | NewIncident, reason: str, now: datetime) -> book.NewEntry:
    entry: dict[str, book.Word] = {
        "scope": incident.scope,
        "name": incident.name,
        "reason": reason,
        "silent": incident.silent,
        "gauges": incident.gauges,
        "worst": incident.worst,
        "minutes": incident.value,
        "stations": " ".join(incident.members)[:2000],
    }
    return book.NewEntry(now, "incident", number, entry)
