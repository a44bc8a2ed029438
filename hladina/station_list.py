"""The station list of a hindcast (YAML). The contract is in docs/engine.md.

All faults are reported together and stop the run: a station judged by other limits than were meant is
worse than none. What is merely odd is said in a notice.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from reprlib import repr as shown

import yaml

from alerting.engine.rain_sums import RainRules
from floodcore.network.mounting import moment
from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Degree, Quantity
from hladina import datum
from hladina.rain_list import rain_rules, rain_scheme

_KINDS = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN)
_KEYS = (
    *("id", "name", "river", "quantity", "unit", "thresholds", "changes", "upstream", "rain_gauges", "area_km2"),
    *("rain_degrees", "by_person", "zero"),
)
# Keys whose values are names: 06741510, 2020-01-01 and no are ids, not a number, a day and a denial.
_NAMES = ("id", "upstream", "rain_gauges", "valid_from")
_TEXT = "tag:yaml.org,2002:str"

# Water depth over the catchment per interval, in use for small research catchments: 1 mm per hour over
# 1 km2 is 1 / 3.6 m3/s. As m3/s per mm and km2.
_DEPTHS = {"mm/h": 1.0 / 3.6, "mm/15min": 4.0 / 3.6}
# Rain is counted per interval of the record, whatever its length.
_RAIN = {"mm", "mm/h", "mm/15min", "mm/10min", "mm/5min"}


class InputError(ValueError):
    """The input cannot be used; `faults` holds a line for each reason."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Dated:
    """The limits that hold from `since` (aware UTC) on, in the canonical unit."""

    since: datetime
    limits: dict[Degree, float]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A station of a recorded flood. `limits` are in the canonical unit; `area_km2` None when unknown.

    `upstream` and `rain_gauges` hold only ids that are in the list. `rain` are limits of rain sums. `limits` are those
    before the first of the dated `changes`, oldest first; `at` is the station as it is at a moment. `zero` is the
    height of the gauge's zero in the datum of its readings and limits (hladina.datum).
    """

    id: str
    quantity: Quantity
    unit: str
    limits: dict[Degree, float]
    area_km2: float | None
    upstream: tuple[str, ...] = ()
    rain_gauges: tuple[str, ...] = ()
    rain: RainRules | None = None
    rain_scheme: str = "rain"
    changes: tuple[Dated, ...] = ()
    zero: float = 0.0

    @property
    def has_limits(self) -> bool:
        """Whether a degree is ever judged by a limit of its own."""
        return bool(self.limits) or any(change.limits for change in self.changes)

    def at(self, moment: datetime) -> "Recorded":
        """The station with the limits that hold at `moment`."""
        held = [change for change in self.changes if change.since <= moment]
        return replace(self, limits=held[-1].limits) if held else self


@dataclass(slots=True)
class Said:
    """What is to be told about the list: faults, which stop the run, and notices, which do not."""

    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_stations(path: Path) -> tuple[dict[str, Recorded], list[str]]:
    """The stations of a YAML list by id, and the notices about it.

    Raises:
        InputError: with every fault of the file.
    """
    try:
        # the loader is the safe one, with names taken as they are written
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark is not None else ""
        raise InputError([f"{path}: cannot be read as YAML: {line}{error.problem}"]) from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError([f"{path}: cannot be read as YAML: {first_line(error)}"]) from None
    if not isinstance(document, list) or not document:
        raise InputError([f"{path}: a list of stations is wanted: - {{id: …, quantity: …, unit: …}}"])
    said, stations = Said(), dict[str, Recorded]()
    for number, item in enumerate(document, start=1):
        found = _station(item, f"{path}: station {number}", said)
        if found is not None and found.id in stations:
            said.faults.append(f"{path}: station {number}: the id {found.id} occurs twice; give each station one entry")
        elif found is not None:
            stations[found.id] = found
    if said.faults:
        raise InputError(said.faults)
    return _linked(stations, path, said), said.notices


class _Loader(yaml.SafeLoader):
    """The safe loader, but names stay text and a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # as in PyYAML
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name and name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name} stands twice", key.start_mark)
            seen.add(name)
            if name in _NAMES:
                for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(each, yaml.ScalarNode) and each.value not in {"", "~", "null"}:
                        each.tag = _TEXT
        return super().construct_mapping(node, deep)


