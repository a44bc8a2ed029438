"""Durable ingest beside raw binary COPY: the same rows into the same table, batches of 1,000, alternating.

Ours: HTTP body on a real server, decoded, checked, committed, marked, answered; and the same without
HTTP. Raw: COPY with the same columns and types, one transaction a batch, no checks, no marks.
"""

import io
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
from aiohttp import ClientSession, web

from collectors import push
from collectors.contract import pushed
from collectors.keeping import keep
from floodcore import texts
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Names, Network, Station
from floodcore.settings import Settings
from floodcore.store import embedded, ingest
from floodcore.store.connect import open_pool
from floodcore.supervision import Supervisor
from floodcore.words import Quantity
from scripts.bench_parts import bed

BATCH, BATCHES, ROUNDS = 1000, 40, 4
_BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=300)


def _moments(number: int) -> list[datetime]:
    return [_BEGUN + timedelta(seconds=60 * (number * BATCH + k)) for k in range(BATCH)]


def _body(number: int) -> bytes:
    samples = [
        {"t": at.isoformat(), "q": "level", "v": 100 + k % 70 / 10, "u": "cm", "flag": "ok"}
        for k, at in enumerate(_moments(number))
    ]
    return msgspec.json.encode({"station": "bench", "seq": number, "samples": samples})


async def _timed(batches: range, one: Callable[[int], Awaitable[None]]) -> float:
    """Rows per second."""
    begun = time.perf_counter()
    for number in batches:
        await one(number)
    return len(batches) * BATCH / (time.perf_counter() - begun)


async def _copy(connection: psycopg.AsyncConnection, number: int, series: int) -> None:
    rows = [
        (series, at, 100 + k % 70 / 10, 100 + k % 70 / 10, "cm", 1, "", 1, False, "raw", at)
        for k, at in enumerate(_moments(number))
    ]
    async with connection.transaction(), connection.cursor() as cursor, cursor.copy(ingest._COPY) as copy:  # noqa: SLF001
        copy.set_types(ingest._COPY_TYPES)  # noqa: SLF001
        for row in rows:
            await copy.write_row(row)


async def measure(cluster: embedded.Cluster) -> list[str]:
    """Lines with rows per second and the ratio to raw COPY; the median round of each."""
    async with bed.database(cluster, "bench_ingest") as dsn:
        pool = await open_pool(dsn)
        try:
            return await _measure(dsn, House(_settings(dsn), pool, _network(), texts.load(), Supervisor(Clock())))
        finally:
            await pool.close()


def _settings(dsn: str) -> Settings:
    return Settings(database_url=dsn, stations=Path())


def _network() -> Network:
    station = Station("bench", Names("Bench"), None, "CZ", "nobody", (Quantity.LEVEL,), timedelta(minutes=1))
    return Network(stations={"bench": station})


async def _measure(dsn: str, house: House) -> list[str]:
    application = web.Application()
    application.add_routes(push.routes(house))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = bed.free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    bodies = {number: _body(number) for number in range(2 * BATCHES * ROUNDS)}
    speeds: dict[str, list[float]] = {"raw": [], "http": [], "direct": []}
    async with ClientSession() as http, await psycopg.AsyncConnection.connect(dsn) as raw:

        async def by_http(number: int) -> None:
            url = f"http://127.0.0.1:{port}/api/v1/ingest/bench"
            async with http.post(url, data=io.BytesIO(bodies[number])) as answer:
                answer.raise_for_status()
                await answer.read()

        async def direct(number: int) -> None:
            async with house.pool.connection() as conn:
                await keep(conn, "bench", pushed(bodies[number], "bench").readings, [], datetime.now(UTC))

        for turn in range(ROUNDS):
            first = 2 * BATCHES * turn
            near, far = range(first, first + BATCHES), range(first + BATCHES, first + 2 * BATCHES)
            series = 1_000_000 + turn
            speeds["raw"].append(await _timed(near, lambda number, series=series: _copy(raw, number, series)))  # type: ignore[misc]
            speeds["http"].append(await _timed(near, by_http))
            speeds["direct"].append(await _timed(far, direct))
    await runner.cleanup()
    return _lines(speeds)


def _lines(speeds: dict[str, list[float]]) -> list[str]:
    raw, http, direct = (sorted(speeds[name])[len(speeds[name]) // 2] for name in ("raw", "http", "direct"))
    return [
        f"  raw binary COPY             {raw:9,.0f} rows/s",
        f"  HTTP, checked, committed    {http:9,.0f} rows/s   ratio {http / raw:.2f}  (aim 0.35)",
        f"  the same without HTTP       {direct:9,.0f} rows/s   ratio {direct / raw:.2f}",
    ]
