"""The house as a process that is killed and started again, and the oracle of what must come of a flood."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
NETWORK = Path(__file__).parent / "network"
LIMITS = (100.0, 130.0, 160.0)
STATIONS = ("POLLED", "RADIOED", "PUSHED")
# A river that could rise so (8 cm a minute), and passes 1, 2 and 3.
LEVELS = (80.0, 88.0, 96.0, 104.0, 112.0, 120.0, 128.0, 136.0, 145.0, 154.0, 163.0, 168.0)


def flood(now: datetime) -> list[tuple[datetime, float]]:
    """One sample a minute, the last of them just now."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=len(LEVELS))
    return [(start + timedelta(minutes=number), level) for number, level in enumerate(LEVELS)]


def expected(samples: list[tuple[datetime, float]]) -> list[tuple[datetime, int, int]]:
    """(at, from, to) of every degree change: an oracle that knows nothing of the engine."""
    changes, degree = [], 0
    for at, level in samples:
        reached = sum(level >= limit for limit in LIMITS)
        if reached > degree:
            changes.append((at, degree, reached))
            degree = reached
    return changes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class House:
    """`hladina run` under a keeper that starts it again after each death."""

    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    deaths: int = 0
    arguments: tuple[str, ...] = ()
    output: Path | None = None
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None

    async def start(self, kill_at: str) -> None:
        """Start with the kill armed; after the first death it is started again without."""
        await self._launch({"HLADINA_KILL_AT": kill_at})
        self._keeper = asyncio.create_task(self._keep())

    async def kill(self) -> None:
        """Kill it from outside, wherever it is; the keeper starts it again."""
        self._strike()
        await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End it for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._strike()
        if self._process is not None:
            await self._process.wait()

    def _strike(self) -> None:
        # Not Popen's own kill: it reaps a process that has just died by itself, and asyncio never hears of it.
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def _launch(self, extra: dict[str, str]) -> None:
        target = asyncio.subprocess.DEVNULL if self.output is None else self.output.open("ab")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HLADINA_")}
        environment |= self.environment | {"HLADINA_PORT": str(self.port), "PYTHONPATH": str(ROOT)} | extra
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hladina",
            "run",
            *self.arguments,
            env=environment,
            cwd=ROOT,
            stdout=target,
            stderr=target,
        )

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if code != -signal.SIGKILL:
                message = f"the house ended by itself with {code}"
                raise AssertionError(message)
            self.deaths += 1
            await self._launch({})

    def check(self) -> None:
        """Raise what the keeper found."""
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()


SETTLED = """
SELECT (SELECT count(*) FROM observation o JOIN series s USING (series_id) WHERE s.quantity = 'level') AS readings,
       (SELECT count(*) FROM dirty) AS dirty,
       (SELECT count(*) FROM event WHERE kind = 'reached') AS events,
       (SELECT count(*) FROM announcement WHERE done_at IS NULL) AS announcements,
       (SELECT count(*) FROM delivery WHERE status IN ('due', 'sending')) AS deliveries,
       (SELECT count(*) FROM cap_message) AS messages
"""


def _is_settled(row: tuple[int, ...], readings: int, events: int) -> bool:
    stored, dirty, judged, announcements, deliveries, messages = row
    return stored >= readings and judged >= events and messages >= events and dirty == announcements == deliveries == 0


async def settled(dsn: str, readings: int, events: int, house: House, limit_s: float = 45.0) -> None:
    """Wait until all readings are in and every step has done its work."""
    row: tuple[int, ...] | None = None
    try:
        async with asyncio.timeout(limit_s), await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            while True:
                house.check()
                row = await (await connection.execute(SETTLED)).fetchone()
                if row is not None and _is_settled(row, readings, events):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        message = f"not settled: readings, dirty, events, announcements, deliveries, messages = {row}"
        raise AssertionError(message) from None
