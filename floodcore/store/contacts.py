"""Recipients of SMS: who is told, in which language, about which stations. Phone numbers live here only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import class_row, scalar_row

_ADD: LiteralString = """
    INSERT INTO recipient (phone, language, role, from_degree, expected_from_degree, expected_probability)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (phone) DO UPDATE
    SET language = excluded.language, role = excluded.role, from_degree = excluded.from_degree,
        expected_from_degree = excluded.expected_from_degree, expected_probability = excluded.expected_probability,
        active = true, blocked = ''
    RETURNING recipient_id"""
_SUBSCRIBE: LiteralString = """
    INSERT INTO subscription (recipient_id, station_id)
    SELECT %s, unnest(%s::text[])
    ON CONFLICT DO NOTHING"""
_FIND: LiteralString = "SELECT recipient_id FROM recipient WHERE phone = %s"
_LIST: LiteralString = """
    SELECT r.phone, r.language, r.role, r.from_degree, r.expected_from_degree, r.expected_probability,
           r.active, r.blocked, r.created_at,
           coalesce(array_agg(s.station_id ORDER BY s.station_id) FILTER (WHERE s.station_id IS NOT NULL), '{}')
               AS stations
    FROM recipient r LEFT JOIN subscription s USING (recipient_id)
    GROUP BY r.recipient_id ORDER BY r.role, r.recipient_id"""
_REMOVE: LiteralString = "DELETE FROM recipient WHERE phone = %s RETURNING recipient_id"
_CANCEL: LiteralString = """
    UPDATE delivery SET status = 'expired', error_code = %s, final_at = now()
    WHERE recipient_id = %s AND status = 'due'"""
_STOP_RETRIES: LiteralString = """
    UPDATE delivery SET superseded = true WHERE recipient_id = %s AND status = 'sending'"""
# An open question needs the number to ask the gateway's list; every other text loses it with its owner.
_ERASE: LiteralString = """
    UPDATE delivery SET phone = '' WHERE recipient_id = %s AND status <> 'sending'"""
_OPT_OUT: LiteralString = """
    UPDATE recipient SET blocked = 'opted out' WHERE phone = %s AND role = 'resident' AND blocked = ''
    RETURNING recipient_id"""
_OPT_IN: LiteralString = "UPDATE recipient SET blocked = '' WHERE phone = %s AND blocked = 'opted out'"
_ROLE: LiteralString = "SELECT role FROM recipient WHERE phone = %s"


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """Someone to be told, checked (alerting.notify.recipients.check).

    A resident is told what is expected from `expected_from_degree` on, if it is at least `expected_probability` sure.
    """

    phone: str
    language: str
    role: str
    from_degree: int
    stations: tuple[str, ...] = ()
    expected_from_degree: int = 2
    expected_probability: float = 0.8


@dataclass(frozen=True, slots=True)
class Recipient:
    """A stored recipient. `blocked` says why no text goes out, empty if it does."""

    phone: str
    language: str
    role: str
    from_degree: int
    expected_from_degree: int
    expected_probability: float
    active: bool
    blocked: str
    created_at: datetime
    stations: list[str]


async def add(connection: AsyncConnection, new: NewRecipient) -> None:
    """Add a recipient, or change the one with this number; either way texts go out again."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        degrees = [new.from_degree, new.expected_from_degree, new.expected_probability]
        number = await (await cursor.execute(_ADD, [new.phone, new.language, new.role, *degrees])).fetchone()
    await connection.execute(_SUBSCRIBE, [number, list(new.stations)])


async def subscribe(connection: AsyncConnection, phone: str, stations: Sequence[str]) -> bool:
    """Subscribe `phone` to `stations`; False if there is no such recipient."""
    number = await _number(connection, phone)
    if number is None:
        return False
    await connection.execute(_SUBSCRIBE, [number, list(stations)])
    return True


async def every(connection: AsyncConnection) -> list[Recipient]:
    """All recipients, officers first."""
    async with connection.cursor(row_factory=class_row(Recipient)) as cursor:
        return await (await cursor.execute(_LIST)).fetchall()


async def remove(connection: AsyncConnection, phone: str) -> bool:
    """Forget `phone`: recipient, waiting texts, and the number in past ones. False if unknown."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        number = await (await cursor.execute(_REMOVE, [phone])).fetchone()
    if number is None:
        return False
    await _cancel(connection, int(number), "removed")
    await connection.execute(_ERASE, [number])
    return True


async def opt_out(connection: AsyncConnection, phone: str) -> str:
    """Take `phone` at its word: a resident gets no more texts, the waiting ones included.

    Returns the role found, empty for a stranger. An officer stays: the caller raises it to the operator.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        number = await (await cursor.execute(_OPT_OUT, [phone])).fetchone()
        if number is not None:
            await _cancel(connection, int(number), "opted out")
        return str(await (await cursor.execute(_ROLE, [phone])).fetchone() or "")


async def opt_in(connection: AsyncConnection, phone: str) -> None:
    """Texts to `phone` again, if its owner had stopped them."""
    await connection.execute(_OPT_IN, [phone])


async def _number(connection: AsyncConnection, phone: str) -> int | None:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        return await (await cursor.execute(_FIND, [phone])).fetchone()


async def _cancel(connection: AsyncConnection, number: int, reason: str) -> None:
    await connection.execute(_CANCEL, [reason, number])
    await connection.execute(_STOP_RETRIES, [number])
