"""`hladina demo`: the whole system on this machine, on invented or recorded gauges.

Everything is real but the water: an own PostgreSQL, an own broker, the rooms of the house, and the
simulated gauges in a process of their own that reaches the house only by HTTP and MQTT. SMS go to the
console. The house is marked as an exercise, so nothing it says can be taken for a warning.
"""

import argparse
import logging
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floodcore.clock import Clock
from floodcore.network import load
from floodcore.network.faults import ConfigurationError
from floodcore.store.embedded import Cluster, cluster
from hladina import demo_run
from hladina.broker import BrokerStartError
from hladina.demo_folder import DemoError, Memory, locked, recall
from hladina.demo_run import HOST, Plan
from hladina.run import PortBusyError, start_logging, until_signal
from simulators import records, replay
from simulators.records import RecordsError
from simulators.scenarios import DEFAULT, SCENARIOS

_ROOT = Path(__file__).resolve().parents[1]
_STATIONS = _ROOT / "station_configs"
# Fast enough to watch, slow enough that a second on a busy machine is not a gauge's minute of grace.
_SPEED, _REPLAY_SPEED = 30.0, 120.0
# Beyond this a day passes in less than the seconds that a poll and a commit may take on a busy machine.
_FASTEST = 10_000.0
_LAST_PORT = 65535
_FAILED = 1


def main(argv: Sequence[str]) -> int:
    """Run the demo until stopped; 0 at its end, 1 when it cannot run, 2 for wrong arguments."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.event is not None and arguments.replay is None:
        parser.error("--event names a flood of --replay DIR, which is missing")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the loop takes over: end as with Ctrl-C
    try:
        with _folder(arguments.data) as folder, locked(folder):
            _free(arguments.port)
            return _start(_plan(arguments, folder))
    except (DemoError, ConfigurationError, PortBusyError, BrokerStartError, RecordsError) as error:
        print(f"hladina: {error}", file=sys.stderr)
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {scenario.name:<8} {scenario.title}" for scenario in SCENARIOS.values())
    parser = argparse.ArgumentParser(
        prog="hladina demo",
        description="The whole system on this machine with simulated gauges; SMS are printed, not sent.",
        epilog=f"scenarios:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=8080, help="of the portal (8080)")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help=f"what happens ({DEFAULT})")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="play recorded floods instead")
    parser.add_argument("--event", metavar="NAME", help="which flood of the replay (the most telling one)")
    parser.add_argument("--speed", type=_speed, metavar="N", help="data seconds per second (30; replay 120)")
    parser.add_argument("--for", dest="for_s", type=_positive, metavar="SECONDS", help="stop by itself")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the data here and continue next time")
    parser.add_argument("--seed", type=int, help="of the invented weather (1)")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        message = f"{text!r} is not a positive number"
        raise argparse.ArgumentTypeError(message)
    return value


def _speed(text: str) -> float:
    value = _positive(text)
    if value > _FASTEST:
        message = f"{text!r} is faster than this machine can follow: at most {_FASTEST:g}"
        raise argparse.ArgumentTypeError(message)
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        message = f"{text!r} is not a port between 1 and {_LAST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """The given folder, or one that is forgotten at the end."""
    if wanted is not None:
        yield wanted.absolute()
        return
    fresh = Path(tempfile.mkdtemp(prefix="hladina-demo-"))
    fresh.chmod(0o755)  # root's PostgreSQL runs as another user
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = f"port {port} cannot be used ({error.strerror}): choose another one with --port"
            raise PortBusyError(message) from error


def _plan(arguments: argparse.Namespace, folder: Path) -> Plan:
    """What this start does, together with what earlier starts left.

    Raises:
        DemoError: the wishes contradict what the folder holds.
        RecordsError: the replay cannot be made.
    """
    kept = recall(folder)
    event = arguments.event or (records.events(arguments.replay)[0] if arguments.replay is not None else "")
    if kept is not None:
        _consistent(arguments, kept, event, folder)
    if event or (kept is not None and kept.replay):
        return _replay_plan(arguments, folder, kept, event)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    now -= timedelta(minutes=now.minute % 10)
    seed = 1 if arguments.seed is None else arguments.seed
    memory = kept.continued() if kept is not None else Memory(arguments.scenario or DEFAULT, "", seed, (now,), now)
    clock = Clock(memory.reached, datetime.now(UTC), arguments.speed or _SPEED)
    return Plan(folder, arguments.port, memory, clock, _STATIONS, arguments.for_s, _kept(arguments, kept))


def _consistent(arguments: argparse.Namespace, kept: Memory, event: str, folder: Path) -> None:
    wishes = (
        ("--scenario", arguments.scenario, "" if kept.replay else kept.scenario),
        ("--event", event or None, kept.replay),
        ("--seed", arguments.seed, kept.seed),
    )
    for name, wanted, there in wishes:
        if wanted is not None and wanted != there:
            message = f"{folder} holds another exercise ({name} {there or 'none'}): choose another folder with --data"
            raise DemoError(message)


def _replay_plan(arguments: argparse.Namespace, folder: Path, kept: Memory | None, event: str) -> Plan:
    if arguments.replay is None:
        message = f"{folder} holds a replay of {kept.replay if kept else event}: name its records with --replay DIR"
        raise DemoError(message)
    made = replay.prepare(arguments.replay, event, folder / "replay", _STATIONS)
    memory = kept or Memory(DEFAULT, event, 1, (), made.start)
    clock = Clock(memory.reached, datetime.now(UTC), arguments.speed or _REPLAY_SPEED)
    return Plan(
        folder,
        arguments.port,
        memory,
        clock,
        made.stations,
        arguments.for_s,
        _kept(arguments, kept),
        made.readings,
        made.end,
    )


def _kept(arguments: argparse.Namespace, kept: Memory | None) -> str:
    """What becomes of the data, in words."""
    if arguments.data is None:
        return "in a temporary folder, forgotten at the end; --data DIR keeps them"
    if kept is None:
        return f"kept in {arguments.data}; the next start with it continues"
    return f"continued from {arguments.data}, where the data time had come to {kept.reached:%d.%m.%Y %H:%M} UTC"


def _start(plan: Plan) -> int:
    network = load.read(plan.stations)
    print("Hladina demo: starting a private PostgreSQL and a broker ...", flush=True)
    with cluster(plan.folder / "postgresql") as database, _guarded(database):
        start_logging(logging.WARNING)
        return until_signal(lambda: demo_run.run(plan, network, database.dsn))


@contextmanager
def _guarded(database: Cluster) -> Iterator[None]:
    """PostgreSQL stops even when we are killed."""
    pid_file = database.home / "data" / "postmaster.pid"
    arguments = [sys.executable, "-m", "hladina.guard", str(pid_file)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, start_new_session=True):  # noqa: S603  # our own
        yield