def _station(item: object, where: str, said: Said) -> Recorded | None:
    """The station of one entry; None with a fault."""
    if not isinstance(item, dict):
        said.faults.append(f"{where}: keys and values are wanted, such as id, quantity and unit")
        return None
    missing = [key for key in ("id", "quantity", "unit") if not isinstance(item.get(key), str) or not item[key]]
    if missing:
        said.faults.append(f"{where}: {', '.join(missing)} missing or not a text")
        return None
    where = f"{where} ({item['id']})"
    _strange_keys(item, where, said)
    if item["quantity"] not in _KINDS:
        said.faults.append(f"{where}: quantity {shown(item['quantity'])} is none of {', '.join(_KINDS)}")
        return None
    area = item.get("area_km2")
    size = None if area is None else _number(area)
    if area is not None and (size is None or size <= 0.0):
        said.faults.append(f"{where}: area_km2 {shown(area)} is not a positive number (write it without quotes)")
        return None
    station = Recorded(item["id"], Quantity(item["quantity"]), item["unit"], {}, size, *_ids(item, where, said))
    _strange_unit(station, where, said)
    station.limits.update(_limits(item.get("thresholds"), station, where, said))
    station = replace(station, changes=_changes(item.get("changes"), station, where, said))
    station = replace(station, zero=_zero(item.get("zero"), station, where, said))
    sums = rain_rules(item.get("rain_degrees"), where, said.faults)
    if sums is not None and station.quantity is not Quantity.RAIN:
        said.faults.append(f"{where}: rain_degrees are of rain, not of {station.quantity}")
    if item.get("by_person"):
        said.notices.append(f"{where}: by_person is for people to judge, and not judged here, as in the live house")
    return replace(station, rain=sums, rain_scheme=rain_scheme(item.get("rain_degrees"), where, said.faults))


def _zero(item: object, station: Recorded, where: str, said: Said) -> float:
    """The height of the gauge's zero in the canonical unit: as given, or as the limits tell it."""
    limits = [limit for each in (station.limits, *(one.limits for one in station.changes)) for limit in each.values()]
    if item is None:
        zero = datum.zero_by(station.quantity, limits)
        if zero != 0.0:
            said.notices.append(
                f"{where}: thresholds from {min(limits):g} cm on are no heights above a gauge's zero; the range of "
                f"believable readings is laid around them, as if zero were {zero:g} cm"
            )
    else:
        number = _number(item)
        if number is None or station.quantity is not Quantity.LEVEL:
            said.faults.append(f"{where}: zero {shown(item)} is not the height of a level's zero, a number in its unit")
            return 0.0
        zero = canonical(station, number, station.unit)
    if not datum.fits(station.quantity, zero, limits):
        said.faults.append(
            f"{where}: thresholds lie where no reading is believed, {datum.range_of(station.quantity, zero)}; is the "
            "unit right? Of heights above the sea give zero, the height of the gauge's zero"
        )
    return zero


def _strange_keys(item: dict[object, object], where: str, said: Said) -> None:
    """Say so when a key looks like one of ours and is none; others may belong to someone else."""
    for key in item:
        if key not in _KEYS:
            for close in get_close_matches(str(key), _KEYS, n=1):
                said.notices.append(f"{where}: the key {shown(key)} is not used; do you mean {close}?")


def _strange_unit(station: Recorded, where: str, said: Said) -> None:
    """Say so when a unit cannot be converted: the quality checks then count in it as if it were canonical."""
    if station.quantity is Quantity.RAIN and station.unit in _RAIN:
        return
    if station.quantity is Quantity.DISCHARGE and station.unit in _DEPTHS and station.area_km2 is not None:
        return
    try:
        to_canonical(station.quantity, 0.0, station.unit)
    except UnknownUnitError as error:
        hint = " or give area_km2" if station.unit in _DEPTHS else ""
        said.notices.append(f"{where}: {error}; taken as it is, limits too; convert it{hint} for sound quality checks")


