"""The stage that turns an announcement into one text per recipient, in one transaction."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting.notify import overdue, policy
from alerting.notify.compose import Forecast, Happening, UntellableError, compose
from alerting.notify.overdue import Present, Wait
from alerting.notify.rain_words import Rain
from alerting.notify.segments import count
from alerting.notify.words import mark
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.network.above import above
from floodcore.network.model import Names, Network, Station
from floodcore.store import expecting, foresight, listen, notes, rain, telling
from floodcore.store.foresight import Said
from floodcore.store.notes import report_of
from floodcore.store.telling import Announced, Body
from floodcore.supervision import Pulse
from floodcore.texts import Texts
from floodcore.words import Cause, Language, Quantity, Trend

_log = logging.getLogger("hladina.notify")
_POLL_S = 1.0
# As long as the tokens of the first 268 million texts; only the count of segments depends on it.
_TOKEN = "0000000"  # noqa: S105  # a place, not a secret


async def expand_announcements(house: House, pulse: Pulse) -> None:
    """Expand open announcements for ever, on notification and every second."""
    async with listen.listening(house.settings.database_url, listen.EVENT) as wake:
        while True:
            while await expand_one(house):
                pulse.beat()
            pulse.beat()
            await wake.wait(_POLL_S)


async def expand_one(house: House) -> bool:
    """Expand the most urgent open announcement; False if there is none."""
    async with house.pool.connection() as connection, connection.transaction():
        claimed = await telling.claim_announcement(connection, house.clock.now())
        if claimed is None:
            return False
        passing("notify.claimed")
        announced, newest = claimed
        written = await _expand(connection, house, announced, house.clock.now(), newest=newest)
        passing("notify.expanded")
    _log.info("event %d: %d texts", announced.event_id, written)
    return True


async def _expand(
    connection: AsyncConnection, house: House, announced: Announced, now: datetime, *, newest: bool
) -> int:
    plan = await planned(connection, house, announced, now, newest=newest)
    if isinstance(plan, Wait):
        await expecting.wait(connection, announced.event_id, plan.until)
        _log.info("event %d of %s waits for a forecast of now", announced.event_id, announced.station_id)
        return 0
    if plan is None:
        await telling.close(connection, announced)
        _log.warning("event %d of %s is past: nobody is told", announced.event_id, announced.station_id)
        return 0
    try:
        texts = await written(connection, house, plan, now, delayed=plan.delayed)
    except UntellableError as error:
        await telling.close(connection, announced)
        _log.error("event %d of %s: nobody is told: %s", announced.event_id, announced.station_id, error)
        return 0
    main = main_of(house.network, announced.station_id)
    fed_by = above(announced.station_id, house.network.stations)
    return await telling.expand(connection, announced, texts, plan.valid_until, main, plan.chance, fed_by)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is told: the event as it was, or an expectation as it is now, then with its `chance`; until when."""

    announced: Announced
    said: Said | None
    delayed: bool
    valid_until: datetime
    chance: float | None = None


async def planned(
    connection: AsyncConnection, house: House, announced: Announced, now: datetime, *, newest: bool
) -> Plan | Wait | None:
    """How an event is told at `now`; None where nobody shall hear of it any more."""
    said = await said_of(connection, announced)
    plan = policy.telling(now, announced.at, announced.valid_until, newest=newest)
    if plan is None:
        return None
    if said is not None and not said.heard and announced.reason == "changed":
        announced = replace(announced, reason="expected")  # what it was before, nobody was told
    if said is None or said.expected_at is None or not plan.delayed:
        return None if is_past(said, now) else Plan(announced, said, plan.delayed, plan.valid_until)
    station = house.network.stations.get(announced.station_id) or _unlisted(announced)
    stands = await expecting.expecting(connection, announced.station_id, announced.quantity)
    found = overdue.present(announced, said, stands, station.interval, now)
    if not isinstance(found, Present):
        return found
    return Plan(
        found.announced, found.said, delayed=False, valid_until=found.valid_until, chance=found.said.probability
    )


