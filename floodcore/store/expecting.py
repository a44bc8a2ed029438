"""What is expected of a series now, for those who tell it: what was decided, the newest forecast, the newest value."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.store.foresight import Memory, Outlook, Told

_NOW: LiteralString = """
    SELECT f.issued_at, f.memory::text AS memory, f.outlook::text AS outlook, st.value, st.observed_at, st.trend
    FROM foresight f JOIN series s USING (series_id) JOIN series_state st USING (series_id)
    WHERE s.station_id = %s AND s.quantity = %s"""
_WAIT: LiteralString = "UPDATE announcement SET wait_until = %s WHERE event_id = %s AND channel = 'sms'"


@dataclass(frozen=True, slots=True)
class Expecting:
    """What stands of a series: `told` what was decided to tell (None: nothing), `outlook` the forecast of `issued_at`.

    `value` (canonical unit) of `observed_at` and `trend` are the newest that are believed.
    """

    told: Told | None
    outlook: Outlook | None
    issued_at: datetime | None
    value: float | None
    observed_at: datetime | None
    trend: str


@dataclass(frozen=True, slots=True)
class _Row:
    issued_at: datetime | None
    memory: str | None
    outlook: str | None
    value: float | None
    observed_at: datetime | None
    trend: str


async def expecting(conn: AsyncConnection, station_id: str, quantity: str) -> Expecting | None:
    """What stands of a series; None if it was never foreseen."""
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        row = await (await cursor.execute(_NOW, (station_id, quantity))).fetchone()
    if row is None:
        return None
    try:
        told = None if row.memory is None else msgspec.json.decode(row.memory, type=Memory).told
        outlook = None if row.outlook is None else msgspec.json.decode(row.outlook, type=Outlook)
    except msgspec.MsgspecError:  # of another version: nothing is known until the next forecast
        return None
    return Expecting(told, outlook, row.issued_at, row.value, row.observed_at, row.trend)


async def wait(conn: AsyncConnection, event_id: int, until: datetime) -> None:
    """Look at the announcement of an event again at `until`."""
    await conn.execute(_WAIT, (until, event_id))
