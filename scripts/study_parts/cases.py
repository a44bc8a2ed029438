"""Learning cases: moments of recorded floods with virtual limits, also of copies that run faster or slower."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import (
    forecast_held,
    forecast_inputs,
    forecast_level,
    forecast_memory,
    forecast_past,
    forecast_shape,
)
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_memory import Memory
from alerting.engine.forecast_odds import REACHES_MIN
from alerting.engine.forecast_shape import Shape, pick
from alerting.engine.forecast_upstream import liveliest
from hladina.neighbours import above
from scripts.study_parts.gauges import Gauge
from scripts.study_parts.storms import storm

Array = NDArray[np.float64]
Small = NDArray[np.float32]
# What is held out together, of a gauge at some moments (seconds).
Labels = Callable[[Gauge, Array], NDArray[np.str_]]

PACES = (1.0, 2.0, 4.0, 0.6)
# Shares of the way from median to peak; above 1 the flood never comes, which must be learnt too.
_SHARES = (0.08, 0.12, 0.18, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3)
_MOMENTS = {True: 2500, False: 900}
_LEVEL_MOMENTS = {True: 4000, False: 1500}
# In this share of the cases all gauges above are hidden, and each by itself in that; the memory in that.
_ALL_HIDDEN, _ONE_HIDDEN, _FORGOTTEN = 0.35, 0.2, 0.15
# Moments of still water teach nothing: cm per hour, and share of the rise of the record.
_SLOW = 0.5
_STILL_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Seen:
    """A gauge at all its moments: (moments,) values, shapes, and `highest` (moments, reaches) ahead.

    `ahead` (moments, horizons) is the true change of the level by then, NaN where it is not known.
    """

    gauge: Gauge
    now: Array
    value: Array
    own: Shape
    above: tuple[Shape, ...]
    memory: Memory
    quiet_peak: Array
    highest: Array
    ahead: Array


@dataclass(frozen=True, slots=True)
class Cases:
    """Inputs (cases, 50), targets (cases, outputs), weights (cases,) of mean 1, and the fold and storm of each."""

    inputs: Small
    target: Small
    weight: Array
    fold: NDArray[np.str_]
    storm: NDArray[np.str_]

    def of(self, some: NDArray[np.bool_]) -> "Cases":
        """Some of the cases."""
        return Cases(self.inputs[some], self.target[some], self.weight[some], self.fold[some], self.storm[some])


def seen(gauge: Gauge, by_id: Mapping[str, Gauge], pace: float = 1.0, rng: np.random.Generator | None = None) -> Seen:
    """The shapes of a gauge and what came after; `pace` 2 makes the flood twice as fast.

    With `rng`, for learning, neighbours hide, and a repeated reading in a steep rise is taken as it came.
    """
    now = gauge.due
    grid = forecast_past.windows(gauge.past, now, pace=pace)
    names = [
        name for name in above(gauge.station.id, {key: one.station for key, one in by_id.items()}) if name in by_id
    ]
    grids = [forecast_past.windows(by_id[name].past, now, pace=pace) for name in names]
    if rng is not None:
        for each in grids:
            each[rng.random(now.size) < _ONE_HIDDEN] = np.nan
    steadied = forecast_held.steadied if rng is None else _as_they_came
    hourly = forecast_past.memory(gauge.past, now, pace=pace)
    if rng is not None:
        hourly[rng.random(now.size) < _FORGOTTEN] = np.nan
    return Seen(
        gauge,
        now,
        grid[:, 0],
        forecast_shape.shape(steadied(grid)),
        tuple(forecast_shape.shape(steadied(each)) for each in liveliest(np.stack(grids, axis=1) if grids else None)),
        forecast_memory.memory(hourly, grid[:, 0]),
        grid[:, :7].max(axis=1),
        np.stack([_highest(gauge, now, reach * pace) for reach in REACHES_MIN], axis=1),
        np.stack([_level(gauge, now + 60.0 * horizon * pace) for horizon in HORIZONS_MIN], axis=1) - grid[:, :1],
    )


def _as_they_came(grid: Array) -> Array:
    return grid


def _highest(gauge: Gauge, now: Array, minutes: float) -> Array:
    """The highest true level in (now, now + minutes]."""
    steps = max(1, round(minutes / gauge.step_min))
    level = np.r_[np.where(np.isnan(gauge.truth), -np.inf, gauge.truth)[1:], np.full(steps, -np.inf)]
    ahead = np.lib.stride_tricks.sliding_window_view(level, steps).max(axis=1)
    found: Array = ahead[np.clip(_place(gauge, now), 0, gauge.at.size - 1)]
    return found


def _level(gauge: Gauge, at: Array) -> Array:
    """The true level at some times, NaN after the end."""
    place = _place(gauge, at)
    found: Array = np.where(place < gauge.at.size, gauge.truth[np.minimum(place, gauge.at.size - 1)], np.nan)
    return found


def _place(gauge: Gauge, at: Array) -> NDArray[np.int_]:
    place: NDArray[np.int_] = np.rint((at - gauge.at[0]) / (gauge.step_min * 60.0)).astype(np.int_)
    return place


def inputs(one: Seen, at: NDArray[np.intp], unit: Array, *, memory: bool = True) -> Array:
    """The inputs of some moments measured by `unit`."""
    upper = tuple(pick(each, at) for each in one.above)
    return forecast_inputs.inputs(pick(one.own, at), unit, upper, pick(one.memory, at) if memory else None)


def draw(gauges: Sequence[Gauge], labels: Labels) -> tuple[Cases, Cases]:
    """The cases of the odds and of the level, of the floods as they were and of faster and slower copies.

    Always the same ones.

    The target of the odds is 1 where the limit was reached within the reach; that of the level is its change in
    units of the pace, weighed as a share of the flood.
    """
    by_id = {gauge.station.id: gauge for gauge in gauges}
    rng, for_odds, for_level = (np.random.default_rng(seed) for seed in range(3))
    odds, level = [], []
    for gauge in gauges:
        for pace in PACES:
            one = seen(gauge, by_id, pace, rng)
            odds.append(_odds(one, pace, labels, for_odds))
            level.append(_levels(one, pace, labels, for_level))
    return _joined(odds), _joined(level)


def _joined(parts: Sequence[Cases | None]) -> Cases:
    some = [part for part in parts if part is not None]
    weight = np.concatenate([part.weight for part in some])
    return Cases(
        np.concatenate([part.inputs for part in some]),
        np.concatenate([part.target for part in some]),
        weight / weight.mean(),
        np.concatenate([part.fold for part in some]),
        np.concatenate([part.storm for part in some]),
    )


def _odds(one: Seen, pace: float, labels: Labels, rng: np.random.Generator) -> Cases | None:
    truth = one.gauge.truth
    middle = float(np.nanmedian(truth))
    top = float(np.nanmax(truth)) - middle
    own = one.own
    rising = (own.s60 > _SLOW) | (own.s30 > 2.0 * _SLOW) | ((own.rise > 0.05 * top) & (own.s60 > -4.0 * _SLOW))
    moments = rng.permutation(np.flatnonzero(rising))[: _MOMENTS[pace == 1.0]]
    if moments.size == 0:
        return None
    index, limit = [], []
    for _ in range(2):
        shares = rng.choice(_SHARES, moments.size) * np.exp(rng.normal(0.0, 0.05, moments.size))
        limits = middle + top * shares
        index.append(moments[limits > one.value[moments] + 0.2])
        limit.append(limits[limits > one.value[moments] + 0.2])
    reach = np.maximum(np.abs(own.s60[moments]), np.abs(own.s30[moments])) + 1.0
    index.append(moments)
    limit.append(one.value[moments] + reach * np.exp(rng.uniform(np.log(0.2), np.log(5.0), moments.size)))
    at, limits = np.concatenate(index), np.concatenate(limit)
    found = _hidden(inputs(one, at, limits - one.value[at]), rng)
    reached = (one.highest[at] >= limits[:, None]).astype(np.float64)
    return Cases(
        found.astype(np.float32),
        reached.astype(np.float32),
        np.full(at.size, at.size**-0.5),
        labels(one.gauge, one.now[at]),
        storm(one.gauge, one.now[at]),
    )


def _levels(one: Seen, pace: float, labels: Labels, rng: np.random.Generator) -> Cases | None:
    truth = one.gauge.truth
    rise = float(np.nanmax(truth) - np.nanmedian(truth))
    lively = (one.own.rise + one.own.drop > _STILL_SHARE * rise) & np.isfinite(one.ahead).all(axis=1)
    at = rng.permutation(np.flatnonzero(lively))[: _LEVEL_MOMENTS[pace == 1.0]]
    if at.size == 0:
        return None
    unit = forecast_level.pace(pick(one.own, at))
    found = _hidden(inputs(one, at, unit, memory=False), rng)
    target = (one.ahead[at] / unit[:, None]).astype(np.float32)
    now = one.now[at]
    weight = unit / rise * at.size**-0.5
    return Cases(found.astype(np.float32), target, weight, labels(one.gauge, now), storm(one.gauge, now))


def _hidden(found: Array, rng: np.random.Generator) -> Array:
    upstream = slice(forecast_inputs.OWN, forecast_inputs.OWN + forecast_inputs.UPSTREAM)
    found[rng.random(len(found)) < _ALL_HIDDEN, upstream] = 0.0
    return found
