"""How devices, series and ways fare: what a device says of itself, and what its readings say of the way.

Compact: one row a device, one a series, one a station whose clock is ahead. Nothing here decides a
degree. A radio decoder calls `note_signs` in the transaction that stores its readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.words import Observation

# What the health of a series is worked out from.
SPAN = timedelta(hours=24)
# How often, and how many series in one call.
EVERY = timedelta(minutes=5)
SERIES = 150
# A gauge of one minute; one that speaks more often is judged by its last 1,440 readings.
_MOST = 1440

_SIGNS: LiteralString = """
    INSERT INTO wellbeing (station_id, device, source, at, rssi_dbm, snr_db, battery_v, battery_percent, received_at)
    SELECT DISTINCT ON (s, d) s, d, %(source)s, a, r, n, v, p, %(received_at)s
    FROM unnest(%(stations)s::text[], %(devices)s::text[], %(at)s::timestamptz[], %(rssi)s::float8[],
                %(snr)s::float8[], %(volts)s::float8[], %(percent)s::float8[]) AS w(s, d, a, r, n, v, p)
    ORDER BY s, d, a DESC
    ON CONFLICT (station_id, device) DO UPDATE SET
        source = excluded.source, at = excluded.at, received_at = excluded.received_at,
        rssi_dbm = coalesce(excluded.rssi_dbm, wellbeing.rssi_dbm),
        snr_db = coalesce(excluded.snr_db, wellbeing.snr_db),
        battery_v = coalesce(excluded.battery_v, wellbeing.battery_v),
        battery_percent = coalesce(excluded.battery_percent, wellbeing.battery_percent)
    WHERE wellbeing.at <= excluded.at"""
_AHEAD: LiteralString = """
    INSERT INTO ahead (station_id, source, ahead_s, at)
    SELECT s, %s, max(a), %s FROM unnest(%s::text[], %s::float8[]) AS f(s, a) GROUP BY s ORDER BY s
    ON CONFLICT (station_id) DO UPDATE SET
        source = excluded.source, ahead_s = excluded.ahead_s, at = excluded.at"""
# Of readings that came together only the newest says how long the way takes; the others waited for it in a file.
# While our own clock is thought wrong the usual delay is kept: it is what tells that the clock is right again.
_MEASURE: LiteralString = """
    INSERT INTO series_health AS known
        (series_id, source, readings, good, median_delay_s, usual_delay_s, measured_at)
    SELECT t.series_id, newest.source, found.readings, found.good, found.median_s, found.usual_s, %(now)s
    FROM (
        SELECT tip.series_id, tip.newest_at FROM tip LEFT JOIN series_health h USING (series_id)
        WHERE tip.newest_at > %(since)s
          AND (h.measured_at IS NULL OR h.measured_at <= %(before)s OR h.measured_at > %(now)s)
        ORDER BY h.measured_at NULLS FIRST, tip.series_id LIMIT %(limit)s) t
    JOIN observation newest ON newest.series_id = t.series_id AND newest.observed_at = t.newest_at
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS readings,
               count(*) FILTER (WHERE flag = 1)::int AS good,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY delay_s) FILTER (WHERE counts) AS median_s,
               percentile_cont(0.2) WITHIN GROUP (ORDER BY delay_s) FILTER (WHERE counts) AS usual_s
        FROM (
            SELECT coalesce(v.flag, o.flag) AS flag,
                   NOT o.late AND o.observed_at = max(o.observed_at) OVER (PARTITION BY o.received_at) AS counts,
                   extract(epoch FROM o.received_at - o.observed_at)::float8 AS delay_s
            FROM observation o LEFT JOIN verdict v USING (series_id, observed_at)
            WHERE o.series_id = t.series_id AND o.observed_at > %(since)s AND o.observed_at <= %(latest)s
            ORDER BY o.observed_at DESC LIMIT %(most)s) AS recent
    ) AS found
    ORDER BY t.series_id
    ON CONFLICT (series_id) DO UPDATE SET
        source = excluded.source, readings = excluded.readings, good = excluded.good,
        median_delay_s = excluded.median_delay_s, measured_at = excluded.measured_at,
        usual_delay_s = CASE WHEN EXISTS (SELECT FROM incident WHERE scope = 'clock' AND ended_at IS NULL)
                             THEN coalesce(known.usual_delay_s, excluded.usual_delay_s)
                             ELSE excluded.usual_delay_s END"""
_STATIONS: LiteralString = """
    SELECT s.station_id, s.quantity, coalesce(h.source, o.source, '') AS source, t.newest_at, o.received_at,
           CASE WHEN t.newest_at > %(since)s THEN h.readings ELSE 0 END AS readings,
           CASE WHEN t.newest_at > %(since)s THEN h.good ELSE 0 END AS good,
           h.median_delay_s
    FROM series s JOIN tip t USING (series_id)
    LEFT JOIN series_health h USING (series_id)
    JOIN observation o ON o.series_id = t.series_id AND o.observed_at = t.newest_at
    WHERE %(station_id)s::text IS NULL OR s.station_id = %(station_id)s
    ORDER BY s.station_id, s.quantity"""
_DEVICES: LiteralString = """
    SELECT station_id, device, at, rssi_dbm, snr_db, battery_v, battery_percent
    FROM wellbeing WHERE %(station_id)s::text IS NULL OR station_id = %(station_id)s
    ORDER BY station_id, device"""
# A source is as old as its newest reading; one that never gave a reading has its row in source_health only.
_SOURCES: LiteralString = """
    SELECT source, count(*)::int AS series, max(newest_at) AS newest_at, sum(readings)::int AS readings,
           sum(good)::int AS good,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY median_delay_s) AS median_delay_s
    FROM series_health JOIN tip USING (series_id)
    WHERE newest_at > %(since)s
    GROUP BY source ORDER BY source"""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a device said of itself with an uplink: signal at the best gateway, battery. None = not said.

    `at` is the time of the uplink, aware UTC; `rssi_dbm` in dBm, `snr_db` in dB, `battery_v` in V,
    `battery_percent` 0 to 100.
    """

    station_id: str
    device: str
    at: datetime
    rssi_dbm: float | None = None
    snr_db: float | None = None
    battery_v: float | None = None
    battery_percent: float | None = None


