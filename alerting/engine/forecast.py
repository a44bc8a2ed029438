"""Expected degrees: how probable each limit is within 30, 60, 120 and 180 min, when, and how high. Pure, many series.

The whole of it is `foresee`: a `Scene` (what is known now, on even grids) and limits in, a `Foresight` out. The
decision to warn is apart (forecast_decision). Inside: past (forecast_past) -> shape (forecast_shape) -> ratios and
probability (forecast_odds), with one rule that does not ask the network: water that rises by metres in an hour is
outside what any record it learnt from can teach, so there the damped trend is in charge (docs/forecast.md section 4).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_inputs, forecast_level, forecast_memory, forecast_odds, forecast_shape
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_memory import Memory
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from alerting.engine.forecast_shape import Shape, pick
from alerting.engine.forecast_upstream import liveliest

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A metre in an hour, still rising: the slope of 20 min drawn on, halved about every 40 min.
_FAST = 100.0
_DAMPING_H = 1.0
_SURE = 0.9
# Where less than 15 % of the gap moves, no network is asked: of 282,000 such moments of the development records this
# share reached the limit within each reach (docs/forecast.md section 3).
_STILL_SHARE = 0.15
_STIR_H = 4.0
_STILL = np.array((0.0, 0.0, 0.00004, 0.0002, 0.0004))
# Times are told where the limit is at all likely.
_LEAST = 0.02
# Series worked on together: they stay in the cache, and a record of decades fits the memory.
_BLOCK = 1000
# Of the expected time: the median, and the ends of the middle four fifths.
_MEDIAN, _EARLY, _LATE = 0.5, 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of each series at its moment; built by `forecast_past.windows`, nothing later than the moment.

    `own` (series, 37): stage in cm (levels as they are, discharges by `forecast_past.stage`) now, 10 min ago, … 6 h
    ago; a NaN row gives NaN. All else may be missing: `upstream` (series, gauges, 37) likewise of the gauges above, NaN
    where there is none or it is silent; `memory` (series, 42) the own stage of each hour from 7 to 48 h ago
    (`forecast_past.memory`), NaN where not known; `rain` (series, 37) the mm over the catchment in each ten minutes
    (`forecast_past.showers`), newest first. Rain is used only where a station has learnt its answer (forecast_local).
    """

    own: Array
    upstream: Array | None = None
    memory: Array | None = None
    rain: Array | None = None

    def rows(self, some: slice) -> "Scene":
        """Some of the series."""
        parts = (None if each is None else each[some] for each in (self.upstream, self.memory, self.rain))
        return Scene(self.own[some], *parts)


@dataclass(frozen=True, slots=True)
class Foresight:
    """What is expected. Horizons are HORIZONS_MIN (30, 60, 120, 180 min).

    `probability` (series, limits, horizons) of reaching the limit within the horizon: 1 where it is reached now, NaN
    where there is no limit or the past is not known. `foreseen`, same shape: within horizon + 60 min; the decision to
    warn looks at it. `hours` (series, limits, horizons, 3): when, as hours from now: median, and the ends of the middle
    four fifths, given that it comes within the horizon; NaN where that is less likely than 0.02 in all. `level`
    (series, horizons, 3): the stage at the end of the horizon: median, 10 % and 90 %. `rising` (series,): whether the
    water rises now.
    """

    probability: Array
    foreseen: Array
    hours: Array
    level: Array
    rising: Flags


def foresee(odds: Odds, scene: Scene, limits: Array) -> Foresight:
    """The foresight for `limits` (series, limits) in the unit of `scene.own`; NaN where a series has fewer.

    A series is judged by itself, whatever its company.
    """
    parts = [_block(odds, scene.rows(some), limits[some]) for some in _blocks(len(limits))]
    if not parts:
        parts = [_block(odds, scene, limits)]
    return Foresight(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("probability", "foreseen", "hours", "level", "rising")
        )
    )


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, start + _BLOCK)


def _block(odds: Odds, scene: Scene, limits: Array) -> Foresight:
    own = forecast_shape.shape(scene.own)
    above = tuple(forecast_shape.shape(windows) for windows in liveliest(scene.upstream))
    value = scene.own[:, 0]
    past = None if scene.memory is None else forecast_memory.memory(scene.memory, value)
    gap = limits - value[:, None]
    series, degree = np.nonzero(gap > 0.0)
    look = outlook(
        odds,
        pick(own, series),
        gap[series, degree],
        tuple(pick(each, series) for each in above),
        None if past is None else pick(past, series),
    )
    reached = np.where(np.isnan(gap), np.nan, 1.0)[:, :, None] * np.ones(len(HORIZONS_MIN))
    probability, foreseen = reached.copy(), reached
    probability[series, degree] = look.probability
    foreseen[series, degree] = look.foreseen
    hours = np.full((*gap.shape, len(HORIZONS_MIN), 3), np.nan)
    hours[series, degree] = times(look.probability)
    return Foresight(probability, foreseen, hours, forecast_level.quantiles(odds, own, value, above), own.s30 > 0.0)


