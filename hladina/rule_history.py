"""The history of a station's rules as a file: every change is a version with author, reason and valid-from.

    - station: HRADEK
      valid_from: 2026-11-01T00:00:00Z
      author: M. Vzorová, ORP Příkladov
      reason: the bridge was rebuilt, water stands at 2.10 m now
      interval_s: 600
      limits_cm: {1: 150, 2: 180, 3: 210}
      hysteresis: 5
      calm_min: 30
      version: 3f0c2a9d51b7e846

Of rain `rain` takes the place of the limits: the windows with their limits, as in the engine's own form.

A version is only ever added: the file is checked whole before, and `version`, the engine's own hash of the rules, must
be that of the rules as written. Pure: the caller reads and writes the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import yaml

from alerting.engine import rain_sums
from alerting.engine.rules import Rules, of_rain, version
from floodcore.words import Degree, Quantity
from hladina.station_list import InputError, first_line

_KEYS = ("station", "valid_from", "author", "reason", "interval_s", "hysteresis", "calm_min", "version")
_LEVEL_UNIT, _DISCHARGE_UNIT = "limits_cm", "limits_m3s"


@dataclass(frozen=True, slots=True)
class Version:
    """Rules of one station and since when they hold, who set them and why."""

    station: str
    valid_from: datetime
    author: str
    reason: str
    rules: Rules


def parse(text: str, name: str) -> list[Version]:
    """The versions of a file called `name`, oldest first for each station.

    Raises:
        InputError: with every fault.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError([f"{name}: cannot be read as YAML: {first_line(error)}"]) from None
    if document is None:
        return []
    if not isinstance(document, list):
        raise InputError([f"{name}: a list of versions is wanted"])
    found: list[Version] = []
    faults: list[str] = []
    for number, item in enumerate(document, start=1):
        try:
            found.append(_version(item))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            faults.append(f"{name}: version {number}: {first_line(error)}")
    faults += [f"{name}: {fault}" for fault in _disorder(found)]
    if faults:
        raise InputError(faults)
    return found


def _version(item: object) -> Version:
    if not isinstance(item, dict):
        message = "keys and values are wanted"
        raise TypeError(message)
    if missing := [key for key in _KEYS if item.get(key) in (None, "")]:
        message = f"{', '.join(missing)} missing"
        raise ValueError(message)
    interval, calm = timedelta(seconds=float(item["interval_s"])), timedelta(minutes=float(item["calm_min"]))
    size = float(item["hysteresis"])
    if "rain" in item:
        known = item["rain"]
        sums = rain_sums.parse({"windows": known["windows"], "ground": known["ground"], "hysteresis_share": size})
        rules = replace(of_rain(sums, interval, str(item.get("scheme", "rain"))), calm=calm)
    else:
        level = _LEVEL_UNIT in item
        limits = {Degree(int(d)): float(v) for d, v in item[_LEVEL_UNIT if level else _DISCHARGE_UNIT].items()}
        rules = Rules(Quantity.LEVEL if level else Quantity.DISCHARGE, interval, limits, calm=calm)
        rules = replace(rules, hysteresis_cm=size) if level else replace(rules, hysteresis_share=size)
    stated = str(item["version"])
    if stated != version(rules):
        message = f"the version {stated} is not that of these rules ({version(rules)}); a version is never changed"
        raise ValueError(message)
    return Version(str(item["station"]), _moment(item["valid_from"]), str(item["author"]), str(item["reason"]), rules)


def _moment(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _disorder(versions: Sequence[Version]) -> list[str]:
    """Versions of one station that do not follow one another in time."""
    newest: dict[str, datetime] = {}
    faults = []
    for one in versions:
        if one.station in newest and one.valid_from <= newest[one.station]:
            faults.append(f"{one.station}: valid_from {one.valid_from:%Y-%m-%dT%H:%M:%SZ} is not after the one before")
        newest[one.station] = one.valid_from
    return faults


def entry(one: Version) -> str:
    """The text of one version, to be put at the end of the file."""
    rules = one.rules
    level = rules.quantity is Quantity.LEVEL
    what: dict[str, object] = {_LEVEL_UNIT if level else _DISCHARGE_UNIT: {int(d): v for d, v in rules.limits.items()}}
    if rules.rain is not None:
        sums = rain_sums.written(rules.rain)
        ground = None if sums["ground"] is None else list(sums["ground"])
        what = {"scheme": rules.scheme, "rain": {"windows": [list(each) for each in sums["windows"]], "ground": ground}}
    document = {
        "station": one.station,
        "valid_from": f"{one.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        "author": one.author,
        "reason": one.reason,
        "interval_s": rules.interval.total_seconds(),
        **what,
        "hysteresis": hysteresis_of(rules),
        "calm_min": rules.calm.total_seconds() / 60.0,
        "version": version(rules),
    }
    return yaml.safe_dump([document], allow_unicode=True, sort_keys=False)


def hysteresis_of(rules: Rules) -> float:
    """How far below a limit a value must be: cm of a level, else a share of the limit."""
    if rules.rain is not None:
        return rules.rain.hysteresis_share
    return rules.hysteresis_cm if rules.quantity is Quantity.LEVEL else rules.hysteresis_share


def added(text: str, name: str, one: Version) -> str:
    """The file with one version more.

    Raises:
        InputError: the file is faulty, or the new version is not later than the last of its station.
    """
    whole = text + ("" if not text or text.endswith("\n") else "\n") + entry(one)
    parse(whole, name)
    return whole


def in_force(versions: Sequence[Version], station: str, at: datetime) -> Version | None:
    """The version that holds for a station at a moment; None before the first."""
    held = [one for one in versions if one.station == station and one.valid_from <= at]
    return held[-1] if held else None
