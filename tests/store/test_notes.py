"""Notes of people about gauges, on a real PostgreSQL: in force for their time, ended by a newer row, never changed."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from floodcore.store import book, notes
from floodcore.store.connect import Pool
from floodcore.store.notes import NewNote, cause_of
from floodcore.words import Cause, Language

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def note(cause: Cause = Cause.WORKS, until: datetime | None = None, **changed: object) -> NewNote:
    fields: dict[str, object] = {
        "station_id": "A",
        "cause": cause,
        "valid_from": NOW - HOUR,
        "valid_until": until,
        "author": "povodňová komise",
        "texts": {Language.CS: "Oprava jezu pod profilem"},
    }
    return NewNote(**(fields | changed))  # type: ignore[arg-type]


async def test_a_note_holds_from_its_beginning_to_just_before_its_end(pool: Pool) -> None:
    async with pool.connection() as conn, conn.transaction():
        number = await notes.add(conn, note(until=NOW + HOUR), NOW)
        await notes.add(conn, note(station_id="B"), NOW)
        for moment, held in ((-2 * HOUR, []), (-HOUR, [number]), (HOUR - timedelta(seconds=1), [number]), (HOUR, [])):
            assert [one.note_id for one in await notes.in_force(conn, NOW + moment, "A")] == held
        assert [one.station_id for one in await notes.in_force(conn, NOW)] == ["A", "B"]
        assert [one.station_id for one in await notes.in_force(conn, NOW + 9000 * HOUR)] == ["B"]


async def test_a_note_is_ended_by_a_newer_row_once_and_the_flood_book_has_both(pool: Pool) -> None:
    async with pool.connection() as conn:
        number = await notes.add(conn, note(), NOW)
        await notes.add(conn, note(until=NOW, replaces=number), NOW)
        assert await notes.in_force(conn, NOW) == []
        assert await notes.standing(conn, number) is None
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with conn.transaction():
                await notes.add(conn, note(until=NOW, replaces=number), NOW)
        assert [one.replaces for one in await notes.every(conn, "A")] == [None, number]
        await conn.commit()
        assert (await book.verify(conn)).entries == 2
        await conn.commit()
        for change in ("UPDATE note SET author = 'x'", "DELETE FROM note", "TRUNCATE note CASCADE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute(change.encode())
            await conn.rollback()


async def test_the_newest_word_about_the_water_tags_the_degree(pool: Pool) -> None:
    async with pool.connection() as conn:
        assert cause_of(await notes.in_force(conn, NOW)) is None
        await notes.add(conn, note(Cause.ICE), NOW)
        await notes.add(conn, note(Cause.RELEASE), NOW)
        await notes.add(conn, note(Cause.DESTROYED), NOW)
        found = await notes.in_force(conn, NOW)
        assert [one.cause for one in found] == ["destroyed", "release", "ice"]
        assert cause_of(found) is Cause.RELEASE


async def test_a_text_is_shown_in_the_readers_language_or_in_one_there_is(pool: Pool) -> None:
    both = {Language.PL: "Lód", Language.DE: "Eis"}
    async with pool.connection() as conn:
        await notes.add(conn, note(texts=both), NOW)
        [one] = await notes.in_force(conn, NOW)
    assert one.text(Language.PL) == ("Lód", "pl")
    assert one.text(Language.CS) == ("Eis", "de")
