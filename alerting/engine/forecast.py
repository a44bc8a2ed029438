"""Expected degrees: how probable each limit is within 30, 60, 120 and 180 min, when, and how high. Pure, many series.

The whole of it is `foresee`: a `Scene` (what is known now, on even grids) and limits in, a `Foresight` out. The
decision to warn is apart (forecast_decision). Inside: past (forecast_past) -> shape (forecast_shape) -> ratios and
log-odds (forecast_odds) and the level (forecast_level), which are then brought into line with one another
(forecast_coherent). Two rules do not ask the networks: still water stays, and water that rises by metres in an hour is
outside what any record can teach, so there the damped trend is in charge (forecast_fast). One repeated reading in a
steep rise tells nothing yet (forecast_held).
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from alerting.engine import (
    forecast_coherent,
    forecast_fast,
    forecast_held,
    forecast_inputs,
    forecast_level,
    forecast_memory,
    forecast_odds,
    forecast_shape,
)
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_memory import Memory
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from alerting.engine.forecast_shape import Shape, pick
from alerting.engine.forecast_upstream import liveliest

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
_MEDIAN, _EARLY, _LATE = _SHARES = 0.5, 0.1, 0.9


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
    warn looks at both. `hours` (series, limits, horizons, 3): when, as hours from now: median, and the ends of the
    middle four fifths, given that it comes within the horizon; NaN where that is less likely than 0.02 in all. `level`
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
    if len(limits) <= _BLOCK:
        return _block(odds, scene, limits)
    found = _room(_block(odds, scene.rows(slice(0, 1)), limits[:1]), len(limits))
    for start in range(0, len(limits), _BLOCK):
        some = slice(start, start + _BLOCK)
        part = _block(odds, scene.rows(some), limits[some])
        for field in fields(Foresight):
            getattr(found, field.name)[some] = getattr(part, field.name)
    return found


def _room(part: Foresight, count: int) -> Foresight:
    """Empty arrays for `count` series, else as those of a part."""
    each = (getattr(part, field.name) for field in fields(Foresight))
    return Foresight(*(np.empty((count, *one.shape[1:]), one.dtype) for one in each))


def _block(odds: Odds, scene: Scene, limits: Array) -> Foresight:
    own = forecast_shape.shape(forecast_held.steadied(scene.own))
    above = tuple(forecast_shape.shape(forecast_held.steadied(windows)) for windows in liveliest(scene.upstream))
    value = scene.own[:, 0]
    past = None if scene.memory is None else forecast_memory.memory(scene.memory, value)
    return foreseen(odds, own, value, limits, above, past)


def foreseen(
    odds: Odds, own: Shape, value: Array, limits: Array, above: tuple[Shape, ...] = (), memory: Memory | None = None
) -> Foresight:
    """The foresight of shapes; `value` (series,) the newest stage, `limits` (series, limits)."""
    gap = limits - value[:, None]
    series, degree = np.nonzero(gap > 0.0)
    uppers = tuple(pick(each, series) for each in above)
    past = None if memory is None else pick(memory, series)
    chances = np.where(np.isnan(gap), np.nan, 1.0)[:, :, None] * np.ones(len(REACHES_MIN))
    chances[series, degree] = reaches(odds, pick(own, series), gap[series, degree], uppers, past)
    chances = forecast_coherent.over_limits(chances, limits)
    probability = chances[:, :, : len(HORIZONS_MIN)]
    hours = np.full((*gap.shape, len(HORIZONS_MIN), 3), np.nan)
    hours[series, degree] = times(probability[series, degree])
    level = forecast_coherent.settled(forecast_level.quantiles(odds, own, value, above), probability, limits, value)
    return Foresight(probability, beyond(chances), hours, level, own.s30 > 0.0)


def reaches(odds: Odds, own: Shape, gap: Array, above: tuple[Shape, ...] = (), memory: Memory | None = None) -> Array:
    """The probability of reaching limits `gap` above the newest value within each of REACHES_MIN, (moments, reaches).

    All arrays (moments,), `gap` > 0. Levels and gaps in cm, discharges as stage (forecast_past.stage). A NaN shape
    gives NaN.
    """
    chances = np.tile(_STILL, (gap.size, 1))
    lively = np.flatnonzero(~(_stir(own, above) < _STILL_SHARE * gap))
    if lively.size:
        some, uppers, gaps = pick(own, lively), tuple(pick(each, lively) for each in above), gap[lively]
        known = forecast_inputs.inputs(some, gaps, uppers, None if memory is None else pick(memory, lively))
        told = forecast_odds.log_odds(odds, known)
        steep = forecast_fast.fast(some)
        trend = forecast_fast.log_odds(forecast_fast.drawn(some.s20[steep], REACHES_MIN), gaps[steep])
        told[steep] = np.maximum(told[steep], trend)
        chances[lively] = expit(forecast_coherent.over_reaches(told))
    return chances


def beyond(chances: Array) -> Array:
    """The probability within horizon + 60 min of chances (…, reaches); that of 90 min lies between 60 and 120."""
    between = 0.5 * (chances[..., 1:2] + chances[..., 2:3])
    return np.concatenate([between, chances[..., 2:]], axis=-1)


def _stir(own: Shape, above: tuple[Shape, ...]) -> Array:
    """How much moves, here or above, in cm: the rise of six hours, or four hours of the steepest half hour."""
    each = [own.rise, _STIR_H * own.top30]
    each += [np.nan_to_num(part) for upper in above for part in (upper.rise, _STIR_H * upper.top30)]
    stir: Array = np.maximum.reduce(each)
    return stir


def hours_to(probability: Array, share: float = _MEDIAN) -> Array:
    """When the limit is expected if it is reached within each horizon, in hours, (moments, horizons).

    The `share` quantile (0.5: the median) of the time to it, given that it comes within the horizon: where the
    probability, linear between the horizons and zero now, passes that share of its value at the horizon.
    """
    return _hours(probability, (share,))[:, :, 0]


def _hours(probability: Array, shares: tuple[float, ...]) -> Array:
    """`hours_to` of several shares at once, (moments, horizons, shares)."""
    spans = (np.diff((0, *HORIZONS_MIN)) / 60.0).tolist()
    steps = np.zeros((len(HORIZONS_MIN) + 1, len(probability)))
    steps[1:] = probability.T
    rises = np.diff(steps, axis=0)
    level = [None if each.all() else ~each for each in steps[1:] > steps[:-1]]
    found = np.zeros((len(HORIZONS_MIN), len(shares), len(probability)))
    for horizon in range(len(HORIZONS_MIN)):
        part = np.multiply.outer(np.array(shares), steps[horizon + 1])
        for low, rise, flat, span in zip(steps[: horizon + 1], rises, level, spans, strict=False):
            # of each span between two horizons the share that passes before the part is met; a level one as a whole
            with np.errstate(divide="ignore", invalid="ignore"):
                way = np.clip((part - low) / rise, 0.0, 1.0)
            if flat is not None:
                way[:, flat] = (part >= low)[:, flat]
            found[horizon] += span * way
    return np.ascontiguousarray(np.moveaxis(found, 2, 0))


def times(probability: Array) -> Array:
    """`hours_to` for the median and the ends of the middle four fifths; (…, horizons) to (…, horizons, 3).

    NaN where the limit is less likely than 0.02 within the longest horizon.
    """
    likely = probability[..., -1] >= _LEAST
    if likely.all() and probability.ndim == 2:  # noqa: PLR2004  # moments and horizons
        return _hours(probability, _SHARES)
    found = np.full((*probability.shape, 3), np.nan)
    if likely.any():
        found[likely] = _hours(probability[likely], _SHARES)
    return found
