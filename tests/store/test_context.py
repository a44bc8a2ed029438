"""Bulletins and classes: the newest word stands, with its age; an older one does not take its place."""

from datetime import UTC, datetime, timedelta

from floodcore.context import Bulletin, GaugeClass, Warned
from floodcore.store import context
from floodcore.store.connect import Pool
from floodcore.words import Language

SENT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def warned(code: str, expires: datetime | None) -> Warned:
    words = {Language.CS: code, Language.EN: code}
    return Warned(code, "Severe", "Likely", SENT, expires, ("5104", "5105"), words, words, ("invented",), flood=True)


BULLETIN = Bulletin("b-1", SENT, (warned("XII.1", SENT + HOUR), warned("XII.2", None)))


async def test_a_bulletin_comes_back_as_it_was_without_what_has_ended(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        assert await context.bulletin(conn, "invented", SENT) == BULLETIN
        later = await context.bulletin(conn, "invented", SENT + HOUR)
        assert isinstance(later, Bulletin)
        assert [each.code for each in later.warnings] == ["XII.2"]


async def test_an_older_document_does_not_take_the_place_of_a_newer_one(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        await context.put_bulletin(conn, "invented", Bulletin("b-0", SENT - HOUR, ()), SENT + HOUR)
        assert await context.bulletin(conn, "invented", SENT) == BULLETIN
        newer = Bulletin("b-2", SENT + HOUR, ())
        await context.put_bulletin(conn, "invented", newer, SENT + HOUR)
        assert await context.bulletin(conn, "invented", SENT + HOUR) == newer


async def test_a_doubt_keeps_the_last_word_and_is_lifted_by_an_unchanged_document(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        await context.note_doubt(conn, "invented", context.FAILED, "503", SENT)
        assert await context.bulletin(conn, "invented", SENT) == context.Doubt("failed", "503", BULLETIN)
        await context.clear_doubt(conn, "invented", SENT)
        assert await context.bulletin(conn, "invented", SENT) == BULLETIN
        await context.note_doubt(conn, "unknown", context.EMPTY, "nothing", SENT)
        await context.clear_doubt(conn, "unknown", SENT)
        assert await context.bulletin(conn, "unknown", SENT) == context.Doubt("empty", "nothing")
        assert await context.bulletin(conn, "other", SENT) == context.Doubt("never")


async def test_a_day_is_the_most_that_a_bulletin_holds(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        await context.clear_doubt(conn, "invented", SENT + 24 * HOUR)
        assert isinstance(await context.bulletin(conn, "invented", SENT + 24 * HOUR), Bulletin)
        old = await context.bulletin(conn, "invented", SENT + 24 * HOUR + timedelta(seconds=1))
        assert isinstance(old, context.Doubt)
        assert old.why == "old"


async def test_the_newest_class_stands(pool: Pool) -> None:
    new = GaugeClass("g", SENT, 2, "invented")
    async with pool.connection() as conn:
        await context.put_classes(conn, "lhp", [new, GaugeClass("h", SENT, None, "")], SENT)
        await context.put_classes(conn, "lhp", [GaugeClass("g", SENT - HOUR, 4, "old")], SENT)
        await context.put_classes(conn, "lhp", [], SENT)
        assert await context.classes(conn, "lhp") == [new, GaugeClass("h", SENT, None, "")]
        assert await context.classes(conn, "other") == []


async def test_what_nobody_has_asked_for_lately_is_not_known(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        last = SENT + context.MAX_IMPORT
        assert isinstance(await context.bulletin(conn, "invented", last), Bulletin)
        doubt = await context.bulletin(conn, "invented", last + timedelta(seconds=1))
        assert isinstance(doubt, context.Doubt)
        assert doubt.why == "stalled"
        assert doubt.last is not None
        await context.clear_doubt(conn, "invented", last)
        assert isinstance(await context.bulletin(conn, "invented", last + HOUR), Bulletin)


async def test_a_bulletin_of_the_future_is_not_believed_and_bars_no_true_one(pool: Pool) -> None:
    future = Bulletin("b-9", SENT + 400 * 24 * HOUR, ())
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        await context.put_bulletin(conn, "invented", future, SENT)
        assert await context.bulletin(conn, "invented", SENT) == context.Doubt(
            "failed", "the bulletin is dated in the future", BULLETIN
        )
        # one that an earlier clock of ours let in
        await conn.execute("UPDATE bulletin SET sent = %s, state = 'told', fault = ''", (future.sent,))
        assert await context.bulletin(conn, "invented", SENT) == context.Doubt("failed")
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        assert await context.bulletin(conn, "invented", SENT) == BULLETIN


async def test_a_class_of_the_future_is_not_believed_and_bars_no_true_one(pool: Pool) -> None:
    year = 365 * 24 * HOUR
    async with pool.connection() as conn:
        await context.put_classes(conn, "lhp", [GaugeClass("g", SENT + year, 0, "")], SENT)
        assert await context.graded(conn) == []
        await context.put_classes(conn, "lhp", [GaugeClass("g", SENT + year, 0, "")], SENT + year)
        (early,) = await context.graded(conn)
        assert not early.current(SENT)
        await context.put_classes(conn, "lhp", [GaugeClass("g", SENT, 3, "invented")], SENT)
        (grade,) = await context.graded(conn)
    assert (grade.grade, grade.at, grade.received_at) == (3, SENT, SENT)
    assert grade.current(SENT)
    assert grade.current(SENT + context.MAX_CLASS_AGE)
    assert not grade.current(SENT + context.MAX_CLASS_AGE + timedelta(seconds=1))


async def test_a_bulletin_too_large_to_be_shown_is_a_failure_and_no_half_of_one(pool: Pool) -> None:
    long = {Language.CS: "x" * 4_000}
    many = tuple(Warned(f"V.{n}", "Severe", "Likely", None, None, (), long, long) for n in range(500))
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        await context.put_bulletin(conn, "invented", Bulletin("b-2", SENT + HOUR, many), SENT + HOUR)
        doubt = await context.bulletin(conn, "invented", SENT)
    assert isinstance(doubt, context.Doubt)
    assert (doubt.why, doubt.last) == ("failed", BULLETIN)


async def test_warnings_are_read_once_for_each_bulletin(pool: Pool) -> None:
    async with pool.connection() as conn:
        await context.put_bulletin(conn, "invented", BULLETIN, SENT)
        first = await context.standings(conn)
        assert first[0].warnings == BULLETIN.warnings
        await context.note_doubt(conn, "invented", "failed", "503", SENT + HOUR)
        await conn.execute("UPDATE bulletin SET warnings = '[]'")  # only to see whether it is read again
        second = await context.standings(conn, known=first)
        assert (second[0].warnings, second[0].state) == (BULLETIN.warnings, "failed")
        await context.put_bulletin(conn, "invented", Bulletin("b-2", SENT + HOUR, ()), SENT + HOUR)
        assert (await context.standings(conn, known=second))[0].warnings == ()
