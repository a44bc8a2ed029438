"""What the files say of rain sums and of rules left to people: references and sense, and the words of them. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

from floodcore.network.faults import Fault
from floodcore.network.rain import WINDOWS, PersonRule, RainDegrees, RainLimit, Saturation
from floodcore.network.rules import Entries, Entry, sourced
from floodcore.network.tree import Node
from floodcore.words import Degree, Language

_DEGREES = (1, 2, 3)


def rain_faults(entries: Entries) -> list[Fault]:
    """Limits that do not rise, with the degree or the window, and rules that no limit uses."""
    return [fault for station in entries["stations"] for fault in _of_station(station)]


def _of_station(station: Entry) -> Iterator[Fault]:
    rain = station.node.get("rain_degrees")
    if rain is None:
        return
    if "rain" not in {node.value for node in station.node.items("quantities")}:
        yield station.fault(rain, "has limits of rain but does not measure it; see quantities")
    seen: set[str] = set()
    for limit in rain.items("sums"):
        window = limit.text("window") or ""
        if window in seen:
            yield station.fault(limit, f"the window {window} stands here a second time")
        seen.add(window)
        yield from _rising(station, limit)
        yield from _wetter(station, limit)
    yield from _longer(station, rain, "values")
    if any(limit.get("saturated") is not None for limit in rain.items("sums")):
        yield from _longer(station, rain, "saturated")
    yield from _saturation(station, rain)


def _rising(station: Entry, limit: Node) -> Iterator[Fault]:
    for key in ("values", "saturated"):
        steps = _steps(limit, key)
        for low, high in pairwise(steps):
            if not steps[low] < steps[high]:
                message = f"{key}: limit {high} ({steps[high]:g}) is not above limit {low} ({steps[low]:g})"
                yield station.fault(limit.get(key) or limit, f"{message}; limits must rise")


def _wetter(station: Entry, limit: Node) -> Iterator[Fault]:
    """Saturated ground bears no more than any other."""
    dry = _steps(limit, "values")
    for degree, value in _steps(limit, "saturated").items():
        node = limit.get("saturated") or limit
        if degree not in dry:
            yield station.fault(node, f"has a limit {degree} of saturated ground and none of ordinary ground")
        elif value > dry[degree]:
            yield station.fault(node, f"limit {degree} of saturated ground ({value:g}) is above {dry[degree]:g}")


def _longer(station: Entry, rain: Node, key: str) -> Iterator[Fault]:
    """What a longer window bears is not less than what a shorter one does: its sum holds the shorter one's."""
    named = [(limit.text("window") or "", limit) for limit in rain.items("sums")]
    limits = sorted((each for each in named if each[0] in WINDOWS), key=lambda each: WINDOWS[each[0]])
    for degree in _DEGREES:
        steps = [(name, limit, value) for name, limit in limits if (value := _value(limit, key, degree)) is not None]
        for (short, _, low), (long, limit, high) in pairwise(steps):
            if high < low:
                message = f"{key}: limit {degree} of {long} ({high:g}) is below that of {short} ({low:g})"
                yield station.fault(limit.get(key) or limit, message)


def _value(limit: Node, key: str, degree: int) -> float | None:
    """The limit that holds: on saturated ground that of any ground, where it has none of its own."""
    own = _steps(limit, key).get(degree)
    return _steps(limit, "values").get(degree) if own is None else own


def _saturation(station: Entry, rain: Node) -> Iterator[Fault]:
    saturation = rain.get("saturation")
    used = any(limit.get("saturated") is not None for limit in rain.items("sums"))
    if used and saturation is None:
        yield station.fault(rain, "has limits of saturated ground and no 'saturation' that says when it is")
    if saturation is None:
        return
    if not used:
        yield station.fault(saturation, "no limit of saturated ground uses it; remove it or add 'saturated'")
    for part, whole in (("recent_days", "days"), ("recent_mm", "mm")):
        low, high = saturation.number(part), saturation.number(whole)
        if low is not None and high is not None and low > high:
            yield station.fault(saturation, f"{part} ({low:g}) is more than {whole} ({high:g})")


def _steps(limit: Node, key: str) -> dict[int, float]:
    values = limit.get(key)
    pairs = ((degree, None if values is None else values.number(str(degree))) for degree in _DEGREES)
    return {degree: value for degree, value in pairs if value is not None}


def rain_degrees(node: Node, sources: Mapping[str, Node]) -> RainDegrees | None:
    """The limits of the rain sums of a station; None where there are none."""
    rain = node.get("rain_degrees")
    if rain is None:
        return None
    return RainDegrees(
        sums=tuple(sorted((_limit(each, sources) for each in rain.items("sums")), key=lambda each: each.window)),
        saturation=_saturated_from(rain.get("saturation"), sources),
        scheme=rain.text("scheme") or "rain",
        residents=rain.is_true("residents"),
    )


def _limit(node: Node, sources: Mapping[str, Node]) -> RainLimit:
    text, state = sourced(node, sources)
    since = node.text("valid_from") or state
    return RainLimit(
        window=WINDOWS[node.text("window") or ""],
        values={Degree(degree): value for degree, value in _steps(node, "values").items()},
        saturated={Degree(degree): value for degree, value in _steps(node, "saturated").items()},
        source=text,
        valid_from=None if since is None else date.fromisoformat(since),
    )


def _saturated_from(node: Node | None, sources: Mapping[str, Node]) -> Saturation | None:
    if node is None:
        return None
    mm, days, recent_mm, recent_days = (node.number(key) or 0.0 for key in ("mm", "days", "recent_mm", "recent_days"))
    return Saturation(mm, int(days), recent_mm, int(recent_days), sourced(node, sources)[0])


def person_rules(node: Node, sources: Mapping[str, Node]) -> tuple[PersonRule, ...]:
    """The rules left to people, in order of degree."""
    found = [_person_rule(each, sources) for each in node.items("by_person")]
    return tuple(sorted(found, key=lambda each: each.degree))


def _person_rule(node: Node, sources: Mapping[str, Node]) -> PersonRule:
    text = node.get("text") or Node(node.line, {})
    texts = {language: said for language in Language if (said := text.text(language.value)) is not None}
    return PersonRule(Degree(int(node.number("degree") or 0)), texts, sourced(node, sources)[0])
