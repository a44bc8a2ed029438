"""Cross-validation: nothing is scored by what has learnt, been calibrated or been priced on it.

Three rounds. The networks of a fold are learnt on all others. Their log-odds, the ends of their levels and the levels
at which warnings begin are then fitted on what the networks of the other folds said of those.
"""

import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_level, forecast_odds
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_net import Layers, Net
from alerting.engine.forecast_odds import Nets, Odds, Parameters, Ready
from alerting.engine.forecast_shape import pick
from scripts.study_parts import learn, table
from scripts.study_parts.cases import Cases, Labels, Seen, draw
from scripts.study_parts.gauges import Gauge
from scripts.study_parts.table import Begin, Foreseen
from tests.engine.scoring import Score

Array = NDArray[np.float64]
Strings = NDArray[np.str_]

VERSION = "4"
LEARNT_ON = "occitanie_spring2020, aire2015, colorado2013, calder2025; scripts/forecast_study.py"
# How much heavier the moments near a crossing are when the odds are calibrated.
NEAR_WEIGHT = 10.0
_HOPELESS = -7.0
# The levels a warning may begin at; each is judged with its neighbours, so that no single episode chooses.
BEGINS = tuple(round(0.66 + 0.01 * step, 2) for step in range(23))
_SMOOTH = 5
# What a crossing not found in time costs, in false episodes. Judged.
MISS = 2.0
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
    """One cross-validation: the forecasts with what was fitted elsewhere, what they were fitted on, and the prices."""

    forecasts: list[Foreseen]
    fitting: list[Fitting]
    begin: dict[str, Begin]
    prices: dict[tuple[str, float, int], Score]


def cross_validated(
    gauges: Sequence[Gauge], scored: Sequence[Seen], labels: Labels, cache: Path | None
) -> tuple[Held, tuple[Cases, Cases]]:
    """All three rounds, and the cases drawn."""
    drawn = draw(gauges, labels)
    named = [(one, labels(one.gauge, one.now)) for one in scored]
    folds = sorted({str(label) for _, found in named for label in np.unique(found)})
    plain = {}
    for number, fold in enumerate(folds, start=1):
        began = time.monotonic()
        odds, level = (cases.of(cases.fold != fold) for cases in drawn)
        plain[fold] = learnt(odds, level, cache)
        say(f"learnt without {fold}, {number} of {len(folds)}, {time.monotonic() - began:.0f} s")
    fitting = [_fitting(plain, one, found) for one, found in named]
    fitted = {fold: fit(plain[fold], fitting, fold) for fold in folds}
    say("calibrated")
    every = dict.fromkeys(folds, (0.75,) * len(HORIZONS_MIN))
    forecasts = [each for one, found in named for each in table.foresee(fitted, one, found, every)]
    prices = _prices(forecasts)
    begin = {fold: best(prices, [other for other in folds if other != fold]) for fold in folds}
    say("priced")
    decided = [
        replace(one, warn=table.decided(one.seen, one.limit, one.foreseen, one.labels, begin)) for one in forecasts
    ]
    return Held(decided, fitting, begin, prices), drawn


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
        (VERSION, learn.NETS, each.hidden, each.outputs, each.epochs, each.decay) for each in (learn.ODDS, learn.LEVEL)
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
    for label in np.unique(labels[flood]).tolist():
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


def _prices(forecasts: Sequence[Foreseen]) -> dict[tuple[str, float, int], Score]:
    """By fold, begin level and horizon: what warnings that begin there would score."""
    found: dict[tuple[str, float, int], Score] = {}
    for begin in BEGINS:
        for one in forecasts:
            levels = dict.fromkeys(np.unique(one.labels).tolist(), (begin,) * len(HORIZONS_MIN))
            warn = table.decided(one.seen, one.limit, one.foreseen, one.labels, levels)
            for (label, horizon), score in table.scores(one, one.labels, warn).items():
                found.setdefault((label, begin, horizon), Score(float(horizon))).add(score)
    return found


def best(prices: dict[tuple[str, float, int], Score], folds: Sequence[str]) -> Begin:
    """The begin level that costs least on some folds, one for all horizons, a mean over five neighbours.

    The cost: each crossing not found with a lead of half the horizon counts as MISS false episodes.
    """
    gain = []
    for begin in BEGINS:
        some = [score for (fold, level, _), score in prices.items() if level == begin and fold in folds]
        in_time = sum(lead >= one.horizon / 2 for one in some for lead in one.leads)
        gain.append(MISS * in_time - sum(one.false for one in some))
    half = _SMOOTH // 2
    smooth = [np.mean(gain[max(0, i - half) : i + half + 1]) for i in range(len(gain))]
    return (BEGINS[int(np.argmax(smooth))],) * len(HORIZONS_MIN)
