"""Callbacks: believed only when signed, kept once, answered after the commit."""

import random
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import pytest

from alerting.notify.routes import INBOUND_PATH
from floodcore.store import contacts
from simulators.gateway import TOKEN, Accepted, Does, report, sign
from tests.notify.conftest import Rig, settled


async def sent(rig: Rig, number: int = 1) -> list[Accepted]:
    await rig.people(number)
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(settled)
    return rig.gateway.accepted


async def post(address: str, form: dict[str, str] | bytes, signature: str | None) -> int:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    async with aiohttp.ClientSession() as session, session.post(address, data=body, headers=headers) as response:
        return response.status


async def post_signed(address: str, form: dict[str, str]) -> int:
    return await post(address, form, sign(TOKEN, address, form))


async def test_reports_in_any_order_and_twice_end_delivered(rig: Rig) -> None:
    rig.gateway.reports, rig.gateway.shuffled = ("queued", "sending", "sent", "delivered"), True
    await rig.people(10)
    async with rig.running():
        await rig.announce(0, 2)
        rows = await rig.until(lambda rows: all(row["status"] == "delivered" for row in rows))
    assert not any(row["maybe_duplicate"] for row in rows)
    assert all(row["final_at"] is not None for row in rows)


async def test_a_thousand_forgeries_change_nothing(rig: Rig) -> None:
    [message] = await sent(rig)
    form = report(message, "failed", 30005)
    good = sign(TOKEN, message.callback, form)
    rng = random.Random(7)
    answers = set()
    async with aiohttp.ClientSession() as session:
        for n in range(1000):
            forged = dict(form)
            headers = {"X-Twilio-Signature": good}
            match n % 5:
                case 0:
                    headers = {}
                case 1:
                    headers["X-Twilio-Signature"] = sign(f"token {n}", message.callback, form)
                case 2:
                    forged[rng.choice(list(form))] += "x"
                case 3:
                    del forged["MessagingServiceSid"]  # a blank field counts
                case _:
                    spot = rng.randrange(len(good) - 1)
                    letter = "A" if good[spot] != "A" else "B"
                    headers["X-Twilio-Signature"] = good[:spot] + letter + good[spot + 1 :]
            async with session.post(message.callback, data=forged, headers=headers) as response:
                answers.add(response.status)
    assert answers == {403}
    [row] = await rig.deliveries()
    assert row["status"] == "accepted"


async def test_another_text_s_address_does_not_take_the_signature(rig: Rig) -> None:
    first, second = await sent(rig, 2)
    form = report(first, "delivered")
    assert await post(second.callback, form, sign(TOKEN, first.callback, form)) == 403
    assert await post(first.callback, form, sign(TOKEN, first.callback, form)) == 204


async def test_every_value_of_a_repeated_field_counts(rig: Rig) -> None:
    address = f"{rig.house.settings.public_url}/hooks/twilio/status"
    body = b"MessageSid=SMr&MessageStatus=sent&Extra=b&Extra=a"
    both = sign(TOKEN, address, {"Extra": "aExtrab", "MessageSid": "SMr", "MessageStatus": "sent"})
    one = sign(TOKEN, address, {"Extra": "b", "MessageSid": "SMr", "MessageStatus": "sent"})
    assert await post(address, body, both) == 204
    assert await post(address, body, one) == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 20_000, 413),
        (b"&".join(b"a%d=1" % n for n in range(200)), 400),
        (b"MessageSid=%ff%fe", 400),
        (b"\xff\xfe", 400),
        (b"", 403),
    ],
)
async def test_what_is_no_form_is_refused(rig: Rig, body: bytes, status: int) -> None:
    assert await post(f"{rig.house.settings.public_url}/hooks/twilio/status", body, "x") == status


async def test_a_signed_form_without_what_we_need_is_refused(rig: Rig) -> None:
    address = f"{rig.house.settings.public_url}/hooks/twilio/status"
    for form in ({"MessageSid": ""}, {"MessageSid": "SM1\x00", "MessageStatus": "sent"}, {"MessageSid": "SM1"}):
        assert await post(address, form, sign(TOKEN, address, form)) == 400


async def test_a_report_about_a_stranger_is_kept_and_changes_nothing(rig: Rig) -> None:
    address = f"{rig.house.settings.public_url}/hooks/twilio/status"
    form = {"MessageSid": "SMstranger", "MessageStatus": "delivered", "ErrorCode": "not a number"}
    assert await post(address, form, sign(TOKEN, address, form)) == 204


