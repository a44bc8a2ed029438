"""Plays a recorded flood through the simulated servers.

From the records it makes a folder of station files (stand-ins in the region, labelled), the same
stations and readings in the form of `hladina hindcast`, and the feeds of the servers. All three hold
exactly the same values, so that what the live house does can be compared with the hindcast. The gauges
take turns at the three ways in (open data, MQTT, push), so that a recorded flood comes by all of them.
"""

import csv
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from floodcore.network.model import Link, Network
from floodcore.words import Quantity
from simulators.records import RecordsError, Series, read
from simulators.sample import Feed, Sample

_STEP_FROM = 50
_UNITS = {Quantity.LEVEL: "cm", Quantity.DISCHARGE: "m3/s", Quantity.RAIN: "mm"}
_QUANTITIES = {unit: quantity for quantity, unit in _UNITS.items()}
_PUBLISHED_AFTER = timedelta(seconds=5)
_BEFORE_CROSSING = timedelta(hours=1)
# The served files show 24 h; what is older than this when the clock starts would never be seen.
_HISTORY = timedelta(hours=20)
_DOORS = ("chmu", "tts", "push")
# A distance sensor says whole millimetres, of which the payload's reader takes at most ten metres; it hangs
# this high above the flood.
_SENSOR = "dragino_ldds"
_CLEARANCE_CM = 30.0
_REACH_CM = 1000.0
_HOME_LAT, _HOME_LON = 50.8, 15.0
_SOURCE = "recorded-flood"


@dataclass(frozen=True, slots=True)
class Replay:
    """A prepared replay. Data run from `begin` to `end`; the data clock should start at `start`."""

    event: str
    stations: Path
    hindcast_stations: Path
    readings: Path
    begin: datetime
    start: datetime
    end: datetime


def prepare(folder: Path, event: str, out: Path, base: Path) -> Replay:
    """Write the station files, the hindcast files and the readings of `event` under `out`.

    Args:
        folder: recorded floods (see `simulators.records`).
        event: name of an event there.
        out: folder to write into; made if need be.
        base: folder of real station files, whose partners and outline the exercise takes over.

    Raises:
        RecordsError: the records cannot be used, or `out` cannot be written.
    """
    series = [each for each in read(folder, event) if each.points]
    if not any(each.limits for each in series):
        message = f"{folder}: event {event} has no series from which limits can be made"
        raise RecordsError(message)
    begin, start, end = _span(series)
    kept = [each for each in (_between(each, begin, end) for each in series) if each.points]
    stations = out / "stations"
    try:
        _write_network(stations, kept, event, base)
        _dump(out / "hindcast_stations.yaml", [_hindcast_entry(each, kept) for each in kept])
        _write_readings(out / "readings.csv", kept)
    except OSError as error:
        message = f"cannot write the replay to {error.filename or out}: {error.strerror}; choose another folder"
        raise RecordsError(message) from error
    return Replay(event, stations, out / "hindcast_stations.yaml", out / "readings.csv", begin, start, end)


def feeds(readings: Path, network: Network) -> tuple[Feed, ...]:
    """The feeds of a prepared replay, each by the way its station is linked.

    Raises:
        RecordsError: no such file, not the readings of a replay, or of a station that `network` does not have.
    """
    points: dict[tuple[str, Quantity], list[Sample]] = {}
    try:
        with readings.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                at = datetime.fromisoformat(row["timestamp"]).astimezone(UTC)
                value = float(row["value"]) if row["value"] else None
                key = (row["station_id"], _QUANTITIES[row["unit"]])
                points.setdefault(key, []).append(Sample(at, value, at + _PUBLISHED_AFTER))
    except OSError as error:
        message = f"{readings}: cannot be read: {error.strerror}"
        raise RecordsError(message) from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        message = f"{readings}: not the readings of a replay (such as DIR/replay/readings.csv): {error}"
        raise RecordsError(message) from error
    return tuple(_feed(network, station, quantity, samples) for (station, quantity), samples in points.items())


