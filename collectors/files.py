"""Which files may come, under which name, and who reads them. Pure.

A file comes under a name: that of an export, `fiedler`, or a station that has a link of its own to files.
The same names serve the upload over HTTP and the folder that is watched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from collectors import exports, fiedler
from collectors.mounted import Heard
from collectors.radio import devices
from floodcore.network.model import Network


@dataclass(frozen=True, slots=True)
class Inbox:
    """`source` is the name of the source of what comes in; `decode` gives what a file says or `DecodeError`."""

    name: str
    source: str
    decode: Callable[[bytes], Heard]


def inboxes(network: Network) -> dict[str, Inbox]:
    """Every name under which a file may come."""
    found: dict[str, Inbox] = {}
    for station in network.stations.values():
        alone = {station.id: station}
        loggers = devices(alone, fiedler.KIND)
        if loggers:
            found[station.id] = Inbox(station.id, fiedler.KIND, partial(fiedler.decode, known=loggers))
        for export in network.exports.values():
            fed = exports.stations_of(alone, export.id)
            if fed and not loggers:
                read = partial(exports.decode, export=export, known=fed)
                found[station.id] = Inbox(station.id, exports.KIND, read)
    every = devices(network.stations, fiedler.KIND)
    if every:
        found[fiedler.KIND] = Inbox(fiedler.KIND, fiedler.KIND, partial(fiedler.decode, known=every))
    for export in network.exports.values():
        fed = exports.stations_of(network.stations, export.id)
        if fed:
            found[export.id] = Inbox(export.id, exports.KIND, partial(exports.decode, export=export, known=fed))
    return found


def complete(body: bytes) -> bool:
    """Whether a file looks written to its end: a line or a JSON document that is closed."""
    return body.rstrip(b" \t\r")[-1:] in {b"\n", b"}", b"]"}


def names(inboxes_: Mapping[str, Inbox]) -> str:
    """The names, for a message to whoever chose another."""
    return ", ".join(sorted(inboxes_)[:20]) or "none"
