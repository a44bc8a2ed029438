"""`hladina rules history STATION`: by which rules a station was judged since when, who changed them and why."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.errors import UndefinedColumn, UndefinedTable

from floodcore.network import load
from floodcore.store import rulelog
from floodcore.store.rulelog import RuleLine
from hladina.cli import FAILED, OK, settings
from hladina.rule_lines import data, lines


def main(argv: Sequence[str]) -> int:
    """Print the history; 1 if neither the record nor the station files know the station."""
    parser = argparse.ArgumentParser(prog="hladina rules", description="The history of the rules of a station.")
    commands = parser.add_subparsers(dest="command", required=True)
    history = commands.add_parser("history", help="what it was judged by, and what is entered to come")
    history.add_argument("station", metavar="STATION")
    history.add_argument("--json", action="store_true", help="the same as data for a page")
    arguments = parser.parse_args(argv)
    chosen = settings()
    station = load.read(chosen.stations).stations.get(arguments.station)
    try:
        used = asyncio.run(_used(chosen.database_url, arguments.station))
    except (UndefinedTable, UndefinedColumn):
        print("rules: the database is not set up: run 'hladina db upgrade'", file=sys.stderr)
        return FAILED
    if station is None and not used:
        print(
            f"rules: there is no station {arguments.station!r}, neither in the files nor in the record", file=sys.stderr
        )
        return FAILED
    found = data(arguments.station, used, station, chosen.clock.now())
    print(json.dumps(found, indent=1, ensure_ascii=False) if arguments.json else "\n".join(lines(found)))
    return OK


async def _used(dsn: str, station_id: str) -> list[RuleLine]:
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        return await rulelog.of_station(connection, station_id)
