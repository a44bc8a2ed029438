"""The decision to warn, apart from the probability. Pure.

A warning for horizon h begins when reaching the limit within h + 60 min is at least as probable as
BEGIN[h], and goes on while that stays at least GO_ON. A warning h + 60 min old that has not come true
must be as probable as a new one to go on. So a warning lives in episodes: it is early because it looks an hour
beyond its horizon, it does not flap, and it is withdrawn openly.

A limit left within the last hour is not warned of again: that degree was told and has just been
given up; should the water come back, the degree is reached at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

HORIZONS_MIN = (30, 60, 120, 180)
# Chosen on the development records, cross-validated by river (docs/forecast.md): a later, surer warning
# scores more on CSI, an earlier one on useful lead.
BEGIN = (0.75, 0.77, 0.75, 0.78)
GO_ON = 0.3
BEYOND_MIN = 60.0
QUIET_STEPS = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a warning stands, (limits, horizons) in seconds; NaN where none does."""

    since: Array

    @property
    def warned(self) -> Flags:
        """Where a warning stands."""
        return np.isfinite(self.since)


def calm(limits: int) -> Standing:
    """No warning stands."""
    return Standing(np.full((limits, len(HORIZONS_MIN)), np.nan))


def step(standing: Standing, now: float | Array, foreseen: Array, quiet: Flags) -> Standing:
    """The warnings after one reading at `now` (seconds; a number or (limits, 1)).

    `foreseen` (limits, horizons) is the probability of reaching the limit within horizon + 60 min; `quiet`
    (limits,) is true where the limit is reached or was within the last hour.
    """
    age_min = (now - standing.since) / 60.0
    lasting = age_min <= np.array(HORIZONS_MIN) + BEYOND_MIN
    begins = foreseen >= np.array(BEGIN)
    goes_on = standing.warned & lasting & (foreseen >= GO_ON)
    since = np.where(goes_on, standing.since, np.where(begins, now, np.nan))
    return Standing(np.where(quiet[:, None], np.nan, since))
