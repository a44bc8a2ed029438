"""Without a gateway the texts are printed, labelled, and a callback has nobody to come from."""

from datetime import UTC, datetime

import aiohttp
import pytest

from floodcore.clock import Clock
from floodcore.texts import Texts
from tests.notify.conftest import open_rig, settled


async def test_texts_are_printed_with_the_number_hidden(
    database: str, texts: Texts, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_rig(database, texts, twilio=None, exercise=True) as rig:
        await rig.people(2)
        async with rig.running():
            await rig.announce(0, 2)
            rows = await rig.until(settled)
    assert {row["status"] for row in rows} == {"accepted"}
    lines = sorted(capsys.readouterr().out.splitlines())
    assert [line.split(" Dosazen")[0] for line in lines] == [
        "SMS -> +420*******01: CVICENI/UEBUNG",
        "SMS -> +420*******02: CVICENI/UEBUNG",
    ]


async def test_without_a_gateway_every_callback_is_refused(database: str, texts: Texts) -> None:
    async with open_rig(database, texts, twilio=None) as rig, aiohttp.ClientSession() as session:
        for path in ("status", "inbound"):
            async with session.post(
                f"{rig.house.settings.public_url}/hooks/twilio/{path}", data={"a": "b"}
            ) as response:
                assert response.status == 403


async def test_a_fast_clock_shortens_the_gateway_s_patience(database: str, texts: Texts) -> None:
    anchor = datetime.now(UTC)
    async with open_rig(database, texts, clock=Clock(anchor, anchor, 60.0)) as rig:
        await rig.people(1)
        async with rig.running():
            await rig.announce(0, 2)
            await rig.until(settled)
    [message] = rig.gateway.accepted
    assert 6 <= message.validity_s <= 30
