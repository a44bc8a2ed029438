"""The history of a station's rules as lines: what it was judged by, and what is entered to come. Pure."""

from collections.abc import Mapping
from typing import Any

from floodcore.rule_data import data

__all__ = ["data", "lines"]

UNKNOWN = "not known"


def lines(history: Mapping[str, object]) -> list[str]:
    """The history for people, one version a line and its why below."""
    used, to_come = history["used"], history["to_come"]
    if not isinstance(used, list) or not isinstance(to_come, list):
        raise TypeError(history)
    said = []
    for one in used:
        limits = _limits(one["limits"], one["unit"])
        said.append(f"{one['since']}  {one['quantity']}  {limits}  version {one['version']} (engine {one['engine']})")
        said += (f"    {_sum(each)}" for each in one["rain_sums"])
        said.append(f"    valid from {one['valid_from'] or UNKNOWN}; source: {one['source'] or UNKNOWN}")
        said.append(f"    by {one['author'] or UNKNOWN}: {one['reason'] or UNKNOWN}")
    for one in to_come:
        state = "valid, no reading judged by it yet" if one["valid"] else "to come"
        said.append(f"{one['valid_from']}  {one['quantity']}  {_limits(one['limits'], one['unit'])}  {state}")
        said.append(f"    source: {one['source'] or UNKNOWN}")
        said.append(f"    by {one['author']}: {one['reason']}")
    return said or ["never judged, and no change is entered"]


def _sum(window: Mapping[str, Any]) -> str:
    wet = f"; on saturated ground {_pairs(window['saturated'])}" if window["saturated"] else ""
    return f"within {window['window_min']} min: {_pairs(window['limits'])} mm{wet}"


def _pairs(values: Mapping[str, float]) -> str:
    return ", ".join(f"{degree}: {value:g}" for degree, value in sorted(values.items()))


def _limits(values: Mapping[str, float], unit: str) -> str:
    return f"limits {_pairs(values)} {unit}" if values else "no limits"
