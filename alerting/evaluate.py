"""Evaluate: the only place where the engine's decisions meet the store.

One transaction per round: claim, load, assess and step, compose, commit. Dying anywhere before the
commit leaves the marks and the old states, so the round is done again with the same outcome; dying
after it leaves everything, and the announcements wait to be claimed. Nothing leaves the house here.

A series that cannot be judged must not keep the others waiting: after a round that failed, series are
judged alone, one transaction each, and the one that fails is put aside with the reason (table `aside`).
Its mark stays, and it is tried again (`retry`).
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import psycopg
from psycopg import AsyncConnection

from alerting.engine.judge import Change, Job, Judgement, Standing, chain, decode, encode, judge
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.silence import shortest_allowed, silence
from alerting.past import BEFORE_ALL, sample, standing_again
from floodcore.freshness import lag
from floodcore.killpoint import passing
from floodcore.store import book, judging
from floodcore.store.judging import Announcement, NewEvent, RuleUse, SampleRow, Series, StateRow, VerdictRow
from floodcore.store.listen import CHANGE, EVENT
from floodcore.words import Degree, Quantity

REACHED = "reached"
SILENCE = "silence"

# Series judged in one transaction, samples of one series, and samples of all of them together, shared
# out evenly; a longer backlog takes several rounds. A round keeps the collectors waiting for the marks
# it has claimed; a full one takes 0.8 s (measured).
SERIES = 500
SAMPLES = 1000
ROUND = 20_000
# Samples judged in one go; in between the others of the process have their turn (36 ms measured).
CHUNK = 1000
# A text of a degree reached is of use for half an hour: the gateway's validity period is to be the
# usefulness of the alert, 900-1,800 s (sms.md section 2). Later only the current state is told, as delayed.
VALIDITY = timedelta(minutes=30)
# Series judged alone in one call, after a round that failed; then the rest may try together again.
ALONE = 50

# What judging one series may raise: a standing or rules that do not decode, arithmetic, a slip of ours, a
# row the database refuses. Not an outage: that is nobody's fault and ends the round for all.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    psycopg.DataError,
    psycopg.IntegrityError,
)

_log = logging.getLogger("hladina.engine")


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: series claimed, samples judged, events that are new, series put aside."""

    claimed: int = 0
    judged: int = 0
    events: int = 0
    aside: int = 0

    def __add__(self, other: "Round") -> "Round":
        """Both together."""
        return Round(
            self.claimed + other.claimed,
            self.judged + other.judged,
            self.events + other.events,
            self.aside + other.aside,
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """A claimed series with what is needed to judge it."""

    series: Series
    ruled: Versioned
    job: Job


async def evaluate(
    conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool, limit: int = SERIES
) -> Round:
    """Judge what is new of up to `limit` marked series; `now` is data time and decides no degree.

    Raises:
        psycopg.Error: nothing of the round happened.
    """
    try:
        async with conn.transaction():
            done = await _round(conn, await judging.claim(conn, limit), rulebook, now, exercise=exercise)
    except FAULTS:
        async with conn.transaction():
            waiting = await judging.waiting(conn, min(limit, ALONE))
        return await _alone(conn, waiting, rulebook, now, exercise=exercise)
    if done.claimed:
        passing("engine.after_commit")
    return done


async def retry(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> Round:
    """Judge up to `ALONE` of the series put aside; who succeeds takes part in the rounds again."""
    async with conn.transaction():
        numbers = await judging.aside(conn, ALONE)
    return await _alone(conn, numbers, rulebook, now, exercise=exercise)


async def _alone(
    conn: AsyncConnection, numbers: Sequence[int], rulebook: Rulebook, now: datetime, *, exercise: bool
) -> Round:
    """Judge the series one by one; those that fail are put aside."""
    done = Round()
    for number in numbers:
        try:
            async with conn.transaction():
                claimed = await judging.claim_one(conn, number)
                await _mend(conn, claimed, rulebook)
                one = await _round(conn, claimed, rulebook, now, exercise=exercise)
                released = bool(claimed) and await judging.release(conn, number)
                passing("aside.released")
        except FAULTS as fault:
            await _put_aside(conn, number, fault)
            one = Round(claimed=1, aside=1)
        else:
            if released:
                _log.warning("series %d is judged again", number)
        done += one
    return done


async def _put_aside(conn: AsyncConnection, number: int, fault: Exception) -> None:
    async with conn.transaction():
        is_new = await judging.put_aside(conn, number, f"{type(fault).__name__}: {fault}")
        passing("aside.written")
    passing("aside.committed")
    if is_new:
        _log.error("series %d cannot be judged and is put aside: %s: %s", number, type(fault).__name__, fault)


async def _mend(conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook) -> None:
    """Put a standing from the record in place of one that cannot be read."""
    for series in await judging.load(conn, claimed):
        try:
            _standing(series)
        except FAULTS as fault:
            ruled = rulebook.of(series.station_id, Quantity(series.quantity))
            found = await standing_again(conn, series, ruled)
            await judging.save_standing(conn, series.series_id, encode(found))
            _log.warning("the standing of %s was judged again from the record: %s", series.station_id, fault)


async def _round(
    conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, now: datetime, *, exercise: bool
) -> Round:
    """Judge the claimed series; the caller's transaction is the round."""
    passing("engine.claimed")
    if not claimed:
        return Round()
    cases = await _load(conn, claimed, rulebook, now)
    passing("engine.read")
    judgements = await _judge(cases)
    passing("engine.assessed")
    events = await _commit(conn, list(zip(cases, judgements, strict=True)), now, exercise=exercise)
    passing("engine.before_commit")
    return Round(len(claimed), sum(len(case.job.samples) for case in cases), events)


async def _load(conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, now: datetime) -> list[_Case]:
    """The claimed series that have new samples."""
    series = await judging.load(conn, claimed)
    after = {one.series_id: one.judged_until or BEFORE_ALL for one in series}
    share = max(1, min(SAMPLES, ROUND // len(claimed)))
    found = await judging.samples(conn, after, share)
    await judging.mark(conn, [number for number, rows in found.items() if len(rows) == share], now)
    return [_case(one, found[one.series_id], rulebook) for one in series if found[one.series_id]]


def _case(series: Series, rows: Sequence[SampleRow], rulebook: Rulebook) -> _Case:
    ruled = rulebook.of(series.station_id, Quantity(series.quantity))
    return _Case(series, ruled, Job(ruled.rules, _standing(series), [sample(row) for row in rows]))


def _standing(series: Series) -> Standing:
    """The stored standing.

    Raises:
        msgspec.MsgspecError, ValueError: it is none, or knows nothing of the degree people were told of.
    """
    standing = Standing() if series.standing is None else decode(series.standing)
    if series.degree is not None and standing.life.degree != series.degree:
        message = f"a standing at degree {int(standing.life.degree)} of a series at degree {series.degree}"
        raise ValueError(message)
    return standing


def _chunks(cases: Sequence[_Case]) -> Iterator[list[_Case]]:
    """The cases in their order, in groups of about `CHUNK` samples."""
    group: list[_Case] = []
    size = 0
    for case in cases:
        if group and size + len(case.job.samples) > CHUNK:
            yield group
            group, size = [], 0
        group.append(case)
        size += len(case.job.samples)
    if group:
        yield group


async def _judge(cases: Sequence[_Case]) -> list[Judgement]:
    """Judge the cases; a judgement depends on its own series alone, so the chunks change nothing."""
    judgements: list[Judgement] = []
    for chunk in _chunks(cases):
        if judgements:
            await asyncio.sleep(0)
        judgements += judge([case.job for case in chunk])
    return judgements


async def _commit(
    conn: AsyncConnection, judged: Sequence[tuple[_Case, Judgement]], now: datetime, *, exercise: bool
) -> int:
    """Write everything that follows from the judgements; returns how many events are new."""
    changed = [case for case, _ in judged if case.series.rule_version != case.ruled.version]
    uses = [RuleUse(case.series.series_id, case.job.samples[0].at, case.ruled.version) for case in changed]
    await judging.save_rules(conn, {case.ruled.version: case.ruled.canonical for case in changed}, uses, now)
    await judging.save_states(conn, [_state(case, judgement, now) for case, judgement in judged])
    await judging.save_verdicts(conn, (row for case, judgement in judged for row in _verdicts(case, judgement)))
    passing("engine.state_written")
    events = [
        event_of(case.series, case.ruled.version, change, exercise=exercise)
        for case, judgement in judged
        for change in judgement.changes
    ]
    stored = await judging.save_events(conn, sorted(events, key=lambda event: event.at))
    told = {case.series.series_id for case, _ in judged if case.ruled.rules.told}
    await _tell(conn, stored, [e.series_id in told for _, e in stored], now, ("sms", "cap"))
    await judging.notify(conn, CHANGE)
    return len(stored)


async def _tell(
    conn: AsyncConnection,
    stored: Sequence[tuple[int, NewEvent]],
    told: Sequence[bool],
    now: datetime,
    channels: tuple[str, ...],
) -> None:
    """Announcements and flood book for events just stored."""
    if not stored:
        return
    intents = [
        Announcement(number, channel, event.to_degree, event.at + VALIDITY)
        for (number, event), is_told in zip(stored, told, strict=True)
        if is_told
        for channel in channels
    ]
    await judging.announce(conn, intents)
    await book.append(conn, [_entry(number, event) for number, event in stored], now)
    await judging.notify(conn, EVENT)
    passing("engine.event_written")


def _state(case: _Case, judgement: Judgement, now: datetime) -> StateRow:
    good = judgement.standing.memory.good
    return StateRow(
        series_id=case.series.series_id,
        rule_version=case.ruled.version,
        judged_until=case.job.samples[-1].at,
        standing=encode(judgement.standing),
        degree=int(judgement.standing.life.degree) if case.ruled.rules.limits else None,
        value=None if good is None else good.value,
        observed_at=None if good is None else good.at,
        trend=judgement.trend,
        trend_per_hour=judgement.per_hour,
        flag=int(judgement.latest.flag),
        test=judgement.latest.test,
        updated_at=now,
    )


def _verdicts(case: _Case, judgement: Judgement) -> list[VerdictRow]:
    return [VerdictRow(case.series.series_id, v.at, int(v.flag), v.test) for v in judgement.verdicts]


def event_of(series: Series, rule_version: str, change: Change, *, exercise: bool) -> NewEvent:
    """The event of a change of degree."""
    transition = change.transition
    return NewEvent(
        series_id=series.series_id,
        station_id=series.station_id,
        quantity=series.quantity,
        kind=REACHED,
        at=transition.at,
        from_degree=int(transition.from_degree),
        to_degree=int(transition.to_degree),
        reason=transition.reason,
        value=change.value,
        unit=series.unit,
        limit_value=change.limit,
        trend=change.trend,
        trend_per_hour=change.per_hour,
        chain=chain(series.station_id, transition.since),
        rule_version=rule_version,
        exercise=exercise,
    )


def _entry(number: int, event: NewEvent) -> book.NewEntry:
    return book.NewEntry(
        event.at,
        event.kind,
        number,
        {
            "station": event.station_id,
            "quantity": event.quantity,
            "from": event.from_degree,
            "to": event.to_degree,
            "reason": event.reason,
            "value": event.value,
            "unit": event.unit,
            "limit": event.limit_value,
            "chain": event.chain,
            "rules": event.rule_version,
            "exercise": event.exercise,
        },
    )


async def sweep(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> int:
    """Find gauges lost at a degree or while rising, and raise a `silence` event for the duty officers.

    Changes no degree and no state. Returns how many events are new.
    """
    lost: list[NewEvent] = []
    faults: list[tuple[int, Exception]] = []
    async with conn.transaction():
        for series in await judging.unheard(conn, now - shortest_allowed()):
            try:
                event = _lost(series, rulebook, now, exercise=exercise)
            except FAULTS as fault:
                faults.append((series.series_id, fault))
            else:
                lost += [event] if event is not None else []
        passing("sweep.found")
        stored = await judging.save_events(conn, lost)
        # Lost sight is no statement about the water: it goes to the officers, not to partners by CAP.
        told = [rulebook.of(event.station_id, Quantity(event.quantity)).rules.told for _, event in stored]
        await _tell(conn, stored, told, now, ("sms",))
        passing("sweep.before_commit")
    passing("sweep.after_commit")
    for number, why in faults:  # `retry` needs a mark, and mends the standing even without new samples
        await _put_aside(conn, number, why)
        async with conn.transaction():
            await judging.mark(conn, [number], now)
    return len(stored)


def _lost(series: Series, rulebook: Rulebook, now: datetime, *, exercise: bool) -> NewEvent | None:
    if series.standing is None or series.judged_until is None or series.judged_at is None:
        return None
    ruled = rulebook.of(series.station_id, Quantity(series.quantity))
    found = silence(ruled.rules, _standing(series), now, lag(series.judged_until, series.judged_at))
    if found is None:
        return None
    name = chain(series.station_id, found.since)
    return NewEvent(
        series_id=series.series_id,
        station_id=series.station_id,
        quantity=series.quantity,
        kind=SILENCE,
        at=found.at,
        from_degree=int(found.degree),
        to_degree=int(found.degree),
        reason=found.reason,
        value=found.value,
        unit=series.unit,
        limit_value=None,
        trend=found.trend,
        trend_per_hour=found.per_hour,
        chain=name if found.degree > Degree.NONE else f"{name}-silence",
        rule_version=ruled.version,
        exercise=exercise,
    )
