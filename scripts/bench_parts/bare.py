"""The bare consumer: what the house is measured against. Batches inserts, acknowledges and alerts after commit.

No checks, no marks, no states, no receipts. Arguments: broker URL, DSN, port of the gateway.
"""

import asyncio
import base64
import json
import struct
import sys
from datetime import datetime

import aiohttp
import psycopg
import uvloop

from collectors.broker import connected

LIMIT_CM = 100.0
ZERO_MM = 5000
COPY = "COPY bare (gauge, at, value) FROM STDIN (FORMAT BINARY)"


def decode(payload: bytes) -> tuple[str, datetime, float]:
    """Gauge, time and level in cm of one uplink."""
    message = json.loads(payload)
    up = message["uplink_message"]
    (distance,) = struct.unpack_from(">H", base64.b64decode(up["frm_payload"]), 2)
    at = datetime.fromisoformat(up["received_at"])
    return message["end_device_ids"]["device_id"], at, (ZERO_MM - distance) / 10


async def alert(session: aiohttp.ClientSession, url: str, gauge: str, level: float) -> None:
    """Tell the gateway."""
    number = gauge.removeprefix("g").lstrip("0") or "0"
    form = {"To": "+420600000001", "From": "+420600000000", "Body": f"Gauge {number} at {level} cm"}
    async with session.post(url, data=form) as answer:
        await answer.read()


async def store(connection: psycopg.AsyncConnection, rows: list[tuple[str, datetime, float]]) -> None:
    """One batch, one transaction."""
    async with connection.transaction(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(("text", "timestamptz", "float8"))
        for row in rows:
            await copy.write_row(row)


async def main(broker: str, dsn: str, port: int) -> None:
    """Consume until killed."""
    url = f"http://127.0.0.1:{port}/Messages.json"
    told: set[str] = set()
    tasks: set[asyncio.Task[None]] = set()
    async with (
        aiohttp.ClientSession() as session,
        await psycopg.AsyncConnection.connect(dsn) as connection,
        connected(broker, "bench-bare") as client,
    ):
        await connection.execute("CREATE TABLE IF NOT EXISTS bare (gauge text, at timestamptz, value float8)")
        await connection.commit()
        await client.subscribe("v3/+/devices/+/up", qos=1)
        print("ready", flush=True)
        while True:
            messages = await client.batch(1000, 1.0)
            rows = [decode(bytes(message.payload)) for message in messages]
            if not rows:
                continue
            await store(connection, rows)
            client.acknowledge(messages)
            for gauge, _, level in rows:
                if level >= LIMIT_CM and gauge not in told:
                    told.add(gauge)
                    task = asyncio.create_task(alert(session, url, gauge, level))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
