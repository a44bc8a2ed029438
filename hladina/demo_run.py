"""The running part of the demo: broker, simulated gauges, the house, and the voice that tells what happens."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg import AsyncConnection

from collectors import broker as collector_broker
from collectors import uplinks
from floodcore.clock import Clock
from floodcore.network.model import Network
from floodcore.settings import SOURCES, Settings, read
from floodcore.store import contacts, migrate
from floodcore.words import Quantity
from hladina import broker, demo_report
from hladina.broker import RunningBroker
from hladina.demo_folder import DemoError, Memory, remember
from hladina.run import serve

HOST = "127.0.0.1"
_POLL_REAL_S = 0.4  # between two polls of the simulated open data
_LEAST_POLL_S = 10.0  # of data time
_OTHERS_REAL_S, _LEAST_OTHERS_S = 2.0, 60.0  # the same for the other public services
_START_LIMIT_S = 30.0
_LOOK_S = 0.1
_REMEMBER_S = 1.0
_NOTABLE = timedelta(minutes=5)  # a lost gauge told so much later is worth a word
# The range +420 600 000 0xx is invented; the console shows the texts and nobody is called.
_RESIDENTS = (("cs", 1), ("de", 1), ("pl", 2), ("en", 1), ("cs", 2), ("de", 3))
_OFFICERS = ("cs", "de")
_STATIONS_EACH = 4
_CLIENT = "hladina-demo"


@dataclass(frozen=True, slots=True)
class Plan:
    """One start of the demo.

    `kept` says in words what becomes of the data; `readings` is set for a replay, `ends` is when its record does.
    """

    folder: Path
    port: int
    memory: Memory
    clock: Clock
    stations: Path
    for_s: float | None
    kept: str
    readings: Path | None = None
    ends: datetime | None = None

    @property
    def url(self) -> str:
        """Where the portal is."""
        return f"http://localhost:{self.port}"


async def run(plan: Plan, network: Network, dsn: str) -> None:
    """Run the demo on the database `dsn` until its time is over or it is cancelled.

    Raises:
        BrokerStartError: no broker; also everything `hladina.run.serve` raises.
    """
    async with await AsyncConnection.connect(dsn) as connection:
        await migrate.upgrade(connection)
        await _invite(connection, network)
    before, told = await demo_report.counts(dsn), await demo_report.newest(dsn)
    async with broker.running(plan.folder / "broker") as mqtt:
        plan = replace(plan, clock=replace(plan.clock, anchor=datetime.now(UTC)))
        keys = {
            key: secrets.token_hex(16) for key, s in network.stations.items() if s.links and s.links[0].kind == "push"
        }
        port = _free_port()
        settings = _settings(plan, dsn, mqtt.url, port, keys, _kinds(network))
        await _subscribe(mqtt.url)
        async with _simulated(plan, mqtt.url, port, keys):
            ready = asyncio.Event()
            try:
                await _live(plan, settings, network, told, lambda: _welcome(plan, mqtt, ready))
            finally:
                if ready.is_set():
                    await _summary(plan, dsn, before)


async def _live(
    plan: Plan, settings: Settings, network: Network, told: demo_report.Newest, welcome: Callable[[], None]
) -> None:
    """The house and what accompanies it; the first to end ends all."""
    work: list[asyncio.Future[None]] = [
        asyncio.ensure_future(serve(settings, on_ready=lambda _house: welcome())),
        asyncio.ensure_future(demo_report.narrate(settings.database_url, network, told, plan.url)),
        asyncio.ensure_future(_keep_memory(plan)),
        asyncio.ensure_future(_watch_record(plan)),
    ]
    if plan.for_s is not None:
        work.append(asyncio.ensure_future(asyncio.sleep(plan.for_s)))
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    for task in done:
        task.result()


async def _subscribe(mqtt_url: str) -> None:
    """Open the collector's session before the first device speaks: a broker keeps nothing for nobody."""
    async with collector_broker.connected(mqtt_url, _CLIENT) as client:
        await client.subscribe(uplinks.TOPIC, qos=1)


async def _keep_memory(plan: Plan) -> None:
    """Write down how far the data time has come, so that the next start goes on from there."""
    while True:
        remember(plan.folder, replace(plan.memory, reached=plan.clock.now()))
        await asyncio.sleep(_REMEMBER_S)


async def _watch_record(plan: Plan) -> None:
    """Say so when a recorded flood is over: from then on every gauge is silent."""
    if plan.ends is not None:
        remaining = plan.clock.real_seconds((plan.ends - plan.clock.now()).total_seconds())
        await asyncio.sleep(max(0.0, remaining))
        print(f"The record of {plan.memory.replay} ends here; its gauges are silent from now on.", flush=True)
    await asyncio.Event().wait()


async def _summary(plan: Plan, dsn: str, before: demo_report.Counts) -> None:
    remember(plan.folder, replace(plan.memory, reached=plan.clock.now()))
    now = await demo_report.counts(dsn)
    print(f"\nThe demo ends at {plan.clock.now():%d.%m.%Y %H:%M} UTC of data time. In this run:")
    print("\n".join(now.since(before).lines()), flush=True)


