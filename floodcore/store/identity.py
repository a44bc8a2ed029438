"""Who this house is, apart from all others: made with its tables, and carried on by a backup of them."""

from typing import LiteralString

from psycopg import AsyncConnection

_NAME: LiteralString = "SELECT mqtt_client FROM house"


async def mqtt_client(conn: AsyncConnection) -> str:
    """The name of our session at the broker: letters, digits and hyphens, at most 23 (MQTT 3.1.1, 3.1.3.1)."""
    row = await (await conn.execute(_NAME)).fetchone()
    if row is None:
        message = "the table house is empty: restore it from a backup, or insert a name of your own"
        raise LookupError(message)
    return str(row[0])
