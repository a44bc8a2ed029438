"""Runs the parts of the benchmark one after the other on one private PostgreSQL with fsync on."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from floodcore.store import embedded

PARTS = {
    "ingest": "durable ingest against raw binary COPY",
    "mqtt": "MQTT readings per second against a bare consumer",
    "latency": "publish to alert at the gateway beside a bare consumer",
    "decode": "decoding and the checks of quality per source beside bare parsing",
    "theilsen": "Theil-Sen over 10,000 stations against scipy per station",
    "scale": "judging and foreseeing 100 to 100,000 stations in one thread",
    "hindcast": "station-years a minute, one process and Dask on two",
}


async def _run(names: list[str], cluster: embedded.Cluster) -> None:
    for name in names:
        print(f"{name}: {PARTS[name]}", flush=True)
        measure: Callable[[embedded.Cluster], Awaitable[list[str]]]
        measure = import_module(f"scripts.bench_parts.{name}").measure
        for line in await measure(cluster):
            print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Run the parts named, or all; 2 for an unknown name."""
    if unknown := [name for name in arguments if name not in PARTS]:
        print(f"bench: no part {', '.join(unknown)}; parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before a part loads it: what is said of one thread is of one
    print(f"{os.cpu_count()} cores; ratios are of one run on one machine, absolutes are not to be compared", flush=True)
    with TemporaryDirectory(prefix="hladina-bench-") as folder:
        Path(folder).chmod(0o755)
        with embedded.cluster(Path(folder) / "pg") as cluster:
            asyncio.run(_run(arguments or list(PARTS), cluster))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
