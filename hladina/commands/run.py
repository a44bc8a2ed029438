"""`hladina run [--only ROOM,…]`."""

import argparse
import sys
from collections.abc import Sequence

from floodcore.network.faults import ConfigurationError
from hladina.cli import FAILED, MISUSE, settings
from hladina.compose import ROOMS
from hladina.run import PortBusyError, serve, start_logging, until_signal


def main(argv: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="hladina run", description="Run the rooms of a house until stopped.")
    parser.add_argument("--only", metavar="ROOM,…", help=f"some of: {', '.join(ROOMS)} (all)")
    only = parser.parse_args(argv).only
    names = ROOMS if only is None else tuple(name.strip() for name in only.split(",") if name.strip())
    unknown = [name for name in names if name not in ROOMS]
    if unknown or not names:
        print(f"hladina: no room {', '.join(unknown) or only!r}; rooms are {', '.join(ROOMS)}", file=sys.stderr)
        return MISUSE
    chosen = settings()
    start_logging()
    try:
        return until_signal(lambda: serve(chosen, names))
    except (PortBusyError, ConfigurationError) as error:
        print(f"hladina: {error}", file=sys.stderr)
        return FAILED
