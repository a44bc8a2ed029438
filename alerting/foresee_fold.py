"""From believed readings to forecasts and warnings, reading by reading, many series at once. Pure.

The same functions a hindcast uses (`alerting.engine.forecast*`), folded over the readings in their order: the
windows of all new readings of all series are foreseen in one call, then the decision steps through them.
A value doubted at first counts from the reading that proved it, so nothing is known before it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_decision, forecast_local, forecast_past, trend
from alerting.engine.forecast import Foresight, Scene
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_local import Local
from alerting.engine.forecast_odds import Odds
from alerting.engine.forecast_past import STEPS, Past
from alerting.engine.rules import Rules
from alerting.foresee_life import Warned
from floodcore.store.foresight import LimitOutlook, Outlook
from floodcore.words import Degree, Quantity

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

DEGREES = tuple(degree for degree in Degree if degree > Degree.NONE)
_HORIZONS = len(HORIZONS_MIN)
# The decision for the longest horizon looks an hour beyond it, and what it warns of is told for that reach.
REACHES_MIN = (*HORIZONS_MIN, int(HORIZONS_MIN[-1] + forecast_decision.BEYOND_MIN))
_HOURS = np.array((0, *REACHES_MIN)) / 60.0
_SHARES = (0.5, 0.1, 0.9)
_LIKELY, _SURE = 0.5, 0.85
# A neighbour that has been silent for longer tells nothing about now; the hindcast's number.
NEIGHBOUR_SILENT_S = 90 * 60.0
# Inverse of the rating in forecast_past.stage: stage ~ Q^0.6.
_RATING = 0.6


@dataclass(frozen=True, slots=True)
class Points:
    """The believed values of a series as the forecast wants them; arrays as in `forecast_past.Past`, `at` rising."""

    past: Past
    value: Array

    @property
    def moments(self) -> Array:
        """The times of the readings by which something came to be believed."""
        found: Array = self.past.at[self.past.known == self.past.at]
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """A series to foresee at `due` (seconds, rising), with the degree reached at each of them.

    `above` has None for a gauge of which nothing is known. `since` is (4, 4) by degree and horizon: since when each
    warning stands, NaN where none does. `local` is what the station learnt, `rain` the times (seconds) and amounts (mm)
    at the rain gauges it learnt with.
    """

    rules: Rules
    own: Points
    above: tuple[Points | None, ...]
    due: Array
    reached: Sequence[int]
    since: Array
    local: Local | None = None
    rain: tuple[tuple[Array, Array], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was made of the due moments of a case: warned (moments, 4, 4), and the warnings that stand at the end.

    `before` (moments, 4, 4) are those that stood before each moment.
    """

    case: Case
    foresight: Foresight
    warned: Flags
    since: Array
    before: Array


def points(rules: Rules, at: Sequence[float], value: Sequence[float], pending: Sequence[bool]) -> Points | None:
    """The believed values, of which the pending came to be believed with the next; None if there is nothing to use."""
    if not at or (rules.quantity is not Quantity.LEVEL and not rules.limits):
        return None
    times, values = np.array(at), np.array(value)
    known = np.where(np.array(pending), np.append(times[1:], np.inf), times)
    believed = np.isfinite(known)
    staged = forecast_past.stage(rules.quantity, values, _reference(rules))
    return Points(Past(times[believed], staged[believed], known[believed]), values[believed])


def due(rules: Rules, own: Points, moments: Array) -> Flags:
    """At which moments enough is known to forecast: three values over a third of the trend window."""
    window = max(rules.trend_window, 3 * rules.interval).total_seconds()
    first = np.searchsorted(own.past.at, moments - window, side="left")
    count = np.searchsorted(own.past.known, moments, side="right") - first
    spread = moments - own.past.at[np.minimum(first, own.past.at.size - 1)]
    enough: Flags = (count >= trend.FEWEST) & (spread >= trend.LEAST_SHARE * window)
    return enough


