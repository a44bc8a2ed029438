"""`hladina recipients add|list|remove|subscribe`."""

import asyncio
from collections.abc import Sequence

from alerting.notify import recipients
from floodcore.network import load
from hladina.cli import settings


def main(argv: Sequence[str]) -> int:
    """Hand over to the room that owns recipients; station names are checked against the network."""
    wanted = list(argv)
    if not wanted or wanted[0] in {"-h", "--help"} or "--help" in wanted:
        return asyncio.run(recipients.run(wanted or ["--help"], ""))
    chosen = settings()
    network = load.read(chosen.stations)
    return asyncio.run(recipients.run(wanted, chosen.database_url, frozenset(network.stations)))
