"""A reading that repeats the one before in a steep rise. Pure, over many series.

Loggers send a value twice, and coarse gauges stand on one. The networks read that as a rise that stopped dead: one
repeated value took p(60 min) of a steep rise from 0.42 to 0.16, and so calmed people while the water came. But water
that rose by ten centimetres within twenty minutes, and was not slowing, does not stand still from one reading to the
next. So such a reading tells nothing yet: the shape stays that of ten minutes ago. A second one is believed.

The numbers are judged, not learnt: the development records hold four such moments (docs/forecast.md section 3).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# cm within the twenty minutes before the value that is repeated.
STEEP = 10.0
# Of these twenty minutes the later ten hold at least this share: below it the rise was ending. A gauge read every
# fifteen minutes has a third there, since the grid is linear between readings.
_STILL_RISING = 0.3


def steadied(windows: Array) -> Array:
    """Windows (series, 37), newest first, of which those that end with a held step end ten minutes earlier.

    The newest value stays what it was, since it is the one before. All others as they are; a NaN row too.
    """
    now, before, earlier, two, four = (windows[:, back] for back in (0, 1, 2, 3, 5))
    rise = before - two
    steep = (rise >= STEEP) & (rise >= two - four) & (before - earlier >= _STILL_RISING * rise)
    held = np.flatnonzero((now == before) & steep)
    if not held.size:
        return windows
    found = windows.copy()
    found[held, :-1] = windows[held, 1:]
    return found
