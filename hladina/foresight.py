"""The forecasts of a hindcast: what the engine would have said at each moment, from what it believed by then.

Owns the fold of the decision over the readings of one station, and the rows of forecasts.csv. Everything that judges
is in alerting.engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_decision, forecast_local
from alerting.engine.forecast import Scene
from alerting.engine.forecast_decision import BEGIN, HORIZONS_MIN
from alerting.engine.forecast_local import Local
from alerting.engine.forecast_odds import Odds
from alerting.engine.forecast_past import STEPS, Past, memory, showers, windows
from hladina.judged import Outcome, staged
from hladina.neighbours import above
from hladina.station_list import Recorded

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Rows less probable than this may be left out by the contract.
_LEAST_PROBABILITY = 0.02
# A neighbour that has been silent for longer tells nothing about now.
_NEIGHBOUR_SILENT_S = 90 * 60.0
# Moments worked on together: a record of decades fits the memory.
_BLOCK = 20_000
_FIELDS = ("probability", "foreseen", "hours", "level", "rising")


class Row(NamedTuple):
    """A row of forecasts.csv; `expected` is None unless warned and at all likely."""

    at: datetime
    degree: int
    horizon: int
    probability: float
    warn: bool
    expected: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one station at its moments `now` (moments,) in seconds, for its `degrees` (limits,).

    `limits` (moments, limits), NaN where the degree has none then, and `value` (moments,) in cm of stage; `open`
    (moments, limits) where the degree is not reached, neither by the value nor by the state of the engine; the rest as
    `forecast.Foresight`, `warn` (moments, limits, horizons).
    """

    now: Array
    degrees: tuple[int, ...]
    limits: Array
    value: Array
    open: Flags
    probability: Array
    hours: Array
    level: Array
    warn: Flags


def told(
    station: Recorded,
    outcomes: Mapping[str, Outcome],
    stations: Mapping[str, Recorded],
    odds: Odds,
    local: Local | None = None,
) -> Told | None:
    """What was said of a station; None if there was nothing to say. Uses nothing unknown at each moment.

    Each moment is foreseen with the limits that hold then, here and at the gauges above.
    """
    own = outcomes[station.id].heard
    if not own.due:
        return None
    now, reached = np.array(own.due), np.array(own.reached)
    sets = (station.limits, *(change.limits for change in station.changes))
    degrees = sorted({degree for limits in sets for degree in limits})
    limits = np.empty((now.size, len(degrees)))
    parts = []
    for begin, end, then in _spells(station, stations, now):
        values = [then[station.id].limits.get(degree, np.nan) for degree in degrees]
        scale = _scale(station, then[station.id])
        limits[begin:end] = scale * staged(then[station.id], values)
        for start in range(begin, end, _BLOCK):
            seen = scene(then[station.id], then, outcomes, now[start : min(start + _BLOCK, end)])
            parts.append(_said(seen, staged(then[station.id], values), odds, local, scale))
    value, quiet, probability, foreseen, hours, level, rising = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    held = reached[:, None] >= np.array(degrees)
    warn = decisions(now, forecast_decision.looked(probability, foreseen), quiet | held, rising)
    still_open = ~held & (limits > value[:, None])
    names = tuple(int(degree) for degree in degrees)
    return Told(now, names, limits, value, still_open, probability, hours, level, warn)


def _spells(
    station: Recorded, stations: Mapping[str, Recorded], now: Array
) -> Iterator[tuple[int, int, Mapping[str, Recorded]]]:
    """The moments [begin, end) between two changes of limits, and the stations as they are then."""
    days = sorted({change.since for name in (station.id, *above(station.id, stations))
                   for change in stations[name].changes})  # fmt: skip
    edges = np.searchsorted(now, [day.timestamp() for day in days]).tolist()
    for day, begin, end in zip([None, *days], [0, *edges], [*edges, now.size], strict=True):
        if begin < end:
            yield begin, end, stations if day is None else {key: one.at(day) for key, one in stations.items()}


