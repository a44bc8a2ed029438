"""The decision to warn, apart from the probability. Pure.

A warning for horizon h looks at two chances of reaching the limit, within h and within h + 60 min, half at each
(`looked`). It begins when that is at least BEGIN[h], and goes on while it stays at least GO_ON or the water still
rises: nobody is calmed by one lowered forecast. A warning h + 60 min old that has not come true must be as probable as
a new one to go on. So a warning lives in episodes: it is early because it looks beyond its horizon, but not at floods
that are all but an hour beyond it; it does not flap, and it ends openly: `turns` says how.

A limit left within the last hour is not warned of again: that degree was told and has just been
given up; should the water come back, the degree is reached at once.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

HORIZONS_MIN = (30, 60, 120, 180)
# The price of a miss in false alarms, on a line over the horizons (docs/forecast.md section 4).
BEGIN = (0.64, 0.66, 0.7, 0.74)
GO_ON = 0.3
BEYOND_MIN = 60.0
QUIET_STEPS = 6
_TINY = 1e-300


class Turn(IntEnum):
    """What a step did to a warning."""

    NONE = 0
    BEGUN = 1
    FULFILLED = 2
    """The limit was reached (or was above within the last hour)."""
    WITHDRAWN = 3
    """It did not come true and is no longer probable: say so."""


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


def looked(probability: Array, foreseen: Array) -> Array:
    """What a warning looks at: the mean, in log-odds, of the chances within the horizon and within an hour more.

    Both as in `forecast.Foresight`, of one shape; a NaN stays one. It lies between the two.
    """
    comes = np.sqrt(probability * foreseen)
    stays = np.sqrt((1.0 - probability) * (1.0 - foreseen))
    # never within the horizon and surely an hour later: even
    found: Array = np.where(comes + stays > 0.0, comes / np.maximum(comes + stays, _TINY), 0.5 + 0.0 * comes)
    return found


def step(
    standing: Standing,
    now: float | Array,
    foreseen: Array,
    quiet: Flags,
    rising: Flags | None = None,
    begin: tuple[float, ...] | Array = BEGIN,
) -> Standing:
    """The warnings after one reading at `now` (seconds; a number or (limits, 1)).

    A row is a limit of a series; of many series at once the rows are laid end to end. `foreseen` (limits, horizons) is
    what `looked` gives, NaN counts as 0; `quiet` (limits,) is true where the limit is reached or was within the last
    hour; `rising` (limits,) where the water rises now. `begin` other than BEGIN, (horizons,) or (limits, horizons), is
    for studies of the price.
    """
    foreseen = np.nan_to_num(foreseen)
    age_min = (now - standing.since) / 60.0
    lasting = age_min <= np.array(HORIZONS_MIN) + BEYOND_MIN
    begins = foreseen >= np.array(begin)
    held = foreseen >= GO_ON
    if rising is not None:
        held |= rising[:, None]
    goes_on = standing.warned & lasting & held
    since = np.where(goes_on, standing.since, np.where(begins, now, np.nan))
    return Standing(np.where(quiet[:, None], np.nan, since))


def turns(before: Standing, after: Standing, quiet: Flags) -> NDArray[np.int_]:
    """What the step from `before` to `after` did, (limits, horizons) of `Turn`; `quiet` as in the step.

    A warning that is withdrawn and begun anew in one step goes on: NONE.
    """
    ended = before.warned & ~after.warned
    begun = after.warned & ~before.warned
    found: NDArray[np.int_] = np.where(
        begun, Turn.BEGUN, np.where(ended, np.where(quiet[:, None], Turn.FULFILLED, Turn.WITHDRAWN), Turn.NONE)
    )
    return found


def quiet(windows: Array, limits: Array) -> Flags:
    """Where a limit is reached or was within the last hour, (series, limits); windows (series, 37), limits as foreseen.

    Also where nothing is known: NaN limits and windows are quiet.
    """
    below: Flags = limits > windows[:, : QUIET_STEPS + 1].max(axis=1, keepdims=True)
    return ~below
