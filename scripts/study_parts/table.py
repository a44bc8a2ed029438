"""Scores of forecasts at the real limits, by the strict rules of tests/engine/scoring.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_level
from alerting.engine.forecast_decision import BEGIN, HORIZONS_MIN
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from alerting.engine.forecast_shape import pick
from hladina.foresight import decisions
from scripts.study_parts import learn
from scripts.study_parts.cases import Seen, inputs
from scripts.study_parts.gauges import Gauge
from tests.engine import scoring

Array = NDArray[np.float64]

_NEAR_MIN = 720.0
_FLOOD_MIN = 1440.0
_HOPELESS = -7.0
_BEGINS = (0.6, 0.7, 0.78, 0.85)
# How much heavier the moments near a crossing are when the odds are calibrated.
NEAR_WEIGHT = 5.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A gauge and limit as foreseen at all moments: `probability`, `foreseen`, `warn` (moments, horizons).

    `labels` (moments,) says by which odds; `level` (moments, horizons, 3) the level to come.
    """

    seen: Seen
    limit: float
    labels: NDArray[np.str_]
    raw: Array
    probability: Array
    foreseen: Array
    warn: NDArray[np.bool_]
    level: Array


def held(one: Seen, limit: float) -> NDArray[np.bool_]:
    """Where the degree of the limit is reached, by the state of the engine."""
    degree = 1 + sorted(one.gauge.limits).index(limit)
    return one.gauge.reached >= degree


def foresee(by_label: Mapping[str, Odds], one: Seen, limit: float, labels: NDArray[np.str_]) -> Foreseen:
    """What the engine would have said, at each moment with the odds of its label."""
    count, some = one.now.size, np.unique(labels).tolist()
    raw, probability = np.empty((count, len(REACHES_MIN))), np.empty((count, len(HORIZONS_MIN)))
    foreseen, level = np.empty_like(probability), np.empty((count, len(HORIZONS_MIN), 3))
    for label in some:
        at, odds = np.flatnonzero(labels == label), by_label[label]
        gap = np.maximum(limit - one.value[at], 1e-3)
        own, above = pick(one.own, at), tuple(pick(each, at) for each in one.above)
        raw[at] = odds.odds.mean(inputs(one, at, gap))
        look = forecast.outlook(odds, own, gap, above, pick(one.memory, at))
        probability[at], foreseen[at] = look.probability, look.foreseen
        level[at] = forecast_level.quantiles(odds, own, one.value[at], above)
    warn = _decided(one, limit, foreseen, BEGIN)
    return Foreseen(one, limit, labels, raw, probability, foreseen, warn, level)


def _decided(one: Seen, limit: float, foreseen: Array, begin: tuple[float, ...]) -> NDArray[np.bool_]:
    still = held(one, limit) | (one.quiet_peak >= limit)
    warn = decisions(one.now, foreseen[:, None], still[:, None], one.own.s30 > 0.0, begin)[:, 0]
    return warn & (one.value < limit)[:, None]


def prices(forecasts: Sequence[Foreseen]) -> None:
    """Print what an earlier or a later beginning of the warnings would find, and how many false ones it costs."""
    print("\nbegin, h, found, found with lead >= 30, useful, false")
    for begin in _BEGINS:
        again = [replace(one, warn=_decided(one.seen, one.limit, one.foreseen, (begin,) * 4)) for one in forecasts]
        for (group, horizon), s in sorted(scores(again).items()):
            if group == "all":
                useful = sum(lead >= horizon / 2 for lead in s.leads)
                print(begin, horizon, len(s.leads), round(s.pod30 * s.crossings), useful, s.false)


def calibration(odds: Odds, others: Sequence[tuple[Foreseen, NDArray[np.bool_]]]) -> Odds:
    """`odds` calibrated on some moments of forecasts."""
    parts = [_calibrating(one, some) for one, some in others]
    raw, reached, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    return learn.calibrated(odds, raw, reached, weight)


