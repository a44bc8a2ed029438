"""From scale-free inputs to the log-odds of reaching a limit. Pure.

Small networks learnt on recorded floods of other rivers; the mean of their log-odds is then calibrated by a rising
broken line per reach. Method, training and what does not carry over: docs/forecast.md. Parameters:
forecast_parameters.json, versioned.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_net
from alerting.engine.forecast_net import Layers, Net

Array = NDArray[np.float64]

# The networks answer for these; the decision for a horizon looks an hour further (forecast_decision).
REACHES_MIN = (30, 60, 120, 180, 240)


class Nets(msgspec.Struct, frozen=True):
    """Networks of one kind: inputs are centred and scaled, what they say is averaged."""

    centre: list[float]
    scale: list[float]
    nets: list[Net]


class Parameters(msgspec.Struct, frozen=True):
    """What was learnt: log-odds and their calibration (`knots`, and what they become, per reach), and the level.

    `widen` is what the distance of the 10 % and the 90 % end from the median is multiplied by, per horizon.
    """

    version: str
    learnt_on: str
    odds: Nets
    knots: list[float]
    becomes: list[list[float]]
    level: Nets
    widen: list[list[float]]


@dataclass(frozen=True, slots=True)
class Ready:
    """Networks of one kind as arrays."""

    centre: Array
    scale: Array
    nets: tuple[Layers, ...]

    def mean(self, inputs: Array) -> Array:
        """What they make of `inputs` (cases, inputs), averaged."""
        return forecast_net.mean(self.nets, self.centre, self.scale, inputs)


@dataclass(frozen=True, slots=True)
class Odds:
    """Parameters as arrays, ready to use.

    `becomes` is (reaches, knots), rising along the knots; `widen` (horizons, 2).
    """

    version: str
    odds: Ready
    knots: Array
    becomes: Array
    level: Ready
    widen: Array


def ready(parameters: Parameters) -> Odds:
    """The parameters as arrays."""
    return Odds(
        parameters.version,
        _ready(parameters.odds),
        np.array(parameters.knots),
        np.array(parameters.becomes),
        _ready(parameters.level),
        np.array(parameters.widen),
    )


def _ready(nets: Nets) -> Ready:
    return Ready(np.array(nets.centre), np.array(nets.scale), tuple(forecast_net.ready(net) for net in nets.nets))


@cache
def generic() -> Odds:
    """The parameters that hold for any gauge, as shipped."""
    text = resources.files("alerting.engine").joinpath("forecast_parameters.json").read_bytes()
    return ready(msgspec.json.decode(text, type=Parameters))


def calibrated(odds: Odds, raw: Array) -> Array:
    """Log-odds as the networks give them -> as they come true; both (moments, reaches)."""
    columns = [np.interp(raw[:, i], odds.knots, odds.becomes[i]) for i in range(raw.shape[1])]
    return np.stack(columns, axis=1)


def log_odds(odds: Odds, inputs: Array) -> Array:
    """The log-odds of reaching the limit within each reach, (moments, reaches), each reach by itself."""
    return calibrated(odds, odds.odds.mean(inputs))
