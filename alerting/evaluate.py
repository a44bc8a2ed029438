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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting import rain
from alerting.aside import FAULTS, put_aside
from alerting.engine.judge import Checkpoint, Folded, Job, Judgement, Standing, decode, encode, fold, with_trends
from alerting.engine.order import Late, fold_late, kept, start_again
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.past import ALL, BEFORE_ALL, beginning, standing_again, standing_of
from alerting.tell import reached, tell
from floodcore.freshness import TOO_LATE
from floodcore.killpoint import passing
from floodcore.quality.window import Sample, Verdict
from floodcore.store import checkpoints, judging, marks
from floodcore.store.checkpoints import CheckpointRow
from floodcore.store.judging import RuleUse, Series, StateRow, VerdictRow
from floodcore.store.listen import CHANGE
from floodcore.store.marks import Marks
from floodcore.words import Flag, Quantity

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
    """A claimed series with its new samples, and with what was before them if some came late.

    With `more` there are samples left that other rules hold for.
    """

    series: Series
    ruled: Versioned
    standing: Standing
    samples: Sequence[Sample]
    more: bool = False
    late: Late | None = None

    @property
    def weight(self) -> int:
        """About how many samples are folded: for each late delivery all that is known."""
        if self.late is None:
            return len(self.samples)
        return len({sample.delivery for sample in self.samples}) * (len(self.late.known) + len(self.samples))

    @property
    def ruled_anew(self) -> bool:
        """Whether these are the first samples judged by the rules."""
        return self.series.rule_version != self.ruled.version


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
            ruled = rulebook.of(series.station_id, Quantity(series.quantity), series.judged_until or BEFORE_ALL)
            found = await standing_again(conn, series, ruled)
            await judging.save_standing(conn, series.series_id, encode(found))
            _log.warning("the standing of %s was judged again from the record: %s", series.station_id, fault)
        try:
            _starts_of(await checkpoints.of_series(conn, series.series_id))
        except FAULTS as fault:
            await checkpoints.forget(conn, [series.series_id])
            _log.warning("the checkpoints of %s are forgotten: %s", series.station_id, fault)


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
    events = await _commit(conn, list(zip(cases, judgements, strict=True)), rulebook, now, exercise=exercise)
    unfinished = [case.series.series_id for case in cases if case.more or len(case.samples) == share]
    await marks.clear(conn, claimed, unfinished, now)
    await marks.stay_late(conn, [case.series.series_id for case in cases if case.more and case.late is not None])
    passing("engine.before_commit")
    return Round(len(claimed), sum(len(case.samples) for case in cases), events)


async def _load(conn: AsyncConnection, claimed: Marks, rulebook: Rulebook, share: int) -> list[_Case]:
    """The claimed series that have new samples, with up to `share` samples each; all of those that came late."""
    series = await judging.load(conn, list(claimed))
    prompt = [one for one in series if not claimed[one.series_id].late]
    after = {one.series_id: one.judged_until or BEFORE_ALL for one in prompt}
    found = await judging.samples(conn, after, share) if after else {}
    # A late sample that was committed after the claim was passed over just now: that series waits a round.
    wait = await marks.turned_late(conn, list(after)) if after else frozenset()
    ready = (one for one in prompt if one.series_id not in wait)
    cases = [_case(one, found[one.series_id], rulebook) for one in ready if found[one.series_id]]
    late = [await _late(conn, one, rulebook) for one in series if claimed[one.series_id].late]
    return cases + [case for case in late if case.samples]


def _case(series: Series, samples: Sequence[Sample], rulebook: Rulebook) -> _Case:
    ruled, due = rulebook.next(series.station_id, Quantity(series.quantity), series.judged_until, samples)
    return _Case(series, ruled, standing_of(series), due, more=len(due) < len(samples))


async def _late(conn: AsyncConnection, series: Series, rulebook: Rulebook) -> _Case:
    """A series some of whose new samples may lie before what was judged."""
    until, delivery = series.judged_until, series.judged_delivery
    if until is None or delivery is None:
        found = await judging.samples(conn, {series.series_id: BEFORE_ALL}, ALL)
        case = _case(series, found[series.series_id], rulebook)
        return replace(case, late=Late(case.ruled.rules, case.standing, None, None, [], [], case.samples))
    starts = _starts_of(await checkpoints.of_series(conn, series.series_id)) or await beginning(conn, series)
    reach = min([until - TOO_LATE, *(start.before for start in starts[:1])]) - timedelta.resolution
    found = await judging.samples(conn, {series.series_id: reach}, ALL)
    new = [each for each in found[series.series_id] if each.at > until or each.delivery > delivery]
    known = [each for each in found[series.series_id] if each.at <= until and each.delivery <= delivery]
    case = _case(series, new, rulebook)
    if case.ruled_anew or not starts:
        starts = [start_again(case.standing, until)]
    latest = Verdict(until, Flag(series.flag or 0), series.test or "")
    late = Late(case.ruled.rules, case.standing, until, latest, starts, known, case.samples)
    return replace(case, late=late)


def _starts_of(rows: Sequence[CheckpointRow]) -> list[Checkpoint]:
    """The stored checkpoints.

    Raises:
        msgspec.MsgspecError: one of them is none.
    """
    return [Checkpoint(row.before, decode(row.standing)) for row in rows]


