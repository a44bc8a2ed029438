"""No POST begins on a lease that was lost or not held lately: another may already have asked whether it was sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alerting.notify import sending
from alerting.notify.expanding import expand_one
from alerting.notify.gateways import open_gateway
from alerting.notify.sending import Bell
from floodcore.store import sending as stored
from tests.notify.conftest import PACE, Rig


@asynccontextmanager
async def in_hand(rig: Rig) -> AsyncIterator[tuple[sending._Desk, sending._Hand]]:
    """One text whose intent is committed and whose POST has not begun."""
    await rig.people(1)
    await rig.announce(0, 2)
    assert await expand_one(rig.house)
    settings = rig.house.settings
    async with open_gateway(settings.twilio, settings.public_url, connections=1) as gateway:
        desk = sending._Desk(rig.house, gateway, PACE, Bell())
        assert await sending._take(desk) == 1
        [row] = await rig.deliveries()
        assert (row["status"], row["attempt"]) == ("sending", 1), "the intent is committed before the act"
        yield desk, desk.waiting.get_nowait()


async def test_a_lease_that_was_held_goes_on(rig: Rig) -> None:
    async with in_hand(rig) as (desk, hand):
        before = hand.begin_before
        await asyncio.sleep(0.05)
        await sending._hold(desk, [hand])
        assert hand.begin_before > before
        assert await sending._post(desk, hand) is not None
    assert len(rig.gateway.accepted) == 1


async def test_what_another_has_asked_about_is_not_sent(rig: Rig) -> None:
    async with in_hand(rig) as (desk, hand):
        await asyncio.sleep(PACE.lease_s + 0.05)
        async with rig.house.pool.connection() as connection, connection.transaction():
            assert len(await stored.claim_open(connection, 1, PACE.lease_s)) == 1
        hand.begin_before = time.monotonic() + 60.0
        await sending._hold(desk, [hand])
        assert not hand.may_begin(time.monotonic())
        assert await sending._post(desk, hand) is None
    assert rig.gateway.accepted == []


async def test_what_was_not_held_lately_is_not_sent(rig: Rig) -> None:
    async with in_hand(rig) as (desk, hand):
        hand.begin_before = time.monotonic()
        assert await sending._post(desk, hand) is None
    assert rig.gateway.accepted == []


async def test_what_may_not_begin_before_a_long_pause_is_over_is_handed_back(rig: Rig) -> None:
    async with in_hand(rig) as (desk, hand):
        desk.paused_until = time.monotonic() + 10 * PACE.begin_s
        assert await sending._post(desk, hand) is None
        decision = sending._judge(desk, hand.claimed, None)
        assert (decision.status, decision.error) == ("due", "not begun")
    assert rig.gateway.accepted == []