def _ids(item: dict[object, object], where: str, said: Said) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of `upstream` and `rain_gauges`."""
    found = []
    for key in ("upstream", "rain_gauges"):
        value = item.get(key)
        names = value if isinstance(value, list) else []
        if (value is not None and not isinstance(value, list)) or not all(isinstance(name, str) for name in names):
            said.faults.append(f"{where}: {key}: {shown(value)} is not a list of ids, such as [A, B]")
        found.append(tuple(name for name in names if isinstance(name, str)))
    return found[0], found[1]


def _linked(stations: dict[str, Recorded], path: Path, said: Said) -> dict[str, Recorded]:
    """The stations, linked only to what there is; what is not is said."""
    rains = {key for key, one in stations.items() if one.quantity is Quantity.RAIN}
    waters = stations.keys() - rains
    linked = {}
    for key, one in stations.items():
        above = _there(f"{path}: {key}: upstream", "other gauge of water", one.upstream, waters - {key}, said)
        rain = _there(f"{path}: {key}: rain_gauges", "rain gauge", one.rain_gauges, rains - {key}, said)
        linked[key] = replace(one, upstream=above, rain_gauges=rain)
    return linked


def _there(where: str, kind: str, names: Sequence[str], known: Container[str], said: Said) -> tuple[str, ...]:
    said.notices += [f"{where}: {name} is no {kind} of the list; left out" for name in names if name not in known]
    return tuple(name for name in names if name in known)


def _limits(item: object, station: Recorded, where: str, said: Said) -> dict[Degree, float]:
    """The limits in the canonical unit. As in the live rules, an extreme below SPA 3 waits for it."""
    if item is None or item in ({}, []):
        return {}
    if not isinstance(item, dict):
        said.faults.append(f"{where}: thresholds: degree and value pairs are wanted, such as {{1: 80, 2: 100}}")
        return {}
    limits: dict[Degree, float] = {}
    for key, value in item.items():
        if value is None:
            continue
        number = _number(value)
        if str(key) not in {"1", "2", "3", "4"} or number is None:
            said.faults.append(
                f"{where}: thresholds: {shown(key)}: {shown(value)} is not a degree 1-4 with a number (without quotes)"
            )
            continue
        limits[Degree(int(key))] = canonical(station, number, station.unit)
    if station.quantity is Quantity.RAIN and limits:
        said.notices.append(f"{where}: thresholds of rain are not judged, as in the live house; sums are: rain_degrees")
        return {}
    return _rising(dict(sorted(limits.items())), where, said)


def _changes(item: object, station: Recorded, where: str, said: Said) -> tuple[Dated, ...]:
    """The dated limits, as in a station file: each with `valid_from` and `values`, the oldest first."""
    if item is None or item == []:
        return ()
    if not isinstance(item, list) or station.quantity is Quantity.RAIN:
        of = (
            "are of limits of level and discharge"
            if isinstance(item, list)
            else "a list is wanted, as in station files"
        )
        said.faults.append(f"{where}: changes: {of}")
        return ()
    found: list[Dated] = []
    for number, one in enumerate(item, start=1):
        here = f"{where}: change {number}"
        change = _change(one, station, here, said)
        if change is not None and found and change.since <= found[-1].since:
            said.faults.append(f"{here}: valid_from is not after that of the change above; write the oldest first")
        elif change is not None:
            found.append(change)
    return tuple(found)


def _change(item: object, station: Recorded, where: str, said: Said) -> Dated | None:
    """One change; None with a fault."""
    if not isinstance(item, dict) or not isinstance(item.get("values"), dict) or not item["values"]:
        said.faults.append(f"{where}: valid_from and values are wanted, such as {{1: 80, 2: 100}}")
        return None
    if item.get("quantity", station.quantity) != station.quantity:
        said.faults.append(f"{where}: quantity {shown(item['quantity'])} is not that of the station")
        return None
    try:
        since = moment(str(item.get("valid_from", "")))
    except ValueError:
        wanted = "a day as 2026-03-01 or a moment as 2026-03-01T10:30:00Z"
        said.faults.append(f"{where}: valid_from {shown(item.get('valid_from'))} is not {wanted}")
        return None
    return Dated(since, _limits(item["values"], station, where, said))


def _rising(limits: dict[Degree, float], where: str, said: Said) -> dict[Degree, float]:
    raised: dict[Degree, float] = {}
    for degree, limit in limits.items():
        below = max(raised.values(), default=limit)
        raised[degree] = max(limit, below)
        if limit < below and degree < Degree.EXTREME:
            said.faults.append(f"{where}: thresholds fall to degree {degree:d}; put them in rising order")
        elif limit < below:
            said.notices.append(
                f"{where}: threshold 4 is below another; it is judged with that one, as in the live house"
            )
        elif limit == below and len(raised) > 1:
            said.notices.append(f"{where}: threshold {degree:d} equals the one before it; both are reached together")
    return raised


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def canonical(station: Recorded, value: float, unit: str) -> float:
    """`value` in `unit` as the canonical unit of the station's quantity.

    A unit no table knows is taken as it is if the station declares the same: its limits are in it too,
    so degrees are right; only the absolute numbers of the quality checks are then of another scale.

    Raises:
        UnknownUnitError: the unit is unknown and not the station's own.
    """
    if station.quantity is Quantity.RAIN and unit in _RAIN:
        return value
    if station.quantity is Quantity.DISCHARGE and unit in _DEPTHS and station.area_km2 is not None:
        return value * _DEPTHS[unit] * station.area_km2
    try:
        return to_canonical(station.quantity, value, unit)
    except UnknownUnitError:
        if unit == station.unit:
            return value
        raise


def first_line(error: Exception) -> str:
    """What an error says, in one line that fits a screen."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
