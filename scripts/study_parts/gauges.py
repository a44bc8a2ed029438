"""The recorded gauges of a study: what the engine believed, and the truth on an even grid."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_past import Past
from floodcore.words import Degree, Quantity
from hladina.judged import judge
from hladina.records import Record, read_readings
from hladina.station_list import Recorded
from scripts.study_parts import rivers

Array = NDArray[np.float64]

SCORED = ("occitanie_spring2020", "aire2015", "colorado2013")
LEARNT_ONLY = ("calder2025",)
# A lake among rivers (forecast.md of the records, section 7).
_LEFT_OUT = {"HE_Y0634020_2020b"}
_LEAST_RISE_CM = 80.0
_HELD_MIN = 30.0
_LONG_DAYS = 180.0


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """A gauge of the study; times in seconds, levels in cm. `truth` (grid,) is despiked with hindsight; NaN is a hole.

    `reached` (due,) is the degree that stood at each moment, of the limits in rising order.
    `fold` is what is never split between learning and scoring: a river system, or a region with one storm.
    """

    station: Recorded
    group: str
    river: str
    fold: str
    step_min: float
    past: Past
    due: Array
    reached: Array
    at: Array
    truth: Array
    limits: tuple[float, ...]
    scored: bool


def load(folder: Path) -> list[Gauge]:
    """The level gauges of the development records in `folder` with the records and `stations_meta.csv`."""
    with (folder / "stations_meta.csv").open(newline="", encoding="utf-8") as file:
        meta = {row["station_id"]: row for row in csv.DictReader(file)}
    return [gauge for group in (*SCORED, *LEARNT_ONLY) for gauge in _group(folder, group, meta)]


def _group(folder: Path, group: str, meta: dict[str, dict[str, str]]) -> Iterator[Gauge]:
    rows = [m for m in meta.values() if m["group"] == group and m["role"] in {"level", "upstream"}]
    known = {m["station_id"] for m in rows} - _LEFT_OUT
    next_above = rivers.above()
    stations = {
        key: Recorded(key, Quantity.LEVEL, "m", {}, None, tuple(u for u in next_above.get(key, ()) if u in known))
        for key in (m["station_id"] for m in rows)
        if key in known
    }
    everything = {key: Recorded(key, Quantity.LEVEL, "m", {}, None) for key, m in meta.items() if m["group"] == group}
    records = read_readings([folder / "records" / f"{group}.csv.gz"], everything)
    for key, station in stations.items():
        yield _gauge(station, records.by_station[key], meta[key])


def _gauge(station: Recorded, record: Record, meta: dict[str, str]) -> Gauge:
    step = float(meta["step_min"])
    at, truth = truth_of(record, step)
    limits = limits_of(truth, step, meta)
    station = replace(station, limits={Degree(n): limit for n, limit in enumerate(sorted(limits)[:4], start=1)})
    heard = judge(station, record).heard
    past = heard.past(station)
    if past is None:
        message = f"{station.id}: nothing was believed"
        raise ValueError(message)
    scored = meta["group"] in SCORED and bool(np.nanmax(truth) - np.nanmedian(truth) >= _LEAST_RISE_CM)
    return Gauge(
        station,
        meta["group"],
        meta["river"],
        _fold(meta),
        step,
        past,
        np.array(heard.due),
        np.array(heard.reached),
        at,
        truth,
        tuple(sorted(limits)),
        scored,
    )


def _fold(meta: dict[str, str]) -> str:
    """The Orbieu flows into the Aude; the Colorado gauges saw one storm."""
    if meta["group"] in {"colorado2013", "calder2025"}:
        return meta["group"]
    return {"Orbieu": "Aude"}.get(meta["river"], meta["river"])


def truth_of(record: Record, step_min: float) -> tuple[Array, Array]:
    """The record on its own grid: nearest reading, isolated spikes out, holes up to 30 min held."""
    seconds = step_min * 60.0
    times = np.array([at.timestamp() for at in record.at])
    values = np.array([np.nan if value is None else value for value in record.value])
    offsets, counts = np.unique(times % seconds, return_counts=True)
    offset = float(offsets[counts.argmax()])
    first = np.floor((times[0] - offset) / seconds + 0.5) * seconds + offset
    grid = np.full(round(float(times[-1] - first) / seconds) + 1, np.nan)
    place = np.rint((times - first) / seconds).astype(int)
    for index in np.argsort(-np.abs(times - first - place * seconds), kind="stable"):
        if 0 <= place[index] < grid.size and np.isfinite(values[index]):
            grid[place[index]] = values[index]
    return first + np.arange(grid.size) * seconds, _held(_despiked(grid), int(_HELD_MIN // step_min))


def _despiked(level: Array) -> Array:
    """Without single values that stand out of both neighbours by 5 cm and 15 % of the range; twice."""
    level = level.copy()
    for _ in range(2):
        before, after = np.r_[level[1:2], level[:-1]], np.r_[level[1:], level[-2:-1]]
        allowed = 0.15 * (np.nanpercentile(level, 99.5) - np.nanmedian(level)) + 5.0
        out = (level - np.fmax(before, after) > allowed) | (np.fmin(before, after) - level > allowed)
        level[out] = np.nan
    return level


def _held(level: Array, longest: int) -> Array:
    index = np.arange(level.size)
    last = np.maximum.accumulate(np.where(np.isnan(level), -1, index))
    return np.where((last >= 0) & (index - last <= longest), level[np.maximum(last, 0)], np.nan)


def limits_of(truth: Array, step_min: float, meta: dict[str, str]) -> list[float]:
    """Limits by the rules of the score: percentiles and the published one of a long record, else shares of the rise."""
    if truth.size * step_min / 1440.0 > _LONG_DAYS:
        published = [100.0 * value for value in json.loads(meta["thresholds"] or "{}").values()]
        return [*(float(p) for p in np.nanpercentile(truth, (90.0, 97.0, 99.5))), *published]
    middle, top = float(np.nanmedian(truth)), float(np.nanmax(truth))
    return [middle + share * (top - middle) for share in (0.25, 0.5, 0.75)]
