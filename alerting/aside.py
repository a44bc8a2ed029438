"""A series that cannot be judged is put aside with the reason, so that it keeps none of the others waiting."""

import logging

import msgspec
import psycopg
from psycopg import AsyncConnection

from floodcore.killpoint import passing
from floodcore.store import marks

# What judging one series may raise: a standing or rules that do not decode, arithmetic, a slip of ours, a
# row the database refuses. Not an outage: that is nobody's fault and ends the round for all.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    psycopg.DataError,
    psycopg.IntegrityError,
)

_log = logging.getLogger("hladina.engine")


async def put_aside(conn: AsyncConnection, number: int, fault: Exception) -> None:
    """Keep series `number` out of the rounds because of `fault`, in a transaction of its own; logged once."""
    async with conn.transaction():
        is_new = await marks.put_aside(conn, number, f"{type(fault).__name__}: {fault}")
        passing("aside.written")
    passing("aside.committed")
    if is_new:
        _log.error("series %d cannot be judged and is put aside: %s: %s", number, type(fault).__name__, fault)
