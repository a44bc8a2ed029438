"""Judging and foreseeing one new sample of each of 100 to 100,000 stations, in one thread: time and memory.

Each station has limits, 36 samples (six hours at ten minutes) behind it, and a standing of its own. Judged means the
whole fold: quality, thresholds, lifecycle, and the Theil-Sen trend of all, over the hour of the house's own rules and
over all 36 points, the most that rules may ask. Invented stations, no database. Seconds are those of the thread's own
work on the processor, the least of several runs, so that others on the machine cost less.

Scenes: `still`, a slow walk about 60 in whole centimetres; `one in ten in flood`, the others still; `wild`, a walk of
3 cm in ten minutes about the limits at every station, which no day has: nearly all of it is asked of the networks.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast, forecast_odds
from alerting.engine.calm import go_on
from alerting.engine.forecast import Scene
from alerting.engine.forecast_past import STEPS
from alerting.engine.judge import Job, Standing, decode, encode, fold, judge
from alerting.engine.rules import Rules
from floodcore.quality.window import Sample
from floodcore.store import embedded
from floodcore.words import Degree, Flag, Quantity

Array = NDArray[np.float64]

STATIONS = (100, 1_000, 10_000, 100_000)
_DISTINCT = 1_000
_WINDOW = 36
_REPEATS = 3
# Small batches are worked on several times in a run, so that a run lasts.
_AT_LEAST = 2_000
_BEGUN = datetime(2026, 6, 1, tzinfo=UTC)
_STEP = timedelta(minutes=10)
_LIMITS = {Degree.VIGILANCE: 100.0, Degree.READINESS: 130.0, Degree.EMERGENCY: 160.0}
_HOUR, _ALL = timedelta(hours=1), _WINDOW * _STEP
_RUNS = (
    ("still", _HOUR),
    ("one in ten in flood", _HOUR),
    ("one in ten in flood", _ALL),
    ("wild", _HOUR),
    ("wild", _ALL),
)
_MB = 1e6


async def measure(_cluster: embedded.Cluster) -> list[str]:
    """The lines to print; needs no database."""
    return [line for scene, window in _RUNS for line in _at_each_size(scene, window)]


def _at_each_size(scene: str, window: timedelta) -> list[str]:
    levels = _levels(scene)
    rules = Rules(Quantity.LEVEL, _STEP, _LIMITS, trend_window=window)
    jobs = [_job(rules, row) for row in levels.tolist()]
    short = sum(go_on(j.standing, j.samples[0], rules, j.samples[0].at.timestamp()) is not None for j in jobs)
    lines = [
        f"  {scene}, trend over {window / timedelta(minutes=1):.0f} min, {100.0 * short / len(jobs):.1f} % short way"
    ]
    for count in STATIONS:
        judged, memory = _judged(jobs, count)
        foreseen, more = _foreseen(levels, count)
        total = judged + foreseen
        lines.append(
            f"  {count:7,} stations: judged {judged:6.4f} s, foreseen {foreseen:6.4f} s, together {total:6.4f} s,"
            f" {1e6 * total / count:5.1f} us a reading, {memory + more:6.0f} MB"
        )
    return lines


def _judged(jobs: Sequence[Job], count: int) -> tuple[float, float]:
    """Seconds and MB for judging so many stations, each with a standing of its own."""
    own = [Job(j.rules, decode(encode(j.standing)), j.samples) for j in (jobs[i % _DISTINCT] for i in range(count))]
    return _cost(lambda: judge(own), count)


def _foreseen(levels: Array, count: int) -> tuple[float, float]:
    """Seconds and MB for foreseeing so many stations."""
    some = np.tile(levels[:, -1 : -STEPS - 1 : -1], (-(-count // _DISTINCT), 1))[:count]
    limits, odds = np.tile(list(_LIMITS.values()), (count, 1)), forecast_odds.generic()
    return _cost(lambda: forecast.foresee(odds, Scene(some), limits), count)


def _cost(work: Callable[[], object], count: int) -> tuple[float, float]:
    """The least time of several in seconds, and the peak of what was allocated in MB."""
    times, often = [], max(1, _AT_LEAST // count)
    for _ in range(_REPEATS):
        began = time.thread_time()
        for _ in range(often):
            work()
        times.append((time.thread_time() - began) / often)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(times), peak / _MB


def _levels(scene: str) -> Array:
    """Levels of the distinct stations, (1000, 38), oldest first."""
    rng = np.random.default_rng(20260601)
    if scene == "wild":
        return np.round(85.0 + rng.normal(0.0, 3.0, (_DISTINCT, _WINDOW + 2)).cumsum(axis=1), 1)
    levels = np.round(60.0 + rng.normal(0.0, 0.2, (_DISTINCT, _WINDOW + 2)).cumsum(axis=1))
    if scene != "still":
        flooded = levels[::10]
        flooded += np.round(25.0 + rng.uniform(1.0, 4.0, (len(flooded), 1)) * np.arange(_WINDOW + 2))
    return levels


def _job(rules: Rules, levels: Sequence[float]) -> Job:
    """The newest of the levels as a new sample, with the standing behind it."""
    samples = [Sample(_BEGUN + i * _STEP, level, Flag.GOOD, "") for i, level in enumerate(levels)]
    return Job(rules, fold(Job(rules, Standing(), samples[:-1])).standing, samples[-1:])