def _welcome(plan: Plan, mqtt: RunningBroker, ready: asyncio.Event) -> None:
    ready.set()
    clock, url = plan.clock, plan.url
    what = f"replay of {plan.memory.replay}" if plan.memory.replay else f"scenario {plan.memory.scenario}"
    origin = clock.origin or clock.now()
    print(f"\nHladina is running: {what}, an EXERCISE on {'recorded' if plan.readings else 'invented'} water.")
    print(f"  data time   from {origin:%d.%m.%Y %H:%M} UTC, {clock.speed:g} times as fast as the clock")
    if (waits := clock.now() - clock.settled()) > _NOTABLE:
        print(f"  at this speed a lost gauge is told up to {waits / timedelta(minutes=1):.0f} min of data time later")
    print(f"  data        {plan.kept}")
    print(f"  map         {url}/          (/cs/ /de/ /pl/ /en/)")
    print(f"  feed        {url}/feed/exercise/atom.xml")
    print(f"  status      {url}/cs/status   {url}/health   {url}/metrics")
    print(f"  API         {url}/api/v1/openapi.json")
    print(f"  broker      {mqtt.kind}{'' if mqtt.durable else ' (keeps nothing after its end; install mosquitto)'}")
    print("Ctrl-C stops everything.\n", flush=True)


async def _invite(connection: AsyncConnection, network: Network) -> None:
    """Invented residents and officers; a second start finds them there already."""
    limited = [key for key, s in network.stations.items() if s.links and s.limits_of(Quantity.LEVEL) is not None]
    for index, (language, degree) in enumerate(_RESIDENTS):
        stations = tuple(limited[index :: len(_RESIDENTS)][:_STATIONS_EACH])
        await contacts.add(connection, contacts.NewRecipient(_phone(index), language, "resident", degree, stations))
    for index, language in enumerate(_OFFICERS, start=len(_RESIDENTS)):
        await contacts.add(connection, contacts.NewRecipient(_phone(index), language, "officer", 1))


def _phone(index: int) -> str:
    return f"+4206000000{index + 1:02d}"


def _kinds(network: Network) -> set[str]:
    """The polled sources beside ČHMÚ's hydrology that this network names, and the bulletin of warnings."""
    linked = {link.kind for station in network.stations.values() for link in station.links}
    return {"chmu_cap"} | linked.intersection(SOURCES)


def _settings(
    plan: Plan, dsn: str, mqtt_url: str, chmu_port: int, keys: Mapping[str, str], kinds: Iterable[str]
) -> Settings:
    """Made here and not taken from the environment: a demo must never reach a real gateway or source."""
    environment = {
        "HLADINA_DATABASE_URL": dsn,
        "HLADINA_MQTT_URL": mqtt_url,
        "HLADINA_MQTT_CLIENT": _CLIENT,
        "HLADINA_STATIONS": str(plan.stations),
        "HLADINA_PUBLIC_URL": plan.url,
        "HLADINA_HOST": HOST,
        "HLADINA_PORT": str(plan.port),
        "HLADINA_CHMU_URL": f"http://{HOST}:{chmu_port}",
        "HLADINA_CHMU_INTERVAL_S": str(max(_LEAST_POLL_S, _POLL_REAL_S * plan.clock.speed)),
        **_polled(kinds, chmu_port, plan.clock.speed),
        "HLADINA_EXERCISE": "1",
        "HLADINA_INGEST_KEYS": ",".join(f"{station}={key}" for station, key in keys.items()),
        "HLADINA_CLOCK": plan.clock.as_text(),
        "HLADINA_KILL_AT": os.environ.get("HLADINA_KILL_AT", ""),
    }
    return read(environment)


def _polled(kinds: Iterable[str], port: int, speed: float) -> dict[str, str]:
    """Where and how often the other public services are asked: less often than ČHMÚ, as in operation."""
    interval_s = max(_LEAST_OTHERS_S, _OTHERS_REAL_S * speed)
    found: dict[str, str] = {}
    for kind in sorted(kinds):
        found[f"HLADINA_{kind.upper()}_URL"] = f"http://{HOST}:{port}"
        found[f"HLADINA_{kind.upper()}_INTERVAL_S"] = str(interval_s)
    return found


@asynccontextmanager
async def _simulated(plan: Plan, mqtt_url: str, port: int, keys: Mapping[str, str]) -> AsyncIterator[None]:
    """The simulated gauges in a process of their own, on a leash."""
    environment = {**os.environ, "HLADINA_MQTT_URL": mqtt_url, "HLADINA_PUSH_KEYS": _query(keys)}
    with (plan.folder / "simulators.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "--leash", *_simulator_arguments(plan, port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    try:
        await _listening(process, port, plan.folder / "simulators.log")
        yield
    finally:
        await broker.stop(process)


async def _listening(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    """Wait until the simulated open data answer."""
    for _ in range(round(_START_LIMIT_S / _LOOK_S)):
        with socket.socket() as probe:
            probe.settimeout(_LOOK_S)
            if probe.connect_ex((HOST, port)) == 0:
                return
        if process.returncode is not None:
            break
        await asyncio.sleep(_LOOK_S)
    message = f"the simulated gauges did not start{broker.last_words(log)}"
    raise DemoError(message)


def _simulator_arguments(plan: Plan, port: int) -> Iterable[str]:
    yield from ("--stations", str(plan.stations), "--clock", plan.clock.as_text())
    yield from ("--port", str(port), "--house", f"http://{HOST}:{plan.port}")
    if plan.readings is not None:
        yield from ("--readings", str(plan.readings))
    else:
        yield from ("--scenario", plan.memory.scenario, "--seed", str(plan.memory.seed))
        yield from ("--storm-at", *(storm.isoformat() for storm in plan.memory.storms))


def _query(keys: Mapping[str, str]) -> str:
    return "&".join(f"{station}={key}" for station, key in keys.items())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
