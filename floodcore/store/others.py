"""What the other sources of a gauge said last, for a source that only fills in for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection

from floodcore.words import Quantity

# Backwards along the primary key, so that a source that speaks is found at the first row.
_NEWEST: LiteralString = """
    SELECT s.station_id, s.quantity, last.observed_at
    FROM series s CROSS JOIN LATERAL (
        SELECT o.observed_at FROM observation o WHERE o.series_id = s.series_id AND o.source <> %s
        ORDER BY o.observed_at DESC LIMIT 1) AS last
    WHERE s.station_id = ANY(%s)"""


async def newest_of_others(
    conn: AsyncConnection, source: str, stations: Sequence[str]
) -> Mapping[tuple[str, Quantity], datetime]:
    """The newest time at which a source other than `source` measured each series of `stations`, aware UTC."""
    cursor = await conn.execute(_NEWEST, (source, list(stations)))
    return {(station, Quantity(quantity)): at for station, quantity, at in await cursor.fetchall()}
