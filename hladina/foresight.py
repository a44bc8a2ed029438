"""The forecasts of a hindcast: rows of forecasts.csv from what the engine believed, and when.

Owns the rows and the fold of the decision over the readings; everything that judges is in alerting.engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_decision, forecast_odds, trend
from alerting.engine.forecast_decision import HORIZONS_MIN, QUIET_STEPS
from alerting.engine.forecast_past import Past, stage, windows
from alerting.engine.judge import Window, spans
from alerting.engine.rules import Rules
from floodcore.words import Quantity
from hladina.station_list import Recorded

Array = NDArray[np.float64]

# Rows less probable than this may be left out by the contract.
_LEAST_PROBABILITY = 0.02
# A neighbour that has been silent for longer tells nothing about now.
_NEIGHBOUR_SILENT_S = 90 * 60.0
# Moments worked on together: they stay in the cache, and a record of decades fits the memory.
_BLOCK = 1000
# At the limit and above it there is nothing to forecast; the row is dropped later.
_LEAST_GAP = 1e-3


@dataclass(slots=True)
class Heard:
    """What the engine believed of one series, and the moments a forecast is due. Times in seconds."""

    at: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)

    def hear(self, points: Window, rules: Rules) -> None:
        """Take in the points of the trend window that are new; the newest is why a forecast is due."""
        now, _ = points[-1]
        for at, value in points:
            if not self.at or at > self.at[-1]:
                self.at.append(at)
                self.value.append(value)
                self.known.append(now)
        if rules.limits and len(points) >= trend.FEWEST and spans(points, rules):
            self.due.append(now)

    def past(self, station: Recorded) -> Past | None:
        """The believed readings as a stage; None if there are none or a discharge has nothing to be measured by."""
        if not self.at or (station.quantity is not Quantity.LEVEL and not station.limits):
            return None
        return Past(np.array(self.at), staged(station, self.value), np.array(self.known))


class Row(NamedTuple):
    """A row of forecasts.csv; `expected` is None unless warned."""

    at: datetime
    degree: int
    horizon: int
    probability: float
    warn: bool
    expected: datetime | None


def staged(station: Recorded, values: Sequence[float]) -> Array:
    """Values in the canonical unit as the forecast wants them: cm, or a discharge as a stage of its lowest limit."""
    positive = [limit for limit in station.limits.values() if limit > 0.0]
    return stage(station.quantity, values, min(positive, default=1.0))


def rows(station: Recorded, heard: Mapping[str, Heard], stations: Mapping[str, Recorded]) -> list[Row]:
    """The rows of a station, in order of time, degree and horizon; uses nothing unknown at each moment."""
    own = heard[station.id]
    if own.past(station) is None or not own.due:
        return []
    now = np.array(own.due)
    limits = staged(station, list(station.limits.values()))
    pasts = {name: heard[name].past(stations[name]) for name in (station.id, *station.upstream)}
    blocks = [_block(station, pasts, now[i : i + _BLOCK], limits) for i in range(0, now.size, _BLOCK)]
    chance, foreseen, gap, quiet = (np.concatenate(part, axis=1) for part in zip(*blocks, strict=True))
    found: list[Row] = []
    for index, degree in enumerate(station.limits):
        warn = decisions(now, foreseen[index], quiet[index])
        found += _rows(int(degree), now, chance[index], warn, gap[index] > 0.0)
    return sorted(found)


def _block(
    station: Recorded, pasts: Mapping[str, Past | None], now: Array, limits: Array
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """(limits, moments, horizons) probability and foreseen, (limits, moments) gap and quiet, of some moments."""
    past = pasts[station.id]
    if past is None:
        raise ValueError(station.id)
    grid = windows(past, now)
    shape = forecast.shapes(grid)
    above = _above([pasts[name] for name in station.upstream], now)
    upstream = None if above is None else forecast.shapes(above)
    gap = limits[:, None] - grid[:, 0]
    odds = forecast_odds.generic()
    looks = [forecast.outlook(odds, shape, np.maximum(each, _LEAST_GAP), upstream) for each in gap]
    quiet: NDArray[np.bool_] = limits[:, None] <= grid[:, : QUIET_STEPS + 1].max(axis=1)
    return np.stack([one.probability for one in looks]), np.stack([one.foreseen for one in looks]), gap, quiet


def _above(pasts: Sequence[Past | None], now: Array) -> Array | None:
    """The windows of the upstream gauge that rose most in its last six hours, NaN where none was heard."""
    best: Array | None = None
    for past in pasts:
        if past is None:
            continue
        grid = windows(past, now)
        count = np.searchsorted(past.known, now, side="right")
        newest = past.at[np.maximum(count - 1, 0)]
        grid[now - newest > _NEIGHBOUR_SILENT_S] = np.nan
        if best is None:
            best = grid
        else:
            rose, before = (np.nan_to_num(g[:, 0] - g.min(axis=1), nan=-1.0) for g in (grid, best))
            best = np.where((rose > before)[:, None], grid, best)
    return best


def decisions(now: Array, foreseen: Array, quiet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The decision folded over the readings of one limit; (moments, horizons)."""
    standing = forecast_decision.calm(1)
    warned: NDArray[np.bool_] = np.zeros(foreseen.shape, dtype=np.bool_)
    lively = np.max(foreseen, axis=1) >= forecast_decision.GO_ON
    for moment, (at, live) in enumerate(zip(now.tolist(), lively.tolist(), strict=True)):
        if live:
            row = slice(moment, moment + 1)
            standing = forecast_decision.step(standing, at, foreseen[row], quiet[row])
            warned[moment] = standing.warned[0]
        else:
            standing = forecast_decision.calm(1)
    return warned


def _rows(degree: int, now: Array, chance: Array, warn: NDArray[np.bool_], below: NDArray[np.bool_]) -> Iterator[Row]:
    ahead = forecast.hours_to(chance)
    shown = ((chance >= _LEAST_PROBABILITY) | warn) & below[:, None]
    for moment, column in np.argwhere(shown).tolist():
        at = datetime.fromtimestamp(float(now[moment]), UTC)
        warned = bool(warn[moment, column])
        expected = at + timedelta(hours=float(ahead[moment, column])) if warned else None
        yield Row(at, degree, HORIZONS_MIN[column], float(chance[moment, column]), warned, expected)
