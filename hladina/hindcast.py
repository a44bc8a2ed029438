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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TextIO

from alerting.engine import forecast_odds
from alerting.engine.judge import Job, Standing, walk
from alerting.engine.lifecycle import Transition
from alerting.engine.rules import ENGINE, Rules, version
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample, Verdict
from floodcore.words import Flag
from hladina import foresight
from hladina.foresight import Heard
from hladina.records import Record, Records, read_readings
from hladina.station_list import InputError, Recorded, read_stations

DEGREES = ("station_id", "at", "from", "to", "reason")
FORECASTS = ("station_id", "issued_at", "degree", "horizon_min", "probability", "expected_at", "warn")
QUALITY = ("station_id", "timestamp", "flag", "test")

_INTERVAL_FROM = 50
_DEFAULT_INTERVAL = timedelta(minutes=10)
_BAR_WIDTH = 30


@dataclass(slots=True)
class Outcome:
    """What the engine made of one station."""

    rules: Rules
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)


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
        outcomes = {one.id: judge(one, records.by_station[one.id]) for one in _progress(list(stations.values()))}
        for station in stations.values():
            record, outcome = records.by_station[station.id], outcomes[station.id]
            rows = forecasts_of(station, outcomes, stations)
            writers[0].writerows(_degrees(station, outcome))
            writers[1].writerows(rows)
            writers[2].writerows(_quality(station, record, outcome))
            told[station.id] = _summary(record, outcome, rows)
    summary = {
        "engine": ENGINE,
        "forecast": f"learnt odds {forecast_odds.generic().version}; see docs/forecast.md",
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
        if walked.believed and walked.standing.points:
            outcome.heard.hear(walked.standing.points, rules)
    return outcome


def interval(at: Sequence[datetime]) -> timedelta:
    """The usual time between the first readings, at least a minute."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(at[: _INTERVAL_FROM + 1])]
    return timedelta(seconds=max(60.0, median(steps))) if steps else _DEFAULT_INTERVAL


def forecasts_of(
    station: Recorded, outcomes: Mapping[str, Outcome], stations: Mapping[str, Recorded]
) -> list[tuple[object, ...]]:
    """The rows of forecasts.csv, in order of time."""
    heard = {name: outcome.heard for name, outcome in outcomes.items()}
    return [
        (
            station.id,
            stamp(row.at),
            row.degree,
            row.horizon,
            f"{row.probability:.4f}",
            "" if row.expected is None else stamp(row.expected),
            int(row.warn),
        )
        for row in foresight.rows(station, heard, stations)
    ]


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
