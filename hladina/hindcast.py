"""`hladina hindcast`: exactly the live engine over recorded data, into files.

Owns the contract of docs/engine.md: degrees.csv, forecasts.csv, quality.csv, summary.json, and beside them the skill
table, the reliability, pictures and what was learnt. Nothing after `issued_at` is used for a forecast; the interval
of a gauge is taken from its first readings, as the network file would give it.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

from alerting.engine import forecast_odds
from alerting.engine.forecast_trained import Trained
from alerting.engine.rules import ENGINE
from floodcore.network import own_rates
from hladina import datum, one_station, plots, rates, skill_table, trained
from hladina.judged import Outcome
from hladina.one_station import Judged, Written, needed
from hladina.records import Records, read_readings
from hladina.skill import Tally
from hladina.spread import Promise, Workers
from hladina.station_list import InputError, Recorded, read_stations
from hladina.training import Learned

DEGREES = ("station_id", "at", "from", "to", "reason")
FORECASTS = ("station_id", "issued_at", "degree", "horizon_min", "probability", "expected_at", "warn")
STATIONS = "stations.json"
QUALITY = ("station_id", "timestamp", "flag", "test")


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
                past = {key: _judged(stations, earlier, {}, workers, key) for key in stations}
                learned = _rates(options, stations, past, learned, workers)
                _teach(options, stations, _train(stations, past, workers))
                past.clear()
            file = options.trained if earlier is None else options.out / STATIONS
            known = Trained() if file is None else trained.read(file.read_bytes(), stations, file.name)
            judge = partial(_judged, stations, records, learned, workers)
            results = workers.each(_written(stations, known, judge, workers), len(stations), "foreseen")
            _write(options, stations, records, known, results)
    except InputError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 1
    for line in (*notices, *records.said(), *datum.refused(stations, records.by_station)):
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


def _rates(
    options: argparse.Namespace,
    stations: Mapping[str, Recorded],
    past: Mapping[str, Promise[Judged]],
    given: own_rates.Learned,
    workers: Workers,
) -> own_rates.Learned:
    """How fast the rivers go by the earlier records, written for the live house; a file that is given stands."""
    asked = [workers.call(one_station.rates_of, one) for one in past.values()]
    found = zip(past, workers.each(asked, len(asked), "judged"), strict=True)
    learned = {(key, stations[key].quantity): one for key, one in found if one is not None}
    if given or not learned:
        return given
    (options.out / own_rates.FILE).write_text(own_rates.written(learned), encoding="utf-8")
    return learned


def _train(
    stations: dict[str, Recorded], past: Mapping[str, Promise[Judged]], workers: Workers
) -> dict[str, Learned | None]:
    """What the earlier records teach of each station with limits; None where they hold too few floods."""
    outcomes = {key: workers.call(one_station.outcome_of, one) for key, one in past.items()}
    taught = [key for key, one in stations.items() if one.has_limits]
    asked = []
    for key in taught:
        names = needed(stations[key], stations)
        some = {name: stations[name] for name in names}
        asked.append(workers.call(one_station.learned, some, *(outcomes[name] for name in names)))
    return dict(zip(taught, workers.each(asked, len(asked), "learnt"), strict=True))


def _judged(
    stations: Mapping[str, Recorded], records: Records, learned: own_rates.Learned, workers: Workers, key: str
) -> Promise[Judged]:
    rates_known = learned.get((key, stations[key].quantity))
    return workers.call(one_station.judged, stations[key], workers.send(records.by_station[key]), rates_known)


def _written(
    stations: Mapping[str, Recorded],
    known: Trained,
    judge: Callable[[str], Promise[Judged]],
    workers: Workers,
) -> Iterator[Promise[Written]]:
    """What is written of each station. What was judged is let go of with the last who needs it."""
    names = {key: needed(one, stations) for key, one in stations.items()}
    last = {name: key for key, each in names.items() for name in each}
    judged: dict[str, Promise[Judged]] = {}
    outcomes: dict[str, Promise[Outcome]] = {}
    for key, each in names.items():
        for name in each:
            if name not in judged:
                judged[name] = judge(name)
                outcomes[name] = workers.call(one_station.outcome_of, judged[name])
        taught = known.stations.get(key)
        some, local = {name: stations[name] for name in each}, None if taught is None else taught.local
        yield workers.call(one_station.foreseen, some, local, judged[key], *(outcomes[name] for name in each[1:]))
        for name in each:
            if last[name] == key:
                del judged[name], outcomes[name]


def _write(
    options: argparse.Namespace,
    stations: Mapping[str, Recorded],
    records: Records,
    known: Trained,
    results: Iterator[Written],
) -> None:
    out: Path = options.out
    told: dict[str, object] = {}
    total = Tally()
    with ExitStack() as stack:
        degrees, forecasts, quality = (
            _table(stack, out / name, header)
            for name, header in (("degrees.csv", DEGREES), ("forecasts.csv", FORECASTS), ("quality.csv", QUALITY))
        )
        for key, result in zip(stations, results, strict=True):
            degrees.write(result.degrees)
            forecasts.write(result.forecasts)
            quality.write(result.quality)
            told[key] = result.summary
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


def _table(stack: ExitStack, path: Path, header: Sequence[str]) -> TextIO:
    """A file with its header written."""
    file = stack.enter_context(path.open("w", newline="", encoding="utf-8"))
    file.write(",".join(header) + "\n")
    return file


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
        csv.writer(_table(stack, path, header), lineterminator="\n").writerows(rows)