@dataclass(frozen=True, slots=True)
class SeriesHealth:
    """How one series fares: the newest reading, and of the last 24 hours count, good ones and median delay in s.

    `readings` and `good` None = not worked out yet.
    """

    station_id: str
    quantity: str
    source: str
    newest_at: datetime
    received_at: datetime
    readings: int | None
    good: int | None
    median_delay_s: float | None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the readings of one source fare in the last 24 hours; the delay is the median of its series' medians."""

    source: str
    series: int
    newest_at: datetime
    readings: int
    good: int
    median_delay_s: float | None


async def note_signs(conn: AsyncConnection, source: str, signs: Sequence[Sign], received_at: datetime) -> None:
    """Keep the newest word of each device; an older one than is known changes nothing."""
    if not signs:
        return
    values = {
        "source": source,
        "received_at": received_at,
        "stations": [sign.station_id for sign in signs],
        "devices": [sign.device for sign in signs],
        "at": [sign.at for sign in signs],
        "rssi": [sign.rssi_dbm for sign in signs],
        "snr": [sign.snr_db for sign in signs],
        "volts": [sign.battery_v for sign in signs],
        "percent": [sign.battery_percent for sign in signs],
    }
    await conn.execute(_SIGNS, values)


async def note_ahead(conn: AsyncConnection, source: str, refused: Sequence[Observation], at: datetime) -> None:
    """Note by how much the stamps of `refused` are ahead of our clock at `at`; those behind it are left out."""
    ahead = [
        (each.reading.station_id, (each.reading.observed_at - at).total_seconds())
        for each in refused
        if each.reading.observed_at > at
    ]
    if ahead:
        stations, seconds = zip(*ahead, strict=True)
        await conn.execute(_AHEAD, (source, at, list(stations), list(seconds)))


async def measure(conn: AsyncConnection, now: datetime, limit: int = SERIES) -> int:
    """Work out the health of up to `limit` series heard in the last 24 hours whose turn it is; returns how many.

    The longest unmeasured first; none that was measured within `EVERY`. A series of a reading a minute takes
    13 ms, one of ten minutes 1.2 ms (measured on two busy cores), so a call keeps nobody waiting for long.
    """
    values = {
        "now": now,
        "since": now - SPAN,
        "latest": now,
        "before": now - EVERY,
        "most": _MOST,
        "limit": limit,
    }
    return (await conn.execute(_MEASURE, values)).rowcount


async def of_series(conn: AsyncConnection, now: datetime, station_id: str | None = None) -> list[SeriesHealth]:
    """The health of every series, or of those of one station."""
    async with conn.cursor(row_factory=class_row(SeriesHealth)) as cursor:
        await cursor.execute(_STATIONS, {"since": now - SPAN, "station_id": station_id})
        return await cursor.fetchall()


async def of_sources(conn: AsyncConnection, now: datetime) -> list[SourceHealth]:
    """The health of the readings of every source heard in the last 24 hours."""
    async with conn.cursor(row_factory=class_row(SourceHealth)) as cursor:
        await cursor.execute(_SOURCES, {"since": now - SPAN})
        return await cursor.fetchall()


async def of_devices(conn: AsyncConnection, station_id: str | None = None) -> list[Sign]:
    """The newest word of every device, or of those of one station."""
    async with conn.cursor(row_factory=class_row(Sign)) as cursor:
        await cursor.execute(_DEVICES, {"station_id": station_id})
        return await cursor.fetchall()
