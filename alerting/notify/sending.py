"""The stages that send: intent committed, POST, outcome recorded; open questions asked before any retry.

Throughput comes from batches of intents and of outcomes and from many POSTs at once; priority from
small batches, so that an urgent text waits behind a few hundred at most. Leases are short and held
while the texts are in hand: a batch that dies with the process stays `sending` and becomes a batch of
open questions when its leases end, seconds later. No POST begins on a lease not held lately.
"""

import asyncio
import logging
import math
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
from floodcore.store import sending as stored
from floodcore.store.sending import Claimed, Open, Outcome
from floodcore.supervision import Pulse, is_stopped

_log = logging.getLogger("hladina.notify")
_POLL_S = 1.0
_SAY_AGAIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patient, in real seconds.

    `posts` texts are on the way at once and as many wait in hand. `lease_s` is how long an intent belongs
    to this process without being held on to, after which another may ask whether it was sent; `begin_s`
    is how long after that holding its POST may still begin. `patience.settle_s` counts from there, and
    so is longer than `post_limit_s`. Every `renew_s` the texts that ran out are renewed or given up.
    """

    posts: int = 96
    looks: int = 16
    gather_s: float = 0.01
    post_limit_s: float = POST_LIMIT_S
    lease_s: float = 3.0
    begin_s: float = 1.5
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

    @property
    def key(self) -> tuple[int, int]:
        """What tells this intent from all others."""
        return self.claimed.delivery_id, self.claimed.attempt

    def may_begin(self, now: float) -> bool:
        """Whether its POST may begin at `now` (monotonic)."""
        return now < self.begin_before


@dataclass(slots=True)
class _Desk:
    """What the workers of one sender share."""

    house: House
    gateway: Gateway
    pace: Pace
    bell: Bell
    waiting: asyncio.Queue[_Hand] = field(default_factory=asyncio.Queue)
    hands: dict[tuple[int, int], _Hand] = field(default_factory=dict)
    answered: list[tuple[_Hand, Answer | None]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)
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
        group.create_task(_hold_for_ever(desk))
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
    free = 2 * desk.pace.posts - len(desk.hands)
    if time.monotonic() < desk.paused_until or free <= 0:
        return 0
    began = time.monotonic()
    async with desk.house.pool.connection() as connection, connection.transaction():
        claimed = await stored.claim(connection, desk.house.clock.now(), free, desk.pace.lease_s, desk.pace.begin_s)
    if not claimed:
        return 0
    passing("notify.intent_written")
    for one in claimed:
        hand = _Hand(one, began + desk.pace.begin_s)
        desk.hands[hand.key] = hand
        desk.waiting.put_nowait(hand)
    return len(claimed)


async def _room(desk: _Desk) -> None:
    """Wait until half of the hand is free again, so that intents are committed in batches."""
    while len(desk.hands) > desk.pace.posts:
        desk.room.clear()
        await desk.room.wait()


async def _hold_for_ever(desk: _Desk) -> None:
    while not is_stopped():
        await asyncio.sleep(desk.pace.begin_s / 3)
        soon = time.monotonic() + desk.pace.begin_s * 2 / 3
        if ending := [hand for hand in desk.hands.values() if hand.begin_before <= soon]:
            await _hold(desk, ending)


async def _hold(desk: _Desk, ending: Sequence[_Hand]) -> None:
    """Hold on to intents; the POST of one that was taken from us may not begin any more."""
    began = time.monotonic()
    async with desk.house.pool.connection() as connection, connection.transaction():
        claimed = [hand.claimed for hand in ending]
        held = await stored.hold(connection, claimed, desk.pace.lease_s, desk.pace.begin_s)
    passing("notify.held")
    for hand in ending:
        hand.begin_before = began + desk.pace.begin_s if hand.key in held else -math.inf


async def _post_for_ever(desk: _Desk) -> None:
    while True:
        hand = await desk.waiting.get()
        answer = await _post(desk, hand)
        desk.answered.append((hand, answer))
        desk.news.set()


async def _post(desk: _Desk, hand: _Hand) -> Answer | None:
    """Offer the text; None if it may not begin any more, or not before a long pause has passed."""
    pause = desk.paused_until - time.monotonic()
    if pause > desk.pace.begin_s:
        return None
    if pause > 0.0:
        await asyncio.sleep(pause)
    if not hand.may_begin(time.monotonic()):
        return None
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
        judged = [(hand.claimed, answer, _judge(desk, hand.claimed, answer)) for hand, answer in answered]
        passing("notify.before_record")
        outcomes = [_outcome(claimed, answer, decision) for claimed, answer, decision in judged]
        codes = {claimed.recipient_id: decision.error for claimed, _, decision in judged if decision.block}
        await _record(desk.house, outcomes, codes)
        passing("notify.after_record")
        for hand, _ in answered:
            del desk.hands[hand.key]
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
        await stored.record(connection, outcomes)
        blocked = await stored.block(connection, codes) if codes else []
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
        opened = await stored.claim_open(connection, pace.looks, pace.lease_s)
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
    found = await gateway.find(Question(one.phone, one.token, one.created_at, one.retired))
    valid = policy.of_use(house.clock.now(), one.at, one.valid_until, superseded=one.superseded)
    decision = policy.after_look(found.look, one.open_s, pace.patience, doubled=one.maybe_duplicate, valid=valid)
    bell.ring(decision.operator)
    return Outcome(
        delivery_id=one.delivery_id,
        attempt=one.attempt,
        status=decision.status,
        sid=found.sid,
        error=decision.error,
        ambiguous=decision.ambiguous,
        doubled=decision.doubled or found.twice,
        wait_s=decision.wait_s,
    )
