"""What a round of foreseeing reads: believed points of the claimed series and of the gauges above them.

Owns the waiting. A forecast looks at the gauges above too, so a reading waits until those that should have
reported by its time are judged so far, but no longer than `PATIENCE`. Then a live house decides as a hindcast
does, in whatever order the series came, unless a gauge above is later than that.
"""

import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection

from alerting import foresee_degrees, foresee_late
from alerting.engine.forecast_trained import Taught, Trained
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.rules import Rules
from alerting.foresee_degrees import Span
from alerting.foresee_fold import NEIGHBOUR_SILENT_S, Points, due, moment, points
from alerting.foresee_late import BEGINNING
from alerting.foresee_who import Wanted, looked_at, made_by
from alerting.past import BEFORE_ALL
from floodcore.freshness import TOO_LATE
from floodcore.store import believed, foresight
from floodcore.store import beside as watching
from floodcore.store.believed import Asked, Believed, Looked, Since
from floodcore.store.foresight import Matrix, Memory, ReachedRow, Series, Start
from floodcore.words import Quantity

Array = NDArray[np.float64]
# Times in seconds, amounts in mm.
Fallen = tuple[Array, Array]

# New values of one series foreseen in a round, and how many before them are known: two days of a gauge that reports
# every ten seconds. One that is faster remembers less than two days.
VALUES = 20_000
_KNOWN = 20_000
# How far back a forecast looks: 37 values ten minutes apart, and hourly ones of two days (forecast_past).
_PAST = timedelta(hours=6)
_MEMORY = timedelta(hours=48)
# What comes late counts so far back (floodcore.freshness), and a gauge above may itself be judged as late again.
_LATE = 2 * TOO_LATE
# How long, by the clock of the data, a reading waits for the gauges above it. Judged: sources of one operator
# come within seconds of one another, and three minutes are a tenth of the shortest horizon.
PATIENCE = timedelta(minutes=3)

# Without limits a discharge has nothing to be measured by; levels are taken as they are.
_MEASURED = Rules(Quantity.LEVEL, timedelta(minutes=10))

_log = logging.getLogger("hladina.foresee")


