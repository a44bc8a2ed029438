"""What the house forgets, and when. Called by its upkeep and by `hladina db maintain`.

Texts that were read go after a month: the readings stay, and no gateway repeats a message so late. What could not be
decoded goes after a season, earlier where one source gives so much of it that it would fill the disk; what it counted
for stays in `source_health`. A text that still waits to be read is never forgotten. Times are of the data.
"""

from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection

TEXTS_KEPT = timedelta(days=30)
REFUSED_KEPT = timedelta(days=90)
REFUSED_MOST = 10_000  # of each source; at the largest payload 40 MB

_TEXTS: LiteralString = "DELETE FROM inbound_text WHERE read_at < %s"
_OLD: LiteralString = "DELETE FROM quarantine WHERE received_at < %s"
_MANY: LiteralString = """
    DELETE FROM quarantine q USING (
        SELECT source, (SELECT quarantine_id FROM quarantine n WHERE n.source = s.source
                        ORDER BY quarantine_id DESC OFFSET %s LIMIT 1) AS newest
        FROM (SELECT DISTINCT source FROM quarantine) AS s) AS surplus
    WHERE q.source = surplus.source AND q.quarantine_id <= surplus.newest"""


async def forget(conn: AsyncConnection, now: datetime, most: int = REFUSED_MOST) -> list[str]:
    """Delete what is older than its time at `now`; a line for each kind of which there was any."""
    steps: tuple[tuple[str, LiteralString, object], ...] = (
        ("texts that were read", _TEXTS, now - TEXTS_KEPT),
        ("old refused inputs", _OLD, now - REFUSED_KEPT),
        ("refused inputs beyond the most", _MANY, most),
    )
    done = []
    for what, statement, bound in steps:
        cursor = await conn.execute(statement, (bound,))
        if cursor.rowcount > 0:
            done.append(f"forgot {cursor.rowcount} {what}")
    return done
