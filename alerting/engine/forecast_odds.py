"""From the shape of the past and the gap to a limit to the probability of reaching it. Pure.

Thirty scale-free ratios (slope x 1 h / gap and the like) go through a small network learnt on recorded
floods of other rivers; its log-odds are then calibrated by a straight line per horizon. Method, training
and what does not carry over: docs/forecast.md. Parameters: forecast_parameters.json, versioned.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from alerting.engine.forecast_shape import Shape

Array = NDArray[np.float64]

# The network answers for these; the decision for a horizon looks an hour further (forecast_decision).
REACHES_MIN = (30, 60, 120, 180, 240)

# A slope is called small below this share of the gap per hour, and below 0.3 cm/h: the resolution of a gauge.
_SMALL_SHARE = 0.02
_SMALL = 0.3
_STEEPNESS = 4.0
_BEND_CAP = 3.0
_FAR = 5.0
OWN = 21
UPSTREAM = 9


class Net(msgspec.Struct, frozen=True):
    """Weights (inputs, outputs) and offsets of each layer."""

    weights: list[list[list[float]]]
    offsets: list[list[float]]


class Parameters(msgspec.Struct, frozen=True):
    """What was learnt: inputs are centred and scaled, nets averaged, log-odds stretched and shifted per reach."""

    version: str
    learnt_on: str
    centre: list[float]
    scale: list[float]
    nets: list[Net]
    stretch: list[float]
    shift: list[float]


@dataclass(frozen=True, slots=True)
class Odds:
    """Parameters as arrays, ready to use."""

    version: str
    centre: Array
    scale: Array
    nets: tuple[tuple[tuple[Array, Array], ...], ...]
    stretch: Array
    shift: Array


def ready(parameters: Parameters) -> Odds:
    """The parameters as arrays."""
    return Odds(
        parameters.version,
        np.array(parameters.centre),
        np.array(parameters.scale),
        tuple(
            tuple((np.array(w), np.array(b)) for w, b in zip(net.weights, net.offsets, strict=True))
            for net in parameters.nets
        ),
        np.array(parameters.stretch),
        np.array(parameters.shift),
    )


@cache
def generic() -> Odds:
    """The parameters that hold for any gauge, as shipped."""
    text = resources.files("alerting.engine").joinpath("forecast_parameters.json").read_bytes()
    return ready(msgspec.json.decode(text, type=Parameters))


def _squeeze(ratio: Array) -> Array:
    """A signed logarithm: fine near zero, tame far out."""
    squeezed: Array = np.sign(ratio) * np.log1p(_STEEPNESS * np.abs(ratio))
    return squeezed


def ratios(own: Shape, gap: Array, upstream: Shape | None) -> Array:
    """The inputs of the network, (moments, 30); `gap` > 0 is limit minus value. No or NaN upstream: zeros."""
    small = _SMALL_SHARE * gap + _SMALL
    top30, top60 = np.maximum(own.top30, small), np.maximum(own.top60, small)
    pace = np.abs(own.s60) + small
    columns = [
        *(_squeeze(s / gap) for s in (own.s20, own.s30, own.s60, own.s120, own.s180, own.now, own.step)),
        np.clip(own.s30 / top30, -1.0, 1.0),
        np.clip(own.s60 / top60, -1.0, 1.0),
        np.clip(own.s20 / top30, -1.0, 1.0),
        own.top30_age,
        own.top60_age,
        _squeeze(own.top30 / gap),
        _squeeze(own.top60 / gap),
        np.clip((own.s30 - own.s30_before) / pace, -_BEND_CAP, _BEND_CAP),
        np.clip((own.s60 - own.s60_before) / pace, -_BEND_CAP, _BEND_CAP),
        *(_squeeze(x / gap) for x in (own.bend, own.rise, own.drop, own.noise)),
        own.low_age,
    ]
    inputs = np.zeros((gap.size, OWN + UPSTREAM))
    inputs[:, :OWN] = np.stack(columns, axis=1)
    if upstream is not None:
        inputs[:, OWN:] = np.nan_to_num(_upstream(upstream, gap, small))
    return inputs


def _upstream(up: Shape, gap: Array, small: Array) -> Array:
    return np.stack(
        [
            np.isfinite(up.s30).astype(np.float64),
            *(_squeeze(x / gap) for x in (up.s30, up.s60, up.s120, up.rise)),
            np.clip(up.s30 / np.maximum(up.top30, small), -1.0, 1.0),
            np.clip(up.s60 / np.maximum(up.top60, small), -1.0, 1.0),
            np.where(np.isfinite(up.s30), up.top60_age, 0.0),
            _squeeze(up.drop / gap),
        ],
        axis=1,
    )


def log_odds(odds: Odds, inputs: Array) -> Array:
    """The mean log-odds of the nets, (moments, reaches), not calibrated."""
    scaled = np.clip((inputs - odds.centre) / odds.scale, -_FAR, _FAR)
    total = np.zeros((inputs.shape[0], len(REACHES_MIN)))
    for net in odds.nets:
        layer = scaled
        for weights, offset in net[:-1]:
            layer = np.maximum(layer @ weights + offset, 0.0)
        weights, offset = net[-1]
        total += layer @ weights + offset
    total /= len(odds.nets)
    return total


def probability(odds: Odds, inputs: Array) -> Array:
    """The probability of reaching the limit within each reach, (moments, reaches), never falling with the reach."""
    calibrated = odds.stretch * log_odds(odds, inputs) + odds.shift
    chances: Array = np.maximum.accumulate(expit(calibrated), axis=1)
    return chances
