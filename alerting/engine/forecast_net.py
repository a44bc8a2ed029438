"""Small networks as numpy evaluates them: linear layers with max(0, x) between. Pure."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Layers = tuple[tuple[Array, Array], ...]

# Inputs farther out than this many standard deviations say no more.
FAR = 5.0


class Net(msgspec.Struct, frozen=True):
    """Weights (inputs, outputs) and offsets of each layer."""

    weights: list[list[list[float]]]
    offsets: list[list[float]]


def ready(net: Net) -> Layers:
    """The layers as arrays."""
    return tuple((np.array(w), np.array(b)) for w, b in zip(net.weights, net.offsets, strict=True))


def mean(nets: Sequence[Layers], centre: Array, scale: Array, inputs: Array) -> Array:
    """The mean of what the nets make of `inputs` (cases, inputs), (cases, outputs)."""
    scaled = np.clip((inputs - centre) / scale, -FAR, FAR)
    total = np.zeros((inputs.shape[0], nets[0][-1][1].size))
    for net in nets:
        layer = scaled
        for weights, offset in net[:-1]:
            layer = np.maximum(layer @ weights + offset, 0.0)
        weights, offset = net[-1]
        total += layer @ weights + offset
    total /= len(nets)
    return total
