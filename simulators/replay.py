"""Plays a recorded flood through the simulated servers.

From the records it makes a folder of station files (stand-ins in the region, labelled), the same
stations and readings in the form of `hladina hindcast`, and the feeds of the servers. All three hold
exactly the same values, so that what the live house does can be compared with the hindcast.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from floodcore.words import Quantity
from simulators.records import RecordsError, Series, read
from simulators.sample import Feed, Sample

_UNITS = {Quantity.LEVEL: "cm", Quantity.DISCHARGE: "m3/s", Quantity.RAIN: "mm"}
_QUANTITIES = {unit: quantity for quantity, unit in _UNITS.items()}
_PUBLISHED_AFTER = timedelta(seconds=5)
_BEFORE_CROSSING = timedelta(hours=1)
# The served files show 24 h; what is older than this when the clock starts would never be seen.
_HISTORY = timedelta(hours=20)
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
        RecordsError: the records cannot be used.
    """
    series = [each for each in read(folder, event) if each.points]
    if not any(each.limits for each in series):
        message = f"{folder}: event {event} has no series from which limits can be made"
        raise RecordsError(message)
    begin, start, end = _span(series)
    kept = [_between(each, begin, end) for each in series]
    stations = out / "stations"
    _write_network(stations, kept, event, base)
    _dump(out / "hindcast_stations.yaml", [_hindcast_entry(each, kept) for each in kept])
    _write_readings(out / "readings.csv", kept)
    return Replay(event, stations, out / "hindcast_stations.yaml", out / "readings.csv", begin, start, end)


def feeds(readings: Path) -> tuple[Feed, ...]:
    """The feeds of a prepared replay: levels and discharges as open data, rain as push."""
    points: dict[tuple[str, Quantity], list[Sample]] = {}
    with readings.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["timestamp"])
            value = float(row["value"]) if row["value"] else None
            key = (row["station_id"], _QUANTITIES[row["unit"]])
            points.setdefault(key, []).append(Sample(at, value, at + _PUBLISHED_AFTER))
    return tuple(
        Feed(station, quantity, _way(quantity), address(station), "", None, timedelta(), tuple(samples))
        for (station, quantity), samples in points.items()
    )


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
    points = tuple((at, value) for at, value in series.points if begin <= at <= end)
    return Series(
        series.station_id,
        series.name,
        series.river,
        series.quantity,
        points,
        series.limits,
        series.step,
        series.lat,
        series.lon,
        series.area_km2,
        series.order,
        series.source,
    )


def _way(quantity: Quantity) -> str:
    return "push" if quantity is Quantity.RAIN else "chmu"


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
    entries = [_station_entry(each, series, places, event) for each in series]
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
        "links": [
            {"kind": "chmu", "address": address(series.station_id)}
            if _way(series.quantity) == "chmu"
            else {"kind": "push"}
        ],
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
