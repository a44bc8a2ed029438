"""What a demo remembers between starts: which exercise, its storms, and how far the data time has come."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from simulators.scenarios import SCENARIOS

_FILE = "demo.json"


class DemoError(RuntimeError):
    """The demo cannot run like this; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Memory:
    """`storms` are the starts of the storms so far; `reached` is the data time of the last sign of life."""

    scenario: str
    replay: str
    seed: int
    storms: tuple[datetime, ...]
    reached: datetime

    def continued(self) -> "Memory":
        """The memory of a start that goes on; when the last storm is over, a new one begins."""
        if self.replay or not self.storms or self.reached < self.storms[-1] + SCENARIOS[self.scenario].length:
            return self
        return replace(self, storms=(*self.storms, self.reached))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this demo alone; the system lets go of it when we die.

    Raises:
        DemoError: another demo has it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "demo.lock").open("a+", encoding="utf-8")
    except OSError as error:
        message = f"cannot use the folder {folder}: {error.strerror}; choose another one with --data"
        raise DemoError(message) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            message = f"{folder} is in use by another demo (process {file.read().strip() or 'unknown'}): stop it first"
            raise DemoError(message) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def recall(folder: Path) -> Memory | None:
    """What an earlier demo left in `folder`; None for a fresh one.

    Raises:
        DemoError: something is there that no demo wrote.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        kept["storms"] = tuple(datetime.fromisoformat(text) for text in kept["storms"])
        kept["reached"] = datetime.fromisoformat(kept["reached"])
        memory = Memory(**kept)
    except (ValueError, KeyError, TypeError, OSError) as error:
        message = f"{path} cannot be read ({error}): remove the folder or choose another one with --data"
        raise DemoError(message) from error
    if memory.reached.utcoffset() != timedelta(0) or memory.scenario not in SCENARIOS:
        message = f"{path} is of another version: remove the folder or choose another one with --data"
        raise DemoError(message)
    return memory


def remember(folder: Path, memory: Memory) -> None:
    """Write `memory` so that a kill at any moment leaves the old or the new one."""
    kept = asdict(memory) | {
        "storms": [storm.isoformat() for storm in memory.storms],
        "reached": memory.reached.isoformat(),
    }
    fresh = folder / f"{_FILE}.new"
    fresh.write_text(json.dumps(kept), encoding="utf-8")
    fresh.replace(folder / _FILE)
