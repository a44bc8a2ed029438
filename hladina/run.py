"""`hladina run`: the rooms of this process, supervised, on one port."""

import asyncio
import contextlib
import logging
import resource
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence

import uvloop
from aiohttp import web

from floodcore.house import House
from floodcore.settings import Settings
from hladina import pulses, upkeep
from hladina.compose import ROOMS, built, for_readers, rooms

_log = logging.getLogger("hladina")
_SHUTDOWN_S = 1.0  # aiohttp waits that long twice for those who keep a stream open
_BODY_LIMIT = 8 * 1024 * 1024


class PortBusyError(RuntimeError):
    """Someone else listens on the port."""


async def serve(
    settings: Settings, names: Sequence[str] = ROOMS, on_ready: Callable[[House], None] | None = None
) -> None:
    """Run the rooms `names` until cancelled.

    Raises:
        PortBusyError: the port is taken; also everything `compose.built` raises.
    """
    async with built(settings) as house, for_readers(house) as partners, for_readers(house) as public:
        reading = {"bridge_de": partners, "portal": public}  # the others' addresses take readings and receipts
        chosen = dict(zip(names, rooms(names), strict=True))
        application = web.Application(client_max_size=_BODY_LIMIT)
        for name, room in chosen.items():
            application.add_routes(room.routes(reading.get(name, house)))
        if "portal" not in names:
            application.add_routes(pulses.routes(house))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S, handle_signals=False)
        await runner.setup()
        try:
            await _listen(runner, settings)
            stages = pulses.stages(house) | upkeep.stages(house)
            for name, room in chosen.items():  # the bridge reads for others, but writes for itself
                stages |= room.stages(public if name == "portal" else house)
            _log.info("running %s on http://%s:%d", ", ".join(names), settings.host, settings.port)
            if on_ready is not None:
                on_ready(house)
            await house.supervisor.run(stages)
        finally:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    except OSError as error:
        message = f"port {settings.port} on {settings.host} cannot be used ({error.strerror}): choose another port"
        raise PortBusyError(message) from error


def until_signal(main: Callable[[], Coroutine[None, None, None]]) -> int:
    """Run `main` until it ends or SIGINT/SIGTERM comes; returns the exit code 0."""

    async def guarded() -> None:
        task = asyncio.ensure_future(main())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    _raise_file_limit()
    uvloop.run(guarded())
    return 0


def _raise_file_limit() -> None:
    """Take all the open files the system grants: of the usual 1,024 a crowd of readers leaves none for the gateway."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # a system that grants less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def start_logging(level: int = logging.INFO) -> None:
    """One line an entry on stderr, UTC."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # our stages report outages, at the edge
