"""`hladina hindcast`: exactly the live engine over recorded data, into four files.

Owns the contract of docs/engine.md: degrees.csv, forecasts.csv, quality.csv, summary.json. Nothing
after `issued_at` is used for a forecast; the interval of a gauge is taken from its first readings, as
the network file would give it.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple, TextIO

import numpy as np

from alerting.engine import forecast, trend
from alerting.engine.judge import Job, Standing, Window, spans, walk
from alerting.engine.lifecycle import Transition
from alerting.engine.rules import ENGINE, Rules, version
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample, Verdict
from floodcore.words import Flag
from hladina.records import Record, Records, read_readings
from hladina.station_list import InputError, Recorded, read_stations

DEGREES = ("station_id", "at", "from", "to", "reason")
FORECASTS = ("station_id", "issued_at", "degree", "horizon_min", "probability", "expected_at", "warn")
QUALITY = ("station_id", "timestamp", "flag", "test")

# Rows less probable than this may be left out by the contract.
_LEAST_PROBABILITY = 0.02
_INTERVAL_FROM = 50
_DEFAULT_INTERVAL = timedelta(minutes=10)
_BAR_WIDTH = 30


@dataclass(slots=True)
class Outcome:
    """What the engine made of one station."""

    rules: Rules
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    issued: list[tuple[datetime, float, Window]] = field(default_factory=list)


class _Forecast(NamedTuple):
    """A row of forecasts.csv; `expected` is None unless the line meets the limit within the horizon."""

    at: datetime
    degree: int
    horizon: int
    probability: float
    warn: bool
    expected: datetime | None


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0 ok, 1 the input or the output cannot be used, 2 misuse."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        stations, notices = read_stations(options.stations)
        for path in options.train or []:
            path.open("rb").close()
        records = read_readings(options.readings, stations)
        options.out.mkdir(parents=True, exist_ok=True)
        _write(options, stations, records)
    except InputError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 1
    for line in (*notices, *records.said()):
        print(line, file=sys.stderr)
    if not records.usable:
        print("no row could be used", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hladina hindcast", description="Run the live engine over recorded data.")
    parser.add_argument("--stations", type=Path, required=True, metavar="FILE", help="YAML list of stations")
    parser.add_argument("--readings", type=Path, required=True, nargs="+", metavar="FILE", help="CSV or CSV.gz")
    parser.add_argument("--train", type=Path, nargs="+", metavar="FILE", help="earlier records; not yet learnt from")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the four files go")
    return parser


def _write(options: argparse.Namespace, stations: dict[str, Recorded], records: Records) -> None:
    out: Path = options.out
    told: dict[str, object] = {}
    with (
        (out / "degrees.csv").open("w", newline="", encoding="utf-8") as degrees,
        (out / "forecasts.csv").open("w", newline="", encoding="utf-8") as forecasts,
        (out / "quality.csv").open("w", newline="", encoding="utf-8") as quality,
    ):
        writers = [csv.writer(file, lineterminator="\n") for file in (degrees, forecasts, quality)]
        for writer, header in zip(writers, (DEGREES, FORECASTS, QUALITY), strict=True):
            writer.writerow(header)
        for station in _progress(list(stations.values())):
            record = records.by_station[station.id]
            outcome = judge(station, record)
            rows = list(forecasts_of(station, outcome))
            writers[0].writerows(_degrees(station, outcome))
            writers[1].writerows(rows)
            writers[2].writerows(_quality(station, record, outcome))
            told[station.id] = _summary(record, outcome, rows)
    summary = {
        "engine": ENGINE,
        "forecast": "Theil-Sen line with normal spread, not calibrated; see docs/engine.md",
        "train": {"files": [path.name for path in options.train or []], "used": False},
        "rows": records.rows,
        "rejected": records.rejected,
        "strangers": dict(sorted(records.strangers.items())),
        "stations": told,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def judge(station: Recorded, record: Record) -> Outcome:
    """The live engine over one station's record."""
    rules = Rules(station.quantity, interval(record.at), station.limits)
    outcome = Outcome(rules)
    samples = [Sample(at, v, *of_value(station.quantity, v)) for at, v in zip(record.at, record.value, strict=True)]
    for walked in walk(Job(rules, Standing(), samples)):
        for verdict in walked.verdicts:
            outcome.verdicts[verdict.at] = verdict
        outcome.transitions += (turn.transition for turn in walked.turns)
        good = walked.standing.memory.good
        if walked.believed and good is not None and rules.limits:
            outcome.issued.append((good.at, good.value, walked.standing.points))
    return outcome


