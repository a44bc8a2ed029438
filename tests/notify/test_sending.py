"""Every way the gateway misbehaves: nothing lost, nothing twice, and where that cannot be known, flagged."""

import random
import re
from collections import Counter
from datetime import timedelta

import pytest

from alerting.notify.policy import LONGEST_DELAY
from simulators.gateway import TROUBLE, Does
from tests.notify.conftest import PACE, Rig, settled


def once_each(rig: Rig, phones: list[str]) -> bool:
    return Counter(message.to for message in rig.gateway.accepted) == Counter(phones)


async def test_a_text_reaches_its_phone_and_says_what_matters(rig: Rig) -> None:
    [phone] = await rig.people(1)
    async with rig.running():
        await rig.announce(1, 2)
        [row] = await rig.until(settled)
    [message] = rig.gateway.accepted
    assert message.to == phone
    assert message.body.startswith("Dosazen limit: 2. SPA (pohotovost). Hradek nad Nisou (Luzicka Nisa)")
    assert message.body.endswith(f"#{row['token']}")
    assert 1700 < message.validity_s <= 1800
    assert (row["status"], row["gateway_sid"], row["attempt"]) == ("accepted", message.sid, 1)
    assert not row["maybe_duplicate"]


@pytest.mark.parametrize("trouble", [*TROUBLE, Does.HANG_BEFORE, Does.STRANGE])
async def test_one_trouble_loses_nothing_and_sends_nothing_twice(rig: Rig, trouble: Does) -> None:
    phones = await rig.people(3)
    rig.gateway.plan(phones[1], trouble)
    rig.gateway.list_lag_s = 0.3
    async with rig.running():
        await rig.announce(0, 1)
        rows = await rig.until(settled)
    assert once_each(rig, phones)
    assert {row["status"] for row in rows} == {"accepted"}
    assert {row["gateway_sid"] for row in rows} == {message.sid for message in rig.gateway.accepted}
    assert not any(row["maybe_duplicate"] for row in rows)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_gateway_in_every_trouble_at_once(rig: Rig, seed: int) -> None:
    phones = await rig.people(40)
    rig.gateway._rng = random.Random(seed)
    rig.gateway.list_lag_s = 0.2
    rig.gateway.trouble = 0.4
    rig.gateway.reports, rig.gateway.shuffled = ("queued", "sending", "sent", "delivered"), True
    async with rig.running():
        await rig.announce(0, 3)
        rows = await rig.until(lambda rows: all(row["status"] == "delivered" for row in rows), 40.0)
    assert once_each(rig, phones)
    assert not any(row["maybe_duplicate"] for row in rows)


@pytest.mark.parametrize("trouble", [Does.FAIL_BEFORE, Does.FAIL_AFTER, Does.HANG_AFTER, Does.RESET_AFTER])
async def test_without_a_list_at_most_one_flagged_extra(rig: Rig, trouble: Does) -> None:
    [phone] = await rig.people(1)
    rig.gateway.list_down = True
    rig.gateway.plan(phone, trouble)
    async with rig.running():
        await rig.announce(0, 2)
        [row] = await rig.until(settled)
    accepted = len(rig.gateway.accepted)
    assert accepted == (1 if trouble is Does.FAIL_BEFORE else 2)
    assert row["maybe_duplicate"]
    assert row["status"] == "accepted"


async def test_without_a_list_there_is_no_second_extra(rig: Rig) -> None:
    await rig.people(1)
    rig.gateway.list_down, rig.gateway.usual = True, Does.FAIL_AFTER
    async with rig.running():
        await rig.announce(0, 2, ago=LONGEST_DELAY - timedelta(seconds=3), valid=LONGEST_DELAY)
        [row] = await rig.until(settled)
    assert len(rig.gateway.accepted) == 2
    assert (row["status"], row["error_code"], row["maybe_duplicate"]) == ("failed", "unknown", True)


async def test_a_callback_settles_what_the_list_cannot(rig: Rig) -> None:
    [phone] = await rig.people(1)
    rig.gateway.list_down, rig.gateway.reports = True, ("queued", "delivered")
    rig.gateway.plan(phone, Does.FAIL_AFTER)
    async with rig.running():
        await rig.announce(0, 2)
        [row] = await rig.until(lambda rows: rows[0]["status"] == "delivered")
    assert len(rig.gateway.accepted) == 1
    assert not row["maybe_duplicate"]


