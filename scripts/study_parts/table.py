"""Scores of forecasts at the real limits, by the strict rules of tests/engine/scoring.py."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_odds
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_odds import Odds
from hladina.foresight import decisions
from scripts.study_parts import learn
from scripts.study_parts.cases import Seen
from scripts.study_parts.gauges import Gauge
from tests.engine import scoring

Array = NDArray[np.float64]

_NEAR_MIN = 720.0
_HOPELESS = -7.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A gauge and limit as foreseen at all moments: `probability` and `warn` (moments, horizons)."""

    seen: Seen
    limit: float
    odds: Odds | None
    raw: Array
    probability: Array
    warn: NDArray[np.bool_]


def foresee(odds: Odds, one: Seen, limit: float) -> Foreseen:
    """What the engine would have said."""
    gap = np.maximum(limit - one.value, 1e-3)
    inputs = forecast_odds.ratios(one.own, gap, one.upstream)
    look = forecast.outlook(odds, one.own, gap, one.upstream)
    warn = decisions(one.now, look.foreseen, one.quiet_peak >= limit) & (one.value < limit)[:, None]
    return Foreseen(one, limit, odds, forecast_odds.log_odds(odds, inputs), look.probability, warn)


def calibration(odds: Odds | None, others: Sequence[Foreseen]) -> Odds:
    """`odds` calibrated on forecasts of other rivers."""
    if odds is None:
        raise TypeError
    raw, reached, weight = (np.concatenate(part) for part in zip(*map(_calibrating, others), strict=True))
    return learn.calibrated(odds, raw, reached, weight)


def _calibrating(one: Foreseen) -> tuple[Array, Array, Array]:
    """Moments below the limit, those near a crossing as heavy in sum as all others: both uses shall be fair."""
    below = (one.seen.value < one.limit) & (one.raw[:, -1] > _HOPELESS)
    near = _next_crossing(one)[below] <= _NEAR_MIN
    weight = np.where(near, 2.0, 1.0)
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
            if one.seen.upstream is not None:
                groups.append("with upstream")
            for group in groups:
                found.setdefault((group, horizon), scoring.Score(float(horizon))).add(score)
    return found


def show(name: str, forecasts: Sequence[Foreseen]) -> None:
    """Print the table of a method."""
    print(f"\n{name}: set, h, crossings, POD, POD lead>=30, FAR, CSI, CSI_useful, median lead, false, literal CSI")
    for (group, horizon), s in sorted(scores(forecasts).items()):
        cells = (s.pod, s.pod30, s.far, s.csi, s.csi_useful)
        print(
            f"{group:26}{horizon:5}{s.crossings:5}",
            *(f"{cell:6.2f}" for cell in cells),
            f"{s.median_lead:5.0f} {s.false:4} {s.csi_literal:6.2f}",
        )


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
                f"{chance[decile == d].mean():.2f}:{reached[decile == d].mean():.2f}({(decile == d).sum()})"
                for d in range(10)
                if (decile == d).any()
            ]
            print(f"{horizon:4} {name:5} Brier {np.mean((chance - reached) ** 2):.4f}", *cells)


__all__ = ["Foreseen", "calibration", "crossings", "foresee", "reliability", "scores", "show"]
