"""What a test reads out of the store."""

from typing import Any, LiteralString

from psycopg import AsyncConnection

from floodcore.store.connect import Pool


async def rows(conn: AsyncConnection, statement: str) -> list[tuple[Any, ...]]:
    """The rows of `statement`."""
    return await (await conn.execute(statement.encode())).fetchall()


async def rows_of(pool: Pool, query: LiteralString) -> list[tuple[Any, ...]]:
    """The rows of `query`, on a connection of its own."""
    async with pool.connection() as conn:
        return await rows(conn, query)
