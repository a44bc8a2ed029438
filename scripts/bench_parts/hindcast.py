"""Hindcast speed in station-years per minute: one process, and Dask with two beside it where the extra is installed.

As a user calls it, in a process of its own. On a busy machine the clock says little, so CPU times stand beside it: of
one process, and of Dask the path that no second core shortens: the command, then what its busier worker worked.
"""

import csv
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from floodcore.store import embedded

STATIONS = 12
DAYS = 120
_EVERY = timedelta(minutes=10)
_PER_DAY = 144
# The command as it is, and what its thread worked; the threads that keep a connection alive do so as long as it lasts.
_CALL = "import sys, time; from hladina.cli import main; assert main(sys.argv[1:]) == 0; print(time.thread_time())"
_YEARS = STATIONS * DAYS / 365.25


@dataclass(frozen=True, slots=True)
class _Spent:
    """Seconds: by the clock, of CPU in the command, and of CPU the busier worker worked."""

    wall: float
    cpu: float
    worker: float = 0.0


async def measure(_: embedded.Cluster) -> list[str]:
    """The lines to print; the database is not asked."""
    with TemporaryDirectory(prefix="hladina-hindcast-") as folder, ExitStack() as stack:
        files = _write(Path(folder))
        alone = _timed([*files, "--out", str(Path(folder) / "alone")])
        scene = f"{STATIONS} gauges, {DAYS} days"
        lines = [
            f"  one process: {_rate(alone.wall)} station-years a minute, {_rate(alone.cpu)} a minute of CPU ({scene})"
        ]
        if find_spec("distributed") is None:
            return [*lines, "  Dask: the extra is not installed"]
        dask = import_module("distributed")
        local = dask.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        cluster = stack.enter_context(local)
        client = stack.enter_context(dask.Client(cluster.scheduler_address))
        out = ["--out", str(Path(folder) / "spread"), "--dask", cluster.scheduler_address]
        spread = _timed([*files, *out], client)
        lines.append(
            f"  Dask, two workers: {_rate(spread.wall)} a minute, ratio {alone.wall / spread.wall:.2f}; "
            f"ratio of CPU along the longest path {alone.cpu / (spread.cpu + spread.worker):.2f}"
        )
        return lines


def _rate(seconds: float) -> str:
    return f"{60.0 * _YEARS / seconds:.0f}"


def _timed(arguments: list[str], client: Any = None) -> _Spent:
    before, begin = _worked(client), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _CALL, "hindcast", *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    wall = time.perf_counter() - begin
    worker = max((end - was for was, end in zip(before, _worked(client), strict=True)), default=0.0)
    return _Spent(wall, float(done.stdout.split()[-1]), worker)


def _worked(client: Any) -> list[float]:
    """CPU seconds of the thread of each worker that works, without those that keep it company."""
    names = [] if client is None else sorted(client.scheduler_info()["workers"])
    return [client.submit(time.thread_time, workers=[name], pure=False).result() for name in names]


def _write(folder: Path) -> list[str]:
    """A chain of invented gauges with a flood a week; the arguments of the command."""
    rng = np.random.default_rng(0)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    entries = []
    with (folder / "readings.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("station_id", "timestamp", "value", "unit", "role"))
        for number in range(STATIONS):
            level = 60.0 + rng.normal(0.0, 0.4, DAYS * _PER_DAY)
            hours = np.arange(level.size) / 6.0
            for week in range(DAYS // 7):
                since = np.maximum(hours - 24.0 * (7 * week + 2) - 1.5 * number, 0.0)
                level += rng.uniform(40.0, 160.0) * since / 4.0 * np.exp(1.0 - since / 4.0)
            rows = zip((begin + i * _EVERY for i in range(level.size)), level.tolist(), strict=True)
            writer.writerows((f"G{number}", f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{value:.1f}", "cm", "") for at, value in rows)
            upper = f", upstream: [G{number - 1}]" if number else ""
            entries.append(
                f"- {{id: G{number}, quantity: level, unit: cm, thresholds: {{1: 100, 2: 140, 3: 180}}{upper}}}"
            )
    (folder / "stations.yaml").write_text("\n".join(entries), encoding="utf-8")
    return [
        "--stations",
        str(folder / "stations.yaml"),
        "--readings",
        str(folder / "readings.csv"),
    ]
