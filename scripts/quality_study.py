"""Study of the quality checks: faults put into recorded (or invented) series, counted through the live fold.

    python scripts/quality_study.py [--data DIR] [--count N] [--kinds KIND,…] [--list FILE]

DIR holds `stations_meta.csv` and `records/`; without it the series are invented. N injections of each kind, half
of them dry and half in flood (default 100; the table of docs/quality.md has 1,000). Tells what became of the
untouched records too; FILE gets each reading of theirs that is doubted.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.quality_parts import abreast, measure, own_rates  # the path comes first
from scripts.quality_parts.faults import KINDS, lapse, spike
from scripts.quality_parts.measure import DRY, FLOOD, Found, Risen
from scripts.quality_parts.rises import RISES
from scripts.quality_parts.tracks import DISCHARGE_GROUPS, Track, recorded, synthetic

_SEED = 20260601
_INVENTED = 12


def main() -> int:
    """Run the study; returns 0."""
    options = _options()
    tracks = recorded(options.data) if options.data else [synthetic(n) for n in range(_INVENTED)]
    print(f"{len(tracks)} series, {sum(len(one.at) for one in tracks)} readings", flush=True)
    kinds = options.kinds.split(",") if options.kinds else list(KINDS)
    print(
        "\n| fault | where | n | detected | bad flagged | delay median / p95 / max | good flagged | false degrees | "
        "told to residents | false falls | by test |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    )
    for kind in kinds:
        for where in (DRY, FLOOD):
            print(fault_row(measure.faults(tracks, kind, where, options.count // 2, _SEED)), flush=True)
    print(
        "\n| genuine rise | n | suppressed | delay median / p95 / max | told to residents after | "
        "not told | readings flagged |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    for kind in RISES:
        print(rise_row(measure.rises(tracks, kind, options.count, _SEED)), flush=True)
        print(rise_row(measure.rises(tracks, kind, options.count, _SEED + 1, spike), " with spikes"), flush=True)
        print(rise_row(measure.rises(tracks, kind, options.count, _SEED + 2, lapse), " under a short drop"), flush=True)
    if not options.kinds:
        _untouched(tracks, options)
        _own_rates(tracks, options.count)
        if options.data:
            _abreast(options.data, tracks)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=100, metavar="N")
    parser.add_argument("--kinds", default="", metavar="KIND,…")
    parser.add_argument("--list", type=Path, metavar="FILE")
    return parser.parse_args()


def fault_row(found: Found) -> str:
    """A row of the table of faults."""
    tests = ", ".join(f"{test or 'good'} {n}" for test, n in sorted(found.by_test.items(), key=lambda x: -x[1])[:5])
    return (
        f"| {found.kind} | {found.where} | {found.injections} | {_share(found.detected, found.injections)} "
        f"| {_share(found.bad_flagged, found.bad)} | {_spread(found.delay)} min "
        f"| {_share(found.good_flagged, found.good, 3)} | {found.false_degrees} | {found.false_told} "
        f"| {found.false_falls} | {tests} |"
    )


def rise_row(risen: Risen, suffix: str = "") -> str:
    """A row of the table of rises."""
    return (
        f"| {risen.kind}{suffix} | {risen.rises} | {risen.suppressed} | {_spread(risen.delay)} "
        f"| {_spread(risen.told_delay)} | {risen.untold} "
        f"| {_share(risen.flagged, risen.readings, 3)} |"
    )


def _share(part: int, whole: int, digits: int = 1) -> str:
    return "–" if whole == 0 else f"{100.0 * part / whole:.{digits}f} %"


def _spread(delays: Sequence[float]) -> str:
    if not delays:
        return "–"
    return f"{np.median(delays):.0f} / {np.percentile(delays, 95):.0f} / {max(delays):.0f}"


def _untouched(tracks: Sequence[Track], options: argparse.Namespace) -> None:
    lines: list[str] = []
    groups = {"levels": list(tracks)}
    if options.data:
        groups["discharges"] = recorded(options.data, DISCHARGE_GROUPS)
    for name, some in groups.items():
        total, tests = measure.untouched(some, lines.append)
        print(
            f"\nuntouched {name}: {total} readings, {sum(tests.values())} doubted "
            f"({_share(sum(tests.values()), total, 4)}): {dict(sorted(tests.items()))}",
            flush=True,
        )
        delays, missed = measure.timely(some)
        print(f"rises of degree by readings after the first at the limit: {delays}; limits missed: {missed}")
    if options.list:
        options.list.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _own_rates(tracks: Sequence[Track], count: int) -> None:
    stations, generic, own = own_rates.compare(tracks, 40, _SEED)
    for name, one in (("generic rates", generic), ("own rates", own)):
        print(
            f"{name}, {stations} stations, later halves: {_share(one.doubted, one.readings, 4)} of readings doubted at "
            f"once, {_share(one.caught, one.bumps)} of {one.bumps} bumps of 8 to 30 cm"
        )
    own_tracks = own_rates.taught(tracks)
    print(f"with own rates: rises of degree and limits missed {measure.timely(own_tracks)}")
    for where in (DRY, FLOOD):
        print(fault_row(measure.faults(own_tracks, "small bump", where, count // 2, _SEED)), flush=True)
    for kind in RISES:
        print(rise_row(measure.rises(own_tracks, kind, count, _SEED)), flush=True)


def _abreast(folder: Path, tracks: Sequence[Track]) -> None:
    """Doubts between the gauges of one river."""
    with (folder / "stations_meta.csv").open(newline="", encoding="utf-8") as file:
        meta = {row["station_id"]: row for row in csv.DictReader(file)}
    # the five gauges of the Calder stand on becks of one valley
    valley = {"calder2025": "Calder"}
    rivers = abreast.rivers(tracks, {key: valley.get(row["group"], row["river"]) for key, row in meta.items()})
    days = sum(int(np.isfinite(one.hourly).sum() // 24) for one in rivers)
    vain = Counter(test for one in rivers for _, test, _ in abreast.in_vain(one))
    print(f"\n{len(rivers)} rivers of three gauges or more, {days} gauge-days; days with a doubt in vain: {dict(vain)}")
    rng = Random(_SEED)  # noqa: S311 - seeded on purpose
    for name, put, sizes in (
        ("drift, cm a day for 3 days", abreast.drifts_found, ((2, 5), (5, 10), (10, 20))),
        ("zero moved by cm", abreast.steps_found, ((15, 30), (30, 100), (100, 500))),
    ):
        for low, high in sizes:
            counts = [put(one, rng, 100, low, high) for one in rivers]
            found, whole = sum(a for a, _ in counts), sum(b for _, b in counts)
            print(f"{name}, {low} to {high}: {_share(found, whole)} of {whole} found")


if __name__ == "__main__":
    sys.exit(main())
