"""What one station's own past adds to the forecast that holds for any gauge. Pure.

A regression on the station's own changes, the changes at each gauge above by how long ago they were, and rain by how
long ago it fell: the weights over time are the travel time and the lag, learnt per pair. Its rise to the limit then
moves the generic odds, as far as it proved right on parts of the past it was not fitted to. No history: no change.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from alerting.engine import forecast_fast, forecast_held, forecast_shape
from alerting.engine.forecast import Foresight, Scene, beyond, times
from alerting.engine.forecast_coherent import over_limits, over_reaches, settled

Array = NDArray[np.float64]

# Steps of ten minutes: how far back the own changes reach, the spans of the changes above, and of the sums of rain.
OWN_STEPS = (1, 3, 6, 12)
SPANS = ((0, 3), (3, 6), (6, 9), (9, 12), (12, 18), (18, 24), (24, 36))
RAIN_SPANS = ((0, 6), (6, 12), (12, 18), (18, 36))
_STEEPNESS = 4.0
_CLOSE = 1e-4
# Log-odds of nothing: no spread of arrivals makes it likely.
_HOPELESS = -20.0
# Of a reach in cm, that the ratio to a small gap stays in bounds.
_LEAST_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Local:
    """Learnt of one station.

    `rise` (features, 5) is to the highest within each reach, `change` (features, 4) to the level at each horizon;
    `share` (4,) is how far the level follows it. The log-odds become `stretch` x log-odds + `push` x ratio of rise to
    gap + `shift`, each (5,).
    """

    rise: Array
    change: Array
    share: Array
    stretch: Array
    push: Array
    shift: Array


def features(scene: Scene) -> Array:
    """(series, 4 + 7 per gauge above + 4 of rain): changes in cm and sums in mm; 0 where nothing is known."""
    parts = [scene.own[:, 0] - scene.own[:, back] for back in OWN_STEPS]
    if scene.upstream is not None:
        for gauge in range(scene.upstream.shape[1]):
            parts += [scene.upstream[:, gauge, a] - scene.upstream[:, gauge, b] for a, b in SPANS]
    if scene.rain is not None:
        parts += [scene.rain[:, a:b].sum(axis=1) for a, b in RAIN_SPANS]
    return np.nan_to_num(np.stack(parts, axis=1))


def ratio(rise: Array, gap: Array) -> Array:
    """How the foreseen rise compares to the gap, squeezed; 0 where it just meets it."""
    over = (rise - gap) / np.maximum(gap, _LEAST_GAP)
    squeezed: Array = np.sign(over) * np.log1p(_STEEPNESS * np.abs(over))
    return squeezed


def moved(local: Local, log_odds: Array, rise: Array, gap: Array) -> Array:
    """The log-odds (…, 5) of limits `gap` above, with what the station's past adds."""
    return local.stretch * log_odds + local.push * ratio(rise, gap) + local.shift


def refine(local: Local, scene: Scene, limits: Array, found: Foresight) -> Foresight:
    """The foresight of a station with what its past adds; `limits` as given to `foresee`."""
    known = features(scene)
    rise, change = known @ local.rise, known @ local.change
    gap = (limits - scene.own[:, :1])[:, :, None]
    open_ = gap > 0.0
    reaches = np.concatenate([found.probability, found.foreseen[:, :, -1:]], axis=2)
    odds = moved(local, logit(np.clip(reaches, _CLOSE, 1.0 - _CLOSE)), rise[:, None, :], gap)
    hopeless = reaches <= _CLOSE
    told = expit(over_reaches(np.where(hopeless, _HOPELESS, odds)))
    # what a station learnt of its own floods takes nothing back of metres in an hour
    steep = forecast_fast.fast(forecast_shape.shape(forecast_held.steadied(scene.own)))
    told[steep] = np.maximum(told[steep], reaches[steep])
    chances = over_limits(np.where(open_ & ~hopeless, told, reaches), limits)
    foreseen = np.where(open_, beyond(chances), found.foreseen)
    step = local.share * (scene.own[:, :1] + change - found.level[:, :, 0])
    step[steep] = np.maximum(step[steep], 0.0)
    probability = chances[:, :, :-1]
    hours = np.where(open_[:, :, :, None], times(probability), np.nan)
    level = settled(found.level + step[:, :, None], probability, limits, scene.own[:, 0])
    return replace(found, probability=probability, foreseen=foreseen, hours=hours, level=level)