async def written(
    connection: AsyncConnection, house: House, plan: Plan, now: datetime, *, delayed: bool
) -> dict[str, Body]:
    """The texts of a plan.

    Raises:
        UntellableError: there are no words for this kind of event.
    """
    announced = plan.announced
    exercise = announced.exercise or house.settings.exercise
    report = report_of(await notes.in_force(connection, now, announced.station_id))
    fallen = await fallen_of(connection, announced)

    def of(one: Announced) -> dict[str, Body]:
        return bodies(
            house.texts,
            house.network,
            one,
            exercise=exercise,
            delayed=delayed,
            said=plan.said,
            report=report,
            fallen=fallen,
        )

    if announced.stands is None:
        return of(announced)
    # Residents hear what is proved of it, officers that more than that stands.
    standing = of(replace(announced, kind="reached", to_degree=announced.stands, doubt=announced.why))
    return {language: replace(body, officers=standing[language]) for language, body in of(announced).items()}


async def fallen_of(connection: AsyncConnection, announced: Announced) -> Rain | None:
    """What an event of rain is about; None for any other event."""
    found = await rain.of_event(connection, announced.event_id) if announced.quantity == Quantity.RAIN else None
    return None if found is None else Rain(found.window_min, found.limit_value, found.saturated, found.scheme)


def main_of(network: Network, station_id: str) -> str | None:
    """The gauge of which the station is the spare; None for any other."""
    station = network.stations.get(station_id)
    return None if station is None else station.spare_for


async def said_of(connection: AsyncConnection, announced: Announced) -> Said | None:
    """What an expectation said beside its degrees; None for any other event."""
    return await foresight.said(connection, announced.event_id) if announced.kind == "expected" else None


def is_past(said: Said | None, now: datetime) -> bool:
    """Whether what was expected has come or should have come, so that nobody is helped by hearing of it."""
    return said is not None and (said.overtaken or (said.latest_at is not None and said.latest_at <= now))


def bodies(
    texts: Texts,
    network: Network,
    announced: Announced,
    *,
    exercise: bool,
    delayed: bool,
    said: Said | None = None,
    report: Cause | None = None,
    fallen: Rain | None = None,
) -> dict[str, Body]:
    """The text of `announced` in every language, and what each costs with its token.

    `report` is what people say of the gauge, `fallen` what an event of rain is about.

    Raises:
        UntellableError: there are no words for this kind of event.
    """
    happening = Happening(
        kind=announced.kind,
        quantity=Quantity(announced.quantity),
        at=announced.at,
        from_degree=announced.left,
        to_degree=announced.to_degree,
        value=announced.value,
        trend=Trend(announced.trend),
        reason=announced.reason,
        forecast=_forecast(said),
        rain=fallen,
        doubt=announced.doubt,
    )
    station = network.stations.get(announced.station_id) or _unlisted(announced)
    river = network.rivers.get(station.river or "")
    result = {}
    for language in Language:
        name = "" if river is None else river.names.of(language)
        text = compose(texts, happening, station, name, language, exercise=exercise, delayed=delayed, report=report)
        result[str(language)] = Body(text, count(f"{text} {mark(_TOKEN)}"))
    return result


def _forecast(said: Said | None) -> Forecast | None:
    if said is None or said.probability is None:
        return None
    if said.expected_at is None or said.earliest_at is None or said.latest_at is None:
        return None
    return Forecast(said.probability, said.expected_at, said.earliest_at, said.latest_at)


def _unlisted(announced: Announced) -> Station:
    """A station taken out of the files between the event and its telling still has to be told."""
    return Station(
        id=announced.station_id,
        names=Names(announced.station_id),
        river=None,
        country="",
        operator="",
        quantities=(Quantity(announced.quantity),),
        interval=timedelta(minutes=10),
    )
