"""Who looks at whom: series that come late move the forecasts of those that looked at them (ADR 0029)."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import AsyncConnection

_NAMES: LiteralString = "SELECT series_id, station_id, quantity FROM series WHERE series_id = ANY(%s)"
_WATCH: LiteralString = """
    INSERT INTO foresight_beside (series_id)
    SELECT DISTINCT n FROM unnest(%s::int[]) AS w(n)
    WHERE NOT EXISTS (SELECT FROM foresight_beside b WHERE b.series_id = n) ORDER BY n
    ON CONFLICT DO NOTHING"""
# What was judged of a series since one below it looked at it, and lies before how far that one was foreseen. As far
# back as a reading that counts may lie there, and one that counts above it.
_BEHIND: LiteralString = """
    SELECT DISTINCT f.series_id
    FROM unnest(%s::int[], %s::text[]) AS w(upper, station_id)
    JOIN series s USING (station_id)
    JOIN foresight f ON f.series_id = s.series_id
    JOIN series_state u ON u.series_id = w.upper
    WHERE f.foreseen_until IS NOT NULL AND EXISTS (
        SELECT FROM observation o
        WHERE o.series_id = w.upper
          AND o.observed_at BETWEEN f.foreseen_until - interval '12 hours' AND f.foreseen_until
          AND o.delivery <= u.judged_delivery
          AND o.delivery > coalesce((
              SELECT max((p ->> 1)::bigint) FROM jsonb_array_elements(f.memory -> 'seen') AS p
              WHERE (p ->> 0)::int = w.upper), 0))
    ORDER BY f.series_id"""

# Those that another round is foreseeing just now, as nobody else sees yet; nobody is waited for.
_BUSY: LiteralString = """
    WITH free AS MATERIALIZED (
        SELECT f.series_id FROM foresight f JOIN series s USING (series_id)
        WHERE s.station_id = ANY(%(stations)s::text[])
        FOR KEY SHARE OF f SKIP LOCKED)
    SELECT f.series_id FROM foresight f JOIN series s USING (series_id)
    WHERE s.station_id = ANY(%(stations)s::text[]) AND NOT EXISTS (
        SELECT FROM free WHERE free.series_id = f.series_id)
    ORDER BY f.series_id"""


async def names(conn: AsyncConnection, series: Sequence[int]) -> list[tuple[int, str, str]]:
    """Number, station and quantity of the series."""
    return [(n, station, q) for n, station, q in await (await conn.execute(_NAMES, (list(series),))).fetchall()]


async def watch(conn: AsyncConnection, series: Sequence[int]) -> None:
    """From now on these are marked when they are judged, whether they have degrees or not."""
    if series:
        await conn.execute(_WATCH, (list(series),))


async def behind(conn: AsyncConnection, looks: Sequence[tuple[int, str]]) -> list[int]:
    """Of the stations that look at a series (pairs), those foreseen beyond what came of it since, or being foreseen.

    Who foresees them just now may have read before it came, and how far shows with the commit only.
    """
    if not looks:
        return []
    uppers, stations = zip(*looks, strict=True)
    busy = await (await conn.execute(_BUSY, {"stations": list(dict.fromkeys(stations))})).fetchall()
    rows = await (await conn.execute(_BEHIND, (list(uppers), list(stations)))).fetchall()
    return sorted({number for (number,) in (*busy, *rows)})
