"""Study of the forecast on recorded floods: cross-validated scores, and the parameters the engine ships.

    python scripts/forecast_study.py DATA [--by river|event|both] [--cache DIR] [--write]

DATA holds `stations_meta.csv` and `records/`. Prints every figure of docs/forecast.md section 7: ours beside lin60,
theilsen60 and upreg on equal gauges. What is scored is never learnt from, calibrated or priced on: whole river systems
are held out in turn, and whole storms. Progress goes to stderr. --cache keeps what the networks learnt, so that a run
broken off goes on. Without --write nothing else is changed.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Before numpy comes: small products lose by threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec

from alerting.engine.forecast_decision import BEGIN
from scripts.study_parts import baselines, copies, folds, price, report
from scripts.study_parts.cases import Labels, Seen, draw, seen
from scripts.study_parts.folds import Held
from scripts.study_parts.gauges import Gauge, load
from scripts.study_parts.storms import event, river

PARAMETERS = Path(__file__).resolve().parent.parent / "alerting" / "engine" / "forecast_parameters.json"

KINDS: dict[str, Labels] = {"river": river, "event": event}


def main() -> int:
    """Run the study; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--by", choices=(*KINDS, "both"), default="both", help="what is held out")
    parser.add_argument("--cache", type=Path, help="a directory that keeps what was learnt")
    parser.add_argument("--write", action="store_true", help="learn on everything and write the engine's parameters")
    options = parser.parse_args()
    gauges = load(options.data)
    by_id = {gauge.station.id: gauge for gauge in gauges}
    every = {gauge.station.id: seen(gauge, by_id) for gauge in gauges}
    scored = [one for one in every.values() if one.gauge.scored]
    folds.say(f"{len(gauges)} gauges read, {len(scored)} scored")
    kinds = tuple(KINDS) if options.by == "both" else (options.by,)
    held = [_by(kind, gauges, scored, every, options.cache) for kind in kinds]
    if options.write:
        _write(gauges, held, options.cache)
    return 0


def _by(kind: str, gauges: Sequence[Gauge], scored: Sequence[Seen], every: dict[str, Seen], cache: Path | None) -> Held:
    """Cross-validate by river or by event, and print all of it."""
    folds.say(f"by {kind}")
    held, _ = folds.cross_validated(gauges, scored, KINDS[kind], cache)
    ours = held.forecasts
    print(f"\n# By {kind}\n\nwarnings begin at: {held.begin}")
    lines = baselines.lines(scored)
    report.methods({"ours": ours, **lines})
    report.folds(ours)
    above = {name: [one for one in found if one.seen.above] for name, found in {"ours": ours, **lines}.items()}
    above["upreg"] = baselines.upreg(scored, every, KINDS[kind])
    print("\n## With a gauge above")
    report.methods(above)
    for name, found in {"ours": ours, **lines}.items():
        report.levels(name, found)
    for name in ("ours", "upreg"):
        report.levels(f"{name} with a gauge above", above[name])
    report.reliability(ours)
    report.prices(held.prices)
    copies.judged(gauges, held, KINDS[kind])
    return held


def _write(gauges: Sequence[Gauge], held: Sequence[Held], cache: Path | None) -> None:
    """Learn on everything; calibrate, widen and price on all that was foreseen of what was held out."""
    odds, level = draw(gauges, river)
    found = folds.fit(folds.learnt(odds, level, cache), [one for each in held for one in each.fitting])
    PARAMETERS.write_bytes(msgspec.json.encode(folds.document(found)) + b"\n")
    begin = price.best(price.together(each.prices for each in held))
    print(f"\nwrote {PARAMETERS}; best begin levels {begin}, forecast_decision.BEGIN is {BEGIN}")


if __name__ == "__main__":
    sys.exit(main())
