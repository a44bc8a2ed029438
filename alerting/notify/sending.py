"""The stages that send: intent committed, POST, outcome recorded; open questions asked before any retry.

Throughput comes from batches of intents and of outcomes and from many POSTs at once; priority from
small batches, so that an urgent text waits behind a few hundred at most. A batch that dies with the
process stays `sending` and becomes a batch of open questions when its lease ends.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from alerting.notify import policy
from alerting.notify.gateways import POST_LIMIT_S, Gateway, open_gateway
from alerting.notify.policy import Answer, Decision, Patience
from alerting.notify.renewing import renew_run_out
from alerting.notify.words import Message, Question, masked
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import listen, telling
from floodcore.store.telling import Claimed, Open, Outcome
from floodcore.supervision import Pulse, is_stopped

_log = logging.getLogger("hladina.notify")
_POLL_S = 1.0
_SAY_AGAIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patient, in real seconds.

    `posts` texts are on the way at once and as many wait in hand; `lease_s` is how long an intent
    belongs to this process, after which another may ask whether it was sent: no POST begins that
    could outlast it. Every `renew_s` the texts that ran out are renewed or given up.
    """

    posts: int = 96
    looks: int = 16
    gather_s: float = 0.01
    post_limit_s: float = POST_LIMIT_S
    lease_s: float = 12.0
    renew_s: float = 5.0
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Bell:
    """Calls the operator in the log: each line at its first sound, then at most every ten minutes."""

    _said: dict[str, float] = field(default_factory=dict)

    def ring(self, line: str) -> None:
        """Say `line` unless it was said lately."""
        now = time.monotonic()
        if line and now - self._said.get(line, -_SAY_AGAIN_S) >= _SAY_AGAIN_S:
            self._said[line] = now
            _log.error("%s", line)

    def quiet(self) -> None:
        """Things work again: the next fault is news."""
        if self._said:
            _log.warning("texts leave again")
            self._said.clear()


@dataclass(slots=True)
class _Hand:
    """An intent in hand, and until when (monotonic) its POST may begin."""

    claimed: Claimed
    begin_before: float


@dataclass(slots=True)
class _Desk:
    """What the workers of one sender share."""

    house: House
    gateway: Gateway
    pace: Pace
    bell: Bell
    waiting: asyncio.Queue[_Hand] = field(default_factory=asyncio.Queue)
    answered: list[tuple[Claimed, Answer | None]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    in_hand: int = 0
    paused_until: float = 0.0


async def send_due(house: House, pace: Pace, pulse: Pulse) -> None:
    """Send due deliveries for ever, most urgent first."""
    settings = house.settings
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            open_gateway(settings.twilio, settings.public_url, connections=pace.posts, limit_s=pace.post_limit_s)
        )
        wake = await stack.enter_async_context(listen.listening(settings.database_url, telling.CHANNEL))
        desk = _Desk(house, gateway, pace, Bell())
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(_record_for_ever(desk))
        for _ in range(pace.posts):
            group.create_task(_post_for_ever(desk))
        while True:
            took = await _take(desk)
            pulse.beat()
            if took:
                await _room(desk)
            else:
                await wake.wait(max(_POLL_S, min(5.0, desk.paused_until - time.monotonic())))


async def _take(desk: _Desk) -> int:
    """Commit intents for the free places; 0 if there is nothing to do or sending is paused."""
    free = 2 * desk.pace.posts - desk.in_hand
    if time.monotonic() < desk.paused_until or free <= 0:
        return 0
    began = time.monotonic()
    async with desk.house.pool.connection() as connection, connection.transaction():
        claimed = await telling.claim(connection, desk.house.clock.now(), free, desk.pace.lease_s)
    if not claimed:
        return 0
    passing("notify.intent_written")
    desk.in_hand += len(claimed)
    begin_before = began + desk.pace.lease_s - desk.pace.post_limit_s
    for one in claimed:
        desk.waiting.put_nowait(_Hand(one, begin_before))
    return len(claimed)


async def _room(desk: _Desk) -> None:
    """Wait until half of the hand is free again, so that intents are committed in batches."""
    while desk.in_hand > desk.pace.posts:
        desk.room.clear()
        await desk.room.wait()


async def _post_for_ever(desk: _Desk) -> None:
    while True:
        hand = await desk.waiting.get()
        answer = await _post(desk, hand)
        desk.answered.append((hand.claimed, answer))
        desk.news.set()


async def _post(desk: _Desk, hand: _Hand) -> Answer | None:
    """Offer the text; None if it may not begin any more, because its lease might end meanwhile."""
    pause = desk.paused_until - time.monotonic()
    if time.monotonic() + max(pause, 0.0) >= hand.begin_before:
        return None
    if pause > 0.0:
        await asyncio.sleep(pause)
    passing("notify.before_post")
    answer = await desk.gateway.send(_message(desk.house, hand.claimed))
    passing("notify.after_post")
    return answer