@dataclass(frozen=True, slots=True)
class Begin:
    """From where on a series is foreseen: behind `after` (None: from its first reading), with the memory `since`.

    `again`: something came late, so that decisions are made anew. `starts` are those from before, `delivery` and `seen`
    what was looked at with this round.
    """

    after: datetime | None
    since: Matrix
    starts: tuple[Start, ...]
    again: bool
    delivery: int
    seen: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Work:
    """A series to foresee up to `until`. `moments` are its new believed readings, `due` those that have a forecast.

    `reached` is what people were told, `degrees` what the readings in order reached. `above` has None for a gauge of
    which nothing is known; `taught` is what the station learnt, `rain` what fell at the
    rain gauges it learnt with. `made_by` names all that is foreseen by.
    """

    series: Series
    ruled: Versioned
    memory: Memory
    begin: Begin
    own: Points
    above: tuple[Points | None, ...]
    reached: Sequence[ReachedRow]
    degrees: Sequence[ReachedRow]
    until: datetime
    moments: Array
    due: Array
    made_by: str
    taught: Taught | None = None
    rain: tuple[Fallen, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What there is to do now, and the series that are not done with it."""

    work: list[Work]
    unfinished: list[int]


@dataclass(frozen=True, slots=True)
class Above:
    """A gauge above, or a rain gauge: its rules and what was believed of it."""

    rules: Rules
    believed: Believed


async def load(
    conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, trained: Trained, now: datetime
) -> Loaded:
    """Lock the claimed series of which people are told, and read what is new of them."""
    series = [one for one in await foresight.load(conn, claimed) if _told(rulebook, one, now)]
    wanted = await looked_at(conn, series, rulebook.network.stations, trained)
    await watching.watch(conn, [gauge.number for each in wanted.values() for gauge in each if gauge.number is not None])
    memories = {one.series_id: _memory(one) for one in series}
    begins = await _begins(conn, series, memories, wanted)
    own = {one.series_id: _asked(one.series_id, begins[one.series_id].after, _MEMORY) for one in series}
    others = {
        one.series_id: [
            None if gauge.number is None else _asked(gauge.number, begins[one.series_id].after, _PAST)
            for gauge in wanted[one.series_id]
        ]
        for one in series
    }
    every = dict.fromkeys([*own.values(), *(asked for each in others.values() for asked in each if asked is not None)])
    found = await believed.points(conn, list(every), _KNOWN, VALUES)
    reached = await foresight.reached(conn, [(one, begins[one.series_id].after or BEFORE_ALL) for one in series])
    rules = {n: _ruled(rulebook, one, begins[n], found.get(own[n])) for one in series for n in [one.series_id]}
    spans = [
        Span(n, rules[n][0].rules, begins[n].after or BEFORE_ALL, found[asked].judged_until, begins[n].delivery)
        for n, asked in own.items()
        if asked in found
    ]
    degrees = await foresee_degrees.in_order(conn, spans, reached)
    moved = await _moved(conn, begins)
    made = {one.series_id: made_by(rulebook, trained, one, wanted[one.series_id]) for one in series}
    loaded = Loaded([], [*moved])
    for one in series:
        number = one.series_id
        if own[number] not in found or number in moved:
            continue
        mine, begin, taught = found[own[number]], begins[number], trained.stations.get(one.station_id)
        first = first_of(begin, mine)
        ruled, end = rules[number]
        ruled_beside = [rulebook.until(gauge.station_id, gauge.quantity, first) for gauge in wanted[number]]
        beside = [
            None if asked is None or asked not in found else Above(versioned.rules, found[asked])
            for (versioned, _), asked in zip(ruled_beside, others[number], strict=True)
        ]
        case = _Case(one, ruled, memories[number], begin, mine, reached[number], degrees[number], made[number])
        _put(loaded, case, Beside(beside, taught, min([end, *(each for _, each in ruled_beside)])), now)
    return loaded


def first_of(begin: Begin, mine: Believed | None) -> datetime:
    """The first moment that is foreseen."""
    known = BEFORE_ALL if mine is None else moment(mine.at[0])
    return (begin.after or known) + timedelta.resolution


def _ruled(rulebook: Rulebook, one: Series, begin: Begin, mine: Believed | None) -> tuple[Versioned, datetime]:
    return rulebook.until(one.station_id, Quantity(one.quantity), first_of(begin, mine))


async def _moved(conn: AsyncConnection, begins: Mapping[int, Begin]) -> set[int]:
    """The series something of which was judged while they were read: what was read is not of one moment."""
    known = {number: {number: begin.delivery, **dict(begin.seen)} for number, begin in begins.items()}
    now = await believed.judged(conn, sorted({each for seen in known.values() for each in seen}))
    return {number for number, seen in known.items() if any(now.get(each) != at for each, at in seen.items())}


async def _begins(
    conn: AsyncConnection,
    series: Sequence[Series],
    memories: Mapping[int, Memory],
    wanted: Mapping[int, Sequence[Wanted]],
) -> dict[int, Begin]:
    """From where on each series is foreseen: behind what was, or from before what came late, here or beside it."""
    looked = {one.series_id: _looked(one, memories[one.series_id], wanted[one.series_id]) for one in series}
    every = list(dict.fromkeys(each for some in looked.values() for each in some))
    found = await believed.late(conn, every, _LATE) if every else {}
    return {
        one.series_id: begin_of(
            one, memories[one.series_id], [(each, found.get(each)) for each in looked[one.series_id]]
        )
        for one in series
    }


def _looked(one: Series, memory: Memory, wanted: Sequence[Wanted]) -> list[Looked]:
    """What was looked at so far: of the series itself first, then of those beside it."""
    until, seen = one.foreseen_until or BEFORE_ALL, dict(memory.seen)
    beside = [gauge.number for gauge in wanted if gauge.number is not None]
    return [
        Looked(one.series_id, one.foreseen_delivery, until),
        *(Looked(number, seen.get(number, 0), until) for number in beside),
    ]


def begin_of(one: Series, memory: Memory, looked: Sequence[tuple[Looked, Since | None]]) -> Begin:
    """From where on a series is foreseen, by what has come late of itself (the first) and beside it."""
    delivery = max((since.judged_delivery for each, since in looked[:1] if since is not None), default=0)
    seen = tuple((each.series_id, since.judged_delivery) for each, since in looked[1:] if since is not None)
    if one.foreseen_until is None:
        return Begin(None, (), (BEGINNING,), again=False, delivery=delivery, seen=seen)
    late = [since.earliest for _, since in looked if since is not None and since.earliest is not None]
    base = foresee_late.base(memory.starts, min(late)) if late else None
    if base is None:
        return Begin(one.foreseen_until, memory.since, memory.starts, again=False, delivery=delivery, seen=seen)
    after = None if base == BEGINNING else moment(base.before) - timedelta.resolution
    return Begin(after, base.since, foresee_late.kept(memory.starts, base), again=True, delivery=delivery, seen=seen)


def _told(rulebook: Rulebook, series: Series, now: datetime) -> bool:
    ruled = rulebook.of(series.station_id, Quantity(series.quantity), now)
    return ruled.told and bool(ruled.rules.limits)


@dataclass(frozen=True, slots=True)
class _Case:
    """What was read of a series itself."""

    series: Series
    ruled: Versioned
    memory: Memory
    begin: Begin
    believed: Believed
    reached: Sequence[ReachedRow]
    degrees: Sequence[ReachedRow]
    made_by: str


def _asked(number: int, since: datetime | None, back: timedelta) -> Asked:
    """What is read of a series for one foreseen until `since`: of itself, or of one below it."""
    return Asked(number, BEFORE_ALL, BEFORE_ALL) if since is None else Asked(number, since - back, since)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a series looks at beside itself: gauges above, then the rain gauges of what it was `taught`.

    Up to `end` its rules and theirs hold; what is newer is foreseen in another round.
    """

    gauges: Sequence[Above | None]
    taught: Taught | None
    end: datetime

    @property
    def heard(self) -> list[Above]:
        """Those of which something is known."""
        return [gauge for gauge in self.gauges if gauge is not None]

    def above(self) -> tuple[Points | None, ...]:
        """The believed values of the gauges above, in their order."""
        rain = 0 if self.taught is None else len(self.taught.rain_gauges)
        gauges = self.gauges[: len(self.gauges) - rain]
        return tuple(None if gauge is None else _points(gauge.rules, gauge.believed) for gauge in gauges)

    def rain(self) -> tuple[Fallen, ...]:
        """What fell at the rain gauges, in their order."""
        count = 0 if self.taught is None else len(self.taught.rain_gauges)
        gauges = self.gauges[len(self.gauges) - count :]
        fallen = (((), ()) if gauge is None else (gauge.believed.at, gauge.believed.value) for gauge in gauges)
        return tuple((np.array(at, dtype=np.float64), np.array(value, dtype=np.float64)) for at, value in fallen)


def _put(loaded: Loaded, case: _Case, beside: Beside, now: datetime) -> None:
    own, measured = measured_points(case.ruled.rules, case.believed)
    until_then = case.series.foreseen_until
    if own is None:
        return
    cut_others = (each.believed for each in beside.heard if _is_cut(each.believed))
    judged = min(beside.end, *(_read(each) for each in (case.believed, *cut_others)))
    until = _covered(case.believed, beside.heard, until_then or BEFORE_ALL, judged, now)
    if until < case.believed.judged_until:
        loaded.unfinished.append(case.series.series_id)
    if until_then is not None and until <= until_then and not case.begin.again:
        return
    moments = own.moments
    moments = moments[moments <= until.timestamp()]
    if case.begin.after is not None:
        moments = moments[moments > case.begin.after.timestamp()]
    forecast = moments[due(case.ruled.rules, own, moments)] if measured else moments[:0]
    loaded.work.append(
        Work(
            case.series,
            case.ruled,
            case.memory,
            case.begin,
            own,
            beside.above(),
            case.reached,
            case.degrees,
            until,
            moments,
            forecast,
            case.made_by,
            beside.taught,
            beside.rain(),
        )
    )


def measured_points(rules: Rules, believed: Believed) -> tuple[Points | None, bool]:
    """The values of a series to foresee, and whether they can be measured by a limit.

    A discharge before its first limits has no forecast, and is gone through up to the day they hold from.
    """
    if rules.quantity is Quantity.LEVEL or rules.limits:
        return _points(rules, believed), True
    return _points(_MEASURED, believed), False


def _points(rules: Rules, believed: Believed) -> Points | None:
    return points(rules, believed.at, believed.value, believed.pending)


def _is_cut(believed: Believed) -> bool:
    """Whether there is more than was read."""
    return believed.fresh >= VALUES


def _read(believed: Believed) -> datetime:
    """Up to where a series was read."""
    return moment(believed.at[-1]) if _is_cut(believed) else believed.judged_until


def _covered(
    believed: Believed, above_it: Sequence[Above], since: datetime, judged: datetime, now: datetime
) -> datetime:
    """Up to where nothing has to be waited for: `judged`, or the reading before the first that waits, if sooner."""
    until, waited = since, (now - PATIENCE).timestamp()
    for index in range(bisect_right(believed.at, since.timestamp()), len(believed.at)):
        at = moment(believed.at[index])
        if believed.received[index] > waited and any(_awaited(other, at) for other in above_it):
            return min(until, judged)
        until = at
    return judged


def _awaited(other: Above, at: datetime) -> bool:
    """Whether a gauge that still speaks should have spoken by `at`, and has not been judged so far."""
    heard = other.believed.judged_until
    return heard + other.rules.interval <= at and at - heard <= timedelta(seconds=NEIGHBOUR_SILENT_S)


def _memory(series: Series) -> Memory:
    try:
        return foresight.remembered(series.memory)
    except msgspec.MsgspecError as fault:
        _log.error("what was expected of %s cannot be read and is forgotten: %s", series.station_id, fault)
        return Memory()
