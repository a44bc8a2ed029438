"""The task supervisor: starts every stage again after a fault, and logs edges, not levels.

This module holds the one broad `except` of the house. A stage that dies is logged once when it breaks
and once when it works again; in between only a counter moves.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from floodcore.clock import Clock

Stage = Callable[["Pulse"], Awaitable[None]]

_log = logging.getLogger("hladina.supervision")
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_ASK_AGAIN_S = 1.0


@dataclass(slots=True)
class Pulse:
    """Signs of life of one stage, shown by /health and /status.

    `beat` says that the stage has just done its round, with or without work; a stage that hangs
    stops beating, which is how silence is told from calm.
    """

    name: str
    clock: Clock
    beaten_at: datetime | None = None
    failures: int = 0
    broken: str = ""
    beaten_s: float | None = None

    def beat(self) -> None:
        """Record a completed round; ends a broken spell and says so once."""
        self.beaten_at, self.beaten_s = self.clock.now(), time.monotonic()
        if self.broken:
            _log.warning("%s works again after %d failures", self.name, self.failures)
            self.broken, self.failures = "", 0

    def age_s(self) -> float | None:
        """Seconds of the machine since the last round, None before the first; no step of a clock changes it."""
        return None if self.beaten_s is None else time.monotonic() - self.beaten_s

    def fail(self, error: BaseException) -> None:
        """Record a failed round; says so once, at the edge."""
        self.failures += 1
        while isinstance(error, BaseExceptionGroup):  # a stage with workers: the first of theirs says more
            error = error.exceptions[0]
        if not self.broken:
            _log.error("%s broke: %s: %s; retrying", self.name, type(error).__name__, error)
        self.broken = f"{type(error).__name__}: {error}"[:500]


@dataclass(slots=True)
class Supervisor:
    """Runs named stages until cancelled; none can take another down."""

    clock: Clock
    pulses: dict[str, Pulse] = field(default_factory=dict)

    async def run(self, stages: Mapping[str, Stage]) -> None:
        """Run all `stages` together; returns only by cancellation."""
        kept = set()
        for name, stage in stages.items():
            pulse = self.pulses.setdefault(name, Pulse(name, self.clock))
            kept.add(asyncio.create_task(self._keep(stage, pulse), name=name))
        try:
            await asyncio.wait(kept)
        finally:
            await _end(kept)

    async def _keep(self, stage: Stage, pulse: Pulse) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                await stage(pulse)
            except asyncio.CancelledError as error:
                if is_stopped():
                    raise
                pulse.fail(error)  # a library let a cancellation of its own escape; nobody has stopped us
            except Exception as error:  # the one broad except: see the module docstring
                if is_stopped():  # a fault on the way out; who starts again now is never stopped
                    raise asyncio.CancelledError from error
                pulse.fail(error)
                _log.debug("%s", pulse.name, exc_info=error)
            if pulse.failures <= 1:  # it had worked since the last fault
                pause = _FIRST_PAUSE_S
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE_S)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Ask `tasks` to end until they have.

    Once is not enough: a library that waits with the `asyncio.wait_for` of Python 3.11, as the connection pool
    does, may swallow the request (python/cpython#86296), and the stage would go on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_ASK_AGAIN_S)


def is_stopped() -> bool:
    """Whether the running task has been asked to end, even if a library swallowed the request."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
