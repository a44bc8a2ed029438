"""The history of a station's rules as data and as lines: what it was judged by, and what is entered to come. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from floodcore.network.model import Station
from floodcore.store.rulelog import RuleLine

UNKNOWN = "not known"
_UNITS = {"level": "cm", "discharge": "m3/s", "rain": "mm"}


def data(station_id: str, lines: Sequence[RuleLine], station: Station | None, now: datetime) -> dict[str, object]:
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


def _used(line: RuleLine) -> dict[str, object]:
    rules = json.loads(line.rules)
    return {
        "quantity": line.quantity,
        "since": _iso(line.since),
        "version": line.rule_version,
        "engine": rules.get("engine"),
        "limits": rules.get("limits", {}),
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


def lines(history: Mapping[str, object]) -> list[str]:
    """The history for people, one version a line and its why below."""
    used, to_come = history["used"], history["to_come"]
    if not isinstance(used, list) or not isinstance(to_come, list):
        raise TypeError(history)
    said = []
    for one in used:
        limits = _limits(one["limits"], one["unit"])
        said.append(f"{one['since']}  {one['quantity']}  {limits}  version {one['version']} (engine {one['engine']})")
        said.append(f"    valid from {one['valid_from'] or UNKNOWN}; source: {one['source'] or UNKNOWN}")
        said.append(f"    by {one['author'] or UNKNOWN}: {one['reason'] or UNKNOWN}")
    for one in to_come:
        said.append(f"{one['valid_from']}  {one['quantity']}  {_limits(one['limits'], one['unit'])}  to come")
        said.append(f"    source: {one['source'] or UNKNOWN}")
        said.append(f"    by {one['author']}: {one['reason']}")
    return said or ["never judged, and no change is entered"]


def _limits(values: Mapping[str, float], unit: str) -> str:
    pairs = ", ".join(f"{degree}: {value:g}" for degree, value in sorted(values.items()))
    return f"limits {pairs} {unit}" if pairs else "no limits"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
