"""The strict table of docs/forecast.md from the records, by river and by event, and the aims that hold on it. Long."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from scripts.forecast_study import KINDS
from scripts.study_parts import baselines, folds, report, table
from scripts.study_parts.cases import seen
from scripts.study_parts.gauges import load
from scripts.study_parts.table import Foreseen

Array = NDArray[np.float64]
DEV = Path(__file__).resolve().parents[3] / "shared" / "data" / "floods_dev"
# At 60, 120 and 180 min: the aims, but at 60 min by event, where they are missed (docs/forecast.md section 7).
CSI = {"river": {60: 0.72, 120: 0.68, 180: 0.65}, "event": {60: 0.70, 120: 0.68, 180: 0.65}}
USEFUL = {"river": {60: 0.62, 120: 0.47, 180: 0.36}, "event": {60: 0.60, 120: 0.47, 180: 0.36}}
# At 60 min: the least POD with a lead of 30 min, and the highest FAR.
EARLY_AND_FALSE = {"river": (0.76, 0.18), "event": (0.74, 0.21)}
LEVEL_RATIO = 0.75
ENOUGH = 100
# Of a decile: the aim, and what was found.
OFF = {"river": 0.07, "event": 0.09}


@pytest.mark.long
@pytest.mark.skipif(not DEV.exists(), reason="the development records are not here")
@pytest.mark.parametrize("kind", ["river", "event"])
def test_the_aims_hold_on_what_was_not_learnt(kind: str) -> None:
    gauges = load(DEV)
    by_id = {gauge.station.id: gauge for gauge in gauges}
    every = {gauge.station.id: seen(gauge, by_id) for gauge in gauges}
    scored = [one for one in every.values() if one.gauge.scored]
    held, _ = folds.cross_validated(gauges, scored, KINDS[kind], None)
    ours = held.forecasts
    total, _ = report.counted(ours)
    assert total[60].crossings == 218
    for horizon, aim in CSI[kind].items():
        assert round(total[horizon].csi, 2) >= aim
        assert round(total[horizon].csi_useful, 2) >= USEFUL[kind][horizon]
    early, false = EARLY_AND_FALSE[kind]
    assert round(total[60].pod30, 2) >= early
    assert round(total[60].far, 2) <= false
    assert (level_ratio(ours) <= LEVEL_RATIO).all()
    line, _ = report.counted(baselines.lines(scored)["lin60"])
    assert all(total[horizon].csi > line[horizon].csi for horizon in HORIZONS_MIN)
    for column in range(len(HORIZONS_MIN)):
        chance, reached = report.told_and_came(ours, column, near=True)
        decile = np.clip((chance * 10).astype(int), 0, 9)
        for some in (decile == ten for ten in range(10)):
            assert some.sum() < ENOUGH or abs((reached[some] - chance[some]).mean()) <= OFF[kind] + 0.005


def level_ratio(found: list[Foreseen]) -> Array:
    """The root mean square error of the level by horizon, as a share of that of persistence, in floods."""
    off, still = np.zeros(len(HORIZONS_MIN)), np.zeros(len(HORIZONS_MIN))
    for one in found:
        if one.limit == one.seen.gauge.limits[0]:
            some = table.in_flood(one.seen)
            ahead = one.seen.ahead[some]
            off += ((one.level[some, :, 0] - one.seen.value[some, None] - ahead) ** 2).sum(axis=0)
            still += (ahead**2).sum(axis=0)
    ratio: Array = np.sqrt(off / still)
    return ratio
