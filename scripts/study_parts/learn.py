"""Learning: small networks by Adam, many taught into one; a rising broken line that makes the odds come true."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_level import QUANTILES
from alerting.engine.forecast_net import FAR, Layers
from alerting.engine.forecast_odds import REACHES_MIN, Odds, Ready
from scripts.study_parts.cases import Cases

Array = NDArray[np.float64]
Small = NDArray[np.float32]
# Of one network: the weights of each layer, then the offsets.
Values = list[Small]
# What the network says and the target -> the slope of the loss by what it says.
Slope = Callable[[Small, Small], Small]

KNOTS = np.array([-14.0, -7.0, -5.0, -3.5, -2.5, -1.5, -0.75, 0.0, 0.75, 1.5, 2.5, 4.0, 10.0])
_BATCH, _RATE = 1024, 4e-3
_STIFF = 1e-4
_CELL = 0.05
# cm; ends that are closer say nothing of a factor.
_LEAST_REACH = 0.1
_ENDS = len(QUANTILES) - 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kind of network is learnt. `decay` penalises weights; `first` scales the last layer at the start."""

    hidden: tuple[int, ...]
    outputs: int
    epochs: int
    decay: float
    slope: Slope
    nets: int = 1
    seed: int = 0
    first: float = 1.0


def _cross_entropy(said: Small, target: Small) -> Small:
    return (1.0 / (1.0 + np.exp(-said)) - target).astype(np.float32)


def _quantile_loss(said: Small, target: Small) -> Small:
    """Of the middle a Huber loss, since large errors weigh in the score; of the ends the pinball loss, rounded."""
    off = np.repeat(target, len(QUANTILES), axis=1) - said
    share = np.tile(np.array(QUANTILES), len(HORIZONS_MIN))
    slope = np.where(off > 0.0, -share, 1.0 - share) * np.clip(np.abs(off) / 0.1, 0.0, 1.0)
    middle = share == QUANTILES[0]
    slope[:, middle] = -0.5 * np.clip(off[:, middle], -1.5, 1.5)
    small: Small = slope.astype(np.float32)
    return small


# Many small networks, each on storms drawn anew, teach one what they make of the same cases together.
TEACHERS = Recipe((24, 12), len(REACHES_MIN), 6, 1e-3, _cross_entropy, nets=16)
ODDS = Recipe((48, 24), len(REACHES_MIN), 10, 2e-4, _cross_entropy, seed=1)
LEVEL = Recipe((24, 12), len(HORIZONS_MIN) * len(QUANTILES), 8, 2e-4, _quantile_loss, nets=4, first=0.1)
_STORMS_SEED = 5


def learn(odds: Cases, level: Cases, version: str) -> Odds:
    """Odds and levels, not calibrated."""
    plain = np.tile(KNOTS, (len(REACHES_MIN), 1))
    widen = np.ones((len(HORIZONS_MIN), _ENDS))
    return Odds(version, _odds(odds), KNOTS, plain, _level(level), widen)


def _odds(cases: Cases) -> Ready:
    """One network taught by many. A teacher weighs each storm by a number of its own, exponential of mean 1."""
    centre, scale, scaled = _scaled(cases)
    rng = np.random.default_rng(_STORMS_SEED)
    storms, which = np.unique(cases.storm, return_inverse=True)
    drawn = rng.exponential(1.0, (storms.size, TEACHERS.nets))
    share = (drawn / drawn.mean(axis=0)).astype(np.float32)[which]
    weight = cases.weight.astype(np.float32)
    teachers = _networks(scaled, cases.target, weight, TEACHERS, share)
    said = np.zeros(cases.target.shape)
    for values in teachers:
        said += _layers(values, scaled)[-1]
    taught = expit(said / len(teachers)).astype(np.float32)
    return Ready(centre, scale, tuple(_as_layers(each) for each in _networks(scaled, taught, weight, ODDS)))


def _level(cases: Cases) -> Ready:
    centre, scale, scaled = _scaled(cases)
    found = _networks(scaled, cases.target, cases.weight.astype(np.float32), LEVEL)
    return Ready(centre, scale, tuple(_as_layers(each) for each in found))


def _scaled(cases: Cases) -> tuple[Array, Array, Small]:
    centre = cases.inputs.mean(axis=0, dtype=np.float64)
    scale = cases.inputs.std(axis=0, dtype=np.float64) + 1e-6
    return centre, scale, np.clip((cases.inputs - centre) / scale, -FAR, FAR).astype(np.float32)


def _networks(inputs: Small, target: Small, weight: Small, recipe: Recipe, share: Small | None = None) -> list[Values]:
    """The networks of a recipe by Adam; `share` (cases, nets) is what each makes of the weights."""
    rng = np.random.default_rng(recipe.seed)
    every = _begun(inputs.shape[1], recipe, rng)
    first, second = ([[np.zeros_like(v) for v in values] for values in every] for _ in range(2))
    batches = len(inputs) // _BATCH
    turn, turns = 0, recipe.epochs * batches
    for _ in range(recipe.epochs):
        orders = [rng.permutation(len(inputs))[: batches * _BATCH].reshape(-1, _BATCH) for _ in every]
        for batch in range(batches):
            rate = _RATE * 0.5 * (1.0 + np.cos(np.pi * turn / turns))
            turn += 1
            step, sharp = np.float32(rate * (1.0 / (1.0 - 0.9**turn))), np.float32(1.0 / (1.0 - 0.999**turn))
            for net, values in enumerate(every):
                at = orders[net][batch]
                heavy = weight[at] if share is None else weight[at] * share[at, net]
                mean, square = first[net], second[net]
                for i, slope in enumerate(_gradient(values, inputs[at], target[at], heavy, recipe)):
                    mean[i] = np.float32(0.9) * mean[i] + np.float32(0.1) * slope
                    square[i] = np.float32(0.999) * square[i] + np.float32(0.001) * (slope * slope)
                    values[i] -= step * mean[i] / (np.sqrt(square[i] * sharp) + np.float32(1e-8))
    return every