def _feed(network: Network, station_id: str, quantity: Quantity, samples: Sequence[Sample]) -> Feed:
    station = network.stations.get(station_id)
    if station is None or not station.links:
        message = f"readings of {station_id}, which is not linked in the station files: give those of the replay"
        raise RecordsError(message)
    link: Link = station.links[0]
    address_there = link.address or station_id
    sensor, zero = link.sensor, link.zero_cm
    return Feed(
        station_id, quantity, link.kind, address_there, sensor, zero, station.interval, tuple(samples), exact=True
    )


def doors(series: Sequence[Series]) -> dict[str, str]:
    """By which way each series comes in: levels and discharges take turns by id, rain is pushed.

    On MQTT goes only what the sensor there can say without rounding; the others are pushed in its turn.
    """
    waters = sorted((each for each in series if each.quantity is not Quantity.RAIN), key=lambda each: each.station_id)
    found = {each.station_id: "push" for each in series}
    for turn, each in enumerate(waters):
        door = _DOORS[turn % len(_DOORS)]
        found[each.station_id] = "push" if door == "tts" and not _sayable(each) else door
    return found


def _sayable(series: Series) -> bool:
    """Whether a distance sensor can say the series: a level without gaps, in whole mm, within its reach."""
    values = [value for _, value in series.points if value is not None]
    return (
        series.quantity is Quantity.LEVEL
        and len(values) == len(series.points)
        and _sensor_height(values) - min(values) <= _REACH_CM
        and all(value == round(value, 1) for value in values)
    )


def _sensor_height(values: Sequence[float]) -> float:
    """Where a sensor hangs above the gauge's zero, in cm: clear of the highest water, and above the zero."""
    return max(1.0, math.ceil(max(values)) + _CLEARANCE_CM)


def crossing(series: Sequence[Series]) -> datetime | None:
    """When a series first stands at or above its first limit after having stood below it."""
    found = []
    for each in series:
        limit, below = each.limits.get(1), False
        for at, value in each.points:
            if limit is None or value is None:
                continue
            if below and value >= limit:
                found.append(at)
                break
            below = below or value < limit
    return min(found, default=None)


def upstream(series: Sequence[Series], of: Series) -> list[str]:
    """The next gauges above `of` on the same river: by the given order, else by catchment."""
    if of.quantity is Quantity.RAIN:
        return []
    rank = {
        each.station_id: _rank(each) for each in series if each.quantity is not Quantity.RAIN and each.river == of.river
    }
    mine = rank[of.station_id]
    above = {key: value for key, value in rank.items() if mine is not None and value is not None and value < mine}
    return sorted(key for key, value in above.items() if value == max(above.values()))


def _rank(series: Series) -> float | None:
    return series.order if series.order is not None else series.area_km2


def _span(series: Sequence[Series]) -> tuple[datetime, datetime, datetime]:
    first = min(each.points[0][0] for each in series)
    last = max(each.points[-1][0] for each in series)
    reached = crossing(series)
    start = max(first + _PUBLISHED_AFTER, (reached or first) - _BEFORE_CROSSING)
    start = start.replace(minute=0, second=0, microsecond=0)
    return max(first, start - _HISTORY), start, last


def _between(series: Series, begin: datetime, end: datetime) -> Series:
    """The part of the record that is played; its usual interval is what a hindcast of it will find."""
    points = tuple((at, value) for at, value in series.points if begin <= at <= end)
    return replace(series, points=points, step=usual_step([at for at, _ in points]) or series.step)


