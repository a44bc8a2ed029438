"""`--train`: what each station's own past teaches, from earlier records; for alerting.engine.forecast_local.

Floods are events: moments of a lively level, parted by half a day. Everything that decides how far the past is
followed is fitted on forecasts for events that the regression did not see.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from alerting.engine import forecast
from alerting.engine.forecast import Scene
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_local import Local, features, ratio
from alerting.engine.forecast_odds import REACHES_MIN, Odds
from hladina.foresight import scene
from hladina.judged import Outcome, staged
from hladina.neighbours import above
from hladina.skill import highest
from hladina.station_list import Recorded

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_EVENTS = 3
_FEWEST_MOMENTS = 150
_EVENT_PAUSE_S = 12 * 3600.0
_LONGEST_EVENT_S = 5 * 86_400.0
_LIVELY_SHARE = 0.05
_FOLDS = 4
_RIDGES = (0.01, 0.1, 1.0, 10.0)
_SHARES = (0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0, 1.1)
# So many independent cases an event is worth, and how far one station may differ from all others (standard deviation).
_CASES_PER_EVENT = 5.0
_SPREAD = 0.5
_LIMITS_PER_MOMENT = 3
_CLOSE = 1e-4
# A regression follows its past too closely: of the best share this part is taken.
_CAUTION = 0.8


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learnt of a station, from how much; `lag_min` and `gain` by gauge above, for people to read."""

    local: Local
    events: int
    moments: int
    begin: float
    end: float
    lag_min: dict[str, float]
    gain: dict[str, float]


def learn(
    station: Recorded, stations: Mapping[str, Recorded], outcomes: Mapping[str, Outcome], odds: Odds
) -> Learned | None:
    """What the past of a station teaches; None if it holds too few floods."""
    heard = outcomes[station.id].heard
    if not heard.due or not station.limits:
        return None
    stage, at = staged(station, heard.value), np.array(heard.at)
    now = np.array(heard.due)
    now = now[now + 60.0 * REACHES_MIN[-1] <= at[-1]]
    top = float(stage.max() - np.median(stage))
    seen = scene(station, stations, outcomes, now)
    swing = seen.own.max(axis=1) - seen.own.min(axis=1)
    lively = np.flatnonzero(swing > max(_LIVELY_SHARE * top, 2.0)) if now.size else np.empty(0, dtype=np.intp)
    event = _events(now[lively])
    if lively.size < _FEWEST_MOMENTS or event[-1] + 1 < FEWEST_EVENTS:
        return None
    now, seen = now[lively], _some(seen, lively)
    known = features(seen)
    rise = np.stack([highest(at, stage, now, 60.0 * reach) for reach in REACHES_MIN], axis=1) - seen.own[:, :1]
    change = np.interp(now[:, None] + 60.0 * np.array(HORIZONS_MIN), at, stage) - seen.own[:, :1]
    wanted = np.concatenate([np.maximum(rise, -swing[lively, None]), change], axis=1)
    unseen, ridge = _cross_fitted(known, wanted, event % _FOLDS)
    slopes = _ridge(known, wanted, ridge)
    reaches = len(REACHES_MIN)
    stretch, push, shift = _pushes(
        odds, seen, rise, unseen[:, :reaches], top, float(np.median(stage)), int(event[-1]) + 1
    )
    share = _shares(odds, seen, change, unseen[:, reaches:])
    local = Local(slopes[:, :reaches], slopes[:, reaches:], share, stretch, push, shift)
    names = above(station.id, stations)
    lag, gain = _travel(seen, names)
    return Learned(local, int(event[-1]) + 1, now.size, float(at[0]), float(at[-1]), lag, gain)


def _some(seen: Scene, index: NDArray[np.intp]) -> Scene:
    return Scene(*(None if part is None else part[index] for part in (seen.own, seen.upstream, seen.memory, seen.rain)))  # type: ignore[arg-type]


def _events(now: Array) -> NDArray[np.int_]:
    """The number of the event of each moment; an unrest without end is cut. Empty gives one that is too few."""
    numbers: list[int] = []
    begin = last = -np.inf
    for at in now.tolist():
        new = at - last > _EVENT_PAUSE_S or at - begin > _LONGEST_EVENT_S
        begin, last = (at if new else begin), at
        numbers.append((numbers[-1] if numbers else -1) + new)
    return np.array(numbers or [-1])


def _ridge(known: Array, wanted: Array, ridge: float) -> Array:
    """Slopes of a regression through nought; `ridge` in units of the mean square of each feature."""
    size = np.sqrt((known**2).mean(axis=0)) + 1e-9
    scaled = known / size
    squares = scaled.T @ scaled / len(scaled) + ridge / 100.0 * np.eye(size.size)
    slopes: Array = np.linalg.solve(squares, scaled.T @ wanted / len(scaled)) / size[:, None]
    return slopes


