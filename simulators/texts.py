"""Texts as loggers and people write them. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

_PRAGUE = ZoneInfo("Europe/Prague")
# The pattern that reads `logger`, as the station files would have it.
PATTERN = "LVS*HLADINA={level:cm}cm;SRAZKY={rain:mm}mm;{date} {time}*"


def logger(level_cm: float, rain_mm: float, at: datetime) -> str:
    """The warning of a logger whose clock keeps the time of Prague."""
    level, rain = (f"{value:g}".replace(".", ",") for value in (level_cm, rain_mm))
    return f"LVS Exercise HLADINA={level}cm;SRAZKY={rain}mm;{at.astimezone(_PRAGUE):%d.%m.%Y %H:%M} POZOR"


def patrol(station_id: str, level_cm: float, at: datetime | None = None) -> str:
    """What a person at a staff gauge writes; `at` when they do not write at once."""
    time = "" if at is None else f" {at.astimezone(_PRAGUE):%H:%M}"
    return f"Stav {station_id.lower()} {level_cm:g}{time}".replace(".", ",", 1)
