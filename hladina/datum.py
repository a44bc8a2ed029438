"""Levels that a record gives above the sea or another datum than the gauge's zero: which are believable. Pure.

The gross range of a level (floodcore.quality.door) is about a gauge's own zero. A gauge whose values stand 72 m above
it would have every reading refused, and no limit ever reached. What the engine judges by are differences, so it is
enough that the range stands where the gauge does: where the station list says (`zero`), or else where the limits are.
Values and limits stay as they were given, in every file.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from floodcore.quality.door import GROSS, GROSS_RANGE, of_value
from floodcore.words import Quantity

# So far below its lowest limit, in cm, a gauge has its zero, whose limits show another datum: judged. Believed is then
# what lies 8 m below that limit to 17 m above it.
_BELOW_CM = 300.0
# Fewer refused readings than this share are faults of the gauge.
_MOST = 0.5


class Series(Protocol):
    """What is asked of a station of the list."""

    @property
    def quantity(self) -> Quantity:
        """What it measures."""

    @property
    def zero(self) -> float:
        """The height of its zero, in the canonical unit."""


class Values(Protocol):
    """What is asked of a record."""

    @property
    def value(self) -> Sequence[float | None]:
        """The values in the canonical unit."""


def fits(quantity: Quantity, zero: float, limits: Iterable[float]) -> bool:
    """Whether all limits lie where readings can."""
    low, high = GROSS_RANGE[quantity]
    return all(low <= limit - zero <= high for limit in limits)


def range_of(quantity: Quantity, zero: float) -> str:
    """The believable values in words, in the canonical unit and the datum of the record."""
    low, high = GROSS_RANGE[quantity]
    return f"{low + zero:g} … {high + zero:g}"


def zero_by(quantity: Quantity, limits: Sequence[float]) -> float:
    """The height of the gauge's zero in the record's datum by the limits: 0 unless they lie out of the range."""
    if quantity is not Quantity.LEVEL or fits(quantity, 0.0, limits):
        return 0.0
    return min(limits) - _BELOW_CM


def refused(stations: Mapping[str, Series], records: Mapping[str, Values]) -> list[str]:
    """A line for each station of which more than half of the readings lie out of the gross range."""
    return [line for key, one in stations.items() if key in records and (line := _refused(key, one, records[key]))]


def _refused(key: str, station: Series, record: Values) -> str:
    values = [value for value in record.value if value is not None]
    out = sum(of_value(station.quantity, value - station.zero)[1] == GROSS for value in values)
    if out <= _MOST * len(values):
        return ""
    beyond = f"{out} of {len(values)} readings lie outside {range_of(station.quantity, station.zero)}"
    hint = "is the unit right, or are they heights above the sea? Then give zero, the height of the gauge's zero"
    return f"{key}: {beyond} and are not judged; {hint}"
