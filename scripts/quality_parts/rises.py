"""Genuine extreme rises, laid upon a dry stretch: up to 8 m in 45 minutes, 9 m in 12 hours, and walls of water."""

from collections.abc import Callable
from dataclasses import replace
from math import exp
from random import Random

from scripts.quality_parts.faults import Sent, Stretch

# Share of the rise after a share of its time, both 0 to 1.
_SHAPES: tuple[Callable[[float], float], ...] = (
    lambda x: x,
    lambda x: x * x * (3.0 - 2.0 * x),
    lambda x: 1.0 - (1.0 - x) ** 2,
    lambda x: x * x,
)
_RECEDES_H = 8.0


def _raised(rng: Random, stretch: Stretch, start: int, height: float, minutes: float) -> list[Sent]:
    """The stretch with a rise of `height` cm in `minutes`, begun anywhere before the sample at `start`."""
    shape = rng.choice(_SHAPES)
    interval = (stretch[start].at - stretch[start - 1].at).total_seconds() / 60.0
    head = rng.random() * interval
    crest = rng.uniform(0.0, 60.0)
    sent = list(stretch)
    for i in range(start, len(sent)):
        since = head + (sent[i].at - sent[start].at).total_seconds() / 60.0
        after = (since - minutes - crest) / 60.0
        share = shape(min(since / minutes, 1.0)) * (exp(-after / _RECEDES_H) if after > 0.0 else 1.0)
        true = round(sent[i].true + height * share, 1)
        sent[i] = replace(sent[i], value=true, true=true)
    return sent


def flash(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """1 to 8 m in 45 minutes (Kerr 2025: 7.9 m)."""
    return _raised(rng, stretch, start, rng.uniform(100.0, 800.0), 45.0)


def great(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """2 to 9 m in 12 hours (Ahr 2021: 9 m)."""
    return _raised(rng, stretch, start, rng.uniform(200.0, 900.0), 720.0)


def wall(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """A wall of water: 1 to 5 m within one interval, then up to as much again in 45 minutes."""
    by = rng.uniform(100.0, 500.0)
    sent = _raised(rng, stretch, start, rng.uniform(0.2, 1.0) * by, 45.0)
    for i in range(start, len(sent)):
        hours = (sent[i].at - sent[start].at).total_seconds() / 3600.0
        true = round(sent[i].true + by * exp(-max(hours - 1.0, 0.0) / _RECEDES_H), 1)
        sent[i] = replace(sent[i], value=true, true=true)
    return sent


RISES = {"8 m in 45 min": flash, "9 m in 12 h": great, "wall of water": wall}
