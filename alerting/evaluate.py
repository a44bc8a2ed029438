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
from datetime import datetime

from psycopg import AsyncConnection

from alerting.aside import FAULTS, put_aside
from alerting.engine.judge import Job, Judgement, encode, judge
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.past import BEFORE_ALL, standing_again, standing_of
from alerting.tell import reached, tell
from floodcore.killpoint import passing
from floodcore.quality.window import Sample
from floodcore.store import judging, marks
from floodcore.store.judging import RuleUse, Series, StateRow, VerdictRow
from floodcore.store.listen import CHANGE
from floodcore.store.marks import Marks
from floodcore.words import Quantity

# Series judged in one transaction, samples of one series, and samples of all of them together, shared
# out evenly; a longer backlog takes several rounds.
SERIES = 500
SAMPLES = 1000
ROUND = 20_000
# Samples judged in one go; in between the others of the process have their turn (10 ms measured).
CHUNK = 1000
# Series judged alone in one call, after a round that failed; then the rest may try together again.
ALONE = 50

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
            done = await _round(conn, await marks.claim(conn, limit), rulebook, now, exercise=exercise)
    except FAULTS:
        async with conn.transaction():
            waiting = await marks.waiting(conn, min(limit, ALONE))
        return await _alone(conn, waiting, rulebook, now, exercise=exercise)
    if done.claimed:
        passing("engine.after_commit")
    return done


async def retry(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> Round:
    """Judge up to `ALONE` of the series put aside; who succeeds takes part in the rounds again."""
    async with conn.transaction():
        numbers = await marks.aside(conn, ALONE)
    return await _alone(conn, numbers, rulebook, now, exercise=exercise)


async def _alone(
    conn: AsyncConnection, numbers: Sequence[int], rulebook: Rulebook, now: datetime, *, exercise: bool
) -> Round:
    """Judge the series one by one; those that fail are put aside."""
    done = Round()
    for number in numbers:
        try:
            async with conn.transaction():
                claimed = await marks.claim_one(conn, number)
                await _mend(conn, claimed, rulebook)
                one = await _round(conn, claimed, rulebook, now, exercise=exercise)
                released = bool(claimed) and await marks.release(conn, number)
                passing("aside.released")
        except FAULTS as fault:
            await put_aside(conn, number, fault)
            one = Round(claimed=1, aside=1)
        else:
            if released:
                _log.warning("series %d is judged again", number)
        done += one
    return done


async def _mend(conn: AsyncConnection, claimed: Marks, rulebook: Rulebook) -> None:
    """Put a standing from the record in place of one that cannot be read."""
    for series in await judging.load(conn, list(claimed)):
        try:
            standing_of(series)
        except FAULTS as fault:
            ruled = rulebook.of(series.station_id, Quantity(series.quantity))
            found = await standing_again(conn, series, ruled)
            await judging.save_standing(conn, series.series_id, encode(found))
            _log.warning("the standing of %s was judged again from the record: %s", series.station_id, fault)


async def _round(conn: AsyncConnection, claimed: Marks, rulebook: Rulebook, now: datetime, *, exercise: bool) -> Round:
    """Judge the claimed series; the caller's transaction is the round."""
    passing("engine.claimed")
    if not claimed:
        return Round()
    share = max(1, min(SAMPLES, ROUND // len(claimed)))
    cases = await _load(conn, claimed, rulebook, share)
    passing("engine.read")
    judgements = await _judge(cases)
    passing("engine.assessed")
    events = await _commit(conn, list(zip(cases, judgements, strict=True)), now, exercise=exercise)
    unfinished = [case.series.series_id for case in cases if len(case.job.samples) == share]
    await marks.clear(conn, claimed, unfinished, now)
    passing("engine.before_commit")
    return Round(len(claimed), sum(len(case.job.samples) for case in cases), events)


async def _load(conn: AsyncConnection, claimed: Marks, rulebook: Rulebook, share: int) -> list[_Case]:
    """The claimed series that have new samples, with up to `share` samples each."""
    series = await judging.load(conn, list(claimed))
    after = {one.series_id: one.judged_until or BEFORE_ALL for one in series}
    found = await judging.samples(conn, after, share)
    return [_case(one, found[one.series_id], rulebook) for one in series if found[one.series_id]]


def _case(series: Series, samples: Sequence[Sample], rulebook: Rulebook) -> _Case:
    ruled = rulebook.of(series.station_id, Quantity(series.quantity))
    return _Case(series, ruled, Job(ruled.rules, standing_of(series), samples))


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
        reached(case.series, case.ruled.version, change, exercise=exercise)
        for case, judgement in judged
        for change in judgement.changes
    ]
    stored = await judging.save_events(conn, sorted(events, key=lambda event: event.at))
    told = {case.series.series_id for case, _ in judged if case.ruled.rules.told}
    await tell(conn, stored, [e.series_id in told for _, e in stored], now, ("sms", "cap"))
    await judging.notify(conn, CHANGE)
    return len(stored)


def _state(case: _Case, judgement: Judgement, now: datetime) -> StateRow:
    good = judgement.standing.memory.good
    return StateRow(
        series_id=case.series.series_id,
        rule_version=case.ruled.version,
        judged_until=case.job.samples[-1].at,
        standing=encode(judgement.standing),
        degree=int(judgement.standing.degree) if case.ruled.rules.limits else None,
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
