"""Fixtures on real components: a private PostgreSQL, a private broker, the real texts."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from floodcore import texts as texts_module
from floodcore.store import embedded, migrate
from floodcore.store.connect import Pool, open_pool
from floodcore.texts import Texts

ROOT = Path(__file__).resolve().parents[1]
_numbers = count(1)


@pytest.fixture(scope="session")
def texts() -> Texts:
    """The catalogues that come with the package."""
    return texts_module.load()


@pytest.fixture(scope="session")
def cluster() -> Iterator[embedded.Cluster]:
    """One private PostgreSQL for the whole session; what a test does to it, it must undo."""
    home = Path(tempfile.mkdtemp(prefix="hladina-test-"))
    home.chmod(0o755)
    other = os.environ.get("HLADINA_TEST_PG_BIN")  # to run the suite on another PostgreSQL, say with TimescaleDB
    options = {"fsync": "off", "max_connections": "200"}
    try:
        with embedded.cluster(home / "pg", options, None if other is None else Path(other)) as running:
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: embedded.Cluster) -> str:
    """The name of a migrated database to clone."""
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_hladina")
    dsn = cluster.dsn.removesuffix("/hladina") + "/template_hladina"

    async def upgrade() -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            await migrate.upgrade(connection)

    import asyncio  # noqa: PLC0415

    asyncio.run(upgrade())
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:  # TimescaleDB's launcher looks into every database
        connection.execute("ALTER DATABASE template_hladina ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'template_hladina'")
    return "template_hladina"


@pytest.fixture
def database(cluster: embedded.Cluster, template: str) -> Iterator[str]:
    """The DSN of a fresh migrated database, dropped afterwards."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    yield cluster.dsn.removesuffix("/hladina") + f"/{name}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool on the fresh database."""
    opened = await open_pool(database)
    try:
        yield opened
    finally:
        await opened.close()


@dataclass(slots=True)
class Broker:
    """A real mosquitto of the tests' own, configured as docker-compose configures the real one."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        self.process = subprocess.Popen(
            [_mosquitto(), "-c", str(self.folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail("mosquitto did not start")

    def kill(self) -> None:
        """End it as a power cut would end the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _mosquitto() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None:
        pytest.fail("mosquitto is not installed: scripts/test installs it, or apt-get install mosquitto")
    return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running broker that persists on every change; killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nmax_inflight_messages 0\n"
        "user root\n"
    )
    running = Broker(folder, port)
    running.start()
    yield running
    running.kill()
