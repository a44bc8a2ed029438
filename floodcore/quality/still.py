"""How long a gauge may say the very same thing: an hour in flood, a week in calm. Pure.

In a flood an hour (reliability goal G8). But a gauge that resolves a centimetre says the same for hours when the
water goes a centimetre an hour: in the development records up to 210 min above a quarter of the flood, where no gauge
of millimetres is still for more than 100 min and nearly none for 50. So for gauges that go in steps of a centimetre the
hour is stretched, to three at most, to how long the river at the pace it had when it stopped needs for eight of them.
In calm a week: 24 h occur in the records.
"""

from datetime import datetime, timedelta

from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.pace import grown
from floodcore.words import Quantity

_SAMPLES = 4
_IN_FLOOD_MIN = 60.0
_LONGEST_IN_FLOOD_MIN = 180.0
_STEPS_CM = 8.0
_IN_CALM = timedelta(days=7)
# Steps of this size are those of a gauge that resolves a centimetre. The smallest step seen is forgotten by a
# two-hundredth with each step: a wave or an average of two shows less now and then.
_COARSE_CM = 0.7
_FORGOTTEN = 1.005
# A river that went 18 cm an hour does not stop dead: held values on a rise count as in a flood.
_MOVING_CM_PER_MIN = 0.3


def is_stuck(memory: Memory, good: Point, point: Point, quantity: Quantity, *, flooded: bool) -> bool:
    """Whether a value unchanged once more has been so for too long."""
    if memory.same_count + 1 < _SAMPLES:
        return False
    since: datetime = memory.same_since or good.at
    lasting = point.at - since
    if lasting >= _IN_CALM:
        return True
    minutes = lasting / timedelta(minutes=1)
    if minutes < _IN_FLOOD_MIN:
        return False
    held = minutes_between(Point(since, good.value), good)
    pace = grown(memory.pace, held)
    if not flooded and (quantity is not Quantity.LEVEL or pace < _MOVING_CM_PER_MIN or memory.tick >= _COARSE_CM):
        return False
    return minutes >= _allowed_min(memory, pace, quantity)


def _allowed_min(memory: Memory, pace: float, quantity: Quantity) -> float:
    if quantity is Quantity.LEVEL and memory.tick < _COARSE_CM:
        return _IN_FLOOD_MIN
    if quantity is not Quantity.LEVEL or pace <= 0.0:
        return _LONGEST_IN_FLOOD_MIN
    return min(max(_STEPS_CM / pace, _IN_FLOOD_MIN), _LONGEST_IN_FLOOD_MIN)


def ticking(memory: Memory, point: Point) -> float:
    """The smallest change the gauge shows, with `point` newly believed."""
    change = 0.0 if memory.good is None else abs(point.value - memory.good.value)
    if change == 0.0:
        return memory.tick
    return change if memory.tick == 0.0 else min(change, _FORGOTTEN * memory.tick)
