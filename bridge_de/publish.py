"""The stage `bridge.publish`: event to stored CAP bytes, in one transaction with the announcement's end.

A crash before the commit leaves the announcement open and no message; after it, both are final. So
every event is told exactly once, also one that is opened again while it is told. A message about to expire while
its degree holds is told anew.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from bridge_de.cap import Alert
from bridge_de.check import faults
from bridge_de.compose import Publisher, compose, compose_plain
from bridge_de.render import render
from bridge_de.told import REFRESH_BEFORE, STORY_WAITS, Telling, concerns_us, is_past, telling
from bridge_de.wording import Phase
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.network.above import above
from floodcore.store import expecting, notes, reservation, warnings
from floodcore.store.connect import Pool
from floodcore.store.listen import EVENT, listening
from floodcore.store.notes import Note
from floodcore.store.warnings import NewMessage, ToldEvent
from floodcore.supervision import Pulse

_log = logging.getLogger("hladina.bridge")
_POLL_S = 1.0
_BATCH = 50
# How long what is not warned of just now is waited with, by the clock of the data.
_AGAIN = timedelta(minutes=1)
_MOST_NOTES = 3


def publisher_of(house: House) -> Publisher:
    """Who speaks in this house."""
    return Publisher(house.settings.public_url, house.settings.exercise, house.network, house.texts)


async def publish(house: House, pulse: Pulse) -> None:
    """Tell every announced event as it comes, for ever; refresh what is about to expire."""
    speaker = publisher_of(house)
    async with listening(house.settings.database_url, EVENT) as wake:
        while True:
            while await publish_batch(house.pool, speaker, house.clock):
                pulse.beat()
            while await refresh_batch(house.pool, speaker, house.clock):
                pulse.beat()
            pulse.beat()
            await wake.wait(_POLL_S)


async def publish_batch(pool: Pool, speaker: Publisher, clock: Clock) -> int:
    """Tell up to 50 events of different chains in one transaction; returns how many were settled."""
    async with pool.connection() as connection, connection.transaction():
        claimed = await warnings.claim(connection, _BATCH, clock.now())
        passing("bridge.claimed")
        # Chains are locked in one order everywhere, so two bridges cannot wait for each other.
        for found in await warnings.events(connection, claimed):
            chain = await warnings.story(connection, found, clock.now() - STORY_WAITS)
            event = await _reserved(connection, replace(found, chain=chain), speaker)
            earlier = await warnings.lock_chain(connection, chain)
            mine = concerns_us(event, earlier, speaker.network) and not is_past(event, clock.now())
            if mine and event.expected_at is not None:
                message = await expecting.message(connection, event.event_id)
                if message.waits:
                    await expecting.wait(connection, event.event_id, clock.now() + _AGAIN, "cap")
                    _log.info("event %d at %s waits to be warned of again", event.event_id, event.station_id)
                    continue
                mine = not message.void
            if mine:
                noted = await _noted(connection, event, clock.now())
                await _tell(connection, telling(event, earlier, clock.now(), notes=noted), speaker)
            else:
                _log.info("event %d at %s is not ours to tell", event.event_id, event.station_id)
            await warnings.settle(connection, event.event_id)
        passing("bridge.before_commit")
    passing("bridge.after_commit")
    return len(claimed)


async def refresh_batch(pool: Pool, speaker: Publisher, clock: Clock) -> int:
    """Tell anew what is about to expire though its degree holds; returns how many messages were made."""
    before = clock.now() + REFRESH_BEFORE
    async with pool.connection() as connection:
        chains = await warnings.expiring(connection, clock.now(), before, _BATCH)
    made = 0
    for chain in chains:
        async with pool.connection() as connection, connection.transaction():
            earlier = await warnings.lock_chain(connection, chain)
            last = earlier[-1]
            if last.all_clear or last.expires >= before:
                continue  # another bridge was first
            (found,) = await warnings.events(connection, [await warnings.holding(connection, last.event_id)])
            event = await _reserved(connection, replace(found, chain=chain), speaker)
            series, window = event.series_id, event.window_min
            newest = None if series is None else await warnings.latest(connection, series, window)
            noted = await _noted(connection, event, clock.now())
            await _tell(connection, telling(event, earlier, clock.now(), newest, noted), speaker)
            made += 1
    return made


async def _reserved(connection: AsyncConnection, event: ToldEvent, speaker: Publisher) -> ToldEvent:
    """The event with what is said of a rise above that is not proved: nothing that is expected of it is told yet."""
    if event.expected_at is None and event.further is None:
        return event
    upstream = above(event.station_id, speaker.network.stations)
    if not await reservation.rests_on_unproved(connection, event.event_id, upstream):
        return event
    return replace(event, unproved=True) if event.expected_at is not None else replace(event, further=None)


async def _noted(connection: AsyncConnection, event: ToldEvent, now: datetime) -> tuple[Note, ...]:
    """What people report about the gauge of `event`; the newest few, for a message has an end."""
    return tuple(await notes.in_force(connection, now, event.station_id))[:_MOST_NOTES]


async def _tell(connection: AsyncConnection, told: Telling, speaker: Publisher) -> None:
    alert, body = write(told, speaker)
    passing("bridge.composed")
    await warnings.store(connection, _row(told, alert, body))
    await asyncio.sleep(0)


def write(told: Telling, speaker: Publisher) -> tuple[Alert, bytes]:
    """The message and its bytes. A faulty one is replaced by the plain form: an alert is never lost to its form.

    The plain form is stored even if it has faults of its own; both are logged as errors.
    """
    try:
        alert = compose(told, speaker)
        body = render(alert)
        found = faults(body)
    except (LookupError, ValueError, ArithmeticError) as error:
        found = [f"{type(error).__name__}: {error}"]
    if not found:
        return alert, body
    _log.error("event %d: message refused by our own check, the plain form is sent: %s", told.event.event_id, found)
    alert = compose_plain(told, speaker)
    body = render(alert)
    remaining = faults(body)
    if remaining:
        _log.error("event %d: even the plain form has faults: %s", told.event.event_id, remaining)
    return alert, body


def _row(told: Telling, alert: Alert, body: bytes) -> NewMessage:
    czech, german = alert.infos
    return NewMessage(
        identifier=alert.identifier,
        event_id=told.event.event_id,
        revision=told.revision,
        chain=told.event.chain,
        sent=told.sent,
        expires=told.expires,
        reference=alert.reference,
        msg_type=alert.msg_type,
        status=alert.status,
        headline_cs=czech.headline,
        headline_de=german.headline,
        all_clear=told.phase in {Phase.CLEAR, Phase.WITHDRAWN},
        body=body,
    )
