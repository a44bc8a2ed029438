"""Chance without a generator: a number that depends only on its keys.

A generator gives other numbers as soon as one more draw is made before; a hash of (seed, gauge, time)
gives the same number for the same gauge and time whatever else was asked, so a restarted simulator
repeats itself exactly.
"""

import math
from hashlib import blake2b

_SPAN = 1 << 64


def uniform(seed: int, *keys: str | int) -> float:
    """A number in [0, 1) that depends only on `seed` and `keys`."""
    text = "\x1f".join(str(key) for key in (seed, *keys))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / _SPAN


def normal(seed: int, *keys: str | int) -> float:
    """A number of the standard normal distribution (Box-Muller) that depends only on `seed` and `keys`."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(seed, *keys, "radius")))
    return radius * math.cos(2.0 * math.pi * uniform(seed, *keys, "angle"))
