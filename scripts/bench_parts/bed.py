"""The test bed: a private PostgreSQL with fsync on, a broker that does not lose, a network of invented gauges."""

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from floodcore.store import embedded, migrate

GAUGES = 200


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A mosquitto configured as deploy/mosquitto.conf configures it; yields its URL."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    port = free_port()
    folder.mkdir(parents=True)
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nmax_inflight_messages 0\nuser root\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port: int, limit_s: float = 20.0) -> None:
    """Return when something listens on `port`.

    Raises:
        TimeoutError: nothing does within the limit.
    """
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = f"nothing listens on {port}"
    raise TimeoutError(message)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def database(cluster: embedded.Cluster, name: str) -> AsyncIterator[str]:
    """A fresh migrated database; yields its DSN."""
    async with await psycopg.AsyncConnection.connect(cluster.dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn = cluster.dsn.removesuffix("/hladina") + f"/{name}"
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await migrate.upgrade(connection)
    try:
        yield dsn
    finally:
        async with await psycopg.AsyncConnection.connect(cluster.dsn, autocommit=True) as admin:
            await admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def write_network(folder: Path, gauges: int = GAUGES) -> None:
    """Station files of `gauges` invented radio gauges with limits 100, 130 and 160 cm."""
    (folder / "stations").mkdir(parents=True)
    (folder / "sources.yaml").write_text("sources:\n  - {id: invented, text: invented for the benchmark}\n")
    (folder / "rivers.yaml").write_text(
        "rivers:\n  - {id: testbach, name: Testbach, basin: Test, course: [[50.8, 15.0], [50.9, 14.9]]}\n"
    )
    (folder / "places.yaml").write_text(
        'places:\n  - {id: testov, name: Testov, country: CZ, lat: 50.85, lon: 14.95, cisorp: "5105"}\n'
    )
    (folder / "partners.yaml").write_text(
        "partners:\n  - {id: nachbar, name: Nachbar, country: DE, languages: [de, cs]}\n"
    )
    (folder / "region.yaml").write_text("outline: [[50.7, 14.8], [50.7, 15.2], [51.0, 15.2], [51.0, 14.8]]\n")
    rows = [
        f"  - {{id: G{n:04}, name: Gauge {n}, river: testbach, country: CZ, operator: nobody, quantities: [level],"
        f" interval_min: 1, lat: 50.8, lon: 15.0, places: [testov], source: invented, synthetic: true,"
        f" limits: [{{quantity: level, values: {{1: 100, 2: 130, 3: 160}}, source: invented}}],"
        f" links: [{{kind: tts, address: g{n:04}, sensor: dragino_ldds, zero_cm: 500}}]}}\n"
        for n in range(gauges)
    ]
    (folder / "stations" / "stations.yaml").write_text("stations:\n" + "".join(rows))