def _cross_fitted(known: Array, wanted: Array, fold: NDArray[np.int_]) -> tuple[Array, float]:
    """What a regression on the other folds foresees of each, and the ridge that does best in it."""
    best: tuple[float, Array, float] | None = None
    for ridge in _RIDGES:
        found = np.empty_like(wanted)
        for each in np.unique(fold).tolist():
            found[fold == each] = known[fold == each] @ _ridge(known[fold != each], wanted[fold != each], ridge)
        error = float(((found - wanted) ** 2).mean())
        if best is None or error < best[0]:
            best = error, found, ridge
    if best is None:
        raise ValueError(_RIDGES)
    return best[1], best[2]


def _pushes(
    odds: Odds, seen: Scene, rise: Array, unseen: Array, top: float, middle: float, events: int
) -> tuple[Array, Array, Array]:
    """Stretch, push and shift of the log-odds per reach, on virtual limits at, above and below the floods."""
    rng = np.random.default_rng(0)
    at = np.repeat(np.arange(len(rise)), _LIMITS_PER_MOMENT)
    gap = middle + top * rng.choice(_SHARES, at.size) - seen.own[at, 0]
    at, gap = at[gap > 0.0], gap[gap > 0.0]
    found = forecast.foresee(odds, _some(seen, at), (seen.own[at, 0] + gap)[:, None])
    chance = np.concatenate([found.probability[:, 0], found.foreseen[:, 0, -1:]], axis=1)
    raw = logit(np.clip(chance, _CLOSE, 1.0 - _CLOSE))
    came = rise[at] >= gap[:, None]
    towards = ratio(unseen[at], gap[:, None])
    open_ = chance > _CLOSE
    lines = [
        _line(raw[open_[:, i], i], towards[open_[:, i], i], came[open_[:, i], i].astype(np.float64), events)
        for i in range(len(REACHES_MIN))
    ]
    stretch, push, shift = np.array(lines).T
    return stretch, push, shift


def _line(raw: Array, towards: Array, came: Array, events: int) -> Array:
    """The three numbers of one reach, drawn to (1, 0, 0): no change."""
    if not raw.size:
        return np.array([1.0, 0.0, 0.0])

    def loss(free: Array) -> tuple[float, Array]:
        z = free[0] * raw + free[1] * towards + free[2]
        off = expit(z) - came
        weight = events * _CASES_PER_EVENT / raw.size
        apart = (free - (1.0, 0.0, 0.0)) / _SPREAD**2
        value = weight * float((np.logaddexp(0.0, z) - came * z).sum()) + 0.5 * float((apart**2).sum()) * _SPREAD**2
        return value, weight * np.array([off @ raw, off @ towards, off.sum()]) + apart

    bounds = [(0.3, 2.0), (0.0, 3.0), (-1.5, 1.5)]
    found: Array = minimize(loss, np.array([1.0, 0.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _shares(odds: Odds, seen: Scene, change: Array, unseen: Array) -> Array:
    """How far the level follows the regression: what had been best on unseen events, with caution."""
    plain = forecast.foresee(odds, seen, np.full((len(seen.own), 1), np.nan)).level[:, :, 0] - seen.own[:, :1]
    apart = unseen - plain
    best = ((change - plain) * apart).sum(axis=0) / np.maximum((apart**2).sum(axis=0), 1e-9)
    share: Array = np.clip(best, 0.0, 1.0) * _CAUTION
    return share


def _travel(seen: Scene, names: tuple[str, ...]) -> tuple[dict[str, float], dict[str, float]]:
    """Per gauge above: the lag at which its changes go best with the own last half hour, and the slope there."""
    lag: dict[str, float] = {}
    gain: dict[str, float] = {}
    if seen.upstream is None:
        return lag, gain
    own = seen.own[:, 0] - seen.own[:, 3]
    for place, name in enumerate(names[: seen.upstream.shape[1]]):
        upper = seen.upstream[:, place]
        best = (0.0, 0, 0.0)
        for back in range(34):
            moved = np.nan_to_num(upper[:, back] - upper[:, back + 3])
            norm = float(np.sqrt((moved**2).sum() * (own**2).sum()))
            if norm > 0.0 and float(moved @ own) / norm > best[0]:
                best = float(moved @ own) / norm, back, float(moved @ own) / float((moved**2).sum())
        lag[name], gain[name] = 10.0 * best[1], best[2]
    return lag, gain
