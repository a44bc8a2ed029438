"""Ice and weed: seasons in which a level may stand higher than the water that flows. Advice only. Pure."""

from datetime import datetime

from floodcore.words import Quantity

ICE = "ice"
WEED = "weed"

# Water this cold carries ice; without a thermometer the months in which Czech rivers do. Weed grows in the beds of
# lowland rivers from June to September (general knowledge, confirm).
_FREEZING_C = 0.3
_FROST = frozenset({12, 1, 2})
_GROWTH = frozenset({6, 7, 8, 9})


def season(at: datetime, quantity: Quantity, water_c: float | None = None) -> str:
    """What may make a level of time `at` misleading: `ice`, `weed` or nothing (an empty string).

    `water_c` is the temperature of the water in °C where it is measured. It changes no flag and no degree.
    """
    if quantity is not Quantity.LEVEL:
        return ""
    if water_c is not None:
        if water_c <= _FREEZING_C:
            return ICE
    elif at.month in _FROST:
        return ICE
    return WEED if at.month in _GROWTH else ""
