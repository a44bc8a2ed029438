"""The alerting room as the roof sees it: its background stages and its routes."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from alerting import evaluate, foresee, incident_watch, learnt, spare, sweep, vouch, watch
from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.notify import routes as notify_routes
from alerting.notify import stages as notify_stages
from floodcore.house import House
from floodcore.store.listen import CHANGE, DIRTY, listening
from floodcore.supervision import Pulse, Stage

# NOTIFY is for speed; looking this often is for truth.
_POLL_S = 1.0
# In a stream of readings rounds begin this far apart, so that each judges many series for one commit; a
# lone reading is judged at once (measured: at 500/s rounds without a pause kept a core busy and came late).
_ROUND_S = 0.015
_LONG_ROUND_S = 0.05
_LONGEST_REST_S = 0.5
# A forecast may come this much later than the degree. It rests four times as long as it worked, so that in a
# stream of readings four fifths of a core are left to those that judge and tell (measured: without, they came late).
_FORESEE_S = 0.1
_FORESEE_RESTS = 4.0
_FORESEE_LONGEST_REST_S = 5.0
# Who answers for a rise may be looked at this often: the words of all gauges are read for it.
_VOUCH_RESTS_S = 2.0
# How often a series put aside is tried again. The first time is at the start: it may be cured code.
_RETRY_S = 60.0
# Data seconds between sweeps for lost gauges, and after a start until the first: the collectors are
# given two minutes to fetch what was missed before anyone is called silent. The same after an outage of
# more than five minutes, the shortest allowed silence; a shorter one costs no second wait.
_SWEEP_S = 30.0
_SWEEP_AFTER_S = 120.0
_AWAY_S = 300.0
_LEAST_SWEEP_S = 1.0
# Waiting is no silence: the sweep beats this often.
_BEAT_S = 5.0


@dataclass(slots=True)
class _Watch:
    """What the sweep remembers when its stage is started again: until when it has seen, or waits to see, all."""

    until: float | None = None


def stages(house: House) -> dict[str, Stage]:
    """The stages of this room."""
    rulebook = Rulebook(house.network)
    return {
        "engine.evaluate": partial(_evaluate, house, rulebook),
        "engine.foresee": partial(_foresee, house, rulebook, learnt.at_start(house.settings.stations, house.network)),
        "engine.sweep": partial(_sweep, house, rulebook, _Watch()),
        "engine.vouch": partial(_vouch, house, rulebook),
        **_spares(house, rulebook),
        "engine.watch": partial(watch.stage, house, watch.Watching()),
        **notify_stages.stages(house),
    }


def routes(house: House) -> list[web.RouteDef]:
    """The routes of this room: the gateway's callbacks."""
    return notify_routes.routes(house)


def _spares(house: House, rulebook: Rulebook) -> dict[str, Stage]:
    """The stage that lets spares speak, where there are any."""
    has_any = any(station.spare_for is not None for station in house.network.stations.values())
    return {"engine.spare": partial(_spare, house, rulebook, _Watch())} if has_any else {}


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
            took = time.monotonic() - began
            # A long round means a backlog: the collector gets as long, and the next round more for its commit.
            await asyncio.sleep(min(took, _LONGEST_REST_S) if took > _LONG_ROUND_S else max(0.0, _ROUND_S - took))
            if done.claimed == 0:
                await wake.wait(_POLL_S)


async def _foresee(house: House, rulebook: Rulebook, trained: Trained, pulse: Pulse) -> None:
    """Foresee what was judged, apart from judging: an alert of a degree reached never waits for a forecast."""
    async with listening(house.settings.database_url, CHANGE) as wake, house.pool.connection() as conn:
        failing: set[int] = set()
        while True:
            began = time.monotonic()
            now, exercise = house.clock.now(), house.settings.exercise
            done = await foresee.foresee(conn, rulebook, now, exercise=exercise, failing=failing, trained=trained)
            pulse.beat()
            took = time.monotonic() - began
            await asyncio.sleep(min(max(_FORESEE_S, _FORESEE_RESTS * took), _FORESEE_LONGEST_REST_S))
            if done.foreseen == 0:
                await wake.wait(_POLL_S)


async def _sweep(house: House, rulebook: Rulebook, watch: _Watch, pulse: Pulse) -> None:
    """Look for gauges lost when it matters."""
    await _grace(house, watch, pulse)
    while True:
        async with house.pool.connection() as conn:
            now, live = house.clock.settled(), not house.clock.synthetic
            await incident_watch.look(conn, house.network, now, exercise=house.settings.exercise, real_time=live)
            await sweep.sweep(conn, rulebook, now, exercise=house.settings.exercise)
        watch.until = time.monotonic()
        pulse.beat()
        await _wait(max(house.clock.real_seconds(_SWEEP_S), _LEAST_SWEEP_S), pulse)


async def _vouch(house: House, rulebook: Rulebook, pulse: Pulse) -> None:
    """Look who answers for rises that are not proved, as soon as somebody may have."""
    async with listening(house.settings.database_url, CHANGE) as wake:
        while True:
            async with house.pool.connection() as conn:
                await vouch.look(conn, rulebook, house.clock.settled(), exercise=house.settings.exercise)
            pulse.beat()
            await asyncio.sleep(_VOUCH_RESTS_S)
            await wake.wait(_BEAT_S)


async def _spare(house: House, rulebook: Rulebook, watch: _Watch, pulse: Pulse) -> None:
    """Let the spares of lost gauges speak."""
    await _grace(house, watch, pulse)
    while True:
        async with house.pool.connection() as conn:
            await spare.stand_in(conn, rulebook, house.clock.settled())
        watch.until = time.monotonic()
        pulse.beat()
        await _wait(_POLL_S, pulse)


async def _grace(house: House, watch: _Watch, pulse: Pulse) -> None:
    """After a start or a long outage nobody is called silent before the collectors could fetch what was missed."""
    away = house.clock.real_seconds(_AWAY_S)
    if watch.until is None or time.monotonic() - watch.until > away:
        async with house.pool.connection():  # the grace begins when the database answers
            watch.until = time.monotonic() + house.clock.real_seconds(_SWEEP_AFTER_S)
    await _wait(watch.until - time.monotonic(), pulse)


async def _wait(seconds: float, pulse: Pulse) -> None:
    """Wait, beating; but a stage that failed is well again only when its work is done."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        if not pulse.broken:
            pulse.beat()
        await asyncio.sleep(min(left, _BEAT_S))
