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
_WAIT: LiteralString = "UPDATE announcement SET wait_until = %s WHERE event_id = %s AND channel = %s"
# Only what was held back and opened again has, as a message, a time it waits for (floodcore.store.telling).
_MESSAGE: LiteralString = """
    SELECT EXISTS (SELECT FROM cap_message m WHERE m.event_id = e.event_id) AS told,
           a.wait_until IS NOT NULL AS opened_again,
           coalesce(f.degree = e.to_degree, false) AND NOT EXISTS (
               SELECT FROM event n
               WHERE n.series_id = e.series_id AND n.kind = 'expected' AND n.event_id > e.event_id) AS stands,
           coalesce(f.outlook @> jsonb_build_object('limits', jsonb_build_array(
               jsonb_build_object('degree', e.to_degree, 'warned', true))), false) AS warned
    FROM announcement a JOIN event e USING (event_id) LEFT JOIN foresight f USING (series_id)
    WHERE a.event_id = %s AND a.channel = 'cap'"""


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
class Message:
    """The message of an expectation: whether it was `told`, or held back and `opened_again`; how it is with it now.

    `stands`: it is still what people are told. `warned`: the newest forecast warns of it; what stands may be unwarned
    for half an hour before it is withdrawn.
    """

    told: bool
    opened_again: bool
    stands: bool
    warned: bool

    @property
    def waits(self) -> bool:
        """Whether it may have to be told, though not now: nobody is to hear for the first time of what fades."""
        return self.opened_again and not self.told and self.stands and not self.warned

    @property
    def void(self) -> bool:
        """Whether there is nothing left to tell."""
        return self.told or (self.opened_again and not self.stands)


_TELLABLE = Message(told=False, opened_again=False, stands=True, warned=True)


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


async def message(conn: AsyncConnection, event_id: int) -> Message:
    """How it is with the message of an expectation; to be called with its chain locked."""
    async with conn.cursor(row_factory=class_row(Message)) as cursor:
        found = await (await cursor.execute(_MESSAGE, (event_id,))).fetchone()
    return _TELLABLE if found is None else found


async def wait(conn: AsyncConnection, event_id: int, until: datetime, channel: str = "sms") -> None:
    """Look at the announcement of an event again at `until`."""
    await conn.execute(_WAIT, (until, event_id, channel))
