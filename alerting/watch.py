"""The watch: looks at the gauges beside one another and keeps what it doubts. Changes no degree (ADR 0012).

Every ten minutes of data time at the last half day, every six hours at the last two weeks. A doubt holds for two
hours (two looks of its kind at least) and is written again before that runs out. Dying anywhere leaves nothing
half done: a look is one transaction, and the next finds the same.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from psycopg import AsyncConnection

from floodcore.house import House
from floodcore.network.model import Network, Station
from floodcore.quality import beside, rain
from floodcore.quality.beside import Beside, Doubt
from floodcore.quality.grid import Array, last_of_slot, sum_of_slot, within_km
from floodcore.store import doubts
from floodcore.store.doubts import DoubtView, NewDoubt, Word
from floodcore.supervision import Pulse
from floodcore.words import Quantity

EVERY = timedelta(minutes=10)
LONG_EVERY = timedelta(hours=6)
_HALF_DAY = timedelta(hours=12)
_TWO_WEEKS = timedelta(days=14)
_SLOT = timedelta(minutes=10)
_HOUR = timedelta(hours=1)
# A slot without a reading takes the one before, up to so many slots back: gauges report every 5 to 20 minutes.
_HELD = 2
# Gauges of one storm (a shower is some km wide), and rain gauges whose rain reaches a gauge. Judged.
RAIN_KM, WET_KM = 15.0, 20.0
_HOLDS, _LONG_HOLDS = timedelta(hours=2), timedelta(hours=18)
_AGAIN = 0.5
_BEAT_S = 5.0

_LONG = frozenset({beside.DRIFT, rain.DOUBLE})
_TEXTS = {
    beside.DRIFT: "moved {cm:+.0f} cm against its neighbours in {hours:.0f} h",
    beside.STEP: "stepped by {cm:+.0f} cm while nothing else moved",
    beside.STILL: "the same value for {hours:.0f} h while {gauges:.0f} neighbours moved",
    beside.ALONE: "rose {cm:.0f} cm in an hour; neighbours {beside_cm:.0f} cm, rain {rain_mm:.1f} mm",
    rain.CLOGGED: "{mm:.1f} mm in {hours:.0f} h where the neighbours had {beside_mm:.0f} mm",
    rain.DOUBLE: "{times:.1f} times the rain of its neighbours ({beside_mm:.0f} mm)",
}

_log = logging.getLogger("hladina.watch")


@dataclass(slots=True)
class Watching:
    """What the stage remembers: when it last looked at the two weeks."""

    long_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Abreast:
    """Series of one quantity on one grid: `values` (n, slots), row i is `series[i]` at `stations[i]`."""

    series: tuple[int, ...] = ()
    stations: tuple[str, ...] = ()
    values: Array = field(default_factory=lambda: np.empty((0, 0)))


async def stage(house: House, watching: Watching, pulse: Pulse) -> None:
    """Look for ever."""
    while True:
        async with house.pool.connection() as conn:
            await look(conn, house.network, house.clock.settled(), watching)
        pulse.beat()
        end = time.monotonic() + max(house.clock.real_seconds(EVERY.total_seconds()), 1.0)
        while (left := end - time.monotonic()) > 0.0:
            if not pulse.broken:
                pulse.beat()
            await asyncio.sleep(min(left, _BEAT_S))


async def look(conn: AsyncConnection, network: Network, now: datetime, watching: Watching) -> int:
    """One look at data time `now`; returns how many doubts were written.

    Raises:
        psycopg.Error: nothing of the look happened.
    """
    is_long = watching.long_at is None or not timedelta(0) <= now - watching.long_at < LONG_EVERY
    async with conn.transaction():
        words = await doubts.recent(conn, (Quantity.LEVEL, Quantity.RAIN), now - _HALF_DAY, now)
        found = short_look(network, words, now)
        if is_long:
            found += long_look(
                network, await doubts.hourly(conn, (Quantity.LEVEL, Quantity.RAIN), now - _TWO_WEEKS, now), now
            )
        new = worth_writing(found, await doubts.open_doubts(conn, now), now)
        await doubts.save(conn, new)
    watching.long_at = now if is_long else watching.long_at
    for one in new:
        _log.warning("doubt upon series %d: %s: %s", one.series_id, one.test, one.text)
    return len(new)


def short_look(network: Network, words: Sequence[Word], now: datetime) -> list[NewDoubt]:
    """The doubts of the last half day. Pure."""
    hour, slots = int(_HOUR / _SLOT), int(_HALF_DAY / _SLOT)
    level = _abreast(words, Quantity.LEVEL, network, now - _HALF_DAY, _SLOT, slots)
    fallen = _abreast(words, Quantity.RAIN, network, now - _HALF_DAY, _SLOT, slots)
    near, wet = _of_one_river(network, level.stations), _wet(network, level.stations, fallen.stations)
    storm = _near(network, fallen.stations, RAIN_KM)
    on_levels = [
        *beside.stepped(level.values, fallen.values, near, wet, hour),
        *beside.held(level.values, near, hour),
        *beside.alone(level.values, fallen.values, near, wet, hour),
    ]
    return [
        *_written(on_levels, level, now - _HALF_DAY, _SLOT, now),
        *_written(rain.clogged(fallen.values, storm, hour), fallen, now - _HALF_DAY, _SLOT, now),
    ]


def long_look(network: Network, words: Sequence[Word], now: datetime) -> list[NewDoubt]:
    """The doubts of the last two weeks, from hourly words. Pure."""
    start = now - _TWO_WEEKS
    slots = int(_TWO_WEEKS / _HOUR)
    level = _abreast(words, Quantity.LEVEL, network, start, _HOUR, slots)
    fallen = _abreast(words, Quantity.RAIN, network, start, _HOUR, slots)
    drifts = beside.drifting(level.values, _of_one_river(network, level.stations))
    doubles = rain.counted_twice(fallen.values, _near(network, fallen.stations, RAIN_KM))
    return [*_written(drifts, level, start, _HOUR, now), *_written(doubles, fallen, start, _HOUR, now)]


def worth_writing(found: Iterable[NewDoubt], known: Iterable[DoubtView], now: datetime) -> list[NewDoubt]:
    """Of the doubts found those not known yet, or whose time is half over; these keep their beginning. Pure."""
    standing = {(one.series_id, one.test): one for one in known}
    new = []
    for one in found:
        old = standing.get((one.series_id, one.test))
        if old is None:
            new.append(one)
        elif old.until - now < (one.until - now) * _AGAIN:
            since = min(old.since, one.since)
            new.append(NewDoubt(one.series_id, one.test, since, one.until, one.text, one.evidence))
    return new


def _written(found: Iterable[Doubt], where: Abreast, start: datetime, step: timedelta, now: datetime) -> list[NewDoubt]:
    return [
        NewDoubt(
            series_id=where.series[one.row],
            test=one.test,
            since=start + one.since * step,
            until=now + (_LONG_HOLDS if one.test in _LONG else _HOLDS),
            text=_TEXTS[one.test].format(**one.evidence),
            evidence={name: round(number, 1) for name, number in one.evidence.items()},
        )
        for one in found
    ]


def _abreast(
    words: Sequence[Word], quantity: Quantity, network: Network, start: datetime, step: timedelta, slots: int
) -> Abreast:
    """The series of a quantity, of stations in the files, on one grid."""
    by: dict[int, list[Word]] = {}
    for word in words:
        if word.quantity == quantity and word.station_id in network.stations:
            by.setdefault(word.series_id, []).append(word)
    if not by:
        return Abreast(values=np.empty((0, slots)))
    begin, seconds = start.timestamp(), step.total_seconds()
    rows = []
    for some in by.values():
        at, value = np.array([one.at.timestamp() for one in some]), np.array([one.value for one in some])
        if quantity is Quantity.RAIN:
            rows.append(sum_of_slot(at, value, begin, seconds, slots))
        else:
            rows.append(last_of_slot(at, value, begin, seconds, slots, _HELD if step < _HOUR else 0))
    return Abreast(tuple(by), tuple(some[0].station_id for some in by.values()), np.stack(rows))


def _of_one_river(network: Network, names: Sequence[str]) -> Beside:
    """Gauges of one river, or one above the other."""
    stations = [network.stations[name] for name in names]
    near = [[one is not other and _related(one, other) for other in stations] for one in stations]
    return np.array(near, dtype=bool).reshape(len(stations), len(stations))


def _related(one: Station, other: Station) -> bool:
    return (one.river is not None and one.river == other.river) or one.id in other.upstream or other.id in one.upstream


def _near(network: Network, names: Sequence[str], reach: float) -> Beside:
    return within_km(*_places(network.stations, names), reach)


def _wet(network: Network, gauges: Sequence[str], rain_gauges: Sequence[str]) -> Beside:
    """Which rain gauges (n, m) are near which gauges."""
    everyone = _near(network, (*gauges, *rain_gauges), WET_KM)
    return everyone[: len(gauges), len(gauges) :]


def _places(stations: Mapping[str, Station], names: Sequence[str]) -> tuple[list[float | None], list[float | None]]:
    return [stations[name].lat for name in names], [stations[name].lon for name in names]
