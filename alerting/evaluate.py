"""Evaluate: the only place where the engine's decisions meet the store.

One transaction per round: claim, load, assess and step, compose, commit. Dying anywhere before the
commit leaves the marks and the old states, so the round is done again with the same outcome; dying
after it leaves everything, and the announcements wait to be claimed. Nothing leaves the house here.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection

from alerting.engine.judge import Change, Job, Judgement, Standing, chain, decode, encode, judge
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.silence import shortest_allowed, silence
from floodcore.freshness import lag
from floodcore.killpoint import passing
from floodcore.quality.window import Sample
from floodcore.store import book, judging
from floodcore.store.judging import Announcement, NewEvent, RuleUse, SampleRow, Series, StateRow, VerdictRow
from floodcore.store.listen import CHANGE, EVENT
from floodcore.words import Degree, Flag, Quantity

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

_BEFORE_ALL = datetime(1000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: series claimed, samples judged, events that are new."""

    claimed: int = 0
    judged: int = 0
    events: int = 0


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
    async with conn.transaction():
        claimed = await judging.claim(conn, limit)
        passing("engine.claimed")
        if not claimed:
            return Round()
        cases = await _load(conn, claimed, rulebook, now)
        passing("engine.read")
        judgements = await _judge(cases)
        passing("engine.assessed")
        events = await _commit(conn, list(zip(cases, judgements, strict=True)), now, exercise=exercise)
        passing("engine.before_commit")
    passing("engine.after_commit")
    return Round(len(claimed), sum(len(case.job.samples) for case in cases), events)


async def _load(conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, now: datetime) -> list[_Case]:
    """The claimed series that have new samples."""
    series = await judging.load(conn, claimed)
    after = {one.series_id: one.judged_until or _BEFORE_ALL for one in series}
    share = max(1, min(SAMPLES, ROUND // len(claimed)))
    found = await judging.samples(conn, after, share)
    await judging.mark(conn, [number for number, rows in found.items() if len(rows) == share], now)
    return [_case(one, found[one.series_id], rulebook) for one in series if found[one.series_id]]


def _case(series: Series, rows: Sequence[SampleRow], rulebook: Rulebook) -> _Case:
    ruled = rulebook.of(series.station_id, Quantity(series.quantity))
    standing = Standing() if series.standing is None else decode(series.standing)
    return _Case(series, ruled, Job(ruled.rules, standing, [sample(row) for row in rows]))


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


def sample(row: SampleRow) -> Sample:
    """A stored row as the engine sees it."""
    return Sample(row.observed_at, row.value, Flag(row.flag), row.test)


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
    async with conn.transaction():
        lost = [
            event
            for series in await judging.unheard(conn, now - shortest_allowed())
            if (event := _lost(series, rulebook, now, exercise=exercise)) is not None
        ]
        stored = await judging.save_events(conn, lost)
        # Lost sight is no statement about the water: it goes to the officers, not to partners by CAP.
        told = [rulebook.of(event.station_id, Quantity(event.quantity)).rules.told for _, event in stored]
        await _tell(conn, stored, told, now, ("sms",))
    return len(stored)


def _lost(series: Series, rulebook: Rulebook, now: datetime, *, exercise: bool) -> NewEvent | None:
    if series.standing is None or series.judged_until is None or series.judged_at is None:
        return None
    ruled = rulebook.of(series.station_id, Quantity(series.quantity))
    found = silence(ruled.rules, decode(series.standing), now, lag(series.judged_until, series.judged_at))
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
