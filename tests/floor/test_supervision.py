"""The supervisor: a stage that dies comes back, its neighbour does not notice, the log tells edges only."""

import asyncio
import logging

import pytest

from floodcore.clock import Clock
from floodcore.supervision import Pulse, Supervisor


async def test_a_dying_stage_is_started_again_and_logged_twice(caplog: pytest.LogCaptureFixture) -> None:
    rounds = 0
    neighbour = 0
    recovered = asyncio.Event()

    async def dying(pulse: Pulse) -> None:
        nonlocal rounds
        rounds += 1
        if rounds < 4:
            message = "no luck"
            raise OSError(message)
        pulse.beat()
        recovered.set()
        await asyncio.sleep(60)

    async def living(pulse: Pulse) -> None:
        nonlocal neighbour
        while True:
            neighbour += 1
            pulse.beat()
            await asyncio.sleep(0.01)

    supervisor = Supervisor(Clock())
    with caplog.at_level(logging.WARNING, "hladina.supervision"):
        task = asyncio.create_task(supervisor.run({"dying": dying, "living": living}))
        await asyncio.wait_for(recovered.wait(), 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    messages = [record.message for record in caplog.records]
    assert [message.split(":")[0] for message in messages] == ["dying broke", "dying works again after 3 failures"]
    assert neighbour > 20
    assert supervisor.pulses["dying"].broken == ""


async def test_a_stray_cancellation_does_not_end_a_stage_for_ever() -> None:
    """A task group takes a cancelled task for one that was stopped on purpose, and says nothing."""
    rounds = 0
    recovered = asyncio.Event()

    async def struck(pulse: Pulse) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise asyncio.CancelledError
        pulse.beat()
        recovered.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(Supervisor(Clock()).run({"struck": struck}))
    await asyncio.wait_for(recovered.wait(), 5)
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), "who is meant to stop, stops"


async def test_a_fault_while_being_stopped_does_not_start_the_stage_again() -> None:
    supervisor = Supervisor(Clock())
    started = 0

    async def stage(_: Pulse) -> None:
        nonlocal started
        started += 1
        try:
            await asyncio.sleep(60.0)
        finally:
            message = "the connection went while it was being closed"
            raise RuntimeError(message)

    task = asyncio.create_task(supervisor.run({"stage": stage}))
    await asyncio.sleep(0.05)
    task.cancel()
    [ended] = await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 5.0)
    assert isinstance(ended, asyncio.CancelledError)
    assert started == 1


async def test_a_stage_whose_library_swallows_the_request_to_end_is_asked_again() -> None:
    swallowed = 0

    async def greedy(pulse: Pulse) -> None:
        nonlocal swallowed
        while True:
            pulse.beat()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed == 2:
                    raise
                swallowed += 1  # as asyncio.wait_for of Python 3.11 does when both come at once

    supervisor = Supervisor(Clock())
    task = asyncio.create_task(supervisor.run({"greedy": greedy}))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert swallowed == 2
