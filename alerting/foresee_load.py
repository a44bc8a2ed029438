"""What a round of foreseeing reads: believed points of the claimed series and of the gauges above them.

Owns the waiting. A forecast looks at the gauges above too, so a reading waits until those that should have
reported by its time are judged so far, but no longer than `PATIENCE`. Then a live house decides as a hindcast
does, in whatever order the series came, unless a gauge above is later than that.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.rules import Rules
from alerting.foresee_fold import NEIGHBOUR_SILENT_S, Points, due, points
from alerting.past import BEFORE_ALL
from floodcore.store import foresight
from floodcore.store.foresight import Memory, PointRow, ReachedRow, Series
from floodcore.words import Quantity

Array = NDArray[np.float64]

# Values of one series read in a round: six hours of a gauge that reports every four seconds.
VALUES = 6000
# How far back a forecast looks (forecast_past: 37 values ten minutes apart).
_PAST = timedelta(hours=6)
# How long, by the clock of the data, a reading waits for the gauges above it. Judged: sources of one operator
# come within seconds of one another, and three minutes are a tenth of the shortest horizon.
PATIENCE = timedelta(minutes=3)

_log = logging.getLogger("hladina.foresee")


@dataclass(frozen=True, slots=True)
class Work:
    """A series to foresee up to `until`. `moments` are its new believed readings, `due` those that have a forecast."""

    series: Series
    ruled: Versioned
    memory: Memory
    own: Points
    above: tuple[Points, ...]
    reached: Sequence[ReachedRow]
    until: datetime
    moments: Array
    due: Array


@dataclass(frozen=True, slots=True)
class Loaded:
    """What there is to do now, and the series that are not done with it."""

    work: list[Work]
    unfinished: list[int]


@dataclass(frozen=True, slots=True)
class _Above:
    """A gauge above: its rules and its rows."""

    rules: Rules
    rows: Sequence[PointRow]


async def load(conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, now: datetime) -> Loaded:
    """Lock the claimed series of which people are told, and read what is new of them."""
    series = [one for one in await foresight.load(conn, claimed) if _told(rulebook, one)]
    above = await _numbers(conn, series, rulebook)
    start: dict[int, datetime] = {}
    for one in series:
        for number in (one.series_id, *(number for number, _ in above[one.series_id])):
            start[number] = min(start.get(number, _start(one)), _start(one))
    rows = await foresight.points(conn, start, VALUES)
    reached = await foresight.reached(conn, series, BEFORE_ALL)
    loaded = Loaded([], [])
    for one in series:
        others = [_Above(rules, rows[number]) for number, rules in above[one.series_id]]
        ruled = rulebook.of(one.station_id, Quantity(one.quantity))
        _put(loaded, one, ruled, rows[one.series_id], others, reached[one.series_id], now)
    return loaded


def _told(rulebook: Rulebook, series: Series) -> bool:
    rules = rulebook.of(series.station_id, Quantity(series.quantity)).rules
    return rules.told and bool(rules.limits)


def _start(series: Series) -> datetime:
    return BEFORE_ALL if series.foreseen_until is None else series.foreseen_until - _PAST


async def _numbers(
    conn: AsyncConnection, series: Sequence[Series], rulebook: Rulebook
) -> dict[int, list[tuple[int, Rules]]]:
    """The gauges above each series, as number and rules: by level, else by discharge."""
    stations = rulebook.network.stations
    wanted: dict[int, list[tuple[str, str]]] = {}
    for one in series:
        names = stations[one.station_id].upstream if one.station_id in stations else ()
        wanted[one.series_id] = [
            (name, str(Quantity.LEVEL if Quantity.LEVEL in stations[name].quantities else Quantity.DISCHARGE))
            for name in names
            if name in stations
        ]
    numbers = await foresight.numbers(conn, sorted({pair for pairs in wanted.values() for pair in pairs}))
    return {
        number: [(numbers[pair], rulebook.of(pair[0], Quantity(pair[1])).rules) for pair in pairs if pair in numbers]
        for number, pairs in wanted.items()
    }


def _put(
    loaded: Loaded,
    series: Series,
    ruled: Versioned,
    rows: Sequence[PointRow],
    above: Sequence[_Above],
    reached: Sequence[ReachedRow],
    now: datetime,
) -> None:
    own = _points(ruled.rules, rows)
    if own is None:
        return
    judged = rows[-1].judged_until if len(rows) <= VALUES else rows[-1].observed_at
    until = _covered(rows, above, series.foreseen_until or BEFORE_ALL, judged, now)
    if until < judged or len(rows) > VALUES:
        loaded.unfinished.append(series.series_id)
    if series.foreseen_until is not None and until <= series.foreseen_until:
        return
    moments = own.moments
    moments = moments[moments <= until.timestamp()]
    if series.foreseen_until is not None:
        moments = moments[moments > series.foreseen_until.timestamp()]
    others = tuple(found for other in above if (found := _points(other.rules, other.rows)) is not None)
    forecast = moments[due(ruled.rules, own, moments)]
    loaded.work.append(Work(series, ruled, _memory(series), own, others, reached, until, moments, forecast))


def _points(rules: Rules, rows: Sequence[PointRow]) -> Points | None:
    return points(
        rules, [row.observed_at.timestamp() for row in rows], [row.value for row in rows], [row.pending for row in rows]
    )


def _covered(
    rows: Sequence[PointRow], above: Sequence[_Above], since: datetime, judged: datetime, now: datetime
) -> datetime:
    """Up to where nothing has to be waited for: `judged`, or the reading before the first that waits."""
    until = since
    for row in rows:
        if row.observed_at <= since:
            continue
        if row.received_at + PATIENCE > now and any(_awaited(other, row.observed_at) for other in above):
            return until
        until = row.observed_at
    return judged


def _awaited(other: _Above, at: datetime) -> bool:
    """Whether a gauge that still speaks should have spoken by `at`, and has not been judged so far."""
    if not other.rows:
        return False
    heard = other.rows[-1].judged_until
    return heard + other.rules.interval <= at and at - heard <= timedelta(seconds=NEIGHBOUR_SILENT_S)


def _memory(series: Series) -> Memory:
    try:
        return foresight.remembered(series.memory)
    except msgspec.MsgspecError as fault:
        _log.error("what was expected of %s cannot be read and is forgotten: %s", series.station_id, fault)
        return Memory()
