"""Learning the odds: small networks by Adam on weighted cross-entropy, then a straight line per reach."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from alerting.engine.forecast_odds import REACHES_MIN, Odds
from scripts.study_parts.cases import Cases

Array = NDArray[np.float64]
Layer = tuple[Array, Array]

HIDDEN = (24, 12)
NETS = 3
_EPOCHS, _BATCH, _RATE, _DECAY = 6, 1024, 4e-3, 5e-3
_FAR = 5.0


def learn(cases: Cases, version: str) -> Odds:
    """Odds without calibration (stretch 1, shift 0)."""
    centre, scale = cases.inputs.mean(axis=0), cases.inputs.std(axis=0) + 1e-6
    scaled = np.clip((cases.inputs - centre) / scale, -_FAR, _FAR).astype(np.float32)
    nets = tuple(_net(scaled, cases, seed) for seed in range(NETS))
    ones = np.ones(len(REACHES_MIN))
    return Odds(version, centre, scale, nets, ones, 0.0 * ones)


def _net(inputs: NDArray[np.float32], cases: Cases, seed: int) -> tuple[Layer, ...]:
    rng = np.random.default_rng(seed)
    sizes = [inputs.shape[1], *HIDDEN, cases.reached.shape[1]]
    values = [rng.normal(0.0, np.sqrt(2.0 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    values += [np.zeros(b, np.float32) for b in sizes[1:]]
    first = [np.zeros_like(v) for v in values]
    second = [np.zeros_like(v) for v in values]
    reached, weight = cases.reached.astype(np.float32), cases.weight.astype(np.float32)
    batches = len(inputs) // _BATCH
    for turn in range(_EPOCHS * batches):
        if turn % batches == 0:
            order = rng.permutation(len(inputs))
        at = order[(turn % batches) * _BATCH :][:_BATCH]
        rate = _RATE * 0.5 * (1.0 + np.cos(np.pi * turn / (_EPOCHS * batches)))
        for i, slope in enumerate(_gradient(values, inputs[at], reached[at], weight[at])):
            first[i] = 0.9 * first[i] + 0.1 * slope
            second[i] = 0.999 * second[i] + 0.001 * slope * slope
            step = first[i] / (1.0 - 0.9 ** (turn + 1)) / (np.sqrt(second[i] / (1.0 - 0.999 ** (turn + 1))) + 1e-8)
            values[i] -= (rate * step).astype(np.float32)
    half = len(values) // 2
    return tuple(
        (w.astype(np.float64), b.astype(np.float64)) for w, b in zip(values[:half], values[half:], strict=True)
    )


def _gradient(
    values: list[NDArray[np.float32]],
    inputs: NDArray[np.float32],
    reached: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> list[NDArray[np.float32]]:
    """Of the mean weighted cross-entropy with a quadratic penalty on the weights; weights first, then offsets."""
    half = len(values) // 2
    weights, offsets = values[:half], values[half:]
    layers = [inputs]
    for w, b in zip(weights[:-1], offsets[:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ w + b, 0.0))
    chance = 1.0 / (1.0 + np.exp(-(layers[-1] @ weights[-1] + offsets[-1])))
    error = (chance - reached) * weight[:, None] / len(inputs)
    by_weight: list[NDArray[np.float32]] = []
    by_offset: list[NDArray[np.float32]] = []
    for layer in range(half - 1, -1, -1):
        by_weight.insert(0, layers[layer].T @ error + _DECAY * weights[layer])
        by_offset.insert(0, error.sum(axis=0))
        error = (error @ weights[layer].T) * (layers[layer] > 0.0)
    return by_weight + by_offset


def calibrated(odds: Odds, raw: Array, reached: Array, weight: Array) -> Odds:
    """`odds` with the stretch and shift, per reach, that make log-odds `raw` (cases, reaches) fit what was reached."""
    found = [_line(raw[:, i], reached[:, i], weight) for i in range(raw.shape[1])]
    return replace(odds, stretch=np.array([f[0] for f in found]), shift=np.array([f[1] for f in found]))


def _line(raw: Array, reached: Array, weight: Array) -> tuple[float, float]:
    def loss(line: Array) -> float:
        z = line[0] * raw + line[1]
        return float((weight * (np.logaddexp(0.0, z) - reached * z)).sum() / weight.sum())

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7})
    return float(best.x[0]), float(best.x[1])
