"""Study of the forecast on recorded floods: cross-validated scores, and the parameters the engine ships.

    python scripts/forecast_study.py DATA [--write]

DATA holds `stations_meta.csv` and `records/`. Without --write nothing is changed. What is scored is never
learnt from or calibrated on: whole river systems are held out in turn.
"""

import argparse
import sys
from pathlib import Path

import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alerting.engine.forecast_odds import Net, Odds, Parameters  # the path comes first
from scripts.study_parts import baselines, learn, table
from scripts.study_parts.cases import PACES, Cases, Seen, cases, seen
from scripts.study_parts.gauges import Gauge, load

VERSION = "1"
LEARNT_ON = "occitanie_spring2020, aire2015, colorado2013, calder2025; scripts/forecast_study.py"
PARAMETERS = Path(__file__).resolve().parent.parent / "alerting" / "engine" / "forecast_parameters.json"


def main() -> int:
    """Run the study; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="learn on everything and write the engine's parameters")
    options = parser.parse_args()
    gauges = load(options.data)
    by_id = {gauge.station.id: gauge for gauge in gauges}
    drawn = [(seen(gauge, _above(gauge, by_id), pace), pace) for gauge in gauges for pace in PACES]
    scored = [one for one, pace in drawn if pace == 1.0 and one.gauge.scored]
    everything = cases(drawn, seed=0)
    print(f"{len(scored)} gauges scored, {len(everything.weight)} learning cases", flush=True)
    held_out = _cross_validated(everything, scored)
    table.show("ours", held_out)
    table.reliability(held_out)
    for name, forecasts in baselines.all_of(scored, by_id).items():
        table.show(name, forecasts)
    if options.write:
        _write(learn.learn(everything, VERSION), held_out)
    return 0


def _above(gauge: Gauge, by_id: dict[str, Gauge]) -> Gauge | None:
    return by_id[gauge.station.upstream[0]] if gauge.station.upstream else None


def _cross_validated(everything: Cases, scored: list[Seen]) -> list[table.Foreseen]:
    """Each scored gauge and limit as foreseen by odds that never saw its river; calibrated on yet other rivers."""
    raw: list[table.Foreseen] = []
    for fold in sorted({one.gauge.fold for one in scored}):
        other = everything.fold != fold
        kept = Cases(
            everything.inputs[other], everything.reached[other], everything.weight[other], everything.fold[other]
        )
        odds = learn.learn(kept, VERSION)
        raw += [
            table.foresee(odds, one, limit) for one in scored if one.gauge.fold == fold for limit in one.gauge.limits
        ]
    return [again for fold in sorted({one.seen.gauge.fold for one in raw}) for again in _calibrated(raw, fold)]


def _calibrated(raw: list[table.Foreseen], fold: str) -> list[table.Foreseen]:
    """The forecasts of one river, calibrated on those of all others."""
    here = [one for one in raw if one.seen.gauge.fold == fold]
    odds = table.calibration(here[0].odds, [one for one in raw if one.seen.gauge.fold != fold])
    return [table.foresee(odds, one.seen, one.limit) for one in here]


def _write(odds: Odds, held_out: list[table.Foreseen]) -> None:
    odds = table.calibration(odds, held_out)
    document = Parameters(
        odds.version,
        LEARNT_ON,
        _short(odds.centre),
        _short(odds.scale),
        [Net([[_short(row) for row in w] for w, _ in net], [_short(b) for _, b in net]) for net in odds.nets],
        _short(odds.stretch),
        _short(odds.shift),
    )
    PARAMETERS.write_bytes(msgspec.json.encode(document) + b"\n")
    print(f"wrote {PARAMETERS}")


def _short(values: np.typing.NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


if __name__ == "__main__":
    sys.exit(main())
