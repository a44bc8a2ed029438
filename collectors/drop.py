"""The folder that is watched: files that loggers and vendors put there by SFTP, read whole, moved after the commit.

    <HLADINA_DROP>/<name>/…            what comes; the names are those of `collectors.files`
    <HLADINA_DROP>/<name>/done/…       what was read
    <HLADINA_DROP>/<name>/refused/…    what could not be; the reason is in quarantine

A file is read when it has not changed for a while and ends as a whole one does; one that ends in the middle
of a line is waited for longer, and never for ever. It is moved only after its readings are committed, and only
if it is still what was read. Whoever dies in between reads it again: the store knows repeats.
"""

import asyncio
import os
import stat
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collectors.doors import BODY_CAP
from collectors.edge import Edge
from collectors.faults import DecodeError
from collectors.files import Inbox, complete, inboxes
from collectors.mounted import Heard, first_fault
from collectors.settling import settle
from floodcore.house import House
from floodcore.store.sources import Refused, note_failure, note_success
from floodcore.supervision import Pulse

SOURCE = "drop"
DONE, REFUSED = "done", "refused"
_LOOK_EVERY_S = 2.0
_SETTLED_S = 5.0  # a whole file that has not changed for so long is read
_CUT_S = 120.0  # one that ends in the middle of a line
_UNFINISHED = {".part", ".tmp", ".filepart", ".swp"}  # what uploaders write to before they rename
_MOST_AT_ONCE = 200  # files of one round; the rest waits for the next


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file as it was: size, time of change and inode; `since` is real seconds."""

    size: int
    changed_ns: int
    inode: int
    since: float


@dataclass(slots=True)
class Watch:
    """What this process remembers of the folder; all of it can be lost."""

    folder: Path
    inboxes: dict[str, Inbox]
    looked: dict[Path, _Looked] = field(default_factory=dict)
    edge: Edge = field(default_factory=lambda: Edge(SOURCE))


async def watch(house: House, pulse: Pulse) -> None:
    """Look into the folder until cancelled.

    Raises:
        psycopg.Error: readings could not be stored; their files have not been moved.
    """
    if house.settings.drop is None:
        return
    watched = Watch(house.settings.drop, inboxes(house.network))
    while True:
        await one_round(house, watched, time.monotonic(), pulse)
        pulse.beat()
        await asyncio.sleep(_LOOK_EVERY_S)


async def one_round(house: House, watched: Watch, at_s: float, pulse: Pulse | None = None) -> int:
    """Read what is ready at `at_s` (real seconds); returns how many files were moved."""
    ready, faults = await asyncio.to_thread(_ready, watched, at_s)
    moved = 0
    for inbox, path in ready:
        try:
            moved += await _take(house, watched, inbox, path)
        except OSError as error:
            faults.append(_fault(error, path))
        if pulse is not None:
            pulse.beat()
    if faults:
        fault = faults[0] if len(faults) == 1 else f"{len(faults)} files, the first: {faults[0]}"
        watched.edge.broke(fault)
        async with house.pool.connection() as conn:
            await note_failure(conn, SOURCE, house.clock.now(), fault)
        return moved
    if watched.edge.failures:
        async with house.pool.connection() as conn:
            await note_success(conn, SOURCE, house.clock.now())
    watched.edge.worked()
    return moved


def _fault(error: OSError, path: Path) -> str:
    return f"{error.filename or path}: {error.strerror or error}: check that the house may read and move it"


def _ready(watched: Watch, at_s: float) -> tuple[list[tuple[Inbox, Path]], list[str]]:
    """The files that have settled, the oldest first, and those that cannot be read. Names nobody reads are left alone.

    One file or folder that the house may not read must not keep it from the others.
    """
    found: list[tuple[int, Inbox, Path]] = []
    faults: list[str] = []
    seen: dict[Path, _Looked] = {}
    for name, inbox in watched.inboxes.items():
        try:
            paths = _files(watched.folder / name)
        except OSError as error:
            faults.append(_fault(error, watched.folder / name))
            continue
        for path in paths:
            try:
                seen[path] = look = _look(path.lstat(), watched.looked.get(path), at_s)
                if at_s - look.since >= _patience(path, look):
                    found.append((look.changed_ns, inbox, path))
            except OSError as error:
                faults.append(_fault(error, path))
    watched.looked = seen
    found.sort(key=lambda each: (each[0], each[2]))
    return [(inbox, path) for _, inbox, path in found[:_MOST_AT_ONCE]], faults


def _files(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [
            Path(entry.path)
            for entry in entries
            if not entry.name.startswith(".")
            and entry.name not in {DONE, REFUSED}
            and Path(entry.name).suffix not in _UNFINISHED
            and entry.is_file(follow_symlinks=False)
        ]


def _look(status: os.stat_result, last: _Looked | None, at_s: float) -> _Looked:
    now = _Looked(status.st_size, status.st_mtime_ns, status.st_ino, at_s)
    return last if last is not None and _same(last, now) else now


def _same(one: _Looked, other: _Looked) -> bool:
    return (one.size, one.changed_ns, one.inode) == (other.size, other.changed_ns, other.inode)


def _patience(path: Path, look: _Looked) -> float:
    """How long the file must have been still, real seconds."""
    if look.size > BODY_CAP:
        return _SETTLED_S
    with path.open("rb") as file:
        file.seek(max(0, look.size - 64))
        return _SETTLED_S if complete(file.read(64)) else _CUT_S


async def _take(house: House, watched: Watch, inbox: Inbox, path: Path) -> int:
    """Read, store, commit, move; 0 when the file has changed meanwhile and waits for the next round."""
    body, look = await asyncio.to_thread(_read, path)
    heard = Heard()
    try:
        heard = await asyncio.to_thread(_decoded, inbox, body)
        refused = [Refused(inbox.source, path.name, first_fault(heard.faults), body)] if heard.faults else []
        target = DONE
    except DecodeError as error:
        refused = [Refused(inbox.source, path.name, str(error), body)]
        target = REFUSED
    now = house.clock.now()
    async with house.pool.connection() as conn:
        await settle(conn, inbox.source, heard, refused, now)
    watched.looked.pop(path, None)
    return await asyncio.to_thread(_move, path, look, path.parent / target, now)


def _decoded(inbox: Inbox, body: bytes) -> Heard:
    if len(body) > BODY_CAP:
        message = f"the file is larger than {BODY_CAP} bytes"
        raise DecodeError(message)
    return inbox.decode(body)


def _read(path: Path) -> tuple[bytes, _Looked]:
    """The bytes, of a file that is too large one more than the cap, and what the file was; links are not followed.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        look = _look(status, None, 0.0)
        return file.read(0 if not stat.S_ISREG(status.st_mode) else BODY_CAP + 1), look


def _move(path: Path, look: _Looked, target: Path, now: datetime) -> int:
    """Move the file to `target`/month, unless it is no longer what was read."""
    if not path.exists() or not _same(look, _look(path.lstat(), None, 0.0)):
        return 0
    folder = target / f"{now:%Y-%m}"
    folder.mkdir(parents=True, exist_ok=True)
    number, name = 1, folder / path.name
    while name.exists():
        number += 1
        name = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(name)
    return 1