def fold(odds: Odds, cases: Sequence[Case]) -> list[Seen]:
    """Foresee every due moment of every case, and decide from each to the next."""
    sizes = [case.due.size for case in cases]
    if not sum(sizes):
        return []
    limits = np.concatenate([np.tile(_limits(case.rules), (case.due.size, 1)) for case in cases])
    own = np.concatenate([forecast_past.windows(case.own.past, case.due) for case in cases])
    memory = np.concatenate([forecast_past.memory(case.own.past, case.due) for case in cases])
    scene = Scene(own, _above(cases), memory)
    found = _refined(cases, scene, limits, forecast.foresee(odds, scene, limits))
    held = np.concatenate([np.array(case.reached)[:, None] >= np.array(DEGREES) for case in cases if case.due.size])
    quiet = forecast_decision.quiet(own, limits) | held
    first = np.concatenate([[0], np.cumsum(sizes)])
    standing = np.stack([case.since for case in cases])
    warned = np.zeros((own.shape[0], len(DEGREES), _HORIZONS), dtype=np.bool_)
    before = np.full(warned.shape, np.nan)
    for number in range(max(sizes)):
        some = np.array([index for index, size in enumerate(sizes) if size > number])
        rows = first[some] + number
        now = np.array([cases[index].due[number] for index in some])
        before[rows] = standing[some]
        standing[some] = _decide(standing[some], now, found, quiet, rows)
        warned[rows] = np.isfinite(standing[some])
    return [
        Seen(case, _part(found, some), warned[some], standing[i], before[some])
        for i, case in enumerate(cases)
        for some in [slice(first[i], first[i + 1])]
    ]


def _refined(cases: Sequence[Case], scene: Scene, limits: Array, found: Foresight) -> Foresight:
    """The foresight with what some stations learnt of themselves; `found` is changed."""
    first = 0
    for case in cases:
        some = slice(first, first + case.due.size)
        first = some.stop
        if case.local is None or not case.due.size:
            continue
        # A station learnt with so many gauges; what is laid beside for others is none of its.
        upstream = scene.upstream[some, : len(case.above)] if scene.upstream is not None and case.above else None
        showers = [forecast_past.showers(at, amount, case.due) for at, amount in case.rain]
        own = Scene(scene.own[some], upstream, None, np.mean(showers, axis=0) if showers else None)
        better = forecast_local.refine(case.local, own, limits[some], _part(found, some))
        for part in fields(Foresight):
            getattr(found, part.name)[some] = getattr(better, part.name)
    return found


def _decide(since: Array, now: Array, found: Foresight, quiet: Flags, rows: NDArray[np.int_]) -> Array:
    """One step of the decision for the limits of many series, laid end to end; (series, 4, 4)."""
    count = len(DEGREES)
    after = forecast_decision.step(
        forecast_decision.Standing(since.reshape(-1, _HORIZONS)),
        np.repeat(now, count)[:, None],
        forecast_decision.looked(found.probability[rows], found.foreseen[rows]).reshape(-1, _HORIZONS),
        quiet[rows].reshape(-1),
        np.repeat(found.rising[rows], count),
    )
    return after.since.reshape(-1, count, _HORIZONS)


def _part(found: Foresight, some: slice) -> Foresight:
    return Foresight(
        found.probability[some], found.foreseen[some], found.hours[some], found.level[some], found.rising[some]
    )


def _above(cases: Sequence[Case]) -> Array | None:
    """(moments, gauges, 37) of the gauges above, NaN where there is none or it was silent."""
    most = max(len(case.above) for case in cases)
    if not most:
        return None
    grids = np.full((sum(case.due.size for case in cases), most, STEPS), np.nan)
    row = 0
    for case in cases:
        for gauge, other in enumerate(case.above):
            if other is not None:
                grids[row : row + case.due.size, gauge] = _neighbour(other.past, case.due)
        row += case.due.size
    return grids


def _neighbour(past: Past, now: Array) -> Array:
    grid = forecast_past.windows(past, now)
    count = np.searchsorted(past.known, now, side="right")
    newest = past.at[np.maximum(count - 1, 0)]
    grid[now - newest > NEIGHBOUR_SILENT_S] = np.nan
    return grid


