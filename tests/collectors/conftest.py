"""An invented little network, a house on it, and tiny servers for the shapes of outage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Column, Export, Link, Names, Network, Station
from floodcore.settings import Settings
from floodcore.store.connect import Pool
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Quantity

Houses = Callable[..., House]


def a_station(station_id: str, link: Link, *quantities: Quantity) -> Station:
    """An invented station."""
    return Station(
        id=station_id,
        names=Names(station_id),
        river=None,
        country="CZ",
        operator="invented",
        quantities=quantities,
        interval=timedelta(minutes=10),
        links=(link,),
        synthetic=True,
    )


STATIONS = (
    a_station("mlyn", Link("chmu", "0-203-1-999001"), Quantity.LEVEL, Quantity.DISCHARGE),
    a_station("jez", Link("chmu", "0-203-1-999002"), Quantity.LEVEL),
    a_station("lavka", Link("tts", "ldds-lavka", "dragino_ldds", 400.0), Quantity.LEVEL),
    a_station("hreben", Link("tts", "tbrg-hreben", "decentlab_tbrg"), Quantity.RAIN, Quantity.BATTERY),
    a_station("holy", Link("tts", "ldds-holy", "dragino_ldds"), Quantity.LEVEL),
    a_station("brod", Link("push"), Quantity.LEVEL, Quantity.RAIN),
    a_station(
        "chester", Link("hardwario", "2999000001", zero_cm=400.0), Quantity.LEVEL, Quantity.RAIN, Quantity.BATTERY
    ),
    a_station("spirka", Link("chirpstack", "0102030405060708", "milesight_em500_udl", 400.0), Quantity.LEVEL),
    a_station("proud", Link("sensorthings", "5", quantity="level", unit="mm"), Quantity.LEVEL),
    a_station(
        "logger",
        Link("fiedler", "00123", channels={"Hladina": "level", "Srazky": "rain"}),
        Quantity.LEVEL,
        Quantity.RAIN,
    ),
    a_station("obec", Link("export", "LVS-1", export="village"), Quantity.LEVEL, Quantity.RAIN),
)
VILLAGE = Export(
    "village", "csv", ("Datum", "Cas"), "%d.%m.%Y %H:%M", "Europe/Prague",
    (Column("Hladina [cm]", "level", "cm"), Column("Srazky", "rain", "mm")),
    "order", "Stanice", encoding="cp1250", decimal=",", skip_lines=1, missing=("", "-", "-999"),
)  # fmt: skip


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Served:
    """Answers by path; `asked` counts. A path without an answer is 404."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        answer = self.answers.get(request.path)
        response = web.Response(status=404) if answer is None else await answer(request)
        self.asked.append((request.path, response.status))
        return response

    def file(self, path: str, body: bytes, content_type: str = "application/json") -> None:
        """Serve `body` with an ETag that changes with it."""

        async def answer(request: web.Request) -> web.StreamResponse:
            etag = f'"{hash(body)}"'
            if request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers={"ETag": etag})
            return web.Response(body=body, content_type=content_type, headers={"ETag": etag})

        self.answers[path] = answer

    def status(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Serve one fixed answer."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers=headers)

        self.answers[path] = answer


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server of `handler` on a free loopback port; yields its address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with running(application) as url:
        yield url


@asynccontextmanager
async def running(application: web.Application) -> AsyncIterator[str]:
    """`application` on a free loopback port; yields its address."""
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(answer: bytes, pause_s: float = 0.0) -> AsyncIterator[str]:
    """A socket that sends `answer` whatever is asked, with `pause_s` after each byte, then closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for byte in [answer] if pause_s == 0 else [answer[i : i + 1] for i in range(len(answer))]:
                writer.write(byte)
                await writer.drain()
                await asyncio.sleep(pause_s)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.fixture
async def site() -> AsyncIterator[tuple[Served, str]]:
    """A server of files and its address."""
    served = Served()
    async with serving(served.handle) as url:
        yield served, url


@pytest.fixture
def socket_that_sends() -> Callable[..., AbstractAsyncContextManager[str]]:
    """`raw_server`, for tests."""
    return raw_server


@pytest.fixture
def application_runs() -> Callable[[web.Application], AbstractAsyncContextManager[str]]:
    """`running`, for tests."""
    return running


@pytest.fixture
def little_network() -> Network:
    """Invented stations, one for each way in."""
    return Network(stations={station.id: station for station in STATIONS}, exports={VILLAGE.id: VILLAGE})


@pytest.fixture
def houses(database: str, pool: Pool, texts: Texts, little_network: Network) -> Houses:
    """Builds a house on a fresh database; keyword arguments change its settings."""

    def build(**changes: object) -> House:
        settings = replace(Settings(database_url=database, stations=Path()), **changes)  # type: ignore[arg-type]
        return House(settings, pool, little_network, texts, Supervisor(Clock()))

    return build
