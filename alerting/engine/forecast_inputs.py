"""The inputs of the networks: the shape of the past as numbers without a scale. Pure.

Everything in cm or cm/h is divided by `unit`, the gap to a limit (for its odds) or the pace of the water (for the
level to come), and squeezed; slopes are also compared to one another. No absolute level, clock or station.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_memory import Memory
from alerting.engine.forecast_shape import Shape

Array = NDArray[np.float64]

# A slope is called small below this share of the unit per hour, and below 0.3 cm/h: the resolution of a gauge.
_SMALL_SHARE = 0.02
_SMALL = 0.3
_STEEPNESS = 4.0
_BEND_CAP = 3.0
_SHARE_CAP = 5.0
OWN = 21
GAUGES = 2
UPSTREAM = 9 * GAUGES
MEMORY = 11
WIDTH = OWN + UPSTREAM + MEMORY


def _squeeze(ratio: Array) -> Array:
    """A signed logarithm: fine near zero, tame far out."""
    squeezed: Array = np.sign(ratio) * np.log1p(_STEEPNESS * np.abs(ratio))
    return squeezed


def inputs(own: Shape, unit: Array, above: Sequence[Shape] = (), memory: Memory | None = None) -> Array:
    """(moments, 50); `unit` > 0 in cm. What is not known, a gauge above (at most two count) or the memory, is 0."""
    small = _SMALL_SHARE * unit + _SMALL
    # one row per input, so that each lies in one piece; handed on the other way round
    found = np.zeros((WIDTH, unit.size))
    found[:OWN] = _own(own, unit, small)
    for place, each in enumerate(above[:GAUGES]):
        begin = OWN + place * (UPSTREAM // GAUGES)
        found[begin : begin + UPSTREAM // GAUGES] = np.nan_to_num(_upstream(each, unit, small))
    if memory is not None:
        found[OWN + UPSTREAM :] = _memory(memory, own, unit)
    return found.T


def _own(own: Shape, unit: Array, small: Array) -> Array:
    top30, top60 = np.maximum(own.top30, small), np.maximum(own.top60, small)
    pace = np.abs(own.s60) + small
    columns = [
        *(_squeeze(s / unit) for s in (own.s20, own.s30, own.s60, own.s120, own.s180, own.now, own.step)),
        np.clip(own.s30 / top30, -1.0, 1.0),
        np.clip(own.s60 / top60, -1.0, 1.0),
        np.clip(own.s20 / top30, -1.0, 1.0),
        own.top30_age,
        own.top60_age,
        _squeeze(own.top30 / unit),
        _squeeze(own.top60 / unit),
        np.clip((own.s30 - own.s30_before) / pace, -_BEND_CAP, _BEND_CAP),
        np.clip((own.s60 - own.s60_before) / pace, -_BEND_CAP, _BEND_CAP),
        *(_squeeze(x / unit) for x in (own.bend, own.rise, own.drop, own.noise)),
        own.low_age,
    ]
    return np.stack(columns)


def _upstream(up: Shape, unit: Array, small: Array) -> Array:
    return np.stack(
        [
            np.isfinite(up.s30).astype(np.float64),
            *(_squeeze(x / unit) for x in (up.s30, up.s60, up.s120, up.rise)),
            np.clip(up.s30 / np.maximum(up.top30, small), -1.0, 1.0),
            np.clip(up.s60 / np.maximum(up.top60, small), -1.0, 1.0),
            np.where(np.isfinite(up.s30), up.top60_age, 0.0),
            _squeeze(up.drop / unit),
        ]
    )


def _memory(past: Memory, own: Shape, unit: Array) -> Array:
    swing = np.maximum(past.high48 - past.low48, 1.0)
    known = past.wander > 0.0
    return np.stack(
        [
            *(_squeeze(x / unit) for x in (past.high12, past.low12, past.high24, past.low24, past.high48, past.low48)),
            *(_squeeze(x / unit) for x in (past.up, past.down, past.wander)),
            np.where(known, np.clip(own.s60 / np.maximum(past.up, _SMALL), -_BEND_CAP, _BEND_CAP), 0.0),
            np.where(known, np.clip(own.rise / swing, 0.0, _SHARE_CAP), 0.0),
        ]
    )