def _scale(station: Recorded, then: Recorded) -> float:
    """What brings a stage as it is counted then to that of the first limits (of a discharge, by its lowest limit)."""
    return 1.0 if then.limits == station.limits else float(staged(station, [1.0])[0] / staged(then, [1.0])[0])


def _said(seen: Scene, limits: Array, odds: Odds, local: Local | None, scale: float) -> tuple[Array | Flags, ...]:
    """The newest value, where it is quiet, and the foresight of some moments; value and level times `scale`."""
    asked = np.broadcast_to(limits, (len(seen.own), limits.size))
    found = forecast.foresee(odds, seen, asked)
    if local is not None:
        found = forecast_local.refine(local, seen, asked, found)
    found = replace(found, level=scale * found.level)
    fields = (getattr(found, name) for name in _FIELDS)
    return scale * seen.own[:, 0], forecast_decision.quiet(seen.own, asked), *fields


def scene(station: Recorded, stations: Mapping[str, Recorded], outcomes: Mapping[str, Outcome], now: Array) -> Scene:
    """What was known of a station at some moments.

    Raises:
        ValueError: nothing was ever believed of it.
    """
    past = outcomes[station.id].heard.past(station)
    if past is None:
        raise ValueError(station.id)
    uppers = [outcomes[name].heard.past(stations[name]) for name in above(station.id, stations)]
    return Scene(windows(past, now), _upstream(uppers, now), memory(past, now), _rain(station, outcomes, now))


def _rain(station: Recorded, outcomes: Mapping[str, Outcome], now: Array) -> Array | None:
    """The mean of the rain gauges named, (moments, 37); None where there is none."""
    if not station.rain_gauges:
        return None
    each = [showers(*outcomes[name].rain(), now) for name in station.rain_gauges]
    mean: Array = np.mean(each, axis=0)
    return mean


def _upstream(pasts: Sequence[Past | None], now: Array) -> Array | None:
    """The windows of the gauges above, (moments, gauges, 37); NaN where one was not heard of lately, or never."""
    grids = []
    for past in pasts:
        if past is None:
            grids.append(np.full((now.size, STEPS), np.nan))
            continue
        grid = windows(past, now)
        count = np.searchsorted(past.known, now, side="right")
        newest = past.at[np.maximum(count - 1, 0)]
        grid[now - newest > _NEIGHBOUR_SILENT_S] = np.nan
        grids.append(grid)
    return np.stack(grids, axis=1) if grids else None


def decisions(
    now: Array, foreseen: Array, quiet: Flags, rising: Flags, begin: tuple[float, ...] | Array = BEGIN
) -> Flags:
    """The decision folded over the readings; `now` and `rising` (moments,), the others with (moments, limits).

    `foreseen` is what `forecast_decision.looked` gives.
    """
    limits = foreseen.shape[1]
    standing = forecast_decision.calm(limits)
    warned: Flags = np.zeros(foreseen.shape, dtype=np.bool_)
    begins = np.any((foreseen >= np.array(begin)) & ~quiet[:, :, None], axis=(1, 2))
    stands = False
    for moment, at in enumerate(now.tolist()):
        if stands or begins[moment]:
            up = np.full(limits, rising[moment])
            standing = forecast_decision.step(standing, at, foreseen[moment], quiet[moment], up, begin)
            warned[moment] = standing.warned
            stands = bool(standing.warned.any())
    return warned


def rows(said: Told) -> Iterator[Row]:
    """The rows of a station, in order of time, degree and horizon."""
    shown = ((said.probability >= _LEAST_PROBABILITY) | said.warn) & said.open[:, :, None]
    for moment, limit, column in np.argwhere(shown).tolist():
        at = datetime.fromtimestamp(float(said.now[moment]), UTC)
        warned = bool(said.warn[moment, limit, column])
        hours = float(said.hours[moment, limit, column, 0])
        # a warning held up only because the water rises has no time
        expected = at + timedelta(hours=hours) if warned and isfinite(hours) else None
        chance = float(said.probability[moment, limit, column])
        yield Row(at, said.degrees[limit], HORIZONS_MIN[column], chance, warned, expected)