def usual_step(at: Sequence[datetime]) -> timedelta | None:
    """The median of the first fifty steps, at least a minute; None for a single reading."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(at[: _STEP_FROM + 1])]
    return timedelta(seconds=max(60.0, median(steps))) if steps else None


def _write_network(folder: Path, series: Sequence[Series], event: str, base: Path) -> None:
    rivers = sorted({each.river for each in series if each.river})
    _dump(
        folder / "rivers.yaml",
        {"rivers": [{"id": slug(r), "name": r, "basin": event} for r in rivers] or [_nameless(event)]},
    )
    _dump(
        folder / "sources.yaml",
        {"sources": [{"id": _SOURCE, "text": f"Recorded flood {event}: {series[0].source}"[:400]}]},
    )
    _dump(folder / "places.yaml", {"places": []})
    partners = _loaded(base / "partners.yaml").get("partners", [])
    plain = [{key: value for key, value in partner.items() if key != "rivers"} for partner in partners]
    _dump(folder / "partners.yaml", {"partners": plain})
    outline = _loaded(base / "region.yaml").get("outline") or [[50.2, 14.3], [51.1, 14.3], [51.1, 15.7], [50.2, 15.7]]
    _dump(folder / "region.yaml", {"outline": outline})
    places = shifted({each.station_id: (each.lat, each.lon) for each in series})
    ways = doors(series)
    entries = [_station_entry(each, series, places, event) | {"links": [_link(each, ways)]} for each in series]
    _dump(folder / "stations" / "recorded.yaml", {"stations": entries})


def _nameless(event: str) -> dict[str, str]:
    return {"id": "recorded", "name": event, "basin": event}


def _station_entry(
    series: Series, all_series: Sequence[Series], places: Mapping[str, tuple[float, float]], event: str
) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": series.station_id,
        "name": series.name[:80],
        "country": "CZ",
        "operator": "recorded flood",
        "quantities": [str(series.quantity)],
        "interval_min": series.step / timedelta(minutes=1),
        "source": _SOURCE,
        "note": f"Stand-in for an exercise: recorded elsewhere ({event}), moved here, limits made from the record.",
        "synthetic": True,
    }
    if series.river:
        entry["river"] = slug(series.river)
    if series.station_id in places:
        entry["lat"], entry["lon"] = places[series.station_id]
    if series.area_km2 is not None:
        entry["catchment_km2"] = series.area_km2
    if series.limits:
        values = {str(degree): value for degree, value in series.limits.items()}
        entry["limits"] = [{"quantity": str(series.quantity), "values": values, "source": _SOURCE}]
    if above := upstream(all_series, series):
        entry["upstream"] = above
    return entry


def _link(series: Series, ways: Mapping[str, str]) -> dict[str, object]:
    name = address(series.station_id)
    match ways[series.station_id]:
        case "tts":
            zero = _sensor_height([value for _, value in series.points if value is not None])
            return {"kind": "tts", "address": name.lower(), "sensor": _SENSOR, "zero_cm": zero}
        case "chmu":
            return {"kind": "chmu", "address": name}
        case _:
            return {"kind": "push"}


def _hindcast_entry(series: Series, all_series: Sequence[Series]) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": series.station_id,
        "name": series.name[:80],
        "river": series.river,
        "quantity": str(series.quantity),
        "unit": _UNITS[series.quantity],
    }
    if series.limits:
        entry["thresholds"] = dict(series.limits)
    if above := upstream(all_series, series):
        entry["upstream"] = above
    rain = [each.station_id for each in all_series if each.quantity is Quantity.RAIN]
    if rain and series.quantity is not Quantity.RAIN:
        entry["rain_gauges"] = rain
    if series.area_km2 is not None:
        entry["area_km2"] = series.area_km2
    return entry


def _write_readings(path: Path, series: Sequence[Series]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("station_id", "timestamp", "value", "unit", "role"))
        for each in series:
            for at, value in each.points:
                text = "" if value is None else repr(value)
                writer.writerow((each.station_id, _stamp(at), text, _UNITS[each.quantity], str(each.quantity)))


def shifted(places: Mapping[str, tuple[float | None, float | None]]) -> dict[str, tuple[float, float]]:
    """The constellation of the gauges moved to the middle of the region, so that the map can show it."""
    known = {key: (lat, lon) for key, (lat, lon) in places.items() if lat is not None and lon is not None}
    if not known:
        return {}
    south = _HOME_LAT - sum(lat for lat, _ in known.values()) / len(known)
    east = _HOME_LON - sum(lon for _, lon in known.values()) / len(known)
    return {key: (round(lat + south, 5), round(lon + east, 5)) for key, (lat, lon) in known.items()}


def address(station_id: str) -> str:
    """The station's name on the open-data server: ČHMÚ ids are of letters, digits and hyphens."""
    return re.sub(r"[^0-9A-Za-z-]", "-", station_id)[:40]


def slug(text: str) -> str:
    """An id made of a name: plain letters, digits and hyphens, at most 40."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].lower() or "recorded"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _loaded(path: Path) -> dict[str, list[Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def _dump(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