def _limits(rules: Rules) -> Array:
    """(4,) the limits of degrees 1 to 4 as stage, NaN where there is none."""
    values = np.array([rules.limits.get(degree, np.nan) for degree in DEGREES])
    return forecast_past.stage(rules.quantity, values, _reference(rules))


def _reference(rules: Rules) -> float:
    """The lowest limit above zero, which a discharge is measured by."""
    return min((limit for limit in rules.limits.values() if limit > 0.0), default=1.0)


def warned_of(seen: Seen, row: int, reached: int) -> list[Warned]:
    """The degrees above `reached` that are warned of at one moment."""
    at = moment(seen.case.due[row])
    found = []
    for index, degree in enumerate(DEGREES):
        if degree > reached and seen.warned[row, index].any():
            chances = _chances(seen.foresight, row, index)
            found.append(Warned(int(degree), chances[-1], REACHES_MIN[-1], *_when(at, chances)))
    return found


def _chances(found: Foresight, row: int, index: int) -> tuple[float, ...]:
    """The probability of reaching a limit within each reach, never falling."""
    every = np.append(found.probability[row, index], found.foreseen[row, index, -1])
    return tuple(round(p, 4) for p in np.maximum.accumulate(every).tolist())


def outlook(seen: Seen) -> Outlook:
    """The newest forecast of a case, in the unit of its series."""
    row = seen.case.due.size - 1
    at, found = moment(seen.case.due[row]), seen.foresight
    value = seen.case.own.value[np.searchsorted(seen.case.own.past.at, seen.case.due[row], side="right") - 1]
    limits = []
    for index, degree in enumerate(DEGREES):
        limit = seen.case.rules.limits.get(degree)
        if limit is not None and limit > value:
            chances = _chances(found, row, index)
            warned = bool(seen.warned[row, index].any())
            limits.append(LimitOutlook(int(degree), limit, chances, *_when(at, chances), warned))
    level = _unstaged(seen.case.rules, found.level[row])
    told = tuple((round(float(m), 3), round(float(lo), 3), round(float(hi), 3)) for m, lo, hi in level)
    believable = np.isfinite(level).all() and not _contradicts(limits, level)
    return Outlook(REACHES_MIN, HORIZONS_MIN, tuple(limits), told if believable else (), bool(found.rising[row]))


def _contradicts(limits: Sequence[LimitOutlook], level: Array) -> bool:
    """Whether a limit is likely to be reached and the level forecast stays below it: nine tenths of it, or its middle.

    Both are learnt apart. In a rise steeper than any they learnt from the probability follows the trend and the
    level does not (docs/forecast.md section 4): then the level says nothing.
    """
    middle, highest = (np.maximum.accumulate(level[:, end]).tolist() for end in (0, 2))
    return any(
        (chance >= _LIKELY and high < limit.limit) or (chance >= _SURE and median < limit.limit)
        for limit in limits
        for chance, median, high in zip(limit.probability, middle, highest, strict=False)
    )


def _unstaged(rules: Rules, stages: Array) -> Array:
    """Levels as they are; stages back to discharges."""
    if rules.quantity is Quantity.LEVEL:
        return stages
    discharges: Array = _reference(rules) * (np.maximum(stages, 0.0) / 100.0) ** (1.0 / _RATING)
    return discharges


def _when(at: datetime, chances: tuple[float, ...]) -> tuple[datetime, datetime, datetime]:
    """When a limit is reached if it is within the longest reach: median and the ends of the middle four fifths.

    The probability is taken as linear between the reaches, and zero now; to the second.
    """
    steps = np.array((0.0, *chances))
    hours = np.interp(np.array(_SHARES) * steps[-1], steps, _HOURS)
    median, early, late = (at + timedelta(seconds=round(each * 3600.0)) for each in hours.tolist())
    return median, early, late


def moment(seconds: float) -> datetime:
    """Aware UTC."""
    return datetime.fromtimestamp(float(seconds), UTC)
