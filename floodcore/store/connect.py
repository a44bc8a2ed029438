"""The connection pool. It must come back by itself however long the database was away."""

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Pool = AsyncConnectionPool[AsyncConnection]

_APPLICATION = "hladina"
_CONNECT_LIMIT_S = 5
# How long one attempt series lasts before the pool reports failure; a caller's next request starts a
# new one, so an outage of any length ends in recovery (tests/store/test_outage.py).
_RECONNECT_LIMIT_S = 30.0
_WAIT_LIMIT_S = 5.0


class DatabaseMissingError(RuntimeError):
    """The database cannot be reached; the text says which and what to check."""


async def open_pool(dsn: str, *, max_size: int = 16, reconnect_limit_s: float = _RECONNECT_LIMIT_S) -> Pool:
    """Open a pool on `dsn` and wait until it has a connection.

    Raises:
        DatabaseMissingError: no connection within 5 s.
    """
    pool: Pool = AsyncConnectionPool(
        dsn,
        min_size=2,
        max_size=max_size,
        open=False,
        timeout=_WAIT_LIMIT_S,
        reconnect_timeout=reconnect_limit_s,
        max_idle=60.0,
        check=AsyncConnectionPool.check_connection,
        kwargs={
            "application_name": _APPLICATION,
            "connect_timeout": _CONNECT_LIMIT_S,
            "keepalives_idle": 10,
            "tcp_user_timeout": 10_000,
        },
    )
    try:
        await pool.open(wait=True, timeout=_WAIT_LIMIT_S)
    except (PoolTimeout, OperationalError) as error:
        await pool.close()
        message = f"the database {describe(dsn)} does not answer: check HLADINA_DATABASE_URL and that PostgreSQL runs"
        raise DatabaseMissingError(message) from error
    return pool


def describe(dsn: str) -> str:
    """The address without user and password, for messages."""
    return dsn.rpartition("@")[2].partition("?")[0]
