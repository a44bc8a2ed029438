"""`hladina rebuild [STATION …]`: judge all that is stored again and say where state or events differ."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg import AsyncConnection, IsolationLevel
from psycopg.errors import UndefinedColumn, UndefinedTable

from alerting import learnt
from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.rebuild import Rebuilt, rebuild
from alerting.rebuild_forecast import Foreseen, foreseen_again
from floodcore.network import load
from floodcore.store import looks
from hladina.cli import FAILED, OK, settings

_WHY = "judged by another engine, or foreseen by other rules or forecasts"
_EVER = (datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


def main(argv: Sequence[str]) -> int:
    """Compare; 1 if any series differs, or nothing can be compared."""
    parser = argparse.ArgumentParser(
        prog="hladina rebuild",
        description="Judge the stored readings again, degrees, rain and forecasts, and compare with what stands and "
        "what was told. Reads only; exit code 1 if anything differs, or nothing could be compared.",
    )
    parser.add_argument("stations", nargs="*", metavar="STATION", help="only these; all without")
    arguments = parser.parse_args(argv)
    chosen = settings()
    network = load.read(chosen.stations)
    trained = learnt.at_start(chosen.stations, network)
    try:
        return asyncio.run(_all(chosen.database_url, Rulebook(network), trained, arguments.stations))
    except (UndefinedTable, UndefinedColumn):
        print("rebuild: the database is not set up: run 'hladina db upgrade'", file=sys.stderr)
        return FAILED


async def _all(dsn: str, rulebook: Rulebook, trained: Trained, stations: Sequence[str]) -> int:
    different = left = again = compared = 0
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as conn:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await conn.set_read_only(True)
        series = await looks.judged(conn, stations)
        await conn.commit()
        for done, (number, station, quantity) in enumerate(series, start=1):
            _progress(done, len(series))
            found, forecast = await _one(conn, rulebook, trained, number)
            await conn.commit()  # a series is of one moment; all together would keep the house from tidying for hours
            faults = [*_faults(found), *_faults_ahead(forecast)]
            compared += isinstance(found, Rebuilt) or (forecast is not None and forecast.comparable)
            left += isinstance(found, str) or (forecast is not None and not forecast.comparable)
            again += 0 if forecast is None else forecast.events
            again += 0 if isinstance(found, str) else len(found.events)
            different += bool(faults)
            for fault in faults:
                _say(f"{station} {quantity}: {fault}")
    _progress(0, 0)
    if not series:
        print("rebuild: there is nothing judged to compare", file=sys.stderr)
        return FAILED
    if not compared:
        print(f"rebuild: nothing was compared: {_WHY}", file=sys.stderr)
        return FAILED
    print(f"{compared} series judged again, {again} events: {different} differ")
    if left:
        print(f"{left} not compared as a whole: {_WHY}")
    return FAILED if different else OK


async def _one(
    conn: AsyncConnection, rulebook: Rulebook, trained: Trained, number: int
) -> tuple[Rebuilt | str, Foreseen | None]:
    """A series again, both ways; the reason where that cannot be. One way's trouble hides nothing of the other."""
    found: Rebuilt | str
    try:
        found = await rebuild(conn, number, *_EVER)
    except (KeyError, ValueError) as error:
        found = str(error)
    try:
        return found, await foreseen_again(conn, rulebook, trained, number)
    except (KeyError, ValueError):
        return found, Foreseen(comparable=False)


def _faults(found: Rebuilt | str) -> list[str]:
    if isinstance(found, str):
        return []
    said = [f"{len(found.missing)} events are missing"] if found.missing else []
    said += [f"{len(found.surplus)} events are not borne out by the readings"] if found.surplus else []
    said += [] if found.same_standing else ["what is remembered is not what the readings lead to"]
    return said + ([] if found.same_rain else ["the sums of rain are not those of the readings"])


def _faults_ahead(found: Foreseen | None) -> list[str]:
    if found is None or not found.comparable:
        return []
    said = [f"forecast: {len(found.missing)} events are missing"] if found.missing else []
    said += [f"forecast: {len(found.surplus)} events are not borne out by the readings"] if found.surplus else []
    said += [] if found.same_words else ["forecast: probabilities or times that were told differ"]
    return said + ([] if found.same_state else ["forecast: what stands is not what the readings lead to"])


def _say(line: str) -> None:
    _progress(0, 0)
    print(line)


def _progress(done: int, count: int) -> None:
    """How far it is, on a terminal; nothing of it stays."""
    if sys.stderr.isatty():
        print(f"\r{done} of {count}" if count else "\r\033[K", end="", file=sys.stderr, flush=True)
