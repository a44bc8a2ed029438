"""Texts that ran out while the gateway was away: told as delayed if their event still stands, else given up."""

import logging

from alerting.notify import policy
from alerting.notify.compose import UntellableError
from alerting.notify.expanding import bodies, is_past, main_of, said_of
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import notes, renewing, telling
from floodcore.store.notes import report_of
from floodcore.store.renewing import RunOut

_log = logging.getLogger("hladina.notify")


async def renew_run_out(house: House) -> None:
    """Renew or give up every text that ran out, one series at a time."""
    async with house.pool.connection() as connection:
        events = await renewing.run_out(connection, house.clock.now())
    for old in events:
        renewed, expired = await _renew(house, old)
        if renewed:
            _log.warning("event %d: %d texts were not accepted in time, told on as delayed", old.event_id, renewed)
        if expired:
            _log.error("event %d: %d texts were not accepted in time and are past", old.event_id, expired)


async def _renew(house: House, old: RunOut) -> tuple[int, int]:
    now, renewed = house.clock.now(), 0
    async with house.pool.connection() as connection, connection.transaction():
        current = await renewing.current(connection, old)
        if current is None:
            return 0, 0
        passing("renew.claimed")
        newest = await telling.newest(connection, current)
        said = await said_of(connection, current)
        plan = policy.telling(now, current.at, current.valid_until, newest=newest)
        if plan is not None and not is_past(said, now):
            exercise = current.exercise or house.settings.exercise
            report = report_of(await notes.in_force(connection, now, current.station_id))
            try:
                texts = bodies(
                    house.texts, house.network, current, exercise=exercise, delayed=True, said=said, report=report
                )
            except UntellableError as error:
                _log.error("event %d: not told on: %s", current.event_id, error)
            else:
                main = main_of(house.network, current.station_id)
                renewed = await renewing.renew(connection, old, now, texts, plan.valid_until, main)
        expired = await renewing.expire(connection, old, now)
        passing("renew.before_commit")
    passing("renew.after_commit")
    return renewed, expired
