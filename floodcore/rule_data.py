"""The history of a station's rules as data: what it was judged by, and what is entered to come. Pure.

One form for the command line, the interface for programs and the page.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from floodcore.network.model import Station
from floodcore.store.rulelog import RuleLine

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_UNITS = {"level": "cm", "discharge": "m3/s", "rain": "mm"}


def data(station_id: str, lines: Sequence[RuleLine], station: Station | None, now: datetime) -> dict[str, Json]:
    """The history for a page: `used` are versions in use from an observation time on, `to_come` dated changes.

    What is not known is null.
    """
    changes = () if station is None else station.changes
    return {
        "station": station_id,
        "used": [_used(line) for line in lines],
        "to_come": [
            {
                "quantity": str(change.limits.quantity),
                "valid_from": _iso(change.valid_from),
                "limits": {str(int(degree)): value for degree, value in change.limits.values.items()},
                "unit": _UNITS.get(change.limits.quantity, ""),
                "source": change.limits.source or None,
                "author": change.author,
                "reason": change.reason,
            }
            for change in changes
            if change.valid_from > now
        ],
    }


def _used(line: RuleLine) -> Json:
    rules = json.loads(line.rules)
    return {
        "quantity": line.quantity,
        "since": _iso(line.since),
        "version": line.rule_version,
        "engine": rules.get("engine"),
        "limits": rules.get("limits", {}),
        "rain_sums": [_window(*each) for each in rules.get("rain", {}).get("windows", ())],
        "unit": _UNITS.get(line.quantity, ""),
        "scheme": rules.get("scheme"),
        "hysteresis_cm": rules.get("hysteresis_cm"),
        "hysteresis_share": rules.get("hysteresis_share"),
        "calm_s": rules.get("calm_s"),
        "valid_from": _iso(line.valid_from),
        "source": line.source or None,
        "author": line.author or None,
        "reason": line.reason or None,
        "recorded_at": _iso(line.recorded_at),
    }


def _window(minutes: int, limits: dict[str, Json], saturated: dict[str, Json]) -> Json:
    """The limits of a rain sum, in mm by degree."""
    return {"window_min": minutes, "limits": limits, "saturated": saturated}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
