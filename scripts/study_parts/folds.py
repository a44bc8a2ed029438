"""Cross-validation: nothing is scored by what has learnt, been calibrated or been priced on it.

Three rounds. The networks of a fold are learnt on all others. Their log-odds and the ends of their levels are then
fitted on what the networks of the other folds said of those, and so are the levels at which warnings begin, at virtual
limits (study_parts.price).
"""

import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_level, forecast_odds
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_net import Layers, Net
from alerting.engine.forecast_odds import Nets, Odds, Parameters, Ready
from alerting.engine.forecast_shape import pick
from scripts.study_parts import learn, price, table
from scripts.study_parts.cases import Cases, Labels, Seen, draw
from scripts.study_parts.gauges import Gauge
from scripts.study_parts.price import Tallies
from scripts.study_parts.storms import names
from scripts.study_parts.table import Foreseen

Array = NDArray[np.float64]
Strings = NDArray[np.str_]

VERSION = "6"
LEARNT_ON = "occitanie_spring2020, aire2015, colorado2013, calder2025; scripts/forecast_study.py"
# How much heavier the moments near a crossing are when the odds are calibrated.
NEAR_WEIGHT = 10.0
_HOPELESS = -7.0
# Weights that vanished in learning are shipped as none.
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Fitting:
    """What calibration learns from, of one gauge: moments below each limit, and the level in floods.

    `raw` (moments, reaches), `reached` likewise, `weight` and `labels` (moments,); `level` (flood moments, horizons,
    3), `ahead` (flood moments, horizons), `of_level` their labels.
    """

    raw: Array
    reached: Array
    weight: Array
    labels: Strings
    level: Array
    ahead: Array
    of_level: Strings


@dataclass(frozen=True, slots=True)
class Held:
    """One cross-validation: the forecasts with what was fitted elsewhere, what they were fitted on, and the prices.

    `prices` is what warnings would find at the virtual limits of all folds, with what was fitted on the others;
    `fitted` the odds of each fold.
    """

    forecasts: list[Foreseen]
    fitting: list[Fitting]
    begin: dict[str, tuple[float, ...]]
    prices: Tallies
    fitted: dict[str, Odds]


def cross_validated(
    gauges: Sequence[Gauge], scored: Sequence[Seen], labels: Labels, cache: Path | None
) -> tuple[Held, tuple[Cases, Cases]]:
    """All three rounds, and the cases drawn."""
    drawn = draw(gauges, labels)
    named = [(one, labels(one.gauge, one.now)) for one in scored]
    folds = sorted({label for _, found in named for label in names(found)})
    plain = {}
    for number, fold in enumerate(folds, start=1):
        began = time.monotonic()
        odds, level = (cases.of(cases.fold != fold) for cases in drawn)
        plain[fold] = learnt(odds, level, cache)
        say(f"learnt without {fold}, {number} of {len(folds)}, {time.monotonic() - began:.0f} s")
    fitting = [_fitting(plain, one, found) for one, found in named]
    fitted = {fold: fit(plain[fold], fitting, fold) for fold in folds}
    say("calibrated")
    prices = price.tried(fitted, named)
    begin = {fold: price.best(price.without(fold, [prices])) for fold in folds}
    say(f"priced: {begin}")
    forecasts = [each for one, found in named for each in table.foresee(fitted, one, found, begin)]
    return Held(forecasts, fitting, begin, price.together(prices.values()), fitted), drawn


def say(text: str) -> None:
    """Progress, apart from the tables."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def learnt(odds: Cases, level: Cases, cache: Path | None) -> Odds:
    """What the networks learn of some cases, rounded as it is shipped; from `cache` if it was learnt before."""
    place = None if cache is None else cache / f"{_digest(odds, level)}.json"
    if place is not None and place.exists():
        return forecast_odds.ready(msgspec.json.decode(place.read_bytes(), type=Parameters))
    found = document(learn.learn(odds, level, VERSION))
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.encode(found))
    return forecast_odds.ready(found)


def _digest(odds: Cases, level: Cases) -> str:
    """Of the cases and how they are learnt; who changes the learning itself changes VERSION or empties the cache."""
    recipes = [
        (VERSION, each.nets, each.hidden, each.outputs, each.epochs, each.decay)
        for each in (learn.TEACHERS, learn.ODDS, learn.LEVEL)
    ]
    found = hashlib.sha256(repr(recipes).encode())
    for cases in (odds, level):
        for part in (cases.inputs, cases.target, cases.weight):
            found.update(np.ascontiguousarray(part).data)
    return found.hexdigest()[:24]


def document(odds: Odds) -> Parameters:
    """As it is shipped: four digits."""
    return Parameters(
        odds.version,
        LEARNT_ON,
        _nets(odds.odds),
        odds.knots.tolist(),
        [_short(line) for line in odds.becomes],
        _nets(odds.level),
        [_short(line) for line in odds.widen],
    )


def _nets(ready: Ready) -> Nets:
    return Nets(_short(ready.centre), _short(ready.scale), [_net(net) for net in ready.nets])


def _net(layers: Layers) -> Net:
    return Net([[_short(row) for row in w] for w, _ in layers], [_short(b) for _, b in layers])


def _short(values: Array) -> list[float]:
    return [float(f"{value:.4g}") if abs(value) > _NOTHING else 0.0 for value in values.tolist()]


def _fitting(plain: dict[str, Odds], one: Seen, labels: Strings) -> Fitting:
    parts = [_below(plain, one, limit, labels) for limit in one.gauge.limits]
    flood = np.flatnonzero(table.in_flood(one))
    level = np.empty((flood.size, len(HORIZONS_MIN), 3))
    for label in names(labels[flood]):
        some = labels[flood] == label
        at = flood[some]
        above = tuple(pick(each, at) for each in one.above)
        level[some] = forecast_level.quantiles(plain[label], pick(one.own, at), np.zeros(at.size), above)
    raw, reached, weight, of_raw = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Fitting(raw, reached, weight, of_raw, level, one.ahead[flood], labels[flood])


def _below(plain: dict[str, Odds], one: Seen, limit: float, labels: Strings) -> tuple[Array, Array, Array, Strings]:
    """The moments below a limit that are not hopeless, those near a crossing heavier: both uses shall be fair."""
    raw = table.raw(plain, one, limit, labels)
    some = (one.value < limit) & (raw[:, -1] > _HOPELESS)
    weight = np.where(table.next_crossing(one, limit) <= table.NEAR_MIN, NEAR_WEIGHT, 1.0)
    return raw[some], (one.highest[some] >= limit).astype(np.float64), weight[some], labels[some]


def fit(odds: Odds, fitting: Sequence[Fitting], without: str | None = None) -> Odds:
    """`odds` calibrated and its interval widened on all folds but one; each gauge counts alike for the interval."""
    kept = [(one, one.labels != without, one.of_level != without) for one in fitting]
    raw, reached, weight = (
        np.concatenate([getattr(one, name)[some] for one, some, _ in kept]) for name in ("raw", "reached", "weight")
    )
    level, ahead = (np.concatenate([getattr(one, name)[some] for one, _, some in kept]) for name in ("level", "ahead"))
    alike = np.concatenate([np.full(some.sum(), 1.0 / max(1, some.sum())) for _, _, some in kept])
    return learn.widened(learn.calibrated(odds, raw, reached, weight), level, ahead, alike)
