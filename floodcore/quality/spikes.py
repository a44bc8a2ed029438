"""A believed value that stands out from both its neighbours, and a believed jump after which nothing moved. Pure.

Both are known only afterwards. They change no degree: what was believed was told. They say on the record that
the value was none (spike), or that the gauge's zero may have moved (step).
"""

from datetime import timedelta

from floodcore.quality.memory import Memory, Point, Verdict, minutes_between
from floodcore.quality.pace import PACE_FACTOR
from floodcore.words import Flag, Quantity

SPIKE = "spike"
STEP = "step"

# Out by 8 cm (a fifth and 0.5 m³/s of a discharge) on the same side of both neighbours, which differ by less than
# three tenths of that (judged; 28 of 239,676 recorded levels stand out by 10 cm, most of them at gauges that
# tremble by as much, which the pace before tells apart).
OUT_CM = 8.0
_OUT_SHARE, OUT_LEAST = 0.2, 0.5
_BACK = 0.3
_NEIGHBOUR_MIN = 35.0
# An hour after a jump the water of a flood has moved on by 3 cm or a tenth of the jump.
_STILL_CM, _STILL_SHARE = 3.0, 0.1
_STILL_LASTS = timedelta(minutes=60)


def stood_out(memory: Memory, point: Point, quantity: Quantity) -> bool:
    """Whether the newest believed point was a spike, now that `point` is believed too."""
    before, spike = memory.earlier, memory.good
    if before is None or spike is None:
        return False
    up, down = spike.value - before.value, spike.value - point.value
    out = min(abs(up), abs(down))
    if up * down <= 0.0 or out < _least(quantity, before.value) or abs(point.value - before.value) > _BACK * out:
        return False
    reach = minutes_between(before, spike)
    near = reach <= _NEIGHBOUR_MIN and minutes_between(spike, point) <= _NEIGHBOUR_MIN
    return near and out >= PACE_FACTOR * memory.earlier_pace * reach


def _least(quantity: Quantity, value: float) -> float:
    return OUT_CM if quantity is Quantity.LEVEL else OUT_LEAST + _OUT_SHARE * abs(value)


def spike_of(point: Point) -> Verdict:
    """The verdict on a point that stood out."""
    return Verdict(point.at, Flag.SUSPECT, SPIKE)


def moved_on(memory: Memory, point: Point, quantity: Quantity) -> tuple[bool, tuple[Verdict, ...]]:
    """Whether the jump believed last is done with, and the verdict on it if the water has not moved since."""
    jumped, before = memory.jumped, memory.before
    if jumped is None or before is None:
        return True, ()
    still = max(_STILL_CM, _STILL_SHARE * abs(jumped.value - before.value))
    if quantity is not Quantity.LEVEL or abs(point.value - jumped.value) > still:
        return True, ()
    if point.at - jumped.at < _STILL_LASTS:
        return False, ()
    return True, (Verdict(jumped.at, Flag.SUSPECT, STEP),)
