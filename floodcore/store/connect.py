"""The connection pool. It must come back by itself however long the database was away."""

from typing import TypedDict

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Pool = AsyncConnectionPool[AsyncConnection]

_CONNECT_LIMIT_S = 5
# How long one attempt series lasts before the pool reports failure; a caller's next request starts a
# new one, so an outage of any length ends in recovery (tests/store/test_outage.py). Short, because the
# pauses within a series double: after an outage the longest one of 30 s would still be waited out.
_RECONNECT_LIMIT_S = 4.0
_WAIT_LIMIT_S = 5.0
# A process that is stopped, or cut off, in the middle of a transaction holds row locks that the others
# wait for; after this long the server ends its transaction. Far longer than the longest pause of ours:
# the engine judges a full round (20,000 samples, 0.6 s measured) between reading and writing.
_IDLE_IN_TRANSACTION_LIMIT_S = 120


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
        kwargs={**alive("hladina")},
        configure=_guard,
    )
    try:
        await pool.open(wait=True, timeout=_WAIT_LIMIT_S)
    except (PoolTimeout, OperationalError) as error:
        await pool.close()
        message = f"the database {describe(dsn)} does not answer: check HLADINA_DATABASE_URL and that PostgreSQL runs"
        raise DatabaseMissingError(message) from error
    return pool


class Lively(TypedDict):
    """Connection options of libpq."""

    application_name: str
    connect_timeout: int
    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int
    tcp_user_timeout: int


def alive(application: str) -> Lively:
    """Options of a connection that notices within 20 s that the other end is gone, even while it only waits.

    Without the interval the kernel's own of 75 s would count, and a listener would be deaf for minutes.
    """
    return {
        "application_name": application,
        "connect_timeout": _CONNECT_LIMIT_S,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


async def _guard(connection: AsyncConnection) -> None:
    await connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_IN_TRANSACTION_LIMIT_S}s'")
    await connection.commit()


def describe(dsn: str) -> str:
    """The address without user and password, for messages."""
    return dsn.rpartition("@")[2].partition("?")[0]
