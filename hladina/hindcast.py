"""`hladina hindcast`: exactly the live engine over recorded data, into files.

Owns the contract of docs/engine.md: degrees.csv, forecasts.csv, quality.csv, summary.json, and beside them the skill
table, the reliability, pictures and what was learnt. Nothing after `issued_at` is used for a forecast; the interval
of a gauge is taken from its first readings, as the network file would give it.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerting.engine import forecast_odds
from alerting.engine.forecast_local import Local
from alerting.engine.forecast_trained import Taught, Trained
from alerting.engine.rules import ENGINE, version
from floodcore.network import own_rates
from floodcore.quality.rates import GENERIC, Learnt
from floodcore.words import Flag
from hladina import foresight, plots, rates, skill, skill_table, trained, training
from hladina.judged import Outcome, judge, staged
from hladina.neighbours import above
from hladina.records import Record, Records, read_readings
from hladina.skill import Tally
from hladina.spread import Workers
from hladina.station_list import InputError, Recorded, read_stations
from hladina.training import Learned

DEGREES = ("station_id", "at", "from", "to", "reason")
FORECASTS = ("station_id", "issued_at", "degree", "horizon_min", "probability", "expected_at", "warn")
STATIONS = "stations.json"
QUALITY = ("station_id", "timestamp", "flag", "test")


@dataclass(frozen=True, slots=True)
class Case:
    """A station with all that its forecasts need: its own outcome and those of the gauges above it."""

    station: Recorded
    stations: Mapping[str, Recorded]
    outcomes: Mapping[str, Outcome]
    local: Local | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one station, ready to travel: the verdicts are already rows of quality.csv and counts."""

    outcome: Outcome
    quality: tuple[tuple[str, str, str, str], ...]
    summary: dict[str, object]
    learnt: Learnt | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What is written of one station. `forecasts` are the rows of forecasts.csv."""

    forecasts: tuple[tuple[object, ...], ...]
    warnings: int
    tally: Tally | None
    picture: str | None


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0 ok, 1 the input or the output cannot be used, 2 misuse."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        stations, notices = read_stations(options.stations)
        earlier = read_readings(options.train, stations) if options.train else None
        records = read_readings(options.readings, stations)
        options.out.mkdir(parents=True, exist_ok=True)
        learned = {} if options.rates is None else rates.read(options.rates, stations)
        with Workers(options.dask) as workers:
            if earlier is not None:
                past = _judged(stations, earlier, {}, workers)
                learned = _rates(options, past, learned)
                _teach(options, stations, _train(stations, past, workers))
            file = options.trained if earlier is None else options.out / STATIONS
            known = Trained() if file is None else trained.read(file.read_bytes(), stations, file.name)
            _write(options, stations, records, known, _judged(stations, records, learned, workers), workers)
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
    teaching = parser.add_mutually_exclusive_group()
    teaching.add_argument(
        "--train", type=Path, nargs="+", metavar="FILE", help="earlier records to learn stations from"
    )
    teaching.add_argument(
        "--trained", type=Path, metavar="FILE", help="what stations learnt before, as --train wrote it"
    )
    parser.add_argument(
        "--rates", type=Path, metavar="FILE", help="how fast the rivers go, as `hladina rates` wrote it"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
    parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786; one station each")
    return parser


def _rates(options: argparse.Namespace, past: Mapping[str, Judged], given: own_rates.Learned) -> own_rates.Learned:
    """How fast the rivers go by the earlier records, written for the live house; a file that is given stands."""
    learned = {(key, one.outcome.rules.quantity): one.learnt for key, one in past.items() if one.learnt is not None}
    if given or not learned:
        return given
    (options.out / own_rates.FILE).write_text(own_rates.written(learned), encoding="utf-8")
    return learned


def _train(stations: dict[str, Recorded], judged: Mapping[str, Judged], workers: Workers) -> dict[str, Learned | None]:
    """What the earlier records teach of each station with limits; None where they hold too few floods."""
    cases = [_case(one, stations, judged, None) for one in stations.values() if one.limits]
    found = workers.each(_learn, cases, "learnt")
    return {case.station.id: one for case, one in zip(cases, found, strict=True)}


def _learn(case: Case) -> Learned | None:
    return training.learn(case.station, case.stations, case.outcomes, forecast_odds.generic())


def _judged(
    stations: dict[str, Recorded], records: Records, learned: own_rates.Learned, workers: Workers
) -> dict[str, Judged]:
    things = [(one, records.by_station[key], learned.get((key, one.quantity))) for key, one in stations.items()]
    return dict(zip(stations, workers.each(_judge, things, "judged"), strict=True))


def _write(
    options: argparse.Namespace,
    stations: dict[str, Recorded],
    records: Records,
    known: Trained,
    judged: Mapping[str, Judged],
    workers: Workers,
) -> None:
    out: Path = options.out
    told: dict[str, object] = {}
    total = Tally()
    with ExitStack() as stack:
        degrees, forecasts, quality = (
            _table(stack, out / name, header)
            for name, header in (("degrees.csv", DEGREES), ("forecasts.csv", FORECASTS), ("quality.csv", QUALITY))
        )
        cases = [_case(one, stations, judged, known.stations.get(key)) for key, one in stations.items()]
        for key, result in zip(stations, workers.each(_foresee, cases, "foreseen"), strict=True):
            one = judged[key]
            degrees(_degrees(stations[key], one.outcome))
            forecasts(result.forecasts)
            quality(one.quality)
            warned = {"forecast_rows": len(result.forecasts), "warnings": result.warnings}
            told[key] = {**one.summary, **warned}
            if result.tally is not None:
                total.add(result.tally)
            if result.picture is not None:
                _picture(out, key, result.picture)
    _skill(out, total)
    summary = {
        "engine": ENGINE,
        "forecast": f"learnt odds {forecast_odds.generic().version}; see docs/forecast.md",
        "train": _taught(options, known),
        "rows": records.rows,
        "rejected": records.rejected,
        "strangers": dict(sorted(records.strangers.items())),
        "stations": told,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _teach(
    options: argparse.Namespace, stations: Mapping[str, Recorded], learned: Mapping[str, Learned | None]
) -> None:
    """Write what was learnt; it is used as it is read back, so that a live house with the file decides the same."""
    found = trained.document(learned, stations, options.train, forecast_odds.generic().version)
    (options.out / STATIONS).write_text(trained.written(found), encoding="utf-8")


def _taught(options: argparse.Namespace, known: Trained) -> dict[str, object]:
    """What summary.json says of what was learnt."""
    files: list[Path] = options.train or ([] if options.trained is None else [options.trained])
    return {"files": [path.name for path in files], "version": known.version or None, "stations": len(known.stations)}


def _judge(job: tuple[Recorded, Record, Learnt | None]) -> Judged:
    station, record, learnt = job
    outcome = judge(station, record, rates=GENERIC if learnt is None else learnt.rates)
    taught = rates.learnt(station, record, outcome) if learnt is None else None
    found = Judged(outcome, tuple(_quality(station, record, outcome)), _summary(record, outcome), taught)
    outcome.verdicts.clear()
    return found


def _case(
    station: Recorded, stations: Mapping[str, Recorded], judged: Mapping[str, Judged], taught: Taught | None
) -> Case:
    """Only what the station needs: it may have to travel."""
    names = (station.id, *above(station.id, stations), *station.rain_gauges)
    local = None if taught is None else taught.local
    return Case(station, {key: stations[key] for key in names}, {key: judged[key].outcome for key in names}, local)


def _foresee(case: Case) -> Result:
    station = case.station
    outcome = case.outcomes[station.id]
    said = foresight.told(station, case.outcomes, case.stations, forecast_odds.generic(), case.local)
    if said is None:
        return Result((), 0, None, None)
    rows = tuple(_forecasts(station, said))
    stages = staged(station, outcome.heard.value)
    tally = skill.tally(station.id, said, outcome.transitions, outcome.heard, stages)
    picture = None
    if outcome.transitions or any(row[6] for row in rows):
        picture = plots.hydrograph(station.id, outcome.heard, said, stages, outcome.transitions)
    return Result(rows, sum(1 for row in rows if row[6]), tally, picture)


def _forecasts(station: Recorded, said: foresight.Told) -> Iterator[tuple[object, ...]]:
    """The rows of forecasts.csv, in order of time."""
    for row in foresight.rows(said):
        expected = "" if row.expected is None else stamp(row.expected)
        yield (
            station.id,
            stamp(row.at),
            row.degree,
            row.horizon,
            f"{row.probability:.4f}",
            expected,
            int(row.warn),
        )


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


def _summary(record: Record, outcome: Outcome) -> dict[str, object]:
    flags = Counter(verdict.flag.name.lower() for verdict in outcome.verdicts.values())
    tests = Counter(verdict.test for verdict in outcome.verdicts.values() if verdict.test)
    return {
        "readings": len(record.at),
        "late": len(record.late),
        "repeated": record.repeated,
        "contradictory": record.contradictory,
        "interval_s": outcome.rules.interval.total_seconds(),
        "rule_version": version(outcome.rules),
        "rates": outcome.rules.rates.version,
        "flags": dict(sorted(flags.items())),
        "tests": dict(sorted(tests.items())),
        "degree_changes": len(outcome.transitions),
    }


def stamp(moment: datetime) -> str:
    """The time as the files write it; a fraction of a second only if there is one."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _table(stack: ExitStack, path: Path, header: Sequence[str]) -> Callable[[Iterable[Iterable[object]]], None]:
    """A file with its header written; the result writes rows."""
    writer = csv.writer(stack.enter_context(path.open("w", newline="", encoding="utf-8")), lineterminator="\n")
    writer.writerow(header)
    return writer.writerows


def _picture(out: Path, station_id: str, picture: str) -> None:
    """An id may hold what no file name may."""
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in station_id)
    (out / "plots").mkdir(exist_ok=True)
    (out / "plots" / f"{name.lstrip('.') or '_'}.svg").write_text(picture, encoding="utf-8")


def _skill(out: Path, total: Tally) -> None:
    """The operator's table: simpler than the strict score of the study, and on believed readings (docs/forecast.md)."""
    _rows(out / "skill.csv", skill_table.COLUMNS, (line.values() for line in skill_table.lines(total)))
    _rows(out / "reliability.csv", skill_table.RELIABILITY, skill_table.reliability(total))
    (out / "plots").mkdir(exist_ok=True)
    (out / "plots" / "reliability.svg").write_text(plots.reliability(total.bins), encoding="utf-8")


def _rows(path: Path, header: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    with ExitStack() as stack:
        _table(stack, path, header)(rows)
