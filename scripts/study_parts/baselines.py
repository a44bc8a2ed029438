"""Baselines on the same gauges, moments and believed readings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_past, trend
from alerting.engine.forecast_decision import HORIZONS_MIN
from scripts.study_parts.cases import Seen
from scripts.study_parts.gauges import Gauge
from scripts.study_parts.table import Foreseen

Array = NDArray[np.float64]


def all_of(scored: Sequence[Seen], by_id: dict[str, Gauge]) -> dict[str, list[Foreseen]]:
    """The forecasts of each baseline."""
    del by_id
    return {
        "lin60": [one for item in scored for one in _line(item, robust=False)],
        "theilsen60": [one for item in scored for one in _line(item, robust=True)],
    }


def _line(one: Seen, *, robust: bool) -> list[Foreseen]:
    """A line through the last hour on the gauge's own step, drawn on."""
    steps = round(60.0 / one.gauge.step_min)
    asked = one.now[:, None] - np.arange(steps + 1) * one.gauge.step_min * 60.0
    values = np.interp(asked, one.gauge.past.at, one.gauge.past.value)
    hours = np.broadcast_to(-np.arange(steps + 1) * one.gauge.step_min / 60.0, values.shape)
    if robust:
        slope = trend.theil_sen(np.ascontiguousarray(hours[:, ::-1]), np.ascontiguousarray(values[:, ::-1]))
        start = np.median(values - slope[:, None] * hours, axis=1)
    else:
        centred = hours[0] - hours[0].mean()
        slope = (values * centred).sum(axis=1) / (centred**2).sum()
        start = values.mean(axis=1) - slope * hours[0].mean()
    ahead = np.array(HORIZONS_MIN) / 60.0
    met = start[:, None] + slope[:, None] * ahead
    found = []
    for limit in one.gauge.limits:
        warn = (met >= limit) & (slope > 0.0)[:, None] & (one.value < limit)[:, None]
        found.append(Foreseen(one, limit, None, met, met, warn))
    return found


__all__ = ["all_of", "forecast_past"]