def _calibrating(one: Foreseen, some: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Moments below the limit, those near a crossing heavier: both uses shall be fair."""
    below = some & (one.seen.value < one.limit) & (one.raw[:, -1] > _HOPELESS)
    near = _next_crossing(one)[below] <= _NEAR_MIN
    weight = np.where(near, NEAR_WEIGHT, 1.0)
    return one.raw[below], (one.seen.highest[below] >= one.limit).astype(np.float64), weight


def _next_crossing(one: Foreseen) -> Array:
    """Minutes to the next crossing, inf if there is none."""
    crossed = np.r_[crossings(one.seen.gauge, one.limit), np.inf]
    now = one.seen.now / 60.0
    wait: Array = crossed[np.searchsorted(crossed, now, side="right")] - now
    return wait


def crossings(gauge: Gauge, limit: float) -> Array:
    """The crossings of a limit in minutes."""
    return np.array(scoring.crossings(gauge.at / 60.0, gauge.truth, limit, gauge.step_min))


def exceeded(gauge: Gauge, limit: float) -> Array:
    """Every passing of the limit upwards in minutes, also soon after another."""
    up = (gauge.truth[1:] >= limit) & (gauge.truth[:-1] < limit)
    return gauge.at[1:][up] / 60.0


def scores(forecasts: Sequence[Foreseen]) -> dict[tuple[str, int], scoring.Score]:
    """By group ('all' among them) and horizon."""
    found: dict[tuple[str, int], scoring.Score] = {}
    for one in forecasts:
        gauge = one.seen.gauge
        crossed, up = crossings(gauge, one.limit).tolist(), exceeded(gauge, one.limit).tolist()
        for column, horizon in enumerate(HORIZONS_MIN):
            warned = one.seen.now[one.warn[:, column]] / 60.0
            score = scoring.score(crossed, warned.tolist(), float(horizon), up)
            groups = ["all", gauge.group, "fold " + gauge.fold]
            if one.seen.above:
                groups.append("with upstream")
            for group in groups:
                found.setdefault((group, horizon), scoring.Score(float(horizon))).add(score)
    return found


def show(name: str, forecasts: Sequence[Foreseen], *, every: bool = True) -> None:
    """Print the table of a method; not `every` group of it only the sum."""
    days = sum(float(np.minimum(np.diff(one.now), 7200.0).sum()) / 86_400.0 for one in _gauges(forecasts))
    print(f"\n{name}: set, h, crossings, POD, POD lead>=30, FAR, CSI, CSI_useful, literal CSI and useful")
    for (group, horizon), s in sorted(scores(forecasts).items()):
        if every or group in {"all", "with upstream"}:
            cells = (s.pod, s.pod30, s.far, s.csi, s.csi_useful, s.csi_literal, s.csi_useful_literal)
            print(f"{group:26}{horizon:5}{s.crossings:5}", *(f"{cell:6.2f}" for cell in cells), end=" ")
            print(f"lead {s.median_lead:4.0f} false {s.false:4}", end="")
            print(f" per 100 gauge-days {100.0 * s.false / days:.1f}" if group == "all" else "")


def _gauges(forecasts: Sequence[Foreseen]) -> list[Seen]:
    return list({one.seen.gauge.station.id: one.seen for one in forecasts}.values())


def levels(name: str, forecasts: Sequence[Foreseen]) -> None:
    """Print the error of the level against persistence within 24 h of a crossing of the lowest limit."""
    errors = []
    for one in forecasts:
        if one.limit == one.seen.gauge.limits[0]:
            true = one.seen.ahead + one.seen.value[:, None]
            crossed = crossings(one.seen.gauge, one.limit)
            if crossed.size:
                near = np.abs(one.seen.now[:, None] / 60.0 - crossed).min(axis=1) <= _FLOOD_MIN
                some = near & np.isfinite(true).all(axis=1)
                off = (one.level[some, :, 0] - true[some]) ** 2
                inside = (one.level[some, :, 1] <= true[some]) & (true[some] <= one.level[some, :, 2])
                errors.append((off.sum(axis=0), (one.seen.ahead[some] ** 2).sum(axis=0), inside.mean(axis=0)))
    own, still, inside = (np.array(part) for part in zip(*errors, strict=True))
    each = np.sqrt(own / still)
    print(f"{name}: level, RMSE / persistence, pooled", np.sqrt(own.sum(axis=0) / still.sum(axis=0)).round(2), end=" ")
    print("mean of gauges", each.mean(axis=0).round(2), "worst", each.max(axis=0).round(2), end=" ")
    print("in the interval", inside.mean(axis=0).round(2))


def reliability(forecasts: Sequence[Foreseen]) -> None:
    """Print Brier score and reliability by decile, over moments within 12 h before a crossing, and over all."""
    for column, horizon in enumerate(HORIZONS_MIN):
        for name in ("12 h", "all"):
            told, came = [], []
            for one in forecasts:
                wait = _next_crossing(one)
                chosen = (one.seen.value < one.limit) & ((wait <= _NEAR_MIN) if name == "12 h" else True)
                told.append(one.probability[chosen, column])
                came.append(one.seen.highest[chosen, column] >= one.limit)
            chance, reached = np.concatenate(told), np.concatenate(came)
            decile = np.clip((chance * 10).astype(int), 0, 9)
            cells = [
                f"{chance[decile == d].mean():.2f}:{(reached[decile == d] - chance[decile == d]).mean():+.2f}"
                f"({(decile == d).sum()})"
                for d in range(10)
                if (decile == d).any()
            ]
            print(f"{horizon:4} {name:5} Brier {np.mean((chance - reached) ** 2):.4f}", *cells)
