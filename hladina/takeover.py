"""What a version of the lab is in a station file: the lines to put there, for a person to look at. Pure.

Limits of level and discharge become a dated change, so that the house takes them on their day, live and in every
rebuild. Limits of rain have no date in the files, so theirs are the lines to put in place on that day.
"""

from collections.abc import Mapping

import yaml

from floodcore.network.rain import WINDOWS
from floodcore.words import Degree, Quantity
from hladina.rule_history import Version

_MINUTE = 60


def lines(one: Version, source: str) -> str:
    """The lines below the station's entry, indented as in a station file; `source` is an id in sources.yaml."""
    if one.rules.quantity is Quantity.RAIN:
        return _rain(one, source)
    change = {
        "valid_from": f"{one.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        "author": one.author,
        "reason": one.reason,
        "quantity": str(one.rules.quantity),
        "values": _values(one.rules.limits),
        "source": source,
    }
    if one.rules.scheme != "spa":
        change["scheme"] = one.rules.scheme
    return _indented({"changes": [change]})


def _rain(one: Version, source: str) -> str:
    rain = one.rules.rain
    names = {int(span.total_seconds()) // _MINUTE: name for name, span in WINDOWS.items()}
    sums: list[dict[str, object]] = []
    for window in () if rain is None else rain.windows:
        wet = {"saturated": _values(window.saturated)} if window.saturated else {}
        sums.append({"window": names[window.minutes], "values": _values(window.limits), **wet, "source": source})
    degrees: dict[str, object] = {"sums": sums, "scheme": one.rules.scheme}
    if rain is not None and rain.ground is not None:
        keys = ("mm", "days", "recent_mm", "recent_days")
        degrees["saturation"] = {**dict(zip(keys, rain.ground, strict=True)), "source": source}
    head = f"    # in place of the rain_degrees that stand, from {one.valid_from:%Y-%m-%dT%H:%M:%SZ} on\n"
    return f"{head}    # {one.author}: {' '.join(one.reason.split())}\n" + _indented({"rain_degrees": degrees})


def _values(limits: Mapping[Degree, float]) -> dict[int, float]:
    return {int(degree): limit for degree, limit in sorted(limits.items())}


def _indented(document: dict[str, object]) -> str:
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    return "".join(f"    {line}\n" for line in text.splitlines())
