"""Learning cases: moments of recorded rises with virtual limits, also of copies that run faster or slower."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_odds, forecast_past, forecast_shape
from alerting.engine.forecast_odds import REACHES_MIN
from alerting.engine.forecast_shape import Shape, pick
from scripts.study_parts.gauges import Gauge

Array = NDArray[np.float64]

PACES = (1.0, 2.0, 4.0, 0.6)
# Shares of the way from median to peak; above 1 the flood never comes, which must be learnt too.
_SHARES = (0.08, 0.12, 0.18, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3)
_MOMENTS = {True: 2500, False: 900}
_UPSTREAM_HIDDEN = 0.35
# Moments of still water teach nothing: cm per hour.
_SLOW = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """A gauge at all its moments: (moments,) values, shapes, and `highest` (moments, reaches) ahead."""

    gauge: Gauge
    now: Array
    value: Array
    own: Shape
    upstream: Shape | None
    quiet_peak: Array
    highest: Array


@dataclass(frozen=True, slots=True)
class Cases:
    """Inputs (cases, 30), reached (cases, reaches) as 0 or 1, weights (cases,), and the fold of each."""

    inputs: Array
    reached: Array
    weight: Array
    fold: NDArray[np.str_]


def seen(gauge: Gauge, above: Gauge | None, pace: float) -> Seen:
    """The shapes of a gauge and what came after; `pace` 2 makes the flood twice as fast."""
    now = gauge.due
    grid = forecast_past.windows(gauge.past, now, pace=pace)
    upstream = None
    if above is not None:
        upstream = forecast_shape.shape(forecast_past.windows(above.past, now, pace=pace))
    highest = np.stack([_highest(gauge, now, reach * pace) for reach in REACHES_MIN], axis=1)
    return Seen(gauge, now, grid[:, 0], forecast_shape.shape(grid), upstream, grid[:, :7].max(axis=1), highest)


def _highest(gauge: Gauge, now: Array, minutes: float) -> Array:
    """The highest true level in (now, now + minutes]."""
    steps = max(1, round(minutes / gauge.step_min))
    level = np.r_[np.where(np.isnan(gauge.truth), -np.inf, gauge.truth)[1:], np.full(steps, -np.inf)]
    ahead = np.lib.stride_tricks.sliding_window_view(level, steps).max(axis=1)
    place = np.clip(np.rint((now - gauge.at[0]) / (gauge.step_min * 60.0)).astype(int), 0, gauge.at.size - 1)
    found: Array = ahead[place]
    return found


def cases(all_seen: list[tuple[Seen, float]], seed: int) -> Cases:
    """Draw the learning cases."""
    rng = np.random.default_rng(seed)
    parts = [part for one, pace in all_seen if (part := _drawn(one, pace, rng)) is not None]
    weight = np.concatenate([part.weight for part in parts])
    return Cases(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.reached for part in parts]),
        weight / weight.mean(),
        np.concatenate([part.fold for part in parts]),
    )


def _drawn(one: Seen, pace: float, rng: np.random.Generator) -> Cases | None:
    truth = one.gauge.truth
    middle = float(np.nanmedian(truth))
    top = float(np.nanmax(truth)) - middle
    own = one.own
    rising = (own.s60 > _SLOW) | (own.s30 > 2.0 * _SLOW) | ((own.rise > 0.05 * top) & (own.s60 > -4.0 * _SLOW))
    moments = np.flatnonzero(rising)
    if moments.size == 0:
        return None
    moments = rng.permutation(moments)[: _MOMENTS[pace == 1.0]]
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
    inputs = forecast_odds.ratios(
        pick(own, at), limits - one.value[at], None if one.upstream is None else pick(one.upstream, at)
    )
    inputs[rng.random(at.size) < _UPSTREAM_HIDDEN, forecast_odds.OWN :] = 0.0
    reached = (one.highest[at] >= limits[:, None]).astype(np.float64)
    return Cases(inputs, reached, np.full(at.size, at.size**-0.5), np.full(at.size, one.gauge.fold))