def _chunks(cases: Sequence[_Case]) -> Iterator[list[_Case]]:
    """The cases in their order, in groups of about `CHUNK` samples."""
    group: list[_Case] = []
    size = 0
    for case in cases:
        weight = case.weight
        if group and size + weight > CHUNK:
            yield group
            group, size = [], 0
        group.append(case)
        size += weight
    if group:
        yield group


async def _judge(cases: Sequence[_Case]) -> list[Judgement]:
    """Judge the cases; a judgement depends on its own series alone, so the chunks change nothing."""
    judgements: list[Judgement] = []
    for chunk in _chunks(cases):
        if judgements:
            await asyncio.sleep(0)
        judgements += with_trends([_fold(case) for case in chunk])
    return judgements


def _fold(case: _Case) -> Folded:
    if case.late is not None:
        return fold_late(case.late)
    return fold(Job(case.ruled.rules, case.standing, case.samples))


async def _commit(
    conn: AsyncConnection,
    judged: Sequence[tuple[_Case, Judgement]],
    rulebook: Rulebook,
    now: datetime,
    *,
    exercise: bool,
) -> int:
    """Write everything that follows from the judgements; returns how many events are new."""
    changed = [case for case, _ in judged if case.ruled_anew]
    await judging.save_rules(conn, {case.ruled.version: case.ruled.canonical for case in changed}, _uses(changed), now)
    await judging.save_states(conn, [_state(case, judgement, now) for case, judgement in judged])
    await _keep(conn, judged)
    await judging.save_verdicts(conn, (row for case, judgement in judged for row in _verdicts(case, judgement)))
    passing("engine.state_written")
    events = [
        reached(case.series, case.ruled.version, change, exercise=exercise)
        for case, judgement in judged
        for change in judgement.changes
    ]
    stored = await judging.save_events(conn, sorted(events, key=lambda event: event.at))
    fallen = await rain.keep(conn, [(case.series, case.ruled, judgement) for case, judgement in judged], stored)
    told = {case.series.series_id for case, _ in judged if case.ruled.told}
    await tell(conn, rulebook, stored, [e.series_id in told for _, e in stored], now, ("sms", "cap"), fallen)
    await judging.notify(conn, CHANGE)
    return len(stored)


def _uses(changed: Sequence[_Case]) -> list[RuleUse]:
    """From which sample on the rules are used, in the order of arrival."""
    first = [(case, min((sample.delivery, sample.at) for sample in case.samples)) for case in changed]
    return [
        RuleUse(
            case.series.series_id,
            *place,
            case.ruled.version,
            case.ruled.why.valid_from,
            case.ruled.why.source,
            case.ruled.why.author,
            case.ruled.why.reason,
        )
        for case, place in first
    ]


async def _keep(conn: AsyncConnection, judged: Sequence[tuple[_Case, Judgement]]) -> None:
    """Keep where to start again; forget what was judged anew."""
    await checkpoints.forget(conn, [case.series.series_id for case, one in judged if case.ruled_anew or case.late])
    rows = [
        CheckpointRow(case.series.series_id, each.before, encode(each.standing))
        for case, judgement in judged
        for each in _starts(case, judgement)
    ]
    until = [(case.series.series_id, _until(case)) for case, _ in judged]
    await checkpoints.save(conn, rows, until, TOO_LATE)
    for case, judgement in judged:
        if judgement.rewritten is not None:
            await judging.forget_verdicts(conn, case.series.series_id, judgement.rewritten)


def _starts(case: _Case, judgement: Judgement) -> Sequence[Checkpoint]:
    found = judgement.checkpoints
    if case.ruled_anew and case.late is None and case.series.judged_until is not None:
        found = (start_again(case.standing, case.series.judged_until), *found)
    return kept(found, _until(case))


def _until(case: _Case) -> datetime:
    """The newest sample judged."""
    newest = max(sample.at for sample in case.samples)
    return newest if case.series.judged_until is None else max(newest, case.series.judged_until)


def _judged_at(case: _Case, now: datetime) -> datetime:
    """When the newest sample was judged. A late one does not make a gauge fresher that has fallen silent."""
    judged_at = case.series.judged_at
    return now if judged_at is None or _until(case) != case.series.judged_until else judged_at


def _state(case: _Case, judgement: Judgement, now: datetime) -> StateRow:
    standing = judgement.standing
    good, unproved = standing.memory.good, standing.firm < standing.degree
    newest = max(sample.delivery for sample in case.samples)
    return StateRow(
        series_id=case.series.series_id,
        rule_version=case.ruled.version,
        judged_until=_until(case),
        judged_delivery=max(newest, case.series.judged_delivery or 0),
        standing=encode(standing),
        degree=int(standing.degree) if case.ruled.rules.has_degrees else None,
        value=None if good is None else good.value,
        observed_at=None if good is None else good.at,
        trend=judgement.trend,
        trend_per_hour=judgement.per_hour,
        flag=int(judgement.latest.flag),
        test=judgement.latest.test,
        updated_at=_judged_at(case, now),
        firm=int(standing.firm) if unproved else None,
        doubt=standing.proof.doubt if unproved and standing.proof is not None else "",
    )


def _verdicts(case: _Case, judgement: Judgement) -> list[VerdictRow]:
    return [VerdictRow(case.series.series_id, v.at, int(v.flag), v.test) for v in judgement.verdicts]
