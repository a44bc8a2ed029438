"""`hladina check [DIR]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alerting import learnt
from collectors.sensors.registry import offsets
from floodcore.network import report
from floodcore.network.load import check
from hladina.cli import FAILED, MISUSE, OK


def main(argv: Sequence[str]) -> int:
    """Print every fault and what is missing; 0 when there is no fault."""
    parser = argparse.ArgumentParser(prog="hladina check", description="Check the station files, all at once.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("station_configs"), metavar="DIR")
    folder = parser.parse_args(argv).folder
    if not folder.is_dir():
        print(f"hladina: {folder} is not a folder; name the folder of the station files", file=sys.stderr)
        return MISUSE
    checked = check(folder, offsets())
    print("\n".join(report.lines(checked)))
    unfit = [] if checked.network is None else learnt.faults(folder, checked.network)
    if unfit:
        print("\n".join(unfit))
    return FAILED if checked.faults or unfit else OK
