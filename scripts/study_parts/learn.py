"""Learning: small networks by Adam; a rising broken line that makes the odds come true."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_level import QUANTILES
from alerting.engine.forecast_net import FAR
from alerting.engine.forecast_odds import REACHES_MIN, Odds, Ready
from scripts.study_parts.cases import Cases

Array = NDArray[np.float64]
Small = NDArray[np.float32]
# What the network says and the target -> the slope of the loss by what it says.
Slope = Callable[[Small, Small], Small]

NETS = 4
KNOTS = np.array([-14.0, -7.0, -5.0, -3.5, -2.5, -1.5, -0.75, 0.0, 0.75, 1.5, 2.5, 4.0, 10.0])
_BATCH, _RATE = 1024, 4e-3
_STIFF = 1e-4
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


ODDS = Recipe((24, 12), len(REACHES_MIN), 6, 1e-3, _cross_entropy)
LEVEL = Recipe((24, 12), len(HORIZONS_MIN) * len(QUANTILES), 8, 2e-4, _quantile_loss, 0.1)


def learn(odds: Cases, level: Cases, version: str) -> Odds:
    """Odds and levels, not calibrated."""
    plain = np.tile(KNOTS, (len(REACHES_MIN), 1))
    return Odds(
        version, networks(odds, ODDS), KNOTS, plain, networks(level, LEVEL), np.ones((len(HORIZONS_MIN), _ENDS))
    )


def networks(cases: Cases, recipe: Recipe) -> Ready:
    """Networks of one kind."""
    centre = cases.inputs.mean(axis=0, dtype=np.float64)
    scale = cases.inputs.std(axis=0, dtype=np.float64) + 1e-6
    scaled = np.clip((cases.inputs - centre) / scale, -FAR, FAR).astype(np.float32)
    return Ready(centre, scale, tuple(_net(scaled, cases, recipe, seed) for seed in range(NETS)))


def _net(inputs: Small, cases: Cases, recipe: Recipe, seed: int) -> tuple[tuple[Array, Array], ...]:
    rng = np.random.default_rng(seed)
    sizes = [inputs.shape[1], *recipe.hidden, recipe.outputs]
    weights = [rng.normal(0.0, np.sqrt(2.0 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    weights[-1] *= np.float32(recipe.first)
    values = weights + [np.zeros(b, np.float32) for b in sizes[1:]]
    first = [np.zeros_like(v) for v in values]
    second = [np.zeros_like(v) for v in values]
    target, weight = cases.target.astype(np.float32), cases.weight.astype(np.float32)
    turns = recipe.epochs * (len(inputs) // _BATCH)
    order = np.concatenate(
        [rng.permutation(len(inputs))[: len(inputs) // _BATCH * _BATCH] for _ in range(recipe.epochs)]
    )
    for turn, at in enumerate(order.reshape(turns, _BATCH)):
        rate = _RATE * 0.5 * (1.0 + np.cos(np.pi * turn / turns))
        for i, slope in enumerate(_gradient(values, inputs[at], target[at], weight[at], recipe)):
            first[i] = 0.9 * first[i] + 0.1 * slope
            second[i] = 0.999 * second[i] + 0.001 * slope * slope
            step = first[i] / (1.0 - 0.9 ** (turn + 1)) / (np.sqrt(second[i] / (1.0 - 0.999 ** (turn + 1))) + 1e-8)
            values[i] -= (rate * step).astype(np.float32)
    half = len(values) // 2
    return tuple(
        (w.astype(np.float64), b.astype(np.float64)) for w, b in zip(values[:half], values[half:], strict=True)
    )


def _gradient(values: list[Small], inputs: Small, target: Small, weight: Small, recipe: Recipe) -> list[Small]:
    """Of the mean weighted loss with a quadratic penalty on the weights; weights first, then offsets."""
    half = len(values) // 2
    weights, offsets = values[:half], values[half:]
    layers = [inputs]
    for w, b in zip(weights[:-1], offsets[:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ w + b, 0.0))
    error = recipe.slope(layers[-1] @ weights[-1] + offsets[-1], target) * weight[:, None] / len(inputs)
    by_weight: list[Small] = []
    by_offset: list[Small] = []
    for layer in range(half - 1, -1, -1):
        by_weight.insert(0, layers[layer].T @ error + recipe.decay * weights[layer])
        by_offset.insert(0, error.sum(axis=0))
        error = (error @ weights[layer].T) * (layers[layer] > 0.0)
    return by_weight + by_offset


def calibrated(odds: Odds, raw: Array, reached: Array, weight: Array) -> Odds:
    """`odds` with the broken lines, per reach, that make log-odds `raw` (cases, reaches) fit what was reached."""
    found = [_broken_line(raw[:, i], reached[:, i], weight) for i in range(raw.shape[1])]
    return replace(odds, becomes=np.stack(found))


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
