"""Checks at the door: what one reading says by itself, without its neighbours. Pure and stateless.

Owns the gross ranges and the bounds of a believable stamp. The ranges refuse only what no river or
sky of the network can do (error codes such as -9999, a tenfold unit); what is merely odd is the
business of `floodcore.quality.window`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf, isfinite

from floodcore.words import Flag, Observation, Quantity, Reading

# Canonical units, both ends included.
# level: negative levels are legal (Grand Hers at Mirepoix is never above -85 cm); the highest level in
#   the development records is 1294 cm, a reservoir; the highest limit of the network is 571 cm.
# discharge: small negative values occur in backwater; 20,000 is four times the Elbe's flood of 2002
#   (general knowledge, confirm).
# rain, mm per interval: the wettest hour on record, Holt 1947, had 305 mm (general knowledge, confirm).
# water temperature, battery: sensor ranges (general knowledge, confirm).
GROSS_RANGE: dict[Quantity, tuple[float, float]] = {
    Quantity.LEVEL: (-500.0, 2000.0),
    Quantity.DISCHARGE: (-100.0, 20000.0),
    Quantity.RAIN: (0.0, 310.0),
    Quantity.WATER_TEMPERATURE: (-5.0, 45.0),
    Quantity.BATTERY: (0.0, 60.0),
}

# A stamp further ahead than this comes from a wrong clock (reliability goal G18).
AHEAD = timedelta(minutes=5)
# Clocks that lost their setting start in 1970 (Unix), 1980 (GPS) or 2000 (clock chips); nothing as old
# as this is delivered by a gauge, and archives are not read through the door.
OLDEST = timedelta(days=3653)

MISSING = "missing"
NOT_FINITE = "not_finite"
GROSS = "gross_range"
FUTURE = "future"
OLD = "old"

# The stamp itself is wrong, so the value has no place in the record: quarantine, do not store.
REFUSED = frozenset({FUTURE, OLD})


def at_the_door(readings: Sequence[Reading], now: datetime) -> list[Observation]:
    """Each of `readings` with its verdict, in the same order; `now` is data time, aware UTC.

    GOOD with an empty test, MISSING, or FAIL with the name of the test. An observation whose test is
    in `REFUSED` must not be stored.
    """
    earliest, latest = now - OLDEST, now + AHEAD
    quantity: Quantity | None = None
    low, high = -inf, inf
    observations = []
    for reading in readings:
        if reading.quantity is not quantity:  # batches are mostly of one kind; enum hashing is slow
            quantity = reading.quantity
            low, high = GROSS_RANGE[quantity]
        value = reading.value
        if value is not None and low <= value <= high and earliest <= reading.observed_at <= latest:
            observations.append(Observation(reading, Flag.GOOD, ""))
        else:
            observations.append(_doubted(reading, earliest, latest))
    return observations


def _doubted(reading: Reading, earliest: datetime, latest: datetime) -> Observation:
    if reading.observed_at > latest:
        return Observation(reading, Flag.FAIL, FUTURE)
    if reading.observed_at < earliest:
        return Observation(reading, Flag.FAIL, OLD)
    flag, test = of_value(reading.quantity, reading.value)
    return Observation(reading, flag, test)


def of_value(quantity: Quantity, value: float | None) -> tuple[Flag, str]:
    """The verdict on a value alone, in the canonical unit of `quantity`; for archives without a live clock."""
    if value is None:
        return Flag.MISSING, MISSING
    if not isfinite(value):
        return Flag.FAIL, NOT_FINITE
    low, high = GROSS_RANGE[quantity]
    if not low <= value <= high:
        return Flag.FAIL, GROSS
    return Flag.GOOD, ""
