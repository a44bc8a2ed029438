"""What the sources before one in trust said last of a gauge, for a source that only fills in for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection

from floodcore.words import Quantity

# Backwards along the primary key, so that a source that speaks is found at once; one that has been silent for
# longer is not looked for through all the years.
_LOOK_BACK = timedelta(days=7)
_NEWEST: LiteralString = """
    SELECT s.station_id, s.quantity, max(last.observed_at)
    FROM unnest(%s::text[], %s::text[]) AS ahead(station_id, source)
    JOIN series s USING (station_id)
    CROSS JOIN LATERAL (
        SELECT o.observed_at FROM observation o
        WHERE o.series_id = s.series_id AND o.source = ahead.source AND o.observed_at > %s
        ORDER BY o.observed_at DESC LIMIT 1) AS last
    GROUP BY s.station_id, s.quantity"""


async def newest_of(
    conn: AsyncConnection, ahead: Mapping[str, Sequence[str]], now: datetime
) -> Mapping[tuple[str, Quantity], datetime]:
    """The newest time (aware UTC, of the last week) at which one of the named sources measured each series.

    `ahead` is names of sources by station.
    """
    pairs = [(station, source) for station, sources in ahead.items() for source in sources]
    stations, sources = [station for station, _ in pairs], [source for _, source in pairs]
    cursor = await conn.execute(_NEWEST, (stations, sources, now - _LOOK_BACK))
    return {(station, Quantity(quantity)): at for station, quantity, at in await cursor.fetchall()}