async def test_a_refused_number_is_blocked_and_the_others_go_on(rig: Rig) -> None:
    phones = await rig.people(3)
    rig.gateway.plan(phones[0], Does.OPTED_OUT)
    async with rig.running():
        await rig.announce(0, 1)
        rows = await rig.until(settled)
        await rig.announce(1, 2)
        await rig.until(lambda rows: len(rows) == 5 and settled(rows))
    assert (rows[0]["status"], rows[0]["error_code"]) == ("failed", "21610")
    assert Counter(message.to for message in rig.gateway.accepted) == {phones[1]: 2, phones[2]: 2}


async def test_one_region_that_is_not_enabled_stops_nobody_else(rig: Rig) -> None:
    phones = await rig.people(20)
    rig.gateway.plan(phones[0], Does.NO_REGION)
    async with rig.running():
        await rig.announce(0, 1)
        rows = await rig.until(lambda rows: sum(row["status"] == "accepted" for row in rows) == 19)
    assert (rows[0]["status"], rows[0]["error_code"]) == ("due", "21408")


async def test_a_wrong_sender_stops_the_batch(rig: Rig) -> None:
    await rig.people(60)
    rig.gateway.usual, rig.gateway.delay_s = Does.BAD_SENDER, 0.02
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(lambda rows: any(row["error_code"] == "21606" for row in rows))
        await rig.until(lambda rows: sum(row["status"] == "due" for row in rows) == 60)
    assert rig.gateway.posts <= 2 * PACE.posts  # what was on its way, and what took its place before the first verdict


async def test_in_peace_nothing_has_to_be_asked(rig: Rig) -> None:
    phones = await rig.people(200)
    rig.gateway.delay_s = 0.02
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(settled)
    assert once_each(rig, phones)
    assert rig.gateway.lists == 0


async def test_urgent_overtakes_a_long_queue(rig: Rig) -> None:
    await rig.people(400)
    rig.gateway.delay_s = 0.05
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(lambda rows: any(row["status"] == "accepted" for row in rows))
        await rig.people(1, role="officer")
        await rig.announce(2, 3, kind="silence")
        await rig.until(lambda rows: len(rows) == 401 and rows[-1]["status"] == "accepted")
        behind = len(rig.gateway.accepted)
    assert behind < 300


async def test_too_late_is_never_sent(rig: Rig) -> None:
    await rig.people(2)
    rig.gateway.usual = Does.BUSY
    async with rig.running():
        await rig.announce(0, 1, ago=LONGEST_DELAY - timedelta(seconds=1), valid=LONGEST_DELAY)
        await rig.until(lambda rows: all(row["attempt"] for row in rows))
        rows = await rig.until(settled)
        rig.gateway.usual = Does.ACCEPT
    assert {row["status"] for row in rows} == {"expired"}
    assert not rig.gateway.accepted


async def test_retry_after_is_honoured(rig: Rig) -> None:
    phones = await rig.people(30)
    for phone in phones:
        rig.gateway.plan(phone, Does.BUSY)
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(settled)
    assert once_each(rig, phones)
    assert rig.gateway.posts <= 30 + 30


async def test_the_gateway_comes_back_after_refusing_connections(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    phones = await rig.people(5)
    from alerting.notify import gateways  # noqa: PLC0415

    real = gateways.TwilioGateway.__init__

    def nowhere(self: gateways.TwilioGateway, *arguments: object, **named: object) -> None:
        real(self, *arguments, **named)  # type: ignore[arg-type]
        self._url = "http://127.0.0.1:1/nothing-listens-here"

    with monkeypatch.context() as patch:
        patch.setattr(gateways.TwilioGateway, "__init__", nowhere)
        async with rig.running():
            await rig.announce(0, 1)
            rows = await rig.until(lambda rows: all(row["attempt"] for row in rows))
            rows = await rig.until(lambda rows: all(row["status"] == "due" for row in rows))
    assert all("cannot be reached" in str(row["error_code"]) for row in rows)
    assert rig.gateway.lists == 0
    async with rig.running():
        await rig.until(settled, 20.0)
    assert once_each(rig, phones)


async def test_no_log_line_shows_a_number(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    phones = await rig.people(2)
    rig.gateway.plan(phones[0], Does.OPTED_OUT)
    rig.gateway.plan(phones[1], Does.FAIL_AFTER)
    async with rig.running():
        await rig.announce(0, 1)
        await rig.until(settled)
    assert "no text reaches resident +420*******01" in caplog.text
    assert not re.search(r"\+420600\d{6}", caplog.text)
