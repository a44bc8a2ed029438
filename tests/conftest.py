"""Fixtures on real components: a private PostgreSQL, a private broker, the real texts."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import Phase, settings
from psycopg import sql

from floodcore import texts as texts_module
from floodcore.store import embedded, migrate
from floodcore.store.connect import Pool, open_pool
from floodcore.texts import Texts
from tests.mosquitto import Broker

ROOT = Path(__file__).resolve().parents[1]
_numbers = count(1)

# The same examples in every run, so that a change breaks the suite and chance does not; --long looks for new ones.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, print_blob=True)
# A mutant needs one example that fails, not the smallest (scripts/mutate).
settings.register_profile("mutation", derandomize=True, deadline=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile("long" if "--long" in sys.argv else "suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Long runs behind a flag."""
    parser.addoption("--long", action="store_true", help="also the long runs")
    parser.addoption("--crash-seeds", type=int, default=1, help="seeds for each kill point (1)")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named after their argument: packed ones carry the time, and all workers must find the same names."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is long unless asked for."""
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="a long run: scripts/test --long")
        for item in items:
            if "long" in item.keywords:
                item.add_marker(skip)


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
    with psycopg.connect(
        cluster.dsn, autocommit=True
    ) as connection:  # TimescaleDB's launcher looks into every database
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
