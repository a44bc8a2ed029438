"""MQTT readings per second beside a bare consumer: the same client, the same backlog, in turns.

A backlog waits in a persistent session; each consumer drains it. Ours: decoded, checked, stored,
marked, acknowledged after commit. Bare: decoded, stored, acknowledged after commit. The broker keeps
its queue in memory here: writing it is the broker's work, not ours.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aiomqtt
import psycopg

import alerting.room
from alerting import evaluate
from alerting.engine.rulebook import Rulebook
from collectors import uplinks
from collectors.broker import connected
from floodcore import texts
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Link, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store import embedded
from floodcore.store.connect import open_pool
from floodcore.supervision import Stage, Supervisor
from floodcore.words import Degree, Quantity
from scripts.bench_parts import bare, bed
from scripts.bench_parts.loader import uplink

MESSAGES, ROUNDS = 20_000, 3
CLIENT = "bench-ours"
_STORED = "SELECT readings, 0 FROM source_health WHERE source = 'tts'"
_JUDGED = "SELECT readings, (SELECT count(*) FROM dirty) FROM source_health WHERE source = 'tts'"
_BATCH = 1000


@contextmanager
def _broker() -> Iterator[int]:
    port = bed.free_port()
    with TemporaryDirectory(prefix="hladina-bench-") as folder:
        configuration = Path(folder) / "mosquitto.conf"
        lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false",
                 "max_queued_messages 0", "max_inflight_messages 0")  # fmt: skip
        configuration.write_text("\n".join(lines) + "\n")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        try:
            bed.wait_for_port(port)
            yield port
        finally:
            process.terminate()
            process.wait()


async def _backlog(port: int, client_id: str, turn: int) -> None:
    """Let `MESSAGES` wait for the session `client_id`."""
    url = f"mqtt://127.0.0.1:{port}"
    async with connected(url, client_id) as client:
        await client.subscribe(uplinks.TOPIC, qos=1)
    begun = datetime.now(UTC) - timedelta(days=30 - turn)
    rounds = MESSAGES // bed.GAUGES
    async with aiomqtt.Client("127.0.0.1", port, max_inflight_messages=100) as loader:
        loader.pending_calls_threshold = bed.GAUGES
        for number in range(rounds):
            at = begun + timedelta(minutes=number)
            await asyncio.gather(
                *(
                    loader.publish(f"v3/lk@test/devices/g{gauge:04}/up", uplink(gauge, at, 90 + number % 5), qos=1)
                    for gauge in range(bed.GAUGES)
                )
            )


async def _bare(port: int, connection: psycopg.AsyncConnection) -> float:
    """Seconds to drain the backlog of the bare consumer."""
    begun, left = time.perf_counter(), MESSAGES
    async with connected(f"mqtt://127.0.0.1:{port}", "bench-bare") as client:
        while left > 0:
            messages = await client.batch(_BATCH, 1.0)
            if messages:
                await bare.store(connection, [bare.decode(bytes(message.payload)) for message in messages])
                client.acknowledge(messages)
            left -= len(messages)
        return time.perf_counter() - begun


async def _ours(house: House, dsn: str, already: int, *, judged: bool) -> float:
    """Seconds to drain the backlog of the house, until the last reading is committed, or even judged."""
    begun = time.perf_counter()
    stages: dict[str, Stage] = {"mqtt": partial(uplinks.listen, house)}
    if judged:
        stages["engine"] = alerting.room.stages(house)["engine.evaluate"]
    kept = asyncio.create_task(house.supervisor.run(stages))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as watch:
        while True:
            row = await (await watch.execute(_JUDGED if judged else _STORED)).fetchone()
            if row is not None and row[0] >= already + MESSAGES and row[1] == 0:
                break
            await asyncio.sleep(0.02)
    took = time.perf_counter() - begun
    await asyncio.sleep(0.2)  # let the last acknowledgements go
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
    return took


def _network() -> Network:
    stations = {
        f"G{n:04}": Station(
            f"G{n:04}", Names(f"Gauge {n}"), None, "CZ", "nobody", (Quantity.LEVEL,), timedelta(minutes=1),
            links=(Link("tts", f"g{n:04}", "dragino_ldds", 500.0),),
            limits=(Limits(Quantity.LEVEL, {Degree(1): 100.0, Degree(2): 130.0, Degree(3): 160.0}, "invented", None),),
        )
        for n in range(bed.GAUGES)
    }  # fmt: skip
    return Network(stations=stations)


async def measure(cluster: embedded.Cluster) -> list[str]:
    """Lines with readings per second of both, the median round, and their ratio."""
    speeds: dict[str, list[float]] = {"bare": [], "ours": [], "judged": []}
    async with bed.database(cluster, "bench_mqtt") as dsn:
        pool = await open_pool(dsn)
        with _broker() as port:
            settings = Settings(
                database_url=dsn, stations=Path(), mqtt_url=f"mqtt://127.0.0.1:{port}", mqtt_client=CLIENT
            )
            house = House(settings, pool, _network(), texts.load(), Supervisor(Clock()))
            async with await psycopg.AsyncConnection.connect(dsn) as connection:
                await connection.execute("CREATE TABLE bare (gauge text, at timestamptz, value float8)")
                await connection.commit()
                for turn in range(ROUNDS):
                    await _backlog(port, "bench-bare", turn)
                    speeds["bare"].append(MESSAGES / await _bare(port, connection))
                    await _forget(port, "bench-bare")
                    await _backlog(port, CLIENT, 2 * turn)
                    speeds["ours"].append(MESSAGES / await _ours(house, dsn, 2 * turn * MESSAGES, judged=False))
                    await _forget(port, CLIENT)
                    await _judge_the_rest(house)
                    await _backlog(port, CLIENT, 2 * turn + 1)
                    already = (2 * turn + 1) * MESSAGES
                    speeds["judged"].append(MESSAGES / await _ours(house, dsn, already, judged=True))
                    await _forget(port, CLIENT)
        await pool.close()
    ours, judged, peer = (sorted(speeds[name])[ROUNDS // 2] for name in ("ours", "judged", "bare"))
    return [
        f"  bare consumer, same client            {peer:9,.0f} readings/s",
        f"  decoded, checked, stored, marked      {ours:9,.0f} readings/s   ratio {ours / peer:.2f}",
        f"  decoded, checked, stored, judged      {judged:9,.0f} readings/s   ratio {judged / peer:.2f}  (aim 0.4)",
    ]


async def _judge_the_rest(house: House) -> None:
    """Judge what an earlier turn only stored, outside the clock."""
    rulebook = Rulebook(house.network)
    async with house.pool.connection() as connection:
        while (await evaluate.evaluate(connection, rulebook, house.clock.now(), exercise=True)).claimed:
            pass


async def _forget(port: int, client_id: str) -> None:
    """End a session, so that the other's backlog is not queued for it too."""
    async with aiomqtt.Client("127.0.0.1", port, identifier=client_id, clean_session=True):
        return
