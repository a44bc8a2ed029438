"""Where to start foreseeing again when something came late. Pure.

The decision to warn remembers: since when each warning stands. What comes late is put where it belongs (ADR 0016), so
the decisions after it are made again, from the newest start before it. A start is the memory before the first
forecast of an hour. Laws (tests/engine/test_foresee_late.py):

1. Starts, memory and forecast are those of the readings in order, to the byte, in whatever order they came.
2. What people were told is not among them: it is told once (ADR 0023).
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from floodcore.freshness import TOO_LATE
from floodcore.store.foresight import Matrix, Start

Array = NDArray[np.float64]

# Before the first forecast ever.
BEGINNING = Start(0.0, ())
_HOUR_S = 3600.0


def base(starts: Sequence[Start], earliest: datetime) -> Start | None:
    """Where to start again for a reading of `earliest`: the newest start not after it, else the oldest there is."""
    before = [start for start in starts if start.before <= earliest.timestamp()]
    if before:
        return before[-1]
    return starts[0] if starts else None


def kept(starts: Sequence[Start], base: Start) -> tuple[Start, ...]:
    """The starts that stay when decisions are made again from `base` on; the beginning always does."""
    return tuple(start for start in starts if start.before < base.before or start.before == BEGINNING.before)


def added(starts: Sequence[Start], due: Array, before: Array, until: datetime) -> tuple[Start, ...]:
    """With the starts of new forecasts at `due` (seconds), before each of which the memory was `before`.

    Without those that no reading which still counts can need; `until` is how far was foreseen.
    """
    found = list(starts)
    hour = np.floor(due / _HOUR_S)
    newest = found[-1].before // _HOUR_S if found else -1.0
    new = np.flatnonzero(np.diff(hour, prepend=newest) > 0.0).tolist()
    found += (Start(float(due[row]), matrix(before[row])) for row in new)
    older = sum(start.before <= (until - TOO_LATE).timestamp() for start in found)
    return tuple(found[max(older - 1, 0) :])


def matrix(since: Array) -> Matrix:
    """Since when each warning stands, None where none does; empty where none at all."""
    if not np.isfinite(since).any():
        return ()
    return tuple(tuple(None if np.isnan(s) else s for s in row) for row in since.tolist())
