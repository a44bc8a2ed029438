"""Work for each of many things: one after the other here, or on a Dask cluster, with progress on a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Protocol, Self, TextIO, TypeVar

from hladina.station_list import InputError

T = TypeVar("T")
R = TypeVar("R")

_BAR_WIDTH = 30
_CONNECT_S = 10
# Things sent to the cluster at once, so that a record of decades is not all on its way together.
_AHEAD = 200


class _Client(Protocol):
    """What is used of a Dask client."""

    def submit(self, work: object, *things: object, pure: bool) -> "_Future": ...
    def close(self) -> None: ...


class _Future(Protocol):
    def result(self) -> object: ...


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

    def each(self, work: Callable[[T], R], things: Sequence[T], said: str) -> Iterator[R]:
        """The results in the order of the things."""
        results = map(work, things) if self._client is None else _far(self._client, work, things)
        return progress(results, len(things), said)


def _far(client: _Client, work: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
    for start in range(0, len(things), _AHEAD):
        futures = [client.submit(work, thing, pure=False) for thing in things[start : start + _AHEAD]]
        for future in futures:
            result: R = future.result()  # type: ignore[assignment]
            yield result


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
