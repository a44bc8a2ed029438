"""What the engine would have foreseen at the real limits, and what is counted of it by tests/engine/scoring.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_coherent
from alerting.engine.forecast_decision import HORIZONS_MIN, looked
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from alerting.engine.forecast_shape import pick
from hladina.foresight import decisions
from scripts.study_parts.cases import Seen, inputs
from scripts.study_parts.gauges import Gauge
from scripts.study_parts.storms import names
from tests.engine import scoring

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEAR_MIN = 720.0
EARLY_MIN = 30.0
FLOOD_MIN = 1440.0
# A pause as long as this parts two events of one region.
_PARTED_S = 48 * 3600.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A gauge and limit as foreseen at all moments: `probability`, `warn` (moments, horizons).

    `labels` (moments,) says what was held out; `level` (moments, horizons, 3) the level to come.
    """

    seen: Seen
    limit: float
    labels: NDArray[np.str_]
    probability: Array
    warn: Flags
    level: Array


def raw(by_label: Mapping[str, Odds], one: Seen, limit: float, labels: NDArray[np.str_]) -> Array:
    """The log-odds of the networks before they are calibrated, (moments, reaches)."""
    found = np.empty((one.now.size, len(REACHES_MIN)))
    for label in names(labels):
        at = np.flatnonzero(labels == label)
        gap = np.maximum(limit - one.value[at], 1e-3)
        found[at] = by_label[label].odds.mean(inputs(one, at, gap))
    return found


def foresee(
    by_label: Mapping[str, Odds], one: Seen, labels: NDArray[np.str_], begin: Mapping[str, tuple[float, ...]]
) -> list[Foreseen]:
    """What the engine would have said of each limit, at each moment with the odds and begin levels of its label."""
    limits = np.array(one.gauge.limits)
    chance = np.empty((one.now.size, limits.size, len(HORIZONS_MIN)))
    sight, level = np.empty_like(chance), np.empty((one.now.size, len(HORIZONS_MIN), 3))
    for label in names(labels):
        at = np.flatnonzero(labels == label)
        own, above = pick(one.own, at), tuple(pick(each, at) for each in one.above)
        asked = np.broadcast_to(limits, (at.size, limits.size))
        found = forecast.foreseen(by_label[label], own, one.value[at], asked, above, pick(one.memory, at))
        chance[at], level[at] = found.probability, found.level
        sight[at] = looked(found.probability, found.foreseen)
    every = []
    for index, limit in enumerate(one.gauge.limits):
        warn = _decided(one, limit, sight[:, index], labels, begin)
        every.append(Foreseen(one, limit, labels, chance[:, index], warn, level))
    return every


def _decided(
    one: Seen, limit: float, sight: Array, labels: NDArray[np.str_], begin: Mapping[str, tuple[float, ...]]
) -> Flags:
    """Where a warning stood, by the begin levels of each label; a warning does not outlive its label."""
    degree = 1 + one.gauge.limits.index(limit)
    still = (one.gauge.reached >= degree) | (one.quiet_peak >= limit)
    warn = np.zeros(sight.shape, dtype=np.bool_)
    for label in names(labels):
        at = np.flatnonzero(labels == label)
        warn[at] = decisions(one.now[at], sight[at, None], still[at, None], one.own.s30[at] > 0.0, begin[label])[:, 0]
    return warn & (one.value < limit)[:, None]


def chances(odds: Odds, one: Seen, at: NDArray[np.intp], limits: Array) -> Array:
    """The probability of each of `limits` within each reach at some moments, (moments, limits, reaches)."""
    gap = limits - one.value[at, None]
    moment, limit = np.nonzero(gap > 0.0)
    series = at[moment]
    found = np.ones((*gap.shape, len(REACHES_MIN)))
    uppers = tuple(pick(each, series) for each in one.above)
    found[moment, limit] = forecast.reaches(
        odds, pick(one.own, series), gap[moment, limit], uppers, pick(one.memory, series)
    )
    return forecast_coherent.over_limits(found, np.broadcast_to(limits, gap.shape))


def next_crossing(one: Seen, limit: float) -> Array:
    """Minutes to the next crossing, inf if there is none."""
    crossed = np.r_[crossings(one.gauge, limit), np.inf]
    now = one.now / 60.0
    wait: Array = crossed[np.searchsorted(crossed, now, side="right")] - now
    return wait


@cache
def crossings(gauge: Gauge, limit: float) -> Array:
    """The crossings of a limit in minutes."""
    return np.array(scoring.crossings(gauge.at / 60.0, gauge.truth, limit, gauge.step_min))


def exceeded(gauge: Gauge, limit: float) -> Array:
    """Every passing of the limit upwards in minutes, also soon after another."""
    up = (gauge.truth[1:] >= limit) & (gauge.truth[:-1] < limit)
    return gauge.at[1:][up] / 60.0


def in_flood(one: Seen) -> Flags:
    """The moments within 24 h of a crossing of the lowest limit, with all that came known."""
    crossed = crossings(one.gauge, one.gauge.limits[0])
    if not crossed.size:
        return np.zeros(one.now.size, dtype=np.bool_)
    near = np.abs(one.now[:, None] / 60.0 - crossed).min(axis=1) <= FLOOD_MIN
    some: Flags = near & np.isfinite(one.ahead).all(axis=1)
    return some


def scores(one: Foreseen, parts: NDArray[np.str_]) -> dict[tuple[str, int], scoring.Score]:
    """The score of each part of the moments and horizon; `parts` (moments,) names the part of each."""
    gauge, now = one.seen.gauge, one.seen.now
    crossed, up = crossings(gauge, one.limit), exceeded(gauge, one.limit)
    of_crossed, of_up = (parts[np.clip(np.searchsorted(now, 60.0 * at), 0, now.size - 1)] for at in (crossed, up))
    found = {}
    for part in names(parts):
        for column, horizon in enumerate(HORIZONS_MIN):
            at = now[one.warn[:, column] & (parts == part)] / 60.0
            found[part, horizon] = scoring.score(
                crossed[of_crossed == part].tolist(), at.tolist(), float(horizon), up[of_up == part].tolist()
            )
    return found


def whole(one: Foreseen) -> NDArray[np.str_]:
    """All moments as one part."""
    return np.full(one.seen.now.size, "all")


def events(forecasts: Sequence[Foreseen]) -> dict[str, Array]:
    """By region the times that part its events: half way between crossings two days apart or more."""
    found = {}
    for group in sorted({one.seen.gauge.group for one in forecasts}):
        times = [60.0 * crossings(one.seen.gauge, one.limit) for one in forecasts if one.seen.gauge.group == group]
        at = np.sort(np.concatenate(times))
        wide = np.flatnonzero(np.diff(at) >= _PARTED_S)
        found[group] = 0.5 * (at[wide] + at[wide + 1])
    return found


def event_of(one: Foreseen, parted: Mapping[str, Array]) -> NDArray[np.str_]:
    """The event each moment belongs to."""
    number = np.searchsorted(parted[one.seen.gauge.group], one.seen.now)
    return np.char.add(one.seen.gauge.group + " ", number.astype(np.str_))
