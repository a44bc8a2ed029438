"""The alerting room as the roof sees it: its background stages and its routes."""

import asyncio
import time
from functools import partial

from aiohttp import web

from alerting import evaluate
from alerting.engine.rulebook import Rulebook
from alerting.notify import routes as notify_routes
from alerting.notify import stages as notify_stages
from floodcore.house import House
from floodcore.store.listen import DIRTY, listening
from floodcore.supervision import Pulse, Stage

# NOTIFY is for speed; looking this often is for truth.
_POLL_S = 1.0
# In a stream of readings rounds begin this far apart, so that each judges many series for one commit; a
# lone reading is judged at once (measured: at 500/s rounds without a pause kept a core busy and came late).
_ROUND_S = 0.015
# How often a series put aside is tried again. The first time is at the start: it may be cured code.
_RETRY_S = 60.0
# Data seconds between sweeps for lost gauges, and after a start until the first: the collectors are
# given two minutes to fetch what was missed before anyone is called silent.
_SWEEP_S = 30.0
_SWEEP_AFTER_S = 120.0


def stages(house: House) -> dict[str, Stage]:
    """The stages of this room."""
    rulebook = Rulebook(house.network)
    return {
        "engine.evaluate": partial(_evaluate, house, rulebook),
        "engine.sweep": partial(_sweep, house, rulebook),
        **notify_stages.stages(house),
    }


def routes(house: House) -> list[web.RouteDef]:
    """The routes of this room: the gateway's callbacks."""
    return notify_routes.routes(house)


async def _evaluate(house: House, rulebook: Rulebook, pulse: Pulse) -> None:
    """Judge what is marked as soon as it is marked, on one connection kept for it."""
    async with listening(house.settings.database_url, DIRTY) as wake, house.pool.connection() as conn:
        retry_at = time.monotonic()
        while True:
            began = time.monotonic()
            if began >= retry_at:
                tried = await evaluate.retry(conn, rulebook, house.clock.now(), exercise=house.settings.exercise)
                retry_at = began if tried.judged else began + _RETRY_S
            done = await evaluate.evaluate(conn, rulebook, house.clock.now(), exercise=house.settings.exercise)
            pulse.beat()
            await asyncio.sleep(max(0.0, _ROUND_S - (time.monotonic() - began)))
            if done.claimed == 0:
                await wake.wait(_POLL_S)


async def _sweep(house: House, rulebook: Rulebook, pulse: Pulse) -> None:
    """Look for gauges lost when it matters."""
    pulse.beat()
    await asyncio.sleep(house.clock.real_seconds(_SWEEP_AFTER_S))
    while True:
        async with house.pool.connection() as conn:
            await evaluate.sweep(conn, rulebook, house.clock.settled(), exercise=house.settings.exercise)
        pulse.beat()
        await asyncio.sleep(max(house.clock.real_seconds(_SWEEP_S), _POLL_S))
