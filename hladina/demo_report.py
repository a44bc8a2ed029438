"""What the demo says while it runs and at its end, read from the database like everything else."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import class_row

from floodcore.network.model import Network
from floodcore.store.listen import EVENT, listening

_EVERY_S = 0.5
_Row = TypeVar("_Row")

_EVENTS: LiteralString = """
SELECT event_id, station_id, kind, reason, at, from_degree, to_degree, value, unit, limit_value, trend,
       probability, horizon_min, expected_at
FROM event LEFT JOIN expectation USING (event_id) WHERE event_id > %s ORDER BY event_id
"""
_CAPS: LiteralString = """
SELECT cap_id, identifier, msg_type, headline_cs FROM cap_message WHERE cap_id > %s ORDER BY cap_id
"""
_NEWEST: LiteralString = """
SELECT coalesce((SELECT max(event_id) FROM event), 0) AS event_id,
       coalesce((SELECT max(cap_id) FROM cap_message), 0) AS cap_id
"""
_COUNTS: LiteralString = """
SELECT (SELECT count(*) FROM observation) AS readings,
       (SELECT count(*) FROM event WHERE kind = 'reached' AND to_degree > from_degree) AS raised,
       (SELECT count(*) FROM event WHERE kind = 'reached' AND to_degree < from_degree) AS lowered,
       (SELECT count(*) FROM event WHERE kind = 'expected' AND reason = 'expected') AS expected,
       (SELECT count(*) FROM event WHERE kind = 'expected' AND reason = 'withdrawn') AS withdrawn,
       (SELECT count(*) FROM event WHERE kind = 'silence') AS silences,
       (SELECT count(*) FROM delivery WHERE accepted_at IS NOT NULL) AS sms,
       (SELECT count(*) FROM cap_message) AS caps,
       (SELECT count(*) FROM quarantine) AS quarantined
"""


@dataclass(frozen=True, slots=True)
class _Event:
    event_id: int
    station_id: str
    kind: str
    reason: str
    at: datetime
    from_degree: int
    to_degree: int
    value: float | None
    unit: str
    limit_value: float | None
    trend: str
    probability: float | None
    horizon_min: int | None
    expected_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Cap:
    cap_id: int
    identifier: str
    msg_type: str
    headline_cs: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The last event and CAP message already told."""

    event_id: int
    cap_id: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in the database."""

    readings: int
    raised: int
    lowered: int
    expected: int
    withdrawn: int
    silences: int
    sms: int
    caps: int
    quarantined: int

    def since(self, earlier: "Counts") -> "Counts":
        """What came after `earlier`."""
        return Counts(
            self.readings - earlier.readings,
            self.raised - earlier.raised,
            self.lowered - earlier.lowered,
            self.expected - earlier.expected,
            self.withdrawn - earlier.withdrawn,
            self.silences - earlier.silences,
            self.sms - earlier.sms,
            self.caps - earlier.caps,
            self.quarantined - earlier.quarantined,
        )

    def lines(self) -> list[str]:
        """The summary at the end."""
        return [
            f"  readings stored      {self.readings}",
            f"  degrees raised       {self.raised} (lowered {self.lowered}, gauges lost {self.silences})",
            f"  degrees expected     {self.expected} (withdrawn {self.withdrawn})",
            f"  SMS sent             {self.sms} (to the console; no phone rang)",
            f"  CAP messages         {self.caps}",
            f"  quarantined inputs   {self.quarantined}",
        ]


async def counts(dsn: str) -> Counts:
    """Count everything once."""
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        (found,) = await _fetch(connection, Counts, _COUNTS)
    return found


async def newest(dsn: str) -> Newest:
    """Up to where everything has been told."""
    async with await AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        (found,) = await _fetch(connection, Newest, _NEWEST)
    return found


async def narrate(dsn: str, network: Network, told: Newest, public_url: str) -> None:
    """Print every degree change and every CAP message as it comes; until cancelled."""
    event_id, cap_id = told.event_id, told.cap_id
    while True:
        try:
            async with (
                listening(dsn, EVENT) as wake,
                await AsyncConnection.connect(dsn, autocommit=True, connect_timeout=5) as connection,
            ):
                while True:
                    for event in await _fetch(connection, _Event, _EVENTS, event_id):
                        event_id = event.event_id
                        print(_event_line(event, network), flush=True)
                    for cap in await _fetch(connection, _Cap, _CAPS, cap_id):
                        cap_id = cap.cap_id
                        print(f"CAP {cap.msg_type} {public_url}/feed/exercise/cap/{cap.identifier}.xml", flush=True)
                        print(f"    {cap.headline_cs}", flush=True)
                    await wake.wait(_EVERY_S)
        except OperationalError:
            await asyncio.sleep(_EVERY_S)


async def _fetch(connection: AsyncConnection, kind: type[_Row], query: LiteralString, *after: int) -> list[_Row]:
    async with connection.cursor(row_factory=class_row(kind)) as cursor:
        return await (await cursor.execute(query, after)).fetchall()


def _event_line(event: _Event, network: Network) -> str:
    station = network.stations.get(event.station_id)
    river = network.rivers.get(station.river or "") if station is not None else None
    name = station.names.local if station is not None else event.station_id
    where = f"{name} ({river.names.local})" if river is not None else name
    when = f"{event.at:%d.%m. %H:%M} UTC"
    if event.kind == "expected":
        return f"{when}  {_expectation(event, where)}"
    if event.kind == "incident":
        figures = f"{event.value or 0:.0f} of {event.limit_value or 0:.0f} stations silent"
        return f"{when}  INCIDENT {event.station_id} {event.reason}, {figures} at its beginning"
    if event.kind != "reached":
        return f"{when}  {event.kind.upper():<8} {where}: no readings, degree {event.to_degree} stands"
    value = "" if event.value is None else f", {event.value:g} {event.unit}"
    limit = "" if event.limit_value is None else f" (limit {event.limit_value:g})"
    arrow = "RAISED" if event.to_degree > event.from_degree else "lowered"
    change = f"degree {event.from_degree} -> {event.to_degree}"
    return f"{when}  {arrow:<8} {where}: {change}{value}{limit}, {event.trend}"


def _expectation(event: _Event, where: str) -> str:
    """What the forecast says, before the water does."""
    value = "" if event.value is None else f", now {event.value:g} {event.unit}"
    if event.expected_at is None or event.probability is None or event.horizon_min is None:
        how = "came true" if event.reason == "fulfilled" else "WITHDRAWN, it did not come"
        return f"EXPECTED {where}: degree {event.from_degree} {how}{value}"
    limit = "" if event.limit_value is None else f" (limit {event.limit_value:g})"
    sure = f"{event.probability:.0%} within {event.horizon_min / 60:g} h"
    again = {"changed": ", at another time", "lowered": ", less than before"}.get(event.reason, "")
    return (
        f"EXPECTED {where}: degree {event.to_degree}{limit} about {event.expected_at:%H:%M} UTC,"
        f" {sure}{again}{value}; not reached yet"
    )
