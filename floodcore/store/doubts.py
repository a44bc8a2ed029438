"""Doubts between series: what the watch reads to find them, how they are kept, and what pages show of them.

Append-only. A doubt holds until its `until` in data time; one that goes on is written again. It changes no degree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from floodcore.words import Flag, Freshness

# Good at the door is enough: what the fold made of a value must not hide it from the look beside.
_RECENT: LiteralString = """
    SELECT o.series_id, s.station_id, s.quantity, o.observed_at AS at, o.value
    FROM series s JOIN observation o USING (series_id)
    WHERE s.quantity = ANY(%s) AND o.observed_at > %s AND o.observed_at <= %s AND o.flag = %s
    ORDER BY o.series_id, o.observed_at"""
_RECENT_OF: LiteralString = """
    SELECT o.series_id, s.station_id, s.quantity, o.observed_at AS at, o.value
    FROM series s JOIN observation o USING (series_id)
    WHERE s.station_id = ANY(%s) AND s.quantity = ANY(%s) AND o.observed_at > %s AND o.observed_at <= %s AND o.flag = %s
    ORDER BY o.series_id, o.observed_at"""
_HOURLY: LiteralString = """
    SELECT o.series_id, s.station_id, s.quantity, date_trunc('hour', o.observed_at, 'UTC') AS at,
           CASE WHEN s.quantity = 'rain' THEN sum(o.value)
                ELSE percentile_cont(0.5) WITHIN GROUP (ORDER BY o.value) END AS value
    FROM series s JOIN observation o USING (series_id)
    WHERE s.quantity = ANY(%s) AND o.observed_at > %s AND o.observed_at <= %s AND o.flag = %s
    GROUP BY o.series_id, s.station_id, s.quantity, date_trunc('hour', o.observed_at, 'UTC')
    ORDER BY o.series_id, at"""
_SAVE: LiteralString = """
    INSERT INTO doubt (series_id, test, since, until, text, evidence)
    SELECT i, t, s, u, x, e::jsonb
    FROM unnest(%s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[])
        AS n(i, t, s, u, x, e)"""
_OPEN: LiteralString = """
    SELECT DISTINCT ON (d.series_id, d.test)
           d.series_id, s.station_id, s.quantity, d.test, d.since, d.until, d.text, d.evidence::text AS evidence
    FROM doubt d JOIN series s USING (series_id)
    WHERE d.until > %s AND d.since <= %s
    ORDER BY d.series_id, d.test, d.doubt_id DESC"""
_PAST: LiteralString = """
    SELECT d.series_id, s.station_id, s.quantity, d.test, d.since, max(d.until) AS until,
           (array_agg(d.text ORDER BY d.doubt_id DESC))[1] AS text,
           (array_agg(d.evidence::text ORDER BY d.doubt_id DESC))[1] AS evidence
    FROM doubt d JOIN series s USING (series_id)
    WHERE s.station_id = %s
    GROUP BY d.series_id, s.station_id, s.quantity, d.test, d.since
    ORDER BY d.since DESC, d.test LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Word:
    """A value good at the door, or an hour of them (median of a level, sum of rain)."""

    series_id: int
    station_id: str
    quantity: str
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class NewDoubt:
    """A doubt to keep. `text` in English for the log; pages use the catalogue's `doubt.<test>` with `evidence`."""

    series_id: int
    test: str
    since: datetime
    until: datetime
    text: str
    evidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A doubt as pages show it; `evidence` as JSON, for `numbers`."""

    series_id: int
    station_id: str
    quantity: str
    test: str
    since: datetime
    until: datetime
    text: str
    evidence: str

    @property
    def key(self) -> str:
        """The key of the catalogue that says it in the reader's language, with `numbers` as placeholders."""
        return f"doubt.{self.test}"

    @property
    def numbers(self) -> dict[str, float]:
        """What the text is about."""
        return msgspec.json.decode(self.evidence, type=dict[str, float])


async def recent(conn: AsyncConnection, quantities: Sequence[str], after: datetime, until: datetime) -> list[Word]:
    """The values good at the door with their time in (after, until], by series in time order."""
    async with conn.cursor(row_factory=class_row(Word)) as cursor:
        await cursor.execute(_RECENT, (list(quantities), after, until, int(Flag.GOOD)))
        return await cursor.fetchall()


async def recent_of(
    conn: AsyncConnection, stations: Sequence[str], quantities: Sequence[str], after: datetime, until: datetime
) -> list[Word]:
    """The same, of these stations only."""
    async with conn.cursor(row_factory=class_row(Word)) as cursor:
        await cursor.execute(_RECENT_OF, (list(stations), list(quantities), after, until, int(Flag.GOOD)))
        return await cursor.fetchall()


async def hourly(conn: AsyncConnection, quantities: Sequence[str], after: datetime, until: datetime) -> list[Word]:
    """The same by hours: the median, of rain the sum."""
    async with conn.cursor(row_factory=class_row(Word)) as cursor:
        await cursor.execute(_HOURLY, (list(quantities), after, until, int(Flag.GOOD)))
        return await cursor.fetchall()


async def save(conn: AsyncConnection, doubts: Sequence[NewDoubt]) -> None:
    """Keep the doubts."""
    if doubts:
        columns = [[getattr(one, name) for one in doubts] for name in ("series_id", "test", "since", "until", "text")]
        await conn.execute(_SAVE, [*columns, [msgspec.json.encode(one.evidence).decode() for one in doubts]])


async def open_doubts(conn: AsyncConnection, now: datetime) -> list[DoubtView]:
    """The doubts that hold at data time `now`, one for each series and test, the newest word."""
    async with conn.cursor(row_factory=class_row(DoubtView)) as cursor:
        await cursor.execute(_OPEN, (now, now))
        return await cursor.fetchall()


async def past_doubts(conn: AsyncConnection, station_id: str, limit: int = 50) -> list[DoubtView]:
    """The doubts upon a station, each from its beginning to its last word, newest first."""
    async with conn.cursor(row_factory=class_row(DoubtView)) as cursor:
        await cursor.execute(_PAST, (station_id, limit))
        return await cursor.fetchall()


def lowered(shown: Freshness, *, doubted: bool) -> Freshness:
    """The freshness of a mark upon whose series there is a doubt: never better than doubtful; silence stays silence."""
    return Freshness.DOUBTFUL if doubted and shown in {Freshness.FRESH, Freshness.LATE} else shown
