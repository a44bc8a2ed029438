"""Where the counters of rain buckets stand. To be used inside the transaction that stores the rain."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection

# The row of a counter that nobody has seen yet cannot be locked; the readings of two writers would then be
# stored once, since (series, time) is unique.
_LOCK: LiteralString = "SELECT counter, at, total FROM counter WHERE counter = ANY(%s) ORDER BY counter FOR UPDATE"
_MOVE: LiteralString = """
    INSERT INTO counter (counter, at, total)
    SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::bigint[]) AS moved(counter, at, total) ORDER BY 1
    ON CONFLICT (counter) DO UPDATE SET at = excluded.at, total = excluded.total WHERE counter.at < excluded.at"""


async def locked(conn: AsyncConnection, counters: Iterable[str]) -> Mapping[str, tuple[datetime, int]]:
    """Time and count of each known one of `counters`, locked until the end of the transaction."""
    cursor = await conn.execute(_LOCK, (sorted(set(counters)),))
    return {counter: (at, total) for counter, at, total in await cursor.fetchall()}


async def move(conn: AsyncConnection, counters: Mapping[str, tuple[datetime, int]]) -> None:
    """Keep where the counters stand now; an older count never overwrites a newer one."""
    if counters:
        stands = list(counters.values())
        await conn.execute(_MOVE, (list(counters), [at for at, _ in stands], [total for _, total in stands]))
