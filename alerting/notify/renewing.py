"""Texts that ran out while the gateway was away: told as delayed if their event still stands, else given up."""

import logging

from alerting.notify.compose import UntellableError
from alerting.notify.expanding import main_of, planned, written
from alerting.notify.overdue import Wait
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.network.above import above
from floodcore.store import renewing, telling
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
        plan = await planned(connection, house, current, now, newest=newest)
        if isinstance(plan, Wait):
            return 0, 0
        if plan is not None:
            try:
                # An expectation of now is not late; anything else was to be heard long ago.
                texts = await written(connection, house, plan, now, delayed=plan.chance is None)
            except UntellableError as error:
                _log.error("event %d: not told on: %s", current.event_id, error)
            else:
                main = main_of(house.network, current.station_id)
                fed_by = above(current.station_id, house.network.stations)
                renewed = await renewing.renew(connection, old, now, texts, plan.valid_until, main, plan.chance, fed_by)
        expired = await renewing.expire(connection, old, now)
        passing("renew.before_commit")
    passing("renew.after_commit")
    return renewed, expired
