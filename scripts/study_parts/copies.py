"""The floods held out once more, twice and four times as fast, and without the gauges above: a stand-in for brooks.

The rivers of the records are slower than those this house is for, and most of their gauges have another above. A copy
is the believed record with all times divided by its pace, read every ten minutes. Each moment is foreseen by what
was learnt, calibrated and priced without its fold, and nothing is learnt from copies but what `cases.PACES` says.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_past import Past
from scripts.study_parts import baselines, report, table
from scripts.study_parts.cases import Labels, Seen, seen
from scripts.study_parts.folds import Held
from scripts.study_parts.gauges import Gauge

Array = NDArray[np.float64]

PACES = (1.0, 2.0, 4.0)
_STEP_MIN = 10.0
# Between believed readings as far apart as this nothing is read.
_HOLE_S = 3600.0


def judged(gauges: Sequence[Gauge], held: Held, labels: Labels) -> None:
    """Print the strict table of ours and of the line on the copies, with the gauges above and without."""
    for pace in PACES:
        found = _seen(gauges, pace)
        for name, some in (("", found), (", no gauge above", [replace(one, above=()) for one in found])):
            if name or pace > 1.0:
                print(f"\n## Pace {pace:.0f}{name}")
                ours = foreseen(some, held, labels, pace)
                report.methods({"ours": ours, "lin60": baselines.lines(some)["lin60"]})
                report.reliability(ours)


def foreseen(some: Sequence[Seen], held: Held, labels: Labels, pace: float) -> list[table.Foreseen]:
    """What would have been said of copies of one pace; the labels go by the times of the record itself."""
    named = [(one, labels(one.gauge, one.now * pace)) for one in some]
    return [each for one, label in named for each in table.foresee(held.fitted, one, label, held.begin)]


def _seen(gauges: Sequence[Gauge], pace: float) -> list[Seen]:
    every = [faster(gauge, pace) if pace > 1.0 else gauge for gauge in gauges]
    by_id = {gauge.station.id: gauge for gauge in every}
    return [seen(gauge, by_id) for gauge in every if gauge.scored]


def faster(gauge: Gauge, pace: float) -> Gauge:
    """The gauge with all times divided by `pace`, read every ten minutes; limits as they were.

    A value counts as believed at once; the degree that stood is that of the record.
    """
    step = 60.0 * _STEP_MIN
    at = np.arange(np.ceil(gauge.at[0] / pace / step) * step, gauge.at[-1] / pace + 1.0, step)
    there, past = at * pace, gauge.past
    place = np.searchsorted(past.at, there, side="right")
    next_one = np.clip(place, 1, past.at.size - 1)
    between = (place > 0) & (place < past.at.size)
    longest = max(3.0 * gauge.step_min * 60.0, _HOLE_S)
    read = between & (past.at[next_one] - past.at[next_one - 1] <= longest)
    newest = np.searchsorted(gauge.due, there[read], side="right") - 1
    return replace(
        gauge,
        step_min=_STEP_MIN,
        past=Past(at[read], np.interp(there[read], past.at, past.value), at[read]),
        due=at[read],
        reached=np.where(newest >= 0, gauge.reached[np.maximum(newest, 0)], 0),
        at=at,
        truth=np.interp(there, gauge.at, gauge.truth),
    )