def _begun(width: int, recipe: Recipe, rng: np.random.Generator) -> list[Values]:
    """Weights of each layer, then offsets, of each network at the start."""
    sizes = [width, *recipe.hidden, recipe.outputs]
    drawn = [rng.normal(0.0, np.sqrt(2.0 / a), (recipe.nets, a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    drawn[-1] *= np.float32(recipe.first)
    return [[*(w[net] for w in drawn), *(np.zeros(b, np.float32) for b in sizes[1:])] for net in range(recipe.nets)]


def _layers(values: Values, inputs: Small) -> list[Small]:
    """The inputs, and what each layer makes of those before."""
    half = len(values) // 2
    layers = [inputs]
    for w, b in zip(values[: half - 1], values[half:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ w + b, np.float32(0.0)))
    layers.append(layers[-1] @ values[half - 1] + values[-1])
    return layers


def _gradient(values: Values, inputs: Small, target: Small, weight: Small, recipe: Recipe) -> Values:
    """Of the mean weighted loss with a quadratic penalty on the weights; weights first, then offsets."""
    half = len(values) // 2
    *layers, said = _layers(values, inputs)
    error = recipe.slope(said, target) * (weight[:, None] / np.float32(len(inputs)))
    by_weight: Values = []
    by_offset: Values = []
    for layer in range(half - 1, -1, -1):
        by_weight.insert(0, layers[layer].T @ error + np.float32(recipe.decay) * values[layer])
        by_offset.insert(0, error.sum(axis=0))
        error = (error @ values[layer].T) * (layers[layer] > 0.0)
    return by_weight + by_offset


def _as_layers(values: Values) -> Layers:
    half = len(values) // 2
    return tuple(
        (w.astype(np.float64), b.astype(np.float64)) for w, b in zip(values[:half], values[half:], strict=True)
    )


def calibrated(odds: Odds, raw: Array, reached: Array, weight: Array) -> Odds:
    """`odds` with the broken lines, per reach, that make log-odds `raw` (cases, reaches) fit what was reached."""
    found = [_broken_line(*_gathered(raw[:, i], reached[:, i], weight)) for i in range(raw.shape[1])]
    return replace(odds, becomes=np.stack(found))


def _gathered(raw: Array, reached: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Cases of all but the same log-odds as one: the line does not change, the work does."""
    cell = np.floor((np.clip(raw, KNOTS[0], KNOTS[-1]) - KNOTS[0]) / _CELL).astype(np.int_)
    heavy: Array = np.bincount(cell, weight).astype(np.float64)
    some = heavy > 0.0
    means = [
        np.bincount(cell, weight * each)[some] / heavy[some] for each in (np.clip(raw, KNOTS[0], KNOTS[-1]), reached)
    ]
    return means[0], means[1], heavy[some]


def _broken_line(raw: Array, reached: Array, weight: Array) -> Array:
    """The values at the knots: a rising line, its slopes drawn to one another."""
    place = np.clip(np.searchsorted(KNOTS, raw) - 1, 0, KNOTS.size - 2)
    share = np.clip((raw - KNOTS[place]) / np.diff(KNOTS)[place], 0.0, 1.0)
    steps = np.diff(KNOTS)
    weight = weight / weight.sum()

    def values(free: Array) -> Array:
        return np.concatenate([[free[0]], free[0] + np.cumsum(np.exp(free[1:]) * steps)])

    def loss(free: Array) -> tuple[float, Array]:
        at = values(free)
        z = at[place] * (1.0 - share) + at[place + 1] * share
        bend = np.diff(free[1:])
        error = weight * (expit(z) - reached)
        by_value = np.bincount(place, error * (1.0 - share), KNOTS.size) + np.bincount(
            place + 1, error * share, KNOTS.size
        )
        above = np.cumsum(by_value[::-1])[::-1]
        slope = np.concatenate([[above[0]], above[1:] * np.exp(free[1:]) * steps])
        slope[2:] += 2.0 * _STIFF * bend
        slope[1:-1] -= 2.0 * _STIFF * bend
        total = float((weight * (np.logaddexp(0.0, z) - reached * z)).sum() + _STIFF * (bend**2).sum())
        return total, slope

    start = np.concatenate([[KNOTS[0]], np.zeros(KNOTS.size - 1)])
    found: Array = values(minimize(loss, start, jac=True, method="L-BFGS-B").x)
    return found


def widened(odds: Odds, level: Array, true: Array, weight: Array) -> Odds:
    """`odds` with the factors by which beyond either end of `level` (cases, horizons, 3) lies a tenth of `true`."""
    return replace(
        odds,
        widen=np.array(
            [[_factor(level[:, h], true[:, h], weight, end) for end in (1, 2)] for h in range(true.shape[1])]
        ),
    )


def _factor(level: Array, true: Array, weight: Array, end: int) -> float:
    """How many times its distance from the median one end must be off so that a tenth lies beyond it."""
    reach = level[:, end] - level[:, 0]
    some = np.abs(reach) > _LEAST_REACH
    beyond = (true - level[:, 0])[some] / reach[some]
    order = np.argsort(beyond)
    share = np.cumsum(weight[some][order])
    return float(beyond[order][np.searchsorted(share, QUANTILES[2] * share[-1])])
