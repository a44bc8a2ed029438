"""kill -9 at every named point of telling: after the restart nobody is missed and nobody is told twice."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.notify.expanding import expand_one
from alerting.notify.policy import LONGEST_DELAY
from floodcore.killpoint import KILL_POINTS
from floodcore.texts import Texts
from simulators.gateway import TROUBLE, Does
from tests.notify.conftest import Rig, free_port, open_rig, settled

ROOT = Path(__file__).resolve().parents[2]
POINTS = [name for name in KILL_POINTS if name.startswith(("notify.", "receipt."))]
RENEWAL = [name for name in KILL_POINTS if name.startswith("renew.")]


@asynccontextmanager
async def process(rig: Rig, base: str, port: int, kill_at: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The telling house as a process; ended by its own id."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.notify.house",
        rig.house.settings.database_url,
        base,
        str(port),
        cwd=ROOT,
        env={**os.environ, "HLADINA_KILL_AT": kill_at},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_here_loses_nothing_and_repeats_nothing(
    database: str, second_database: str, texts: Texts, point: str
) -> None:
    async with open_rig(database, texts) as first, open_rig(second_database, texts) as second:
        await asyncio.gather(kill_and_restart(first, point, 1), kill_and_restart(second, point, 2))


async def kill_and_restart(rig: Rig, point: str, seed: int) -> None:
    rng = random.Random(f"{point}/{seed}")
    phones = await rig.people(12)
    gateway, port = rig.gateway, free_port()
    gateway.reports, gateway.shuffled, gateway.delay_s = ("queued", "sent", "delivered"), True, 0.02
    for phone in rng.sample(phones, 5):
        gateway.plan(phone, rng.choice(TROUBLE))
    if point == "notify.held":
        gateway.script = {phones[0]: deque([Does.HANG_AFTER])}
    assert rig.house.settings.twilio is not None
    base = rig.house.settings.twilio.base_url
    await rig.announce(0, 2)
    # the posts and the reports are passed once per text, the other points once per batch
    passing = rng.randint(1, 3) if point.startswith("receipt.") or point.endswith("_post") else 1
    async with process(rig, base, port, f"{point}:{passing}") as killed, asyncio.timeout(30):
        assert await killed.wait() == -signal.SIGKILL
    at_rest = {"accepted", "sent", "delivered"}
    async with process(rig, base, port, ""):
        rows = await rig.until(lambda rows: len(rows) == 12 and all(row["status"] in at_rest for row in rows), 30.0)
    assert Counter(message.to for message in gateway.accepted) == Counter(phones)
    assert not any(row["maybe_duplicate"] for row in rows)


@pytest.mark.parametrize("point", RENEWAL)
async def test_killed_while_texts_that_ran_out_are_renewed(rig: Rig, point: str) -> None:
    phones = await rig.people(3)
    left = timedelta(seconds=0.5)
    await rig.announce(0, 2, ago=LONGEST_DELAY / 2, valid=LONGEST_DELAY / 2 + left)
    assert await expand_one(rig.house)
    await asyncio.sleep(left.total_seconds())
    assert rig.house.settings.twilio is not None
    base, port = rig.house.settings.twilio.base_url, free_port()
    async with process(rig, base, port, f"{point}:1") as killed, asyncio.timeout(30):
        assert await killed.wait() == -signal.SIGKILL
    async with rig.running():
        rows = await rig.until(settled)
    assert Counter(message.to for message in rig.gateway.accepted) == Counter(phones)
    assert all(body.startswith("ZPOZDENA ZPRAVA.") for body in rig.bodies())
    assert not any(row["maybe_duplicate"] for row in rows)
