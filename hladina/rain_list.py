"""Limits of rain sums in the station list of a hindcast: `rain_degrees` as in the station files, without sources."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite
from reprlib import repr as shown

from alerting.engine.rain_sums import RainRules, Window
from floodcore.network.rain import SCHEMES, WINDOWS
from floodcore.words import Degree

_GROUND = ("mm", "days", "recent_mm", "recent_days")
_MINUTE = 60


def rain_scheme(item: object, where: str, faults: list[str]) -> str:
    """Whose degrees they are: limits of rain, or SPA by rain where the source says so, as at the Mšeno dam."""
    scheme = item.get("scheme", SCHEMES[0]) if isinstance(item, dict) else SCHEMES[0]
    if scheme not in SCHEMES:
        faults.append(f"{where}: rain_degrees: scheme {shown(scheme)} is none of {', '.join(SCHEMES)}")
    return str(scheme)


def rain_rules(item: object, where: str, faults: list[str]) -> RainRules | None:
    """The rules of the entry; None where there are none, or with a line in `faults` for each reason."""
    if item is None:
        return None
    before = len(faults)
    if not isinstance(item, dict) or not isinstance(item.get("sums"), list) or not item["sums"]:
        faults.append(f"{where}: rain_degrees: sums are wanted, such as {{sums: [{{window: 24h, values: {{1: 60}}}}]}}")
        return None
    windows = [_window(each, f"{where}: rain_degrees", faults) for each in item["sums"]]
    known = sorted((each for each in windows if each is not None), key=lambda each: each.minutes)
    for short, long in pairwise(known):
        faults += _compared(short, long, f"{where}: rain_degrees")
    ground = _ground(item.get("saturation"), f"{where}: rain_degrees", faults)
    if ground is None and any(each.saturated for each in known) and len(faults) == before:
        faults.append(f"{where}: rain_degrees: limits of saturated ground need saturation, which says when it is")
    return RainRules(tuple(known), ground) if len(faults) == before else None


def with_sums(rules: RainRules | None, sums: Sequence[tuple[str, dict[Degree, float], bool]]) -> RainRules:
    """The rules with other limits: (window such as 1h, degree to mm, whether on saturated ground); the rest stays.

    Raises:
        ValueError: they do not go together; with each reason.
    """
    minutes = {name: int(span.total_seconds()) // _MINUTE for name, span in WINDOWS.items()}
    windows = {} if rules is None else {each.minutes: (each.limits, each.saturated) for each in rules.windows}
    faults = [f"window {name} is none of {', '.join(WINDOWS)}" for name, _, _ in sums if name not in WINDOWS]
    for name, limits, saturated in sums if not faults else ():
        dry, wet = windows.get(minutes[name], ({}, {}))
        windows[minutes[name]] = (dry, limits) if saturated else (limits, wet)
    ground = None if rules is None else rules.ground
    found = tuple(Window(each, *windows[each]) for each in sorted(windows))
    for window in found:
        over = [d for d, limit in window.saturated.items() if d not in window.limits or limit > window.limits[d]]
        faults += [
            f"{window.minutes} min: degree {degree:d} of saturated ground is above that of any" for degree in over
        ]
    for short, long in pairwise(found) if not faults else ():
        faults += _compared(short, long, "sums")
    if ground is None and any(window.saturated for window in found):
        faults.append("limits of saturated ground need saturation in the station list")
    if faults:
        raise ValueError("; ".join(faults))
    return RainRules(found, ground)


def _window(item: object, where: str, faults: list[str]) -> Window | None:
    if not isinstance(item, dict) or item.get("window") not in WINDOWS:
        faults.append(f"{where}: {shown(item)}: window is none of {', '.join(WINDOWS)}")
        return None
    where = f"{where}: {item['window']}"
    dry, wet = (_steps(item.get(key), f"{where}: {key}", faults) for key in ("values", "saturated"))
    if not dry:
        faults.append(f"{where}: values are wanted, such as {{1: 60, 2: 70}}")
    over = [degree for degree, limit in wet.items() if degree not in dry or limit > dry[degree]]
    faults += [f"{where}: saturated: degree {degree:d} is above that of any ground" for degree in over]
    return Window(int(WINDOWS[item["window"]].total_seconds()) // _MINUTE, dry, wet)


def _steps(item: object, where: str, faults: list[str]) -> dict[Degree, float]:
    """Degree to millimetres, rising."""
    if item is None:
        return {}
    pairs = item.items() if isinstance(item, dict) else ()
    steps = {int(str(key)): float(value) for key, value in pairs if str(key) in "123" and _is_number(value)}
    values = [steps[key] for key in sorted(steps)]
    if len(steps) != len(pairs) or not steps or any(low >= high for low, high in pairwise(values)) or values[0] <= 0.0:
        faults.append(f"{where}: {shown(item)} are no degrees 1-3 with rising millimetres")
        return {}
    return {Degree(key): steps[key] for key in sorted(steps)}


def _compared(short: Window, long: Window, where: str) -> list[str]:
    """A longer window bears no less than a shorter one; the same window stands once."""
    if short.minutes == long.minutes:
        return [f"{where}: the window of {long.minutes} min stands twice"]
    both = set(short.limits) & set(long.limits)
    low = sorted(
        degree
        for degree in both
        if long.limits[degree] < short.limits[degree] or long.lowest(degree) < short.lowest(degree)
    )
    return [f"{where}: degree {degree:d} of {long.minutes} min is below that of {short.minutes} min" for degree in low]


def _ground(item: object, where: str, faults: list[str]) -> tuple[float, int, float, int] | None:
    if item is None:
        return None
    numbers: Mapping[str, object] = item if isinstance(item, dict) else {}
    found = [numbers.get(key) for key in _GROUND]
    if not all(_is_number(each) for each in found):
        faults.append(f"{where}: saturation: {', '.join(_GROUND)} are wanted, each a number")
        return None
    mm, days, recent_mm, recent_days = (float(str(each)) for each in found)
    if not (1 <= recent_days <= days <= 10 and 0 <= recent_mm <= mm):  # noqa: PLR2004  # as in the station files
        faults.append(f"{where}: saturation: 1 <= recent_days <= days <= 10 and recent_mm <= mm are wanted")
        return None
    return mm, int(days), recent_mm, int(recent_days)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
