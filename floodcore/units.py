"""Units of the outside and the canonical unit of each quantity, one table with the reason beside each row.

An unknown unit is refused, never passed through: a level in mm read as cm would be a tenfold flood.
"""

from floodcore.words import Quantity

CANONICAL = {
    Quantity.LEVEL: "cm",
    Quantity.DISCHARGE: "m3/s",
    Quantity.RAIN: "mm",
    Quantity.WATER_TEMPERATURE: "degC",
    Quantity.BATTERY: "V",
}

# Divisors, not factors: 1234 / 10 is the nearest double to 123.4, 1234 * 0.1 is not.
_DIVISORS: dict[tuple[Quantity, str], float] = {
    (Quantity.LEVEL, "cm"): 1.0,
    (Quantity.LEVEL, "CM"): 1.0,  # ČHMÚ open data
    (Quantity.LEVEL, "mm"): 10.0,  # ultrasonic and radar sensors
    (Quantity.LEVEL, "m"): 0.01,  # Environment Agency, Hub'Eau records
    (Quantity.LEVEL, "ft"): 1.0 / 30.48,  # records of the USGS; the international foot is 0.3048 m exactly
    (Quantity.DISCHARGE, "m3/s"): 1.0,
    (Quantity.DISCHARGE, "M3_S"): 1.0,  # ČHMÚ open data
    (Quantity.DISCHARGE, "m³/s"): 1.0,  # Saxon feed, PEGELONLINE
    (Quantity.DISCHARGE, "l/s"): 1000.0,  # Hub'Eau
    (Quantity.DISCHARGE, "ft3/s"): 1.0 / 0.028316846592,  # records of the USGS; 0.3048 m cubed
    (Quantity.RAIN, "mm"): 1.0,
    (Quantity.WATER_TEMPERATURE, "degC"): 1.0,
    (Quantity.WATER_TEMPERATURE, "°C"): 1.0,  # PEGELONLINE
    (Quantity.WATER_TEMPERATURE, "0C"): 1.0,  # ČHMÚ writes the degree sign as a zero
    (Quantity.BATTERY, "V"): 1.0,
    (Quantity.BATTERY, "mV"): 1000.0,
}

# A ten-thousandth of a unit is below every sensor and hides the noise of binary fractions, so that
# 1.1 m and 110 cm are the same level.
_DECIMALS = 4


class UnknownUnitError(ValueError):
    """The unit is not in the table for this quantity; add a row with its reason."""

    def __init__(self, quantity: Quantity, unit: str) -> None:
        known = ", ".join(sorted(u for q, u in _DIVISORS if q is quantity))
        super().__init__(f"unknown unit {unit[:20]!r} for {quantity}; known: {known}")


def to_canonical(quantity: Quantity, value: float, unit: str) -> float:
    """Convert `value` in `unit` to the canonical unit of `quantity`.

    Raises:
        UnknownUnitError: the table has no such row.
    """
    try:
        divisor = _DIVISORS[quantity, unit]
    except KeyError:
        raise UnknownUnitError(quantity, unit) from None
    return round(value / divisor, _DECIMALS)