def interval(at: Sequence[datetime]) -> timedelta:
    """The usual time between the first readings, at least a minute."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(at[: _INTERVAL_FROM + 1])]
    return timedelta(seconds=max(60.0, median(steps))) if steps else _DEFAULT_INTERVAL


def forecasts_of(station: Recorded, outcome: Outcome) -> Iterator[tuple[object, ...]]:
    """The rows of forecasts.csv, in order of time."""
    rows: list[_Forecast] = []
    wide = [one for one in outcome.issued if len(one[2]) >= trend.FEWEST and spans(one[2], outcome.rules)]
    wide.sort(key=lambda one: len(one[2]))
    for _, group in groupby(wide, key=lambda one: len(one[2])):
        rows += _forecasts(station, list(group))
    for row in sorted(rows):
        expected = "" if row.expected is None else stamp(row.expected)
        yield station.id, stamp(row.at), row.degree, row.horizon, f"{row.probability:.4f}", expected, int(row.warn)


def _forecasts(station: Recorded, issued: Sequence[tuple[datetime, float, Window]]) -> Iterator[_Forecast]:
    """Rows for moments with windows of one length."""
    points = np.array([window for _, _, window in issued])
    hours = (points[:, :, 0] - points[:, :1, 0]) / 3600.0
    slope = trend.theil_sen(hours, points[:, :, 1])
    residual = forecast.residual_spread(hours, points[:, :, 1], slope)
    value = points[:, -1, 1]
    for degree, limit in station.limits.items():
        seen = forecast.outlook(station.quantity, value, slope, residual, limit)
        shown = (seen.probability >= _LEAST_PROBABILITY) & (value < limit)[:, None]
        for moment, column in np.argwhere(shown).tolist():
            at = issued[moment][0]
            horizon = forecast.HORIZONS_MIN[column]
            warn = bool(seen.warn[moment, column])
            expected = at + timedelta(hours=float(seen.hours_to[moment])) if warn else None
            yield _Forecast(at, int(degree), horizon, float(seen.probability[moment, column]), warn, expected)


def _degrees(station: Recorded, outcome: Outcome) -> Iterator[tuple[object, ...]]:
    for one in outcome.transitions:
        yield station.id, stamp(one.at), int(one.from_degree), int(one.to_degree), str(one.reason)


def _quality(station: Recorded, record: Record, outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Every reading with its last verdict."""
    for at in record.at:
        verdict = outcome.verdicts[at]
        yield station.id, stamp(at), verdict.flag.name.lower(), verdict.test
    for at in record.late:
        yield station.id, stamp(at), Flag.SUSPECT.name.lower(), "late"


def _summary(record: Record, outcome: Outcome, forecasts: Sequence[tuple[object, ...]]) -> dict[str, object]:
    flags = Counter(verdict.flag.name.lower() for verdict in outcome.verdicts.values())
    tests = Counter(verdict.test for verdict in outcome.verdicts.values() if verdict.test)
    return {
        "readings": len(record.at),
        "late": len(record.late),
        "repeated": record.repeated,
        "contradictory": record.contradictory,
        "interval_s": outcome.rules.interval.total_seconds(),
        "rule_version": version(outcome.rules),
        "flags": dict(sorted(flags.items())),
        "tests": dict(sorted(tests.items())),
        "degree_changes": len(outcome.transitions),
        "forecast_rows": len(forecasts),
        "warnings": sum(1 for row in forecasts if row[6]),
    }


def stamp(moment: datetime) -> str:
    """The time as the files write it; a fraction of a second only if there is one."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _progress(stations: Sequence[Recorded], stream: TextIO | None = None) -> Iterator[Recorded]:
    """The stations, with a bar on a terminal and nothing in a pipe."""
    stream = stream or sys.stderr
    shown = stream.isatty()
    for done, station in enumerate(stations):
        if shown:
            filled = _BAR_WIDTH * done // len(stations)
            bar = "#" * filled + "." * (_BAR_WIDTH - filled)
            print(f"\r[{bar}] {done}/{len(stations)} {station.id[:30]:30}", end="", file=stream, flush=True)
        yield station
    if shown:
        print(f"\r[{'#' * _BAR_WIDTH}] {len(stations)}/{len(stations)}{' ' * 31}", file=stream, flush=True)
