"""From publish to the alert at the gateway: the house beside the bare consumer, one after the other."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from floodcore.store import embedded
from scripts.bench_parts import bed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = 20
RATES = (500, 1000)


async def measure(cluster: embedded.Cluster) -> list[str]:
    """Lines with p50 and p99 in milliseconds for both, and their ratio, for each rate."""
    lines = []
    for rate in RATES:
        bare = await _bare(cluster, rate)
        house = await _house(cluster, rate)
        lines += [_line(f"bare consumer, {rate}/s", bare), _line(f"house, {rate}/s", house)]
        ratios = [_p(house, percentile) / _p(bare, percentile) for percentile in (50, 99)]
        lines.append(f"  house / bare at {rate}/s: p50 x{ratios[0]:.1f}, p99 x{ratios[1]:.1f}")
    return lines


async def _bare(cluster: embedded.Cluster, rate: int) -> dict[str, object]:
    with TemporaryDirectory(prefix="hladina-bench-") as folder, bed.broker(Path(folder) / "broker") as url:
        async with bed.database(cluster, f"bare_{rate}") as dsn:
            gateway = bed.free_port()
            with _process(["scripts/bench_parts/bare.py", url, dsn, str(gateway)], {}) as process:
                await asyncio.to_thread(process.stdout.readline)  # type: ignore[union-attr]
                return await _load(url, gateway, rate)


async def _house(cluster: embedded.Cluster, rate: int) -> dict[str, object]:
    with TemporaryDirectory(prefix="hladina-bench-") as folder, bed.broker(Path(folder) / "broker") as url:
        bed.write_network(Path(folder) / "stations")
        async with bed.database(cluster, f"house_{rate}") as dsn:
            await _one_recipient(dsn)
            gateway, port = bed.free_port(), bed.free_port()
            environment = {
                "HLADINA_DATABASE_URL": dsn,
                "HLADINA_MQTT_URL": url,
                "HLADINA_STATIONS": str(Path(folder) / "stations"),
                "HLADINA_PORT": str(port),
                "HLADINA_TWILIO_ACCOUNT_SID": "AC0000000000000000000000000000beef",
                "HLADINA_TWILIO_AUTH_TOKEN": "invented",
                "HLADINA_TWILIO_SENDER": "+420600000000",
                "HLADINA_TWILIO_BASE_URL": f"http://127.0.0.1:{gateway}",
            }
            with _process(["-m", "hladina", "run"], environment):
                await asyncio.to_thread(bed.wait_for_port, port)
                await asyncio.sleep(2.0)  # the subscription stands
                return await _load(url, gateway, rate)


async def _one_recipient(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(
            "INSERT INTO recipient (phone, language, role, from_degree) VALUES ('+420600000001', 'en', 'officer', 1)"
        )


async def _load(url: str, gateway: int, rate: int) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "loader.py"),
        url,
        str(gateway),
        str(rate),
        str(SECONDS),
        stdout=asyncio.subprocess.PIPE,
        env=_environment({}),
    )
    out, _ = await process.communicate()
    result: dict[str, object] = json.loads(out)
    return result


def _line(name: str, result: dict[str, object]) -> str:
    latencies = result["latencies"]
    reached = len(latencies) if isinstance(latencies, list) else 0
    return (
        f"  {name}: p50 {_p(result, 50):.0f} ms, p99 {_p(result, 99):.0f} ms,"
        f" {reached} of {result['crossings']} alerts, {result['rate']:.0f} readings/s sent"
    )


def _p(result: dict[str, object], percentile: int) -> float:
    latencies = result["latencies"]
    if not isinstance(latencies, list) or len(latencies) < 2:  # noqa: PLR2004
        return float("nan")
    cut: float = statistics.quantiles(latencies, n=100, method="inclusive")[percentile - 1]
    return cut * 1000


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HLADINA_")}
    return kept | {"PYTHONPATH": str(ROOT)} | dict(extra)


@contextmanager
def _process(arguments: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    log = Path(os.environ.get("HLADINA_BENCH_LOG", os.devnull)).open("ab")  # noqa: SIM115  # closed below
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=_environment(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE if "bare.py" in arguments[0] else log,
        stderr=log,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        log.close()