async def test_a_phone_out_of_reach_gets_a_second_message(rig: Rig) -> None:
    [phone] = await rig.people(1)
    rig.gateway.reports, rig.gateway.report_code = ("queued", "undelivered"), {"undelivered": 30003}
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(lambda rows: rows[0]["error_code"] == "30003")
        rig.gateway.reports, rig.gateway.report_code = ("delivered",), {}
        await rig.until(lambda rows: rows[0]["status"] == "delivered", 20.0)
    first, _ = rig.gateway.accepted
    assert [message.to for message in rig.gateway.accepted] == [phone, phone]
    late = report(first, "sent")  # a word about the message given up says nothing about the second
    assert await post(first.callback, late, sign(TOKEN, first.callback, late)) == 204
    [row] = await rig.deliveries()
    assert row["status"] == "delivered"
    assert not row["maybe_duplicate"]


async def test_a_message_given_up_is_no_answer_for_the_second(rig: Rig) -> None:
    [phone] = await rig.people(1)
    rig.gateway.reports, rig.gateway.report_code = ("undelivered",), {"undelivered": 30003}
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(lambda rows: rows[0]["error_code"] == "30003")
        rig.gateway.reports, rig.gateway.report_code = (), {}
        rig.gateway.plan(phone, Does.FAIL_BEFORE)
        await rig.until(lambda rows: rows[0]["attempt"] == 3 and settled(rows), 20.0)
    assert len(rig.gateway.accepted) == 2
    [row] = await rig.deliveries()
    assert (row["status"], row["gateway_sid"]) == ("accepted", rig.gateway.accepted[1].sid)
    assert not row["maybe_duplicate"]


async def test_a_landline_is_blocked(rig: Rig) -> None:
    rig.gateway.reports, rig.gateway.report_code = ("undelivered",), {"undelivered": 30006}
    await rig.people(1)
    async with rig.running():
        await rig.announce(0, 2)
        await rig.until(lambda rows: rows[0]["status"] == "undelivered")
    async with rig.house.pool.connection() as connection:
        assert [one.blocked for one in await contacts.every(connection)] == ["30006"]


async def test_a_second_message_of_the_gateway_is_flagged_by_its_callback(rig: Rig) -> None:
    [message] = await sent(rig)
    twin = report(message, "queued") | {"MessageSid": "SMtwin", "SmsSid": "SMtwin"}
    assert await post(message.callback, twin, sign(TOKEN, message.callback, twin)) == 204
    [row] = await rig.deliveries()
    assert (row["maybe_duplicate"], row["gateway_sid"]) == (True, message.sid)


async def say(rig: Rig, phone: str, body: str, sid: str) -> int:
    address = f"{rig.house.settings.public_url}{INBOUND_PATH}"
    form = {"MessageSid": sid, "From": phone, "To": "HLADINA", "Body": body, "NumMedia": "0", "OptOutType": ""}
    return await post(address, form, sign(TOKEN, address, form))


async def test_stop_is_heeded_at_once_and_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    [resident] = await rig.people(1)
    [officer] = await rig.people(1, role="officer")
    rig.gateway.plan(resident, *[Does.NO_REGION] * 9)
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(lambda rows: any(row["error_code"] == "21408" for row in rows))
        assert await say(rig, resident, "KONEC", "SMin1") == 200
        assert await say(rig, officer, "STOP", "SMin2") == 200
        await rig.until(settled)
        await rig.announce(1, 2)
        rows = await rig.until(lambda rows: len(rows) == 3 and settled(rows))
    assert [row["error_code"] for row in rows if row["phone"] == resident] == ["opted out"]
    assert [message.to for message in rig.gateway.accepted] == [officer, officer]
    assert "the officer at +420*******01 asked for no more texts" in caplog.text
    assert await say(rig, resident, "START", "SMin3") == 200
    assert await say(rig, resident, "KONEC", "SMin1") == 200  # the old wish, delivered again
    async with rig.house.pool.connection() as connection:
        assert [one.blocked for one in await contacts.every(connection)] == ["", ""]


async def test_texts_of_loggers_and_patrols_are_kept_for_the_collectors_and_nobody_elses(rig: Rig) -> None:
    """The number itself is not kept; a stranger's text is not kept at all; STOP is still STOP."""
    settings = replace(
        rig.house.settings, sms_loggers={"LK-1": "+420600000071"}, patrol_phones={"novak": "+420600000072"}
    )
    object.__setattr__(rig.house, "settings", settings)
    texts = (("71", "ODSTUP=2876"), ("72", "STAV LK-1 142"), ("73", "STAV LK-1 999"), ("72", "STOP"))
    for number, (phone, body) in enumerate(texts):
        for _ in range(2):
            assert await say(rig, f"+4206000000{phone}", body, f"SM{number}") == 200
    async with rig.house.pool.connection() as connection:
        statement = "SELECT channel, message, sender, body FROM inbound_text ORDER BY text_id"
        kept = await (await connection.execute(statement)).fetchall()
    assert kept == [("sms", "SM0", "logger:LK-1", "ODSTUP=2876"), ("sms", "SM1", "patrol:novak", "STAV LK-1 142")]
