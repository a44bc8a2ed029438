"""Judging and foreseeing one new sample of each of 100 to 100,000 stations, in one thread: time and memory.

Each station has limits and 36 samples (six hours at ten minutes) behind it. Judged means the whole fold: quality,
thresholds, lifecycle, and the Theil-Sen trend of all, once over the hour of the house's own rules and once over all
36 points, the most that rules may ask. Invented stations, no database.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from alerting.engine import forecast, forecast_odds
from alerting.engine.forecast import Scene
from alerting.engine.forecast_past import STEPS
from alerting.engine.judge import Job, Standing, fold, judge
from alerting.engine.rules import Rules
from floodcore.quality.window import Sample
from floodcore.store import embedded
from floodcore.words import Degree, Flag, Quantity

STATIONS = (100, 1_000, 10_000, 100_000)
_DISTINCT = 1_000
_WINDOW = 36
_REPEATS = 3
_BEGUN = datetime(2026, 6, 1, tzinfo=UTC)
_STEP = timedelta(minutes=10)
_MB = 1e6


async def measure(_cluster: embedded.Cluster) -> list[str]:
    """The lines to print; needs no database."""
    lines = []
    for window in (timedelta(hours=1), _WINDOW * _STEP):
        lines.append(f"  trend over {window / timedelta(minutes=1):.0f} min")
        lines += _at_each_size(_jobs(window))
    return lines


def _at_each_size(jobs: Sequence[Job]) -> list[str]:
    lines = []
    for count in STATIONS:
        some = [jobs[i % _DISTINCT] for i in range(count)]
        judged, memory = _cost(lambda some=some: judge(some))  # type: ignore[misc]
        scene, limits = _scene(count)
        odds = forecast_odds.generic()
        foreseen, more = _cost(lambda scene=scene, limits=limits, odds=odds: forecast.foresee(odds, scene, limits))  # type: ignore[misc]
        each = 1e6 * (judged + foreseen) / count
        lines.append(
            f"  {count:7,} stations: judged {judged:6.3f} s, foreseen {foreseen:6.3f} s, {each:5.1f} us a reading,"
            f" {memory + more:6.0f} MB"
        )
    return lines


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """The best time of several in seconds, and the peak of what was allocated in MB."""
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(times), peak / _MB


def _jobs(trend_window: timedelta) -> Sequence[Job]:
    """One new sample of each of the distinct stations, with the standing behind it."""
    rng = np.random.default_rng(20260601)
    limits = {Degree.VIGILANCE: 100.0, Degree.READINESS: 130.0, Degree.EMERGENCY: 160.0}
    rules = Rules(Quantity.LEVEL, _STEP, limits, trend_window=trend_window)
    made = []
    for _ in range(_DISTINCT):
        levels = np.round(85.0 + rng.normal(0.0, 3.0, _WINDOW + 2).cumsum(), 1)
        samples = [Sample(_BEGUN + i * _STEP, float(v), Flag.GOOD, "") for i, v in enumerate(levels)]
        made.append(Job(rules, fold(Job(rules, Standing(), samples[:-1])).standing, samples[-1:]))
    return made


def _scene(count: int) -> tuple[Scene, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    rng = np.random.default_rng(20260601)
    own = 85.0 + rng.normal(0.0, 3.0, (count, STEPS)).cumsum(axis=1)
    return Scene(own), np.tile(np.array([100.0, 130.0, 160.0]), (count, 1))
