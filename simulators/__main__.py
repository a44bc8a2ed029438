"""`python -m simulators`: gauges of all kinds for a house elsewhere. All is invented or played back."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web

from floodcore import clock as clocks
from floodcore.clock import Clock
from floodcore.network.faults import ConfigurationError
from floodcore.network.load import read
from floodcore.network.model import Network
from simulators import couriers, pushers, replay, tts_devices
from simulators.chmu_server import ChmuServer
from simulators.exercise import Exercise
from simulators.open_data import OpenData
from simulators.records import RecordsError
from simulators.sample import Feed
from simulators.scenarios import DEFAULT, SCENARIOS

_OK, _FAILED = 0, 1
_LAST_PORT = 65535
_HISTORY = timedelta(hours=26)
_BACKLOG = timedelta(hours=2)  # what MQTT devices still have in their memory
_BLOCK = timedelta(days=4)

Feeds = Callable[[datetime, datetime], tuple[Feed, ...]]


def main(argv: Sequence[str] | None = None, prog: str = "python -m simulators") -> int:
    """Run the simulators until stopped; returns the exit code: 0 stopped, 1 cannot run, 2 misuse."""
    arguments = _parser(prog).parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    try:
        clock = clocks.parse(arguments.clock)
        network = read(arguments.stations)
        recorded = None if arguments.readings is None else replay.feeds(arguments.readings, network)
    except (ValueError, ConfigurationError, RecordsError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return _FAILED
    try:
        asyncio.run(_run(arguments, network, clock, recorded))
    except KeyboardInterrupt:
        return _OK
    except OSError as error:
        print(f"{prog}: port {arguments.port} cannot be used ({error.strerror}): choose another", file=sys.stderr)
        return _FAILED
    return _OK


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Simulated gauges for a running house: an HTTP server in the shapes of the public services, "
        "which the house polls at HLADINA_CHMU_URL, HLADINA_SAXONY_URL and so on, MQTT devices in The Things Stack "
        "shape, HTTP pushers. All is invented or played back.",
        epilog="HLADINA_MQTT_URL names the broker; without it no device publishes. HLADINA_PUSH_KEYS holds the keys "
        "of the pushers as station=key&station=key. Texts are sent when HLADINA_TWILIO_AUTH_TOKEN, HLADINA_PUBLIC_URL "
        "and HLADINA_SMS_LOGGERS or HLADINA_PATROL_PHONES are those of the house.",
    )
    parser.add_argument("--stations", type=Path, default=Path("station_configs"), metavar="DIR", help="station files")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default=DEFAULT, help=f"({DEFAULT})")
    parser.add_argument("--readings", type=Path, metavar="CSV", help="play these readings of a replay instead")
    parser.add_argument("--seed", type=int, default=1, help="of the invented weather (1)")
    parser.add_argument("--storm-at", type=_moment, nargs="*", default=[], metavar="TIME", help="when it storms (now)")
    parser.add_argument("--clock", default="", help="origin@anchor*speed; default the wall clock")
    parser.add_argument("--port", type=_port, default=8090, help="of the HTTP server (8090)")
    parser.add_argument("--house", default="http://127.0.0.1:8080", metavar="URL", help="where pushers push")
    parser.add_argument("--drop", type=Path, metavar="DIR", help="put files of loggers and vendors into DIR")
    parser.add_argument("--leash", action="store_true", help="stop when standard input ends")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        message = f"{text!r} is not an ISO time with its zone, such as 2025-05-01T10:30:00Z"
        raise argparse.ArgumentTypeError(message)
    return moment.astimezone(UTC)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        message = f"{text!r} is not a port between 1 and {_LAST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


async def _run(
    arguments: argparse.Namespace, network: Network, clock: Clock, recorded: tuple[Feed, ...] | None
) -> None:
    server = ChmuServer(network, clock)
    services = OpenData(clock, server.outages)
    application = server.application()
    services.add_to(application)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        work = asyncio.ensure_future(_play(arguments, network, clock, (server, services), recorded))
        await asyncio.sleep(0)  # first there are data, then they are served
        await web.TCPSite(runner, "127.0.0.1", arguments.port).start()
        broker = (
            "MQTT devices publish" if os.environ.get("HLADINA_MQTT_URL") else "no HLADINA_MQTT_URL: no device speaks"
        )
        print(
            f"Open data on http://127.0.0.1:{arguments.port}, pushes to {arguments.house}; {broker}. Ctrl-C stops.",
            flush=True,
        )
        if arguments.leash:
            await asyncio.wait([work, asyncio.ensure_future(_leash())], return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
        await asyncio.gather(work, return_exceptions=arguments.leash)
    finally:
        await runner.cleanup()


async def _play(
    arguments: argparse.Namespace,
    network: Network,
    clock: Clock,
    servers: tuple[ChmuServer, OpenData],
    recorded: tuple[Feed, ...] | None,
) -> None:
    """Block of days by block: what the gauges will say, then saying it."""
    starts = tuple(arguments.storm_at) or (clock.now(),)
    exercise = Exercise(network, SCENARIOS[arguments.scenario], starts, arguments.seed)
    since = clock.now() - _BACKLOG
    while True:
        until = clock.now() + _BLOCK
        feeds = exercise.feeds(clock.now() - _HISTORY, until) if recorded is None else recorded
        for server in servers:
            server.show(feeds)
        first = since if recorded is None else datetime.min.replace(tzinfo=UTC)
        await asyncio.gather(*_senders(arguments, network, feeds, clock, first))
        remaining = clock.real_seconds((until - clock.now() - timedelta(minutes=1)).total_seconds())
        await asyncio.sleep(max(remaining, 1.0) if recorded is None else 1e6)
        since = until


def _senders(
    arguments: argparse.Namespace, network: Network, feeds: Sequence[Feed], clock: Clock, since: datetime
) -> list[Coroutine[None, None, None]]:
    keys = dict(parse_qsl(os.environ.get("HLADINA_PUSH_KEYS", "")))
    pushed = feeds if arguments.drop is None else [feed for feed in feeds if feed.way not in couriers.FILES]
    senders = [pushers.push(arguments.house, pushed, keys, clock, since)]
    if arguments.drop is not None:
        senders.append(couriers.drop(arguments.drop, feeds, network, clock, since))
    if token := os.environ.get("HLADINA_TWILIO_AUTH_TOKEN"):
        public_url = os.environ.get("HLADINA_PUBLIC_URL", "http://localhost:8080").rstrip("/")
        gateway = couriers.Gateway(arguments.house, public_url, token, _numbers())
        senders.append(couriers.text(gateway, feeds, network, clock, since))
    if mqtt_url := os.environ.get("HLADINA_MQTT_URL"):
        senders.append(tts_devices.publish(mqtt_url, feeds, clock, since))
    return senders


def _numbers() -> dict[str, str]:
    """The telephones of the loggers by station, and that of the first person of the patrols under ""."""
    loggers = os.environ.get("HLADINA_SMS_LOGGERS", "").split(",")
    people = os.environ.get("HLADINA_PATROL_PHONES", "").split(",")
    pairs = [each.partition("=")[::2] for each in loggers if "=" in each]
    return {"": people[0].partition("=")[2].strip()} | {name.strip(): number.strip() for name, number in pairs}


async def _leash() -> None:
    """Return when standard input ends: whoever started us is gone, however it died."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    sys.exit(main())
