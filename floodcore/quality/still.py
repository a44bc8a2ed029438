"""How long a gauge may say the very same thing: an hour in flood, or as long as it lately did. Pure.

In a flood an hour and one interval (reliability goal G8). But a gauge that resolves a centimetre says the same for
hours when the water goes a centimetre an hour: in the development records up to 180 min above a quarter of the flood,
two times in three on falling water. No resolution and no pace tells beforehand how long: how long the gauge stood
between its last changes does (`dwell`). So on falling water it may stand as long as it did of late, three hours at
most. On rising water it may not: what is held back there is a degree, and on a fall nothing is.

In calm a week: 24 h occur in the records. But a river that was rising does not stop dead: there it is four times what
the gauge stood between its last changes.
"""

from datetime import datetime, timedelta

from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.words import Quantity

_SAMPLES = 4
_IN_FLOOD_MIN = 60.0
_LONGEST_IN_FLOOD_MIN = 180.0
_IN_CALM = timedelta(days=7)
# The longest time between changes is forgotten by a fifth with each change, and no more than this is learnt of a calm.
FORGOTTEN = 0.8
LONGEST_DWELL_MIN = 360.0
# A river that stood is where it stood.
_SLOW_CM = 2.0
# A last step of more than a centimetre in ten minutes is none of a gauge that goes a centimetre to and fro.
_RISING_CM_PER_MIN = 0.1
_TIMES_DWELL = 4.0


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
    interval = minutes / memory.same_count
    if flooded:
        return minutes >= _in_flood(memory, interval, quantity)
    rising = quantity is Quantity.LEVEL and memory.moved > _RISING_CM_PER_MIN * interval
    return rising and memory.dwell > 0.0 and minutes >= _TIMES_DWELL * memory.dwell


def _in_flood(memory: Memory, interval: float, quantity: Quantity) -> float:
    if quantity is not Quantity.LEVEL:
        return _LONGEST_IN_FLOOD_MIN
    hour = min(max(_IN_FLOOD_MIN, 2.0 * memory.dwell), _IN_FLOOD_MIN + interval)
    return hour if memory.moved > 0.0 else min(max(hour, memory.dwell), _LONGEST_IN_FLOOD_MIN)


def dwelt(memory: Memory, point: Point) -> float:
    """The longest time from one change of the value to the next, of late, in minutes, with `point` newly believed."""
    good, since = memory.good, memory.same_since
    if good is None or since is None or point.value == good.value:
        return memory.dwell
    # doubted as stuck it was so indeed if it comes loose elsewhere, and else a slow river
    until = point if memory.doubted == 0 or abs(point.value - good.value) <= _SLOW_CM else good
    stood = min(minutes_between(Point(since, good.value), until), LONGEST_DWELL_MIN)
    return max(stood, FORGOTTEN * memory.dwell)
