"""From what was heard to the committed store: counters of buckets compared, signs of devices noted, all in one step."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import AsyncConnection

from collectors.counters import Counted, fallen
from collectors.keeping import store_all
from collectors.mounted import Heard
from floodcore.quality.door import AHEAD, OLDEST
from floodcore.store import counters
from floodcore.store.ingest import Stored, durable
from floodcore.store.sources import Refused
from floodcore.store.wellbeing import Sign, note_signs


async def settle(
    conn: AsyncConnection,
    source: str,
    heard: Heard,
    refused: Sequence[Refused],
    now: datetime,
    *,
    signs: Sequence[Sign] = (),
) -> Stored:
    """Store what was heard; when this returns all of it is committed: only then acknowledge.

    Raises:
        psycopg.Error: nothing was stored.
    """
    async with durable(conn):
        return await settle_all(conn, source, heard, refused, now, signs=signs)


async def settle_all(
    conn: AsyncConnection,
    source: str,
    heard: Heard,
    refused: Sequence[Refused],
    now: datetime,
    *,
    signs: Sequence[Sign] = (),
) -> Stored:
    """What `settle` does, inside a transaction of the caller.

    Counters are locked before the tips of the series, by every writer, so that nobody waits in a circle.
    A counter whose stamp lies ahead of our clock is not believed, since it would swallow the rain after it; nor
    one of years ago.
    """
    readings = heard.readings
    counts = [count for count in heard.counts if now - OLDEST <= count.at <= now + AHEAD]
    if counts:
        known = await counters.locked(conn, {count.counter for count in counts})
        rain = fallen(counts, {name: Counted(at, total) for name, (at, total) in known.items()})
        readings = readings + rain.readings
        await counters.move(conn, {name: (stood.at, stood.total) for name, stood in rain.counters.items()})
    stored = await store_all(conn, source, readings, refused, now)
    await note_signs(conn, source, signs, now)
    return stored
