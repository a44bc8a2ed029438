"""What a sensor's payload says, before it is known which station it hangs at. Pure."""

from dataclasses import dataclass

from floodcore.words import Quantity

# A distance is no level: it becomes one only with the height of the sensor above the gauge's zero.
DISTANCE_UNIT = "mm distance"


@dataclass(frozen=True, slots=True)
class Sample:
    """One quantity of one payload. `value` in the canonical unit; `raw_value` and `raw_unit` as the sensor said it."""

    quantity: Quantity
    value: float
    raw_value: float
    raw_unit: str


def level_from_distance(distance_mm: float, zero_cm: float) -> Sample:
    """Level in cm above the gauge's zero = height of the sensor above that zero - distance to the water."""
    return Sample(Quantity.LEVEL, round(zero_cm - distance_mm / 10, 4), distance_mm, DISTANCE_UNIT)
