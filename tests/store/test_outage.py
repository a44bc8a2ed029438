"""The pool comes back after an outage longer than its own patience (psycopg #370 and #1315 are why we look)."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from floodcore.store import connect, embedded
from floodcore.store.connect import DatabaseMissingError, open_pool
from floodcore.store.listen import listening


@pytest.fixture
def own_cluster() -> Iterator[embedded.Cluster]:
    with TemporaryDirectory(prefix="hladina-outage-") as folder:
        Path(folder).chmod(0o755)
        with embedded.cluster(Path(folder) / "pg") as running:
            yield running


async def test_pool_and_listener_survive_an_outage_longer_than_the_reconnect_limit(
    own_cluster: embedded.Cluster,
) -> None:
    pool = await open_pool(own_cluster.dsn)
    async with pool, listening(own_cluster.dsn, "hladina_dirty") as wake:
        async with pool.connection() as connection:
            await connection.execute("SELECT 1")
        assert await wake.wait(5)
        await asyncio.to_thread(own_cluster.stop, "immediate")
        until = time.monotonic() + 2 * connect._RECONNECT_LIMIT_S + 1.0
        while time.monotonic() < until:  # the stages go on asking during the outage
            with pytest.raises((PoolTimeout, psycopg.Error)):
                async with pool.connection(timeout=0.5) as connection:
                    await connection.execute("SELECT 1")
        await asyncio.to_thread(own_cluster.start)
        back = time.monotonic()
        while True:
            try:
                async with pool.connection(timeout=1.0) as connection:
                    await connection.execute("SELECT pg_notify('hladina_dirty', '')")
                break
            except (PoolTimeout, psycopg.Error):
                assert time.monotonic() - back < 4, "the pool did not come back, or late"
                await asyncio.sleep(0.1)
        assert await wake.wait(10)


async def test_no_database_is_one_clear_line() -> None:
    with pytest.raises(DatabaseMissingError, match=r"127.0.0.1:9/x does not answer: check HLADINA_DATABASE_URL"):
        await open_pool("postgresql://user:secret@127.0.0.1:9/x")


def test_a_second_user_of_the_folder_is_told_who_has_it(own_cluster: embedded.Cluster) -> None:
    with pytest.raises(embedded.EmbeddedError, match="in use by process"), embedded.cluster(own_cluster.home):
        pass


def test_a_number_left_by_a_dead_server_may_be_anybodys(own_cluster: embedded.Cluster) -> None:
    """After a reboot, or in a new container, the old server's number belongs to some other program."""
    own_cluster.stop()
    data = own_cluster.home / "data"
    owner = data.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid) as bystander:
        pid_file = data / "postmaster.pid"
        pid_file.write_text(f"{bystander.pid}\n{data}\n1\n{own_cluster.port}\n\n127.0.0.1\n", "utf-8")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        embedded._stop_left_over(own_cluster)
        own_cluster.start()
        assert bystander.poll() is None, "an innocent program was stopped"
        bystander.kill()


async def test_a_stopped_writer_does_not_hold_its_locks_for_ever(
    own_cluster: embedded.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_IDLE_IN_TRANSACTION_LIMIT_S", 1)
    async with await open_pool(own_cluster.dsn) as stopped, await open_pool(own_cluster.dsn) as other:
        async with other.connection() as connection:
            await connection.execute("CREATE TABLE line AS SELECT 1 AS number")
        holder = await stopped.getconn()
        await holder.execute("SELECT * FROM line FOR UPDATE")  # and then its process is stopped, or cut off
        async with asyncio.timeout(10), other.connection() as connection:
            await connection.execute("UPDATE line SET number = 2")
        await stopped.putconn(holder)


async def test_a_connection_that_only_waits_notices_a_vanished_server(own_cluster: embedded.Cluster) -> None:
    async with await psycopg.AsyncConnection.connect(own_cluster.dsn, **connect.alive("test")) as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wait = [wire.getsockopt(socket.IPPROTO_TCP, name) for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)]
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sum(wait) <= 20