@dataclass(frozen=True, slots=True)
class Outlook:
    """For one limit per moment. `probability` and `foreseen` are (moments, horizons).

    `foreseen` is the probability within horizon + 60 min, which the decision to warn looks at.
    """

    probability: Array
    foreseen: Array


def outlook(odds: Odds, own: Shape, gap: Array, above: tuple[Shape, ...] = (), memory: Memory | None = None) -> Outlook:
    """The outlook for limits `gap` above the newest value; all arrays (moments,), `gap` > 0.

    Levels and gaps in cm, discharges as stage (forecast_past.stage). A NaN shape gives NaN.
    """
    chances = np.tile(_STILL, (gap.size, 1))
    lively = np.flatnonzero(~(_stir(own, above) < _STILL_SHARE * gap))
    if lively.size:
        some, uppers = pick(own, lively), tuple(pick(each, lively) for each in above)
        known = forecast_inputs.inputs(some, gap[lively], uppers, None if memory is None else pick(memory, lively))
        found = forecast_odds.probability(odds, known)
        chances[lively] = np.maximum(found, _trend_in_charge(some, gap[lively]))
    beyond = _between(chances[:, 1:2], chances[:, 2:3])
    return Outlook(chances[:, : len(HORIZONS_MIN)], np.concatenate([beyond, chances[:, 2:]], axis=1))


def _stir(own: Shape, above: tuple[Shape, ...]) -> Array:
    """How much moves, here or above, in cm: the rise of six hours, or four hours of the steepest half hour."""
    each = [own.rise, _STIR_H * own.top30]
    each += [np.nan_to_num(part) for upper in above for part in (upper.rise, _STIR_H * upper.top30)]
    stir: Array = np.maximum.reduce(each)
    return stir


def _between(sooner: Array, later: Array) -> Array:
    """The probability half way between two reaches (90 min between 60 and 120)."""
    return 0.5 * (sooner + later)


def _trend_in_charge(own: Shape, gap: Array) -> Array:
    """Sure where a very fast rise, damped, meets the limit within the reach; else 0. (moments, reaches)."""
    hours = np.array(REACHES_MIN) / 60.0
    drawn = own.s20[:, None] * _DAMPING_H * (1.0 - np.exp(-hours / _DAMPING_H))
    fast = (own.s20 >= _FAST) & (own.step > 0.0)
    return np.where(fast[:, None] & (drawn >= gap[:, None]), _SURE, 0.0)


def hours_to(probability: Array, share: float = _MEDIAN) -> Array:
    """When the limit is expected if it is reached within each horizon, in hours, (moments, horizons).

    The `share` quantile (0.5: the median) of the time to it, given that it comes within the horizon: where the
    probability, linear between the horizons and zero now, passes that share of its value at the horizon.
    """
    hours = np.array((0, *HORIZONS_MIN)) / 60.0
    steps = np.concatenate([np.zeros((len(probability), 1)), probability], axis=1)
    expected = np.empty_like(probability)
    for horizon in range(len(HORIZONS_MIN)):
        part = steps[:, horizon + 1] * share
        after = np.clip((steps <= part[:, None]).sum(axis=1), 1, horizon + 1)
        low, high = (np.take_along_axis(steps, (after - up)[:, None], axis=1)[:, 0] for up in (1, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            way = np.where(high > low, (part - low) / (high - low), 1.0)
        expected[:, horizon] = hours[after - 1] + way * (hours[after] - hours[after - 1])
    return expected


def times(probability: Array) -> Array:
    """`hours_to` for the median and the ends of the middle four fifths; (…, horizons) to (…, horizons, 3).

    NaN where the limit is less likely than 0.02 within the longest horizon.
    """
    found = np.full((*probability.shape, 3), np.nan)
    likely = probability[..., -1] >= _LEAST
    if likely.any():
        some = probability[likely]
        found[likely] = np.stack([hours_to(some, share) for share in (_MEDIAN, _EARLY, _LATE)], axis=2)
    return found


def shapes(windows: Array) -> Shape:
    """The shapes of windows (moments, 37)."""
    return forecast_shape.shape(windows)
