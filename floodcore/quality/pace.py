"""How fast a river may go: what is believed at once, by what is ordinary, by its own record, by its recent pace. Pure.

What a level may do in dt minutes at once: 10 + 1.5 dt cm, i.e. 25 cm in 10 min (the steepest rise of August
2010 was 22 cm in 10 min, domain.md section 9; in the development records true steps in 15 min reach 43 cm on
a rise that was already steep), or three times the pace it had in the last hour. Discharge: 1 m³/s + (0.3 +
0.05 dt) of the last value (judged on the development records, hydropeaking among them).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.rates import Rates
from floodcore.words import Quantity

# A rise is measured against at most an hour of silence; a single value after a long gap proves nothing.
_REACH = timedelta(minutes=60)
_MINUTE = timedelta(minutes=1)
# The pace of a river is remembered for about an hour: it halves in half an hour.
_PACE_HALVES_MIN = 30.0
PACE_FACTOR = 3.0
_REPEATED = 2
# A recorded wild river fell 74 cm in 10 min (bad_inputs, gauge A); so steep a fall is of no more than what half an hour
# allows. However fast the river rose just now: a gauge torn off on the rise must not have its fall taken for water.
STEEPEST_FALL = 7.5
STEEP_FALL_LASTS_MIN = 30.0
# Steps over less than this are measured as if over this, or the noise of a fast sensor looks like pace.
SHORTEST_STEP_MIN = 5.0


def plausible(memory: Memory, good: Point, point: Point, quantity: Quantity, rates: Rates) -> bool:
    """Whether the river could have gone from `good` to `point`, by what is ordinary or by its recent pace."""
    change = point.value - good.value
    heard = memory.last.at if memory.last is not None else good.at
    stood = memory.last is not None and memory.last.value == good.value
    # a gauge in doubt gets no more for a rise than a gauge heard all the time; a fall may have gone on meanwhile, but
    # not while the gauge said that it did not
    elapsed = point.at - (heard if change > 0.0 or stood else good.at)
    reach = _REACH if change > 0.0 else max(_REACH, point.at - heard)
    minutes = min(elapsed, reach) / _MINUTE
    own = rates.rise if change > 0.0 else rates.fall
    if abs(change) <= own * ordinary(quantity, good.value, minutes):
        return True
    paced = PACE_FACTOR * decayed(memory.pace, minutes)
    longest = _since_change(memory, point, minutes) if change > 0.0 else minutes
    if change < 0.0 and quantity is Quantity.LEVEL:
        paced, longest = min(paced, STEEPEST_FALL), min(minutes, STEEP_FALL_LASTS_MIN)
    return abs(change) <= paced * max(longest, SHORTEST_STEP_MIN)


def _since_change(memory: Memory, point: Point, minutes: float) -> float:
    """Over how long a rise by its pace may have gone on: from before the last reading if that only repeated one.

    A logger that gives a value twice on a rise shows the rise of two intervals in the next.
    """
    if memory.last is not None or memory.same_since is None or memory.same_count < _REPEATED or memory.moved <= 0.0:
        return minutes
    since = (point.at - memory.same_since) / _MINUTE
    return max(minutes, since) if since <= _PACE_HALVES_MIN else minutes


def ordinary(quantity: Quantity, value: float, minutes: float) -> float:
    """What the quantity may change by at once in `minutes`, up or down, when it stands at `value`."""
    if quantity is Quantity.LEVEL:
        return 10.0 + 1.5 * minutes
    return 1.0 + abs(value) * (0.3 + 0.05 * minutes)


def decayed(pace: float, minutes: float) -> float:
    """A pace as it is remembered after `minutes`."""
    return float(pace * 0.5 ** (minutes / _PACE_HALVES_MIN))


def step_of(earlier: Point, later: Point) -> float:
    """The pace from one point to the next, in units per minute."""
    return (later.value - earlier.value) / max(minutes_between(earlier, later), SHORTEST_STEP_MIN)


def shares(at: Sequence[datetime], value: Sequence[float], quantity: Quantity) -> list[float]:
    """Each step of a believed record over what is ordinary in its time, with its sign: what `rates.learn` takes."""
    points = [Point(moment, one) for moment, one in zip(at, value, strict=True)]
    return [(b.value - a.value) / ordinary(quantity, a.value, minutes_between(a, b)) for a, b in pairwise(points)]
