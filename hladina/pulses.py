"""Signs of life of this process: written to the database for the others, and served where no portal is."""

import asyncio
import os
from typing import LiteralString

from aiohttp import web

from floodcore.house import House
from floodcore.supervision import Pulse, Stage

_EVERY_S = 2.0
# Longer than the longest pause of a stage: the sweep for lost gauges begins two minutes after a start.
_SILENT_S = 150.0

_WRITE: LiteralString = """
INSERT INTO stage_pulse (process, stage, beaten_at, failures, broken, written_at)
VALUES (%s, %s, %s, %s, %s, now())
ON CONFLICT (process, stage) DO UPDATE SET beaten_at = excluded.beaten_at, failures = excluded.failures,
    broken = excluded.broken, written_at = excluded.written_at
"""
_FORGET: LiteralString = "DELETE FROM stage_pulse WHERE written_at < now() - interval '1 hour'"


def stages(house: House) -> dict[str, Stage]:
    """The stage that tells the other processes that this one lives."""

    async def tell(pulse: Pulse) -> None:
        process = f"{os.uname().nodename}:{os.getpid()}"
        while True:
            rows = [(process, p.name, p.beaten_at, p.failures, p.broken) for p in house.supervisor.pulses.values()]
            async with house.pool.connection() as connection, connection.cursor() as cursor:
                await cursor.executemany(_WRITE, rows)
                await cursor.execute(_FORGET)
            pulse.beat()
            await asyncio.sleep(_EVERY_S)

    return {"pulse": tell}


def routes(house: House) -> list[web.RouteDef]:
    """A plain /health for a process without the portal: 503 while one of its stages is broken or silent."""

    async def health(_: web.Request) -> web.Response:
        ages = {pulse.name: pulse.age_s() for pulse in house.supervisor.pulses.values()}
        broken = {pulse.name: pulse.broken for pulse in house.supervisor.pulses.values() if pulse.broken}
        for name, age in ages.items():
            if age is None or age > _SILENT_S:
                broken.setdefault(name, "not a sign of life yet" if age is None else f"silent for {age:.0f} s")
        body = {"ok": not broken, "broken": broken, "age_s": ages}
        return web.json_response(body, status=503 if broken else 200)

    return [web.get("/health", health)]
