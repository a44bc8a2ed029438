"""Rises believed with reservation: officers are told at once and why it is doubted, residents when it is proved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.notify.compose import Happening, compose
from alerting.notify.expanding import expand_one
from alerting.notify.renewing import renew_run_out
from alerting.notify.segments import count
from floodcore.network.model import Names
from floodcore.store import judging
from floodcore.store.judging import Announcement, NewEvent
from floodcore.store.telling import Announced
from floodcore.texts import Texts
from floodcore.words import Language, Quantity, Trend
from tests.notify.conftest import NETWORK, Rig

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
Firm = tuple[int | None, int | None]


async def announce(
    rig: Rig,
    degrees: tuple[int, int],
    firm: Firm = (None, None),
    *,
    kind: str = "reached",
    doubt: str = "",
    ago: timedelta = timedelta(),
    valid: timedelta = timedelta(minutes=30),
) -> int:
    """What the engine writes; returns the number of the event."""
    at = datetime.now(UTC) - ago
    was, to = degrees
    event = NewEvent(
        None,  # type: ignore[arg-type]  # the station of this rig has no series
        "hradek",
        "level",
        kind,
        at,
        was,
        to,
        "moved",
        310.0,
        "cm",
        200.0,
        "steady",
        None,
        "chain",
        "test",
        exercise=False,
        firm_from=firm[0],
        firm_to=firm[1],
        doubt=doubt,
    )
    async with rig.house.pool.connection() as conn:
        ((number, _),) = await judging.save_events(conn, [event])
        await judging.announce(conn, [Announcement(number, "sms", to, at + valid)])
    return number


async def texts_of(rig: Rig) -> dict[str, list[str]]:
    """Who is told what, as long as it is still to be sent."""
    while await expand_one(rig.house):
        pass
    found: dict[str, list[str]] = {}
    for row in await rig.deliveries():
        if row["status"] == "due":
            found.setdefault(str(row["phone"]), []).append(str(row["body"]))
    return found


async def test_officers_read_why_residents_wait_for_the_proof(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    await announce(rig, (0, 2), (0, 0), doubt="leap")
    told = await texts_of(rig)
    assert list(told) == [officer]
    assert told[officer][0].startswith("NEOVERENO, dosazen limit: 2. SPA")
    assert "Obyvatele nevedi" in told[officer][0]
    await announce(rig, (0, 2), kind="proved")
    told = await texts_of(rig)
    assert set(told) == {resident, officer}
    assert all(len(each) == 1 and each[0].startswith("Dosazen limit: 2. SPA") for each in told.values())


async def test_of_a_partial_proof_officers_read_that_more_than_that_stands(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    await announce(rig, (0, 3), (0, 0), doubt="wreck", ago=timedelta(minutes=3))
    await texts_of(rig)
    await announce(rig, (0, 2), kind="proved", ago=timedelta(minutes=2))
    told = await texts_of(rig)
    assert [text.split(" #")[0].split(",")[0] for text in told[officer]] == ["NEOVERENO"]
    assert "dosazen limit: 3. SPA" in told[officer][0]
    assert [text.startswith("Dosazen limit: 2. SPA") for text in told[resident]] == [True]
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE delivery SET valid_until = now() - interval '1 second' WHERE status = 'due'")
    await renew_run_out(rig.house)
    told = await texts_of(rig)
    assert ["NEOVERENO" in text and "3. SPA" in text for text in told[officer]] == [True]
    assert ["NEOVERENO" in text or "3. SPA" in text for text in told[resident]] == [False]
    await announce(rig, (2, 3), kind="proved")
    told = await texts_of(rig)
    assert [text.startswith("Dosazen limit: 3. SPA") for each in told.values() for text in each] == [True, True]


async def test_residents_hear_no_end_of_what_they_were_not_told(rig: Rig) -> None:
    await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    await announce(rig, (0, 2), (0, 0), doubt="wreck", ago=timedelta(minutes=3))
    await announce(rig, (2, 2), kind="unproved", doubt="wreck", ago=timedelta(minutes=2))
    await announce(rig, (2, 0), (0, 0))
    told = await texts_of(rig)
    assert list(told) == [officer]
    assert {text.split(":")[0] for text in told[officer]} == {"STALE NEOVERENO", "Pod vsemi limity, naposledy"}


async def test_residents_hear_the_end_of_what_they_knew_alone(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [later] = await rig.people(1, role="officer")
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE recipient SET from_degree = 2 WHERE role = 'resident'")
    await announce(rig, (2, 0), (1, 0))
    assert set(await texts_of(rig)) == {later}, "who is told from degree 2 on never heard of it"
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE recipient SET from_degree = 1 WHERE role = 'resident'")
    await announce(rig, (2, 0), (1, 0), ago=timedelta(seconds=-1))
    told = await texts_of(rig)
    assert "1. SPA" in told[resident][0]
    assert "2. SPA" not in told[resident][0]


async def test_after_an_outage_residents_are_told_what_was_proved_and_not_what_was_not(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    await announce(rig, (0, 1), ago=timedelta(minutes=50))
    await announce(rig, (1, 2), (1, 1), doubt="leap", ago=timedelta(minutes=40))
    told = await texts_of(rig)
    assert ["1. SPA" in text for text in told[resident]] == [True]
    assert "NEOVERENO" in told[officer][-1]


async def test_a_text_that_ran_out_is_not_renewed_with_what_is_not_proved(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    await announce(rig, (0, 1), ago=timedelta(minutes=20))
    while await expand_one(rig.house):
        pass
    await announce(rig, (1, 2), (1, 1), doubt="leap", ago=timedelta(minutes=5))
    while await expand_one(rig.house):
        pass
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE delivery SET valid_until = now() - interval '1 second'")
    await renew_run_out(rig.house)
    told = await texts_of(rig)
    assert ["1. SPA" in text and "NEOVERENO" not in text for text in told[resident]] == [True]
    assert ["NEOVERENO" in text for text in told[officer]] == [True]


async def test_what_is_expected_of_an_unproved_rise_is_for_officers(rig: Rig) -> None:
    await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    async with rig.house.pool.connection() as conn:
        await conn.execute("INSERT INTO rule_version VALUES ('test', '{}', now())")
        await conn.execute(
            "WITH s AS (INSERT INTO series (station_id, quantity, unit) VALUES ('hradek', 'level', 'cm')"
            " RETURNING series_id) INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree,"
            " trend, flag, test, updated_at, firm, doubt)"
            " SELECT series_id, 'test', now(), '{}', 1, 'steady', 1, '', now(), 0, 'leap' FROM s"
        )
        await conn.execute(
            "WITH e AS (INSERT INTO event (series_id, station_id, quantity, kind, at, from_degree, to_degree, reason,"
            " unit, trend, chain, rule_version, exercise) SELECT series_id, 'hradek', 'level', 'expected', now(), 1, 2,"
            " 'expected', 'cm', 'rising', 'chain', 'test', false FROM series RETURNING event_id),"
            " x AS (INSERT INTO expectation SELECT event_id, 0.95, 60, now() + interval '1 hour',"
            " now() + interval '30 min', now() + interval '90 min', 'm' FROM e)"
            " INSERT INTO announcement SELECT event_id, 'sms', 2, now() + interval '30 min' FROM e"
        )
    assert list(await texts_of(rig)) == [officer]


def test_whom_an_event_concerns() -> None:
    one = Announced(1, 2, NOW, "a", "level", "reached", NOW, 0, 2, "", None, "steady", exercise=False)
    assert one.highest == 2
    assert replace(one, firm_from=0, firm_to=0).highest == 0
    assert replace(one, from_degree=3, to_degree=0, firm_from=1, firm_to=0).highest == 1
    assert replace(one, from_degree=3, to_degree=0, firm_from=1, firm_to=0).left == 1
    assert replace(one, from_degree=3, to_degree=1, firm_from=1, firm_to=1).left == 3
    assert replace(one, kind="silence", from_degree=2).highest == 2


@pytest.mark.parametrize("doubt", ["leap", "unit", "wreck"])
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", ["reached", "unproved"])
def test_the_text_says_what_to_do_and_costs_two_sms(texts: Texts, language: Language, doubt: str, kind: str) -> None:
    was = 0 if kind == "reached" else 3
    happening = Happening(kind, Quantity.LEVEL, NOW, was, 3, 412.0, Trend.STEADY, doubt=doubt)
    station = replace(NETWORK.stations["hradek"], names=Names("N" * 20))
    text = compose(texts, happening, station, "R" * 14, language, exercise=True, delayed=False)
    assert count(f"{text} #0000000") <= 2
    for key in (f"sms.doubt.{doubt}", "sms.advice.unverified"):
        spoken = texts.say(language, key)
        words = [word for word in spoken.replace(".", " ").split() if word.isascii()]
        assert all(word in text for word in words), (spoken, text)
