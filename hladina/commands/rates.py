"""`hladina rates`: how fast each river goes, learnt from its record, as the file the live house takes."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from floodcore.network import own_rates
from floodcore.quality.rates import Learnt
from floodcore.quality.window import CHECKED
from floodcore.words import Quantity
from hladina import rates
from hladina.judged import judge
from hladina.records import Records, read_readings
from hladina.station_list import InputError, Recorded, read_stations


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0 ok, 1 the input cannot be used, 2 misuse."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        stations, _ = read_stations(options.stations)
        records = read_readings(options.readings, stations)
        learned = _learn(stations, records)
        if learned:
            _write(options.out, own_rates.written(learned))
    except InputError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 1
    for line in records.said():
        print(line, file=sys.stderr)
    return _say(stations, learned, options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hladina rates", description="Learn how fast single rivers go.")
    parser.add_argument("--stations", type=Path, required=True, metavar="FILE", help="YAML list, as for hindcast")
    parser.add_argument("--readings", type=Path, required=True, nargs="+", metavar="FILE", help="CSV or CSV.gz")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("station_configs") / own_rates.FILE,
        metavar="FILE",
        help="where it goes; the live house reads rates.yaml beside its station files",
    )
    return parser


def _write(path: Path, text: str) -> None:
    """The whole file or none: a disk that is full leaves the one before."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _learn(stations: dict[str, Recorded], records: Records) -> dict[tuple[str, Quantity], Learnt]:
    found = {}
    for key, station in stations.items():
        record = records.by_station[key]
        if record.at and (one := rates.learnt(station, record, judge(station, record))) is not None:
            found[key, station.quantity] = one
    return found


def _say(stations: dict[str, Recorded], learned: dict[tuple[str, Quantity], Learnt], out: Path) -> int:
    for (station, quantity), one in learned.items():
        print(f"{station} {quantity}: up {one.rise:.2f}, down {one.fall:.2f} of the ordinary step ({one.steps} steps)")
    gauges = {(key, one.quantity) for key, one in stations.items() if one.quantity in CHECKED}
    if few := sorted(key for key, _ in gauges.difference(learned)):
        print(f"fewer than 2000 steps, the generic rates stand: {', '.join(few)}")
    if not learned:
        print("nothing to learn from; nothing is written", file=sys.stderr)
        return 1
    print(f"written to {out}; `hladina check` looks at it, the house takes it at its next start")
    return 0
