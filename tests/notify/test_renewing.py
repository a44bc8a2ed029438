"""A gateway away for longer than a text is of use: what still stands is told when it is back, as delayed, once."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.notify import policy
from alerting.notify.expanding import expand_one
from alerting.notify.renewing import renew_run_out
from floodcore.store import contacts
from simulators.gateway import Does, report
from tests.notify.conftest import PACE, Rig, settled
from tests.notify.test_routes import post_signed

LATER = timedelta(minutes=31)


def renewed(rows: list[dict[str, object]]) -> bool:
    return all(str(row["body"]).startswith("ZPOZDENA ZPRAVA.") for row in rows)


async def run_out(rig: Rig) -> None:
    """Texts written and never offered, until long after their use."""
    while await expand_one(rig.house):
        pass
    rig.later(LATER)
    await renew_run_out(rig.house)


async def outcome(rig: Rig) -> list[tuple[str, str]]:
    return [(str(row["status"]), str(row["error_code"])) for row in await rig.deliveries()]


@pytest.mark.parametrize("kind", ["reached", "silence"])
@pytest.mark.parametrize("away", [Does.BUSY, Does.BAD_SENDER, Does.FAIL_BEFORE, "list too", "no connection"])
async def test_a_gateway_away_past_a_text_s_use_delays_it_and_loses_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, away: str, kind: str
) -> None:
    monkeypatch.setattr(policy, "OPERATOR_BACKOFF_S", 0.5)
    phones = await rig.people(2, role="officer")
    here = rig.house.settings
    assert here.twilio is not None
    if away == "no connection":
        rig.house = replace(
            rig.house, settings=replace(here, twilio=replace(here.twilio, base_url="http://127.0.0.1:1"))
        )
    else:
        rig.gateway.usual = Does.FAIL_BEFORE if away == "list too" else Does(away)
        rig.gateway.list_down = away == "list too"
    await rig.announce(2, 2 if kind == "silence" else 3, kind=kind)
    async with rig.running():
        await rig.until(lambda rows: all(row["attempt"] for row in rows))
    rig.later(LATER)
    async with rig.running():
        if away != "list too":  # an open question keeps its text until it is answered
            await rig.until(renewed)
    assert not rig.gateway.accepted
    rig.gateway.usual, rig.gateway.list_down = Does.ACCEPT, False
    rig.house = replace(rig.house, settings=replace(rig.house.settings, twilio=here.twilio))
    async with rig.running():
        rows = await rig.until(settled, 25.0)
    assert Counter(message.to for message in rig.gateway.accepted) == Counter(phones)
    assert renewed(rows)
    assert {message.body for message in rig.gateway.accepted} == {str(row["body"]) for row in rows}
    assert all(str(row["body"]).endswith(f" #{row['token']}") for row in rows)
    assert all(1700 < message.validity_s <= 1800 for message in rig.gateway.accepted)
    assert {str(row["status"]) for row in rows} == {"accepted"}
    assert all(("VYPADEK DAT" in body) == (kind == "silence") for body in rig.bodies())


async def test_what_may_have_been_accepted_is_asked_before_it_is_renewed(rig: Rig) -> None:
    [phone] = await rig.people(1)
    rig.gateway.list_down = True
    rig.gateway.plan(phone, Does.FAIL_AFTER)
    patient = replace(PACE, patience=replace(PACE.patience, doubt_s=60.0))
    async with rig.running(patient):
        await rig.announce(0, 2)
        await rig.until(lambda rows: bool(rows[0]["ambiguous"]))
    rig.later(LATER)
    async with rig.running(patient):
        await rig.until(lambda _: rig.gateway.lists > 3)
        rig.gateway.list_down = False
        [row] = await rig.until(settled)
    assert (row["status"], len(rig.gateway.accepted)) == ("accepted", 1)
    assert not renewed([row])


async def test_a_list_away_for_hours_ends_in_one_flagged_text(rig: Rig) -> None:
    await rig.people(1)
    rig.gateway.list_down, rig.gateway.usual = True, Does.FAIL_BEFORE
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(lambda rows: rows[0]["maybe_duplicate"] is True and rows[0]["attempt"] == 2)
    rig.later(timedelta(hours=2))
    async with rig.running():
        asked = rig.gateway.lists
        await rig.until(lambda _: rig.gateway.lists > asked + 3)
    assert [status for status, _ in await outcome(rig)] == ["sending"]
    rig.later(timedelta(hours=5))
    async with rig.running():
        await rig.until(settled)
    assert await outcome(rig) == [("failed", "unknown")]


async def test_only_the_newest_state_is_told_again(rig: Rig) -> None:
    await rig.people(1)
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    await rig.announce(2, 1)
    await run_out(rig)
    assert await outcome(rig) == [("expired", "superseded"), ("due", "")]
    async with rig.running():
        await rig.until(settled)
    [body] = rig.bodies()
    assert body.startswith("ZPOZDENA ZPRAVA. Pokles pod limit: 2. SPA")


async def test_who_is_not_told_of_the_newer_hears_the_state_of_now(rig: Rig) -> None:
    await rig.people(1, from_degree=2)
    await rig.announce(2, 1)
    await rig.announce(1, 0)
    await run_out(rig)
    [row] = await rig.deliveries()
    assert str(row["body"]).startswith("ZPOZDENA ZPRAVA. Pod vsemi limity, naposledy: 1. SPA")


async def test_a_newer_event_still_to_be_told_goes_first(rig: Rig) -> None:
    await rig.people(1)
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    await rig.announce(2, 3)
    rig.later(LATER)
    await renew_run_out(rig.house)
    [row] = await rig.deliveries()
    assert (row["status"], renewed([row])) == ("due", False)
    await run_out(rig)
    assert await outcome(rig) == [("expired", "superseded"), ("due", "")]


async def test_past_six_hours_and_those_who_left_nobody_is_told(rig: Rig) -> None:
    left, stays, blocked = await rig.people(3)
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    async with rig.house.pool.connection() as connection:
        await connection.execute(
            "DELETE FROM subscription s USING recipient r WHERE r.phone = %s AND r.recipient_id = s.recipient_id",
            [left],
        )
        await connection.execute("UPDATE recipient SET blocked = '30006' WHERE phone = %s", [blocked])
    await run_out(rig)
    rows = {str(row["phone"]): row for row in await rig.deliveries()}
    assert {phone: row["status"] for phone, row in rows.items()} == {left: "expired", stays: "due", blocked: "expired"}
    rig.later(timedelta(hours=6))
    await renew_run_out(rig.house)
    assert await outcome(rig) == [("expired", "too late")] * 3


async def test_a_gauge_heard_again_is_not_told_as_lost(rig: Rig) -> None:
    await rig.people(1, role="officer")
    await rig.announce(2, 2, kind="silence")
    assert await expand_one(rig.house)
    await rig.heard_now()
    await run_out(rig)
    assert await outcome(rig) == [("expired", "too late")]


async def test_a_phone_out_of_reach_past_a_text_s_use_hears_the_delayed_one(rig: Rig) -> None:
    await rig.people(1)
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(settled)
    rig.later(LATER)
    [message] = rig.gateway.accepted
    async with rig.served() as public:
        address = message.callback.replace(rig.house.settings.public_url, public)
        assert await post_signed(address, report(message, "undelivered", 30003)) == 204
    async with rig.running():
        await rig.until(lambda rows: settled(rows) and rows[0]["attempt"] == 2)
    first, second = rig.bodies()
    assert second.startswith("ZPOZDENA ZPRAVA.")
    assert first[-8:] == second[-8:]


async def test_a_text_overtaken_after_it_was_accepted_is_not_offered_again(rig: Rig) -> None:
    await rig.people(1)
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(settled)
        await rig.announce(2, 1)
        await rig.until(lambda rows: len(rows) == 2 and settled(rows))
    first = rig.gateway.accepted[0]
    assert await post_signed(first.callback, report(first, "undelivered", 30003)) == 204
    assert [row["status"] for row in await rig.deliveries()] == ["undelivered", "accepted"]


async def test_the_number_of_a_removed_recipient_is_not_told_again(rig: Rig) -> None:
    [phone] = await rig.people(1)
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    async with rig.house.pool.connection() as connection, connection.transaction():
        assert await contacts.remove(connection, phone)
    await run_out(rig)
    assert await outcome(rig) == [("expired", "removed")]


async def test_a_text_of_an_event_without_words_is_given_up_and_keeps_no_other_from_being_told(rig: Rig) -> None:
    """A newer version told of an event that this one, put back in its place, has no words for."""
    await rig.people(1)
    unheard_of = await rig.announce(0, 2, kind="unheard of")
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    assert await expand_one(rig.house)
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE delivery SET event_id = %s", [unheard_of])
    await rig.announce(2, 3)
    await run_out(rig)
    older, newer = await rig.deliveries()
    assert (older["event_id"], older["status"], older["error_code"]) == (unheard_of, "expired", "too late")
    assert newer["status"] == "due"
    assert renewed([newer])
