"""The history of a station's rules as data: what it was judged by, and what is entered to come. Pure.

One form for the command line, the interface for programs and the page.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from floodcore.network.model import Change, Station
from floodcore.store.rulelog import RuleLine

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_UNITS = {"level": "cm", "discharge": "m3/s", "rain": "mm"}


def data(station_id: str, lines: Sequence[RuleLine] | None, station: Station | None, now: datetime) -> dict[str, Json]:
    """The history for a page: `used` are versions in use from an observation time on, `to_come` dated changes not used.

    A change that is `valid` waits in `to_come` until a reading was judged by it, which a silent gauge may put off for
    long. `lines` None: the record cannot be read, so which valid change is used is not known, and none is named. What
    is not known is null.
    """
    return {
        "station": station_id,
        "used": [_used(line) for line in lines or ()],
        "to_come": [_change(change, now) for change in _unused(lines, () if station is None else station.changes, now)],
    }


def _unused(lines: Sequence[RuleLine] | None, changes: Sequence[Change], now: datetime) -> Iterator[Change]:
    """The changes still to be used: those to come, and of each quantity the newest valid one not yet judged by."""
    valid = {change.limits.quantity: change for change in sorted(changes, key=_since) if change.valid_from <= now}
    for change in changes:
        newest = valid.get(change.limits.quantity) is change
        if change.valid_from > now or (newest and lines is not None and not any(_by(line, change) for line in lines)):
            yield change


def _since(change: Change) -> datetime:
    return change.valid_from


def _by(line: RuleLine, change: Change) -> bool:
    """Whether readings were judged by `change` in `line`: by its limits, from its day on.

    A line from its day on may be of the limits before it, if it was entered with a day that had passed. The engine
    lets no limit stand below that of a lower degree, so the line holds those of the change raised.
    """
    if line.quantity != change.limits.quantity or line.since < change.valid_from:
        return False
    degrees = sorted(change.limits.values)
    raised = accumulate((change.limits.values[degree] for degree in degrees), max)
    limits = {str(int(degree)): limit for degree, limit in zip(degrees, raised, strict=True)}
    return line.valid_from == change.valid_from or json.loads(line.rules).get("limits") == limits


def _change(change: Change, now: datetime) -> Json:
    return {
        "quantity": str(change.limits.quantity),
        "valid_from": _iso(change.valid_from),
        "valid": change.valid_from <= now,
        "limits": {str(int(degree)): value for degree, value in change.limits.values.items()},
        "unit": _UNITS.get(change.limits.quantity, ""),
        "source": change.limits.source or None,
        "author": change.author,
        "reason": change.reason,
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
