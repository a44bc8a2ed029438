"""Which rules a station was judged by, since when, who changed them and why; read only."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

_LOG: LiteralString = """
    SELECT s.quantity, u.since, u.delivery, u.rule_version, v.rules::text AS rules, v.first_used_at, u.valid_from,
           u.source, u.author, u.reason, u.recorded_at
    FROM rule_use u JOIN series s USING (series_id) JOIN rule_version v USING (rule_version)
    WHERE s.station_id = %s ORDER BY s.quantity, u.delivery, u.since"""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """From the sample of `since` (batch `delivery`) on `quantity` was judged by `rules`, canonical JSON.

    Empty words are not known: nobody said, or it was before they were asked.
    """

    quantity: str
    since: datetime
    delivery: int
    rule_version: str
    rules: str
    first_used_at: datetime
    valid_from: datetime | None
    source: str
    author: str
    reason: str
    recorded_at: datetime | None


async def of_station(conn: AsyncConnection, station_id: str) -> list[RuleLine]:
    """The rules a station was judged by, oldest first by quantity."""
    async with conn.cursor(row_factory=class_row(RuleLine)) as cursor:
        await cursor.execute(_LOG, (station_id,))
        return await cursor.fetchall()