def _message(house: House, claimed: Claimed) -> Message:
    left = (claimed.valid_until - house.clock.now()).total_seconds()
    return Message(claimed.phone, claimed.body, claimed.token, round(house.clock.real_seconds(left)))


async def _record_for_ever(desk: _Desk) -> None:
    while not is_stopped():  # a request swallowed by the pool would hold up the whole group
        await desk.news.wait()
        await asyncio.sleep(desk.pace.gather_s)
        desk.news.clear()
        answered, desk.answered = desk.answered, []
        judged = [(claimed, answer, _judge(desk, claimed, answer)) for claimed, answer in answered]
        passing("notify.before_record")
        outcomes = [_outcome(claimed, answer, decision) for claimed, answer, decision in judged]
        codes = {claimed.recipient_id: decision.error for claimed, _, decision in judged if decision.block}
        await _record(desk.house, outcomes, codes)
        passing("notify.after_record")
        desk.in_hand -= len(answered)
        desk.room.set()


def _judge(desk: _Desk, claimed: Claimed, answer: Answer | None) -> Decision:
    if answer is None:
        return Decision("due", "not begun", max(0.0, desk.paused_until - time.monotonic()))
    decision = policy.after_post(answer, claimed.attempt, desk.pace.patience, random.random())  # noqa: S311  # jitter
    if decision.pause_s > 0.0:
        desk.paused_until = max(desk.paused_until, time.monotonic() + decision.pause_s)
    if decision.status == "accepted":
        desk.bell.quiet()
    desk.bell.ring(decision.operator)
    return decision


def _outcome(claimed: Claimed, answer: Answer | None, decision: Decision) -> Outcome:
    return Outcome(
        delivery_id=claimed.delivery_id,
        attempt=claimed.attempt,
        status=decision.status,
        sid="" if answer is None else answer.sid,
        error=decision.error,
        ambiguous=decision.ambiguous,
        doubled=decision.doubled,
        wait_s=decision.wait_s,
    )


async def _record(house: House, outcomes: Sequence[Outcome], codes: dict[int, str]) -> None:
    async with house.pool.connection() as connection, connection.transaction():
        await telling.record(connection, outcomes)
        blocked = await telling.block(connection, codes) if codes else []
    for one in blocked:
        _log.error("no text reaches %s %s any more: code %s", one.role, masked(one.phone), one.blocked)


async def settle_open(house: House, pace: Pace, pulse: Pulse) -> None:
    """Ask the gateway about open questions for ever, and renew the texts that ran out."""
    settings = house.settings
    bell, renewed_at = Bell(), 0.0
    async with open_gateway(
        settings.twilio, settings.public_url, connections=pace.looks, limit_s=pace.post_limit_s
    ) as gateway:
        while True:
            if time.monotonic() - renewed_at >= pace.renew_s:
                renewed_at = time.monotonic()
                await renew_run_out(house)
            asked = await settle_round(house, gateway, pace, bell)
            pulse.beat()
            if asked < pace.looks:
                await asyncio.sleep(min(_POLL_S, pace.patience.look_s))


async def settle_round(house: House, gateway: Gateway, pace: Pace, bell: Bell) -> int:
    """Ask about the open questions whose time has come; returns how many."""
    async with house.pool.connection() as connection, connection.transaction():
        opened = await telling.claim_open(connection, pace.looks, pace.lease_s)
    if not opened:
        return 0
    outcomes = await asyncio.gather(*(_ask(house, gateway, pace, bell, one) for one in opened))
    passing("notify.looked")
    await _record(house, outcomes, {})
    if any(outcome.status == "due" for outcome in outcomes):
        async with house.pool.connection() as connection:
            await telling.ring(connection)
    return len(opened)


async def _ask(house: House, gateway: Gateway, pace: Pace, bell: Bell, one: Open) -> Outcome:
    look, sid = await gateway.find(Question(one.phone, one.token, one.created_at))
    valid = policy.of_use(house.clock.now(), one.at, one.valid_until, superseded=one.superseded)
    decision = policy.after_look(look, one.open_s, pace.patience, doubled=one.maybe_duplicate, valid=valid)
    bell.ring(decision.operator)
    return Outcome(
        delivery_id=one.delivery_id,
        attempt=one.attempt,
        status=decision.status,
        sid=sid,
        error=decision.error,
        ambiguous=decision.ambiguous,
        doubled=decision.doubled,
        wait_s=decision.wait_s,
    )
