"""Study of the forecast on recorded floods: cross-validated scores, and the parameters the engine ships.

    python scripts/forecast_study.py DATA [--by river|event] [--write]

DATA holds `stations_meta.csv` and `records/`. Without --write nothing is changed. What is scored is never learnt from
or calibrated on: whole river systems are held out in turn, or whole storms.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alerting.engine.forecast_net import Layers, Net  # the path comes first
from alerting.engine.forecast_odds import Nets, Odds, Parameters, Ready
from scripts.study_parts import baselines, learn, table
from scripts.study_parts.cases import PACES, Cases, Labels, Seen, level_cases, odds_cases, seen
from scripts.study_parts.gauges import Gauge, load

VERSION = "3"
LEARNT_ON = "occitanie_spring2020, aire2015, colorado2013, calder2025; scripts/forecast_study.py"
PARAMETERS = Path(__file__).resolve().parent.parent / "alerting" / "engine" / "forecast_parameters.json"

_STORMS_PART = {
    "occitanie_spring2020": datetime(2020, 5, 1, tzinfo=UTC).timestamp(),
    "aire2015": datetime(2015, 12, 20, tzinfo=UTC).timestamp(),
}


def river(gauge: Gauge, at: NDArray[np.float64]) -> NDArray[np.str_]:
    """What is held out together: a river system."""
    return np.full(at.size, gauge.fold)


def event(gauge: Gauge, at: NDArray[np.float64]) -> NDArray[np.str_]:
    """What is held out together: a storm, or half of a winter, over all rivers it fell on."""
    later = at >= _STORMS_PART.get(gauge.group, np.inf)
    return np.where(later, f"{gauge.group} later", f"{gauge.group} earlier")


def main() -> int:
    """Run the study; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--by", choices=("river", "event"), default="river", help="what is held out")
    parser.add_argument("--write", action="store_true", help="learn on everything and write the engine's parameters")
    options = parser.parse_args()
    gauges = load(options.data)
    by_id = {gauge.station.id: gauge for gauge in gauges}
    labels = {"river": river, "event": event}[options.by]
    rng = np.random.default_rng(0)
    drawn = [(seen(gauge, by_id, pace, rng), pace) for gauge in gauges for pace in PACES]
    odds, level = odds_cases(drawn, labels, seed=0), level_cases(drawn, labels, seed=0)
    every = {gauge.station.id: seen(gauge, by_id) for gauge in gauges}
    scored = [one for one in every.values() if one.gauge.scored]
    print(f"{len(scored)} gauges scored, {len(odds.weight)} cases of odds, {len(level.weight)} of level", flush=True)
    held_out = _cross_validated(odds, level, scored, labels)
    table.show("ours", held_out)
    table.levels("ours", held_out)
    table.reliability(held_out)
    table.prices(held_out)
    with_above = [one for one in held_out if one.seen.above]
    table.show("ours at the gauges of upreg", with_above, every=False)
    if options.by == "event":
        return 0  # the baselines learn nothing of an event, but for upreg, which leaves out the river anyway
    for name, forecasts in baselines.all_of(scored, every).items():
        table.show(name, forecasts, every=name == "lin60")
        table.levels(name, forecasts)
    if options.write:
        _write(learn.learn(odds, level, VERSION), held_out)
    return 0


def _cross_validated(odds: Cases, level: Cases, scored: list[Seen], labels: Labels) -> list[table.Foreseen]:
    """Each scored gauge and limit as foreseen by odds that never saw its fold; calibrated on yet other folds."""
    named = [(one, labels(one.gauge, one.now)) for one in scored]
    folds = sorted({str(label) for _, found in named for label in np.unique(found)})
    plain = {fold: learn.learn(odds.of(odds.fold != fold), level.of(level.fold != fold), VERSION) for fold in folds}
    raw = [table.foresee(plain, one, limit, found) for one, found in named for limit in one.gauge.limits]
    fitted = {fold: table.calibration(plain[fold], [(one, one.labels != fold) for one in raw]) for fold in folds}
    return [table.foresee(fitted, one.seen, one.limit, one.labels) for one in raw]


def _write(odds: Odds, held_out: list[table.Foreseen]) -> None:
    odds = table.calibration(odds, [(one, np.ones(one.labels.size, dtype=np.bool_)) for one in held_out])
    document = Parameters(
        odds.version,
        LEARNT_ON,
        _nets(odds.odds),
        odds.knots.tolist(),
        [_short(line) for line in odds.becomes],
        _nets(odds.level),
    )
    PARAMETERS.write_bytes(msgspec.json.encode(document) + b"\n")
    print(f"wrote {PARAMETERS}")


def _nets(ready: Ready) -> Nets:
    return Nets(_short(ready.centre), _short(ready.scale), [_net(net) for net in ready.nets])


def _net(layers: Layers) -> Net:
    return Net([[_short(row) for row in w] for w, _ in layers], [_short(b) for _, b in layers])


def _short(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


if __name__ == "__main__":
    sys.exit(main())
