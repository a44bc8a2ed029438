"""`hladina flood-book verify|export`."""

import argparse
import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from psycopg import AsyncConnection

from floodcore.store import book
from hladina.cli import FAILED, OK, settings


def main(argv: Sequence[str]) -> int:
    """Verify the chain of the flood book, or export the book after verifying it."""
    parser = argparse.ArgumentParser(prog="hladina flood-book", description="The flood book of the house.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("verify", help="recompute every hash; names the first entry that does not fit")
    export = commands.add_parser("export", help="write the book")
    export.add_argument("--format", choices=("csv", "jsonl"), default="csv")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    arguments = parser.parse_args(argv)
    return asyncio.run(_main(settings().database_url, arguments))


async def _main(dsn: str, arguments: argparse.Namespace) -> int:
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        verdict = await book.verify(connection)
        said = verdict.fault or f"{verdict.entries} entries, all sound; last hash {verdict.last.hex()}"
        print(said, file=sys.stderr if arguments.command == "export" else sys.stdout)
        if verdict.fault or arguments.command == "verify":
            return FAILED if verdict.fault else OK
        async with connection.transaction():
            text = await _text(book.read(connection), arguments.format)
    if arguments.out is None:
        print(text, end="")
    else:
        arguments.out.write_text(text, "utf-8")
    return OK


async def _text(entries: AsyncIterator[book.Entry], form: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    if form == "csv":
        writer.writerow(("number", "at", "kind", "event_id", "entry", "hash"))
    async for entry in entries:
        body = json.dumps(dict(entry.entry), ensure_ascii=False, sort_keys=True)
        if form == "csv":
            writer.writerow((entry.number, entry.at.isoformat(), entry.kind, entry.event_id, body, entry.hash.hex()))
        else:
            fields = {
                "number": entry.number,
                "at": entry.at.isoformat(),
                "kind": entry.kind,
                "entry": dict(entry.entry),
            }
            out.write(json.dumps({**fields, "hash": entry.hash.hex()}, ensure_ascii=False) + "\n")
    return out.getvalue()
