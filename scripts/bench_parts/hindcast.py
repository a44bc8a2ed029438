"""Hindcast speed in station-years per minute: one process, and Dask with two beside it where the extra is installed."""

import csv
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from floodcore.store import embedded
from hladina.hindcast import main

STATIONS = 12
DAYS = 60
_EVERY = timedelta(minutes=10)
_PER_DAY = 144


async def measure(_: embedded.Cluster) -> list[str]:
    """The lines to print; the database is not asked."""
    years = STATIONS * DAYS / 365.25
    with TemporaryDirectory(prefix="hladina-hindcast-") as folder, ExitStack() as stack:
        files = _write(Path(folder))
        alone = _timed(files)
        lines = [f"  one process: {60.0 * years / alone:.1f} station-years a minute ({STATIONS} gauges, {DAYS} days)"]
        if find_spec("distributed") is None:
            return [*lines, "  Dask: the extra is not installed"]
        cluster = stack.enter_context(
            import_module("distributed").LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            )
        )
        spread = _timed([*files, "--dask", cluster.scheduler_address])
        lines.append(f"  Dask, two workers: {60.0 * years / spread:.1f}; ratio {alone / spread:.2f}")
        return lines


def _timed(arguments: list[str]) -> float:
    begin = time.perf_counter()
    if main(arguments):
        message = "the hindcast failed"
        raise RuntimeError(message)
    return time.perf_counter() - begin


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
        "--out",
        str(folder / "out"),
    ]
