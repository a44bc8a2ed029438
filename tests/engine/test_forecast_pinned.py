"""What the shipped parameters make of an invented record: changed parameters or a changed method must say so here.

Twenty floods on one gauge, none of them any river's: quick and slow, high and low, some that stop short of a limit.
The figures say nothing about real floods (docs/forecast.md section 7 does); a better model may change them, but nobody
unawares.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_decision, forecast_odds, forecast_past
from alerting.engine.forecast import Foresight, Scene
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_past import Past
from hladina.foresight import decisions
from tests.engine import scoring

Array = NDArray[np.float64]

STEP_MIN = 10.0
LIMITS = (110.0, 150.0, 210.0)
# By horizon: crossings found, with a lead of half the horizon, false episodes.
FOUND = {30: (39, 32, 3), 60: (39, 23, 3), 120: (39, 10, 3), 180: (38, 5, 4)}
LEVEL_ERROR = (0.5964, 0.6892, 0.7832, 0.8182)


@cache
def record() -> tuple[Array, Array]:
    """Minutes and levels in whole cm: floods 36 h apart over a base that swings by 2 cm."""
    at = np.arange(0.0, 21 * 36 * 60.0, STEP_MIN)
    level = 60.0 + 2.0 * np.sin(at / 97.0)
    for flood in range(20):
        height, hours = 35.0 + 11.0 * ((7 * flood) % 20), 0.8 + 0.45 * ((3 * flood) % 20)
        since = np.maximum(at / 60.0 - 36.0 * flood - 24.0, 0.0) / hours
        level += height * (since * np.exp(1.0 - since)) ** 1.7
    return at, np.round(level)


@cache
def told() -> Foresight:
    at, level = record()
    past = Past(60.0 * at, level, 60.0 * at)
    scene = Scene(forecast_past.windows(past, past.at), memory=forecast_past.memory(past, past.at))
    return forecast.foresee(forecast_odds.generic(), scene, np.tile(np.array(LIMITS), (at.size, 1)))


def test_the_warnings_of_the_shipped_parameters() -> None:
    at, level = record()
    windows = forecast_past.windows(Past(60.0 * at, level, 60.0 * at), 60.0 * at)
    limits = np.tile(np.array(LIMITS), (at.size, 1))
    looked = forecast_decision.looked(told().probability, told().foreseen)
    warn = decisions(60.0 * at, looked, forecast_decision.quiet(windows, limits), told().rising)
    found = {}
    for column, horizon in enumerate(HORIZONS_MIN):
        total = scoring.Score(float(horizon))
        for index, limit in enumerate(LIMITS):
            warned = at[warn[:, index, column] & (level < limit)]
            crossed = scoring.crossings(at, level, limit, STEP_MIN)
            total.add(scoring.score(crossed, warned.tolist(), float(horizon)))
        assert total.crossings == 41
        useful = sum(lead >= horizon / 2 for lead in total.leads)
        found[horizon] = (len(total.leads), useful, total.false)
    assert found == FOUND


def test_the_level_of_the_shipped_parameters() -> None:
    _, level = record()
    errors = []
    for column, horizon in enumerate(HORIZONS_MIN):
        steps = round(horizon / STEP_MIN)
        off = told().level[:-steps, column, 0] - level[steps:]
        errors.append(np.sqrt((off**2).mean() / ((level[steps:] - level[:-steps]) ** 2).mean()))
    assert np.allclose(errors, LEVEL_ERROR, atol=5e-4), np.round(errors, 4).tolist()


def test_the_version_is_told_with_every_change_of_the_parameters() -> None:
    """Events name the model: whoever ships other parameters gives them another version, and its sum here."""
    odds = forecast_odds.generic()
    parts = [*(w.sum() for net in (*odds.odds.nets, *odds.level.nets) for layer in net for w in layer)]
    assert (odds.version, round(float(np.sum(parts) + odds.becomes.sum() + odds.widen.sum()), 3)) == ("6", 14.379)
