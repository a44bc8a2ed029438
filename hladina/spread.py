"""Work for each of many things: one after the other here, or on a Dask cluster, with progress on a terminal.

What one work makes another may take: on a cluster it then goes from worker to worker, or stays where it is, and only
what is written comes back.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Generic, Protocol, Self, TextIO, TypeVar

from hladina.station_list import InputError

R = TypeVar("R")

_BAR_WIDTH = 30
_CONNECT_S = 10
# Works asked for before the first is waited for, so that a record of decades is not all on its way together.
_AHEAD = 64


class _Client(Protocol):
    """What is used of a Dask client."""

    def submit(self, work: object, *things: object, pure: bool) -> "_Future": ...
    def scatter(self, thing: object, *, hash: bool) -> "_Future": ...  # noqa: A002  # as Dask has it
    def close(self) -> None: ...


class _Future(Protocol):
    def result(self) -> object: ...


class Promise(Generic[R]):
    """What a work makes, when it is asked for: here then, once; on a cluster as soon as somebody has time."""

    def __init__(self, client: _Client | None, work: Callable[..., R], things: tuple[object, ...]) -> None:
        self._work, self._things = work, things
        self._made: list[R] = []
        self.future: _Future | None = None
        if client is not None:
            given = (thing.future if isinstance(thing, Promise) else thing for thing in things)
            self.future, self._things = client.submit(work, *given, pure=False), ()

    def result(self) -> R:
        """Wait for it. What the work raises is raised."""
        if self.future is not None:
            found: R = self.future.result()  # type: ignore[assignment]
            return found
        if not self._made:
            given = (thing.result() if isinstance(thing, Promise) else thing for thing in self._things)
            self._made.append(self._work(*given))
            self._things = ()
        return self._made[0]


class Workers:
    """Where the work is done; a context manager. `address` None is this process.

    Raises (on entering):
        InputError: Dask is not installed or nobody answers at the address.
    """

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._client: _Client | None = None

    def __enter__(self) -> Self:
        if self._address is not None:
            distributed = _distributed()
            try:
                self._client = distributed.Client(self._address, timeout=_CONNECT_S)
            except (OSError, ValueError, TimeoutError) as error:
                raise InputError([f"--dask {self._address}: no scheduler answers there ({error})"]) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def call(self, work: Callable[..., R], *things: object) -> Promise[R]:
        """Have `work` done on `things`, some of which may be promises themselves."""
        return Promise(self._client, work, things)

    def send(self, thing: R) -> Promise[R]:
        """Something large, to be where the work is done."""
        promise = Promise(None, lambda: thing, ())
        if self._client is not None:
            promise.future = self._client.scatter(thing, hash=False)
        return promise

    def each(self, promises: Iterable[Promise[R]], count: int, said: str) -> Iterator[R]:
        """The results in the order of the promises, of which some more are asked for than were waited for."""
        return progress(_each(promises, 0 if self._client is None else _AHEAD), count, said)


def _each(promises: Iterable[Promise[R]], ahead: int) -> Iterator[R]:
    waiting: deque[Promise[R]] = deque()
    for promise in promises:
        waiting.append(promise)
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")  # an extra that most houses do without
    except ImportError:
        raise InputError(["--dask needs the extra of that name: pip install 'hladina[dask]'"]) from None


def progress(results: Iterator[R], count: int, said: str, stream: TextIO | None = None) -> Iterator[R]:
    """The results, with a bar on a terminal and nothing in a pipe."""
    stream = stream or sys.stderr
    shown = stream.isatty()
    for done, result in enumerate(results, start=1):
        if shown:
            filled = _BAR_WIDTH * done // count
            bar = "#" * filled + "." * (_BAR_WIDTH - filled)
            end = "\n" if done == count else ""
            print(f"\r{said:9} [{bar}] {done}/{count}", end=end, file=stream, flush=True)
        yield result
