"""The command line `hladina`. Exit codes: 0 ok, 1 failed, 2 misuse. No traceback for a fault of the world."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from psycopg import OperationalError

from floodcore.network.faults import ConfigurationError
from floodcore.settings import Settings, SettingsError, read
from floodcore.store.connect import DatabaseMissingError
from floodcore.store.embedded import EmbeddedError
from floodcore.store.migrate import MigrationError
from floodcore.texts import TextsError

OK, FAILED, MISUSE = 0, 1, 2

# name: (module with `main(argv) -> int`, what it does)
COMMANDS = {
    "demo": ("hladina.demo", "the whole system on this machine with simulated gauges"),
    "run": ("hladina.commands.run", "run the rooms of a house"),
    "check": ("hladina.commands.check", "check the station files: all faults at once, with file and line"),
    "db": ("hladina.commands.db", "upgrade, status, backup, restore, maintain"),
    "recipients": ("hladina.commands.recipients", "add, list, remove and subscribe telephone numbers"),
    "note": ("hladina.commands.note", "write, end and list what people know of a gauge"),
    "rules": ("hladina.commands.rules", "history of a station's rules: since when, by whom, why"),
    "hindcast": ("hladina.hindcast", "run the live engine over recorded data"),
    "lab": ("hladina.commands.lab", "try other limits, hysteresis and calm time on a record"),
    "rates": ("hladina.commands.rates", "learn how fast each river goes from its record"),
    "simulate": ("hladina.commands.simulate", "simulated gauges for a running house"),
    "rebuild": ("hladina.commands.rebuild", "judge the record again and say where state or events differ"),
    "flood-book": ("hladina.commands.flood_book", "verify or export the flood book"),
    "status": ("hladina.commands.status", "how a running house is"),
}

FAULTS_OF_THE_WORLD = (DatabaseMissingError, EmbeddedError, MigrationError, TextsError, OperationalError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="hladina",
        description="Flood early warning for the Liberec Region and its neighbours.",
        epilog="\n".join(f"  {name:<12}{text}" for name, (_, text) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND", help="see below; each takes --help")
    chosen = parser.parse_args(arguments[:1]).command
    # Our products of matrices are small: a second thread of the linear algebra only spins, and doubles the CPU time.
    # It is read when numpy comes in, with the command.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    command: Callable[[Sequence[str]], int] = import_module(COMMANDS[chosen][0]).main
    try:
        return command(arguments[1:])
    except SettingsError as error:
        return _say(error.faults, MISUSE)
    except ConfigurationError as error:
        return _say([str(fault) for fault in error.faults], MISUSE)
    except FAULTS_OF_THE_WORLD as error:
        return _say([(str(error).splitlines() or [type(error).__name__])[0]], FAILED)
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def settings(*, need_database: bool = True) -> Settings:
    """The settings of the environment.

    Raises:
        SettingsError: with every fault.
    """
    found = read(os.environ)
    if need_database and not found.database_url:
        raise SettingsError(["HLADINA_DATABASE_URL: missing; name the database, e.g. postgresql://user:…@host/hladina"])
    return found


def _say(lines: Sequence[str], code: int) -> int:
    for line in lines:
        print(f"hladina: {line.strip()}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
