"""Values that are no water: codes for "missing", an exact zero, another unit. Pure.

Each is told only beside the last believed value, from which the river could not have come there.
"""

from floodcore.quality.memory import Memory, Point, minutes_between
from floodcore.quality.pace import ordinary
from floodcore.words import Quantity

# What loggers and protocols write for "missing" within the gross range, in cm: 9s with and without decimals, in
# metres or centimetres; the end of a 16-bit number in hundredths (general knowledge, confirm).
CODES = frozenset({-99.0, -99.9, -99.99, -999.0, -999.9, 888.8, 999.0, 999.9, 999.99, 327.67, 327.68, -327.68, 655.35})

# An exact zero is written for "missing" by many loggers. It, or a code, is believed only if the river stood so near
# it that it could have come there in this time, however long ago that was.
_NEAR_MIN = 10.0

ZERO = "zero"
SENTINEL = "sentinel"

# A slip of the unit: mm for cm, cm for m, and back.
_FACTORS = (10.0, 100.0, 0.1, 0.01)
_PLACES = {10.0: 1, 100.0: 2, 0.1: -1, 0.01: -2}
# In the old unit the water is where it was: within 2 cm or 3 %, and what it does since at its recent pace, at least
# 1.2 cm an hour. From one sample to the next a gauge that was only renamed goes 1.5 cm at most, in the old unit; water
# that has leapt to ten times its level goes on by more than the 15 cm that this makes. Faster than any rise of 8 m in
# 45 min in the shape of an S (27 cm a minute) no leap of water is, and the old pace is allowed for. All judged.
_SLIP_CM, _SLIP_SHARE, _SLIP_CM_PER_MIN = 2.0, 0.03, 0.02
_SLIP_STEP_CM, _SLIP_STEP_PACE = 1.5, 1.5
# Once three have agreed, what water cannot have done is followed from one to the next, wherever the water goes.
_SLIP_STEP_SETTLED_CM = 8.0
_SLIP_PACE_MIN, _SLIP_PACE_AT_MOST = 30.0, 0.5
_SETTLED = 3
_SLIP_FROM_CM = 10.0
# A smaller change is no slip worth the name: the river may do it.
_SLIP_LEAST_CM = 40.0
_FASTER_THAN_WATER = 27.0
# Nor does water leap by more than it rose in the worst half day known (Ahr 2021, 9 m).
_HIGHER_THAN_WATER_CM = 900.0
# A value times ten ends in a digit of the gauge's own earlier than the gauge does: 45.3 as 453.0. One value of water in
# ten does so by chance, three in a row one in a thousand; then the rest is followed as what water cannot have done.
_MOST_ZEROS, _MOST_DIGITS, _DIGIT_NOISE = 3, 6, 1e-6
# What water could have done is held back for so long at most, however much it looks like another unit; what it could
# not have done, and a fall, for a day.
_HELD_MIN = 20.0
_HELD_LONG_MIN = 1440.0
# Gauges that report less often may see a whole flood between two readings.
_SLIP_WITHIN_MIN = 20.0


def no_water(good: Point, value: float, quantity: Quantity) -> str:
    """The test that `value` fails beside the last good one, because it stands for "missing"; empty if it does not."""
    is_code = quantity is Quantity.LEVEL and value in CODES
    if (value != 0.0 and not is_code) or abs(value - good.value) <= ordinary(quantity, good.value, _NEAR_MIN):
        return ""
    return SENTINEL if is_code else ZERO


def is_other_unit(memory: Memory, point: Point, quantity: Quantity) -> bool:
    """Whether this sample, and the doubted ones before it if there are any, are the last good value in another unit.

    Water that truly leapt, and happens to stand there, leaves with its next step.
    """
    good, last = memory.good, memory.last
    if quantity is not Quantity.LEVEL or good is None or abs(good.value) < _SLIP_FROM_CM:
        return False
    first = memory.agreeing_from or point
    leap, took = first.value - good.value, minutes_between(good, first)
    possible = 0.0 < leap <= min(_FASTER_THAN_WATER * took, _HIGHER_THAN_WATER_CM)
    pace = 0.0 if possible else min(memory.pace, _SLIP_PACE_AT_MOST)
    factor = next((factor for factor in _FACTORS if _is_times(factor, good, pace, first)), None)
    if abs(leap) < _SLIP_LEAST_CM or factor is None:
        return False
    shifted = _shifted(good, memory.earlier or good, factor, (first, last or first, point))
    if possible and not shifted and took > _SLIP_WITHIN_MIN:
        return False
    if minutes_between(first, point) > (_HELD_MIN if possible and not shifted else _HELD_LONG_MIN):
        return False
    return last is None or _followed(memory, factor, last, point, pace, possible=possible, shifted=shifted)


def _followed(
    memory: Memory, factor: float, last: Point, point: Point, pace: float, *, possible: bool, shifted: bool
) -> bool:
    """Whether `point` goes on from `last` as the water would in the old unit."""
    settled = memory.agreeing >= _SETTLED
    sure = (settled and not possible) or (shifted and (settled or not possible))
    least = _SLIP_STEP_SETTLED_CM if sure else _SLIP_STEP_CM
    small = abs(point.value - last.value) <= factor * max(least, _SLIP_STEP_PACE * pace * minutes_between(last, point))
    if sure or memory.good is None:
        return small
    return (settled or small) and _is_times(factor, memory.good, pace, point)


def _shifted(good: Point, earlier: Point, factor: float, points: tuple[Point, ...]) -> bool:
    """Whether values have just as many digits less (or more) than those of the gauge as the factor makes."""
    usual = max(_digits(good.value), _digits(earlier.value))
    return max(_digits(one.value) for one in points) == usual - _PLACES[factor]


def _digits(value: float) -> int:
    """How many digits after the point a value needs; 0 for one that ends in a digit before it, less for zeros."""
    for digits in range(-_MOST_ZEROS, _MOST_DIGITS):
        scaled = value * 10.0**digits
        if abs(scaled - round(scaled)) < _DIGIT_NOISE:
            return digits
    return _MOST_DIGITS


def _is_times(factor: float, good: Point, pace: float, point: Point) -> bool:
    minutes = minutes_between(good, point)
    since = max(pace * min(minutes, _SLIP_PACE_MIN), _SLIP_CM_PER_MIN * minutes)
    around = max(_SLIP_CM, _SLIP_SHARE * abs(good.value)) + since
    return abs(point.value / factor - good.value) <= around
