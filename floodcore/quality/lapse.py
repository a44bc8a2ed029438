"""A gauge that lay lower for a while and is back: it lost the water, it is no wreck. Pure.

A sensor that hung dry, stood behind ice or was lifted says something lower than the river, and then the truth again. A
flood may have begun meanwhile, so its first values must not wait for the hours that a wreck has to wait: where the
gauge was, it is believed at once; where the river could have come since, or rising on from wherever it stands, with
the second sample. A gauge that said now this and now that, high and low, has babbled and not lapsed.
"""

from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.pace import ordinary
from floodcore.words import Quantity

# Longer than this the gauge was lost, not away for a while: judged. Dying gauges lie for days (reliability.md).
_LASTS_MIN = 180.0
# A rise is measured against at most an hour, as after any silence; where the gauge was, against ten minutes.
_REACH_MIN, _AT_ONCE_MIN = 60.0, 10.0
# Higher than that it is believed when it rises on by so much, or by this share of the leap; of a discharge by this
# share of what it was. Or, at a crest that came meanwhile, when three lie in one line: the third leaves that of the two
# before by so much at most, or by this share of the leap. A wreck seldom does either.
_ONWARD_CM, _ONWARD_SHARE = 5.0, 0.05
_SMOOTH, _SMOOTH_CM, _SMOOTH_SHARE = 3, 3.0, 0.01


def lapsed(memory: Memory, point: Point, quantity: Quantity) -> bool:
    """Whether all that was doubted before `point` lay lower than the river, and `point` does not."""
    good, first, last = memory.good, memory.agreeing_from, memory.last
    if good is None or first is None or last is None or not (memory.lay or memory.agreeing == memory.doubted):
        return False
    lower = good.value - ordinary(quantity, good.value, _AT_ONCE_MIN)
    return max(first.value, last.value) < lower <= point.value and minutes_between(good, point) <= _LASTS_MIN


def lies(memory: Memory) -> bool:
    """Whether all that was doubted so far lay lower than the last good value."""
    good, first, last = memory.good, memory.agreeing_from, memory.last
    if good is None or first is None or last is None:
        return False
    return (memory.lay or memory.agreeing == memory.doubted) and max(first.value, last.value) < good.value


def is_back(memory: Memory, doubt: Memory, good: Point, point: Point, quantity: Quantity) -> bool:
    """Whether a gauge that lapsed is back with `point`, the newest of those in `doubt` that agree."""
    first, last = doubt.agreeing_from, memory.last
    if not doubt.lay or first is None or last is None:
        return False
    rise, away = first.value - good.value, minutes_between(good, first)
    if away > _LASTS_MIN:
        return False
    if abs(rise) <= ordinary(quantity, good.value, min(away, _REACH_MIN)):
        return True
    if rise < 0.0:
        return False
    level = quantity is Quantity.LEVEL
    least = _ONWARD_CM if level else _ONWARD_SHARE * abs(good.value)
    if point.value - first.value >= max(least, _ONWARD_SHARE * rise):
        return True
    bend = abs(doubt.step - memory.step) * minutes_between(last, point)
    return doubt.agreeing >= _SMOOTH and bend <= max(_SMOOTH_CM if level else 0.0, _SMOOTH_SHARE * rise)
