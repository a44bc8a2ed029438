"""Announcements into deliveries: who is told, what is overtaken, and that two workers tell once."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.notify.expanding import expand_one
from floodcore.store import notes, telling
from floodcore.store.notes import NewNote
from floodcore.store.telling import Body
from floodcore.texts import Texts
from floodcore.words import Cause, Language
from simulators.gateway import Does
from tests.notify.conftest import NETWORK, Rig, open_rig, settled


async def expand_all(rig: Rig) -> None:
    while await expand_one(rig.house):
        pass


async def told(rig: Rig) -> list[tuple[int, str, str]]:
    return [(int(str(row["event_id"])), str(row["phone"]), str(row["status"])) for row in await rig.deliveries()]


async def test_officers_get_everything_residents_what_they_asked_for(rig: Rig) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    async with rig.house.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO recipient (phone, language, role, from_degree) VALUES ('+420600000500', 'cs', 'resident', 1),"
            " ('+420600000501', 'cs', 'resident', 3), ('+420600000502', 'cs', 'resident', 1)"
        )
        await connection.execute(
            "INSERT INTO subscription"
            " SELECT recipient_id, CASE phone WHEN '+420600000502' THEN 'liberec' ELSE 'hradek' END"
            " FROM recipient WHERE phone IN ('+420600000501', '+420600000502')"
        )
    expected = {
        await rig.announce(0, 1): {resident, officer},
        await rig.announce(1, 3): {resident, officer, "+420600000501"},
        await rig.announce(3, 2): {resident, officer, "+420600000501"},
        await rig.announce(2, 2, kind="silence"): {officer},
        await rig.announce(2, 1): {resident, officer},
        await rig.announce(1, 0): {resident, officer},
    }
    await expand_all(rig)
    reached = {event: {phone for at, phone, _ in await told(rig) if at == event} for event in expected}
    assert reached == expected


async def test_only_the_current_state_is_sent_in_either_order(rig: Rig) -> None:
    phones = await rig.people(2)
    events = [await rig.announce(0, 1), await rig.announce(1, 3), await rig.announce(3, 2)]
    await expand_all(rig)  # the most urgent first, so the newest is not expanded last
    rows = await told(rig)
    assert Counter(status for _, _, status in rows) == {"expired": 4, "due": 2}
    assert {(event, status) for event, _, status in rows if status == "due"} == {(events[2], "due")}
    async with rig.running():
        await rig.until(settled)
    assert Counter(message.to for message in rig.gateway.accepted) == Counter(phones)
    assert all("Pokles" in body for body in rig.bodies())


async def test_who_is_not_told_of_the_newer_keeps_the_older(rig: Rig) -> None:
    await rig.people(1, from_degree=2)
    first = await rig.announce(2, 1)
    await rig.announce(1, 0)
    await expand_all(rig)
    assert [(event, status) for event, _, status in await told(rig)] == [(first, "due")]


async def test_silence_does_not_overtake_a_limit(rig: Rig) -> None:
    await rig.people(1, role="officer")
    await rig.announce(0, 3)
    await rig.announce(3, 3, kind="silence")
    await expand_all(rig)
    assert [status for _, _, status in await told(rig)] == ["due", "due"]


@pytest.mark.parametrize("list_down", [True, False])
async def test_a_text_being_sent_is_not_tried_again_after_it_was_overtaken(rig: Rig, list_down: bool) -> None:
    [phone] = await rig.people(1)
    rig.gateway.list_down = list_down
    rig.gateway.plan(phone, Does.HANG_BEFORE)
    async with rig.running():
        first = await rig.announce(0, 2)
        await rig.until(lambda rows: rows[0]["attempt"] == 1)
        await rig.announce(2, 1)
        rows = await rig.until(lambda rows: len(rows) == 2 and settled(rows))
    assert rows[0]["event_id"] == first
    assert rows[0]["status"] == ("failed" if list_down else "expired")
    assert ["Pokles" in body for body in rig.bodies()] == [True]


async def test_expansions_of_one_series_stand_in_a_line(rig: Rig) -> None:
    await rig.people(1)
    older = await rig.announce(0, 3)
    newer = await rig.announce(3, 2)
    async with rig.house.pool.connection() as connection, connection.transaction():
        claimed = await telling.claim_announcement(connection, rig.house.clock.now())
        assert claimed is not None
        announced, _ = claimed
        assert announced.event_id == older
        await telling.expand(connection, announced, {"cs": Body("x", 1)}, announced.valid_until)
        other = asyncio.create_task(expand_one(rig.house))  # must not finish before we have committed
        await asyncio.sleep(0.3)
    assert await other
    assert [(event, status) for event, _, status in await told(rig)] == [(older, "expired"), (newer, "due")]


async def test_after_an_outage_the_current_state_is_told_as_delayed(rig: Rig) -> None:
    await rig.people(1)
    await rig.announce(0, 1, ago=timedelta(hours=2))
    await rig.announce(1, 2, ago=timedelta(hours=1))
    async with rig.running():
        await rig.until(settled)
    [body] = rig.bodies()
    assert body.startswith("ZPOZDENA ZPRAVA. Dosazen limit: 2. SPA")


async def test_ten_workers_expand_each_announcement_once(rig: Rig) -> None:
    await rig.people(20)
    events = [await rig.announce(n % 3, n % 3 + 1) for n in range(12)]
    while any(await asyncio.gather(*(expand_one(rig.house) for _ in range(10)))):
        pass
    rows = await told(rig)
    assert Counter(event for event, _, _ in rows) == dict.fromkeys(events, 20)
    assert {event for event, _, status in rows if status == "due"} == {events[-1]}


async def test_tokens_differ_and_stand_at_the_end(rig: Rig) -> None:
    await rig.people(30)
    await rig.announce(0, 1)
    await expand_all(rig)
    rows = await rig.deliveries()
    assert len({row["token"] for row in rows}) == 30
    assert all(str(row["body"]).endswith(f" #{row['token']}") for row in rows)
    assert {row["segments"] for row in rows} == {1}


async def test_twenty_thousand_are_one_statement(rig: Rig) -> None:
    async with rig.house.pool.connection() as connection, connection.transaction():
        await connection.execute(
            "WITH r AS (INSERT INTO recipient (phone, language, role) SELECT '+42060' || lpad(n::text, 7, '0'), 'cs',"
            " 'resident' FROM generate_series(1, 20000) n RETURNING recipient_id)"
            " INSERT INTO subscription SELECT recipient_id, 'hradek' FROM r"
        )
    await rig.announce(0, 1)
    async with rig.house.pool.connection() as connection, connection.transaction():
        claimed = await telling.claim_announcement(connection, rig.house.clock.now())
        assert claimed is not None
        announced, newest = claimed
        assert newest
        async with asyncio.timeout(5.0):
            written = await telling.expand(connection, announced, {"cs": Body("x", 1)}, announced.valid_until)
    assert written == 20_000


async def test_an_exercise_says_so_first(database: str, texts: Texts) -> None:
    async with open_rig(database, texts, exercise=True) as rig:
        await rig.people(1)
        await rig.announce(0, 1)
        await expand_all(rig)
        [row] = await rig.deliveries()
    assert str(row["body"]).startswith("CVICENI/UEBUNG Dosazen limit")


async def test_who_subscribes_to_the_main_gauge_is_told_by_its_spare(rig: Rig) -> None:
    [resident] = await rig.people(1)
    spare = replace(NETWORK.stations["hradek"], id="hradek-b", spare_for="hradek")
    stations = {**NETWORK.stations, spare.id: spare}
    rig.house = replace(rig.house, network=replace(NETWORK, stations=stations))
    await rig.announce(0, 2)
    async with rig.house.pool.connection() as connection:
        await connection.execute("CREATE TABLE copy AS SELECT * FROM event")
        await connection.execute(
            "INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,"
            " limit_value, trend, chain, rule_version, exercise) SELECT 'hradek-b', quantity, kind, at, from_degree,"
            " to_degree, reason, value, unit, limit_value, trend, chain, rule_version, exercise FROM copy"
        )
        await connection.execute(
            "INSERT INTO announcement SELECT e.event_id, channel, priority, valid_until FROM announcement, event e"
            " WHERE e.station_id = 'hradek-b'"
        )
    await expand_all(rig)
    assert [phone for _, phone, _ in await told(rig)] == [resident, resident]


async def test_a_text_carries_what_people_report_while_it_holds(rig: Rig) -> None:
    await rig.people(1)
    now = rig.house.clock.now()
    async with rig.house.pool.connection() as connection:
        texts = {Language.CS: "Z Harcova odtéká 12 m3/s"}
        for cause, until in ((Cause.RELEASE, None), (Cause.ICE, now), (Cause.SENSOR, None)):
            await notes.add(connection, NewNote("hradek", cause, now, until, "povodí", texts), now)
        await notes.add(connection, NewNote("liberec", Cause.TEST, now, None, "povodí", texts), now)
    await rig.announce(0, 2)
    await expand_all(rig)
    [row] = await rig.deliveries()
    assert "Pricina: odpousteni z nadrze." in str(row["body"])
