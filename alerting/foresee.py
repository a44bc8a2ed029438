"""Foresee: where the forecast's decisions meet the store. Apart from `evaluate`, which never waits for it.

One transaction per round: claim marks, load the believed points, fold each new one in, compose, commit. Dying
anywhere before the commit leaves the marks and what was remembered, so the round is done again with
the same outcome. Every believed reading is folded in once, in the order of its time.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from psycopg import AsyncConnection

from alerting.aside import FAULTS
from alerting.engine import forecast_odds, judge, trend
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.foresee_fold import DEGREES, Case, Seen, fold, moment, outlook, warned_of
from alerting.foresee_late import added, matrix
from alerting.foresee_life import Moment, Reason, Turn, step, step_late
from alerting.foresee_load import Work, load
from alerting.tell import VALIDITY, entry
from floodcore.killpoint import passing
from floodcore.store import book, foresight, judging
from floodcore.store.foresight import Expectation, ForesightRow, Memory, ReachedRow, Told
from floodcore.store.judging import Announcement, NewEvent
from floodcore.store.listen import CHANGE, EVENT
from floodcore.words import Degree

EXPECTED = "expected"
# Series foreseen in one transaction: the others of the process wait for its 10 ms (measured, one reading each).
SERIES = 30
# A text of an expectation is of use until the expected time, but an hour after the reading at most.
LONGEST_VALIDITY = timedelta(hours=1)

# Nothing learnt: the forecast that holds for any gauge.
GENERIC = Trained()

_log = logging.getLogger("hladina.foresee")


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: series claimed, forecasts made, events that are new."""

    claimed: int = 0
    foreseen: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a series."""

    work: Work
    seen: Seen | None
    told: Told | None
    turns: tuple[Turn, ...]
    lived: float | None


async def foresee(
    conn: AsyncConnection,
    rulebook: Rulebook,
    now: datetime,
    *,
    exercise: bool,
    limit: int = SERIES,
    failing: set[int] | None = None,
    trained: Trained = GENERIC,
) -> Round:
    """Foresee what is new of up to `limit` marks; `now` is data time and decides only how long a reading waits.

    `failing` is kept by the caller: the series that cannot be foreseen, so that each is said once. `trained` is what
    stations learnt from their own past.

    Raises:
        psycopg.Error: nothing of the round happened.
    """
    claimed: list[int] = []
    failing = set() if failing is None else failing
    try:
        async with conn.transaction():
            claimed = await foresight.claim(conn, limit)
            done = await _round(conn, claimed, rulebook, trained, now, exercise=exercise)
    except FAULTS:
        return await _alone(conn, claimed, rulebook, trained, now, exercise=exercise, failing=failing)
    if done.claimed:
        failing.difference_update(claimed)
        passing("foresee.after_commit")
    return done


async def _alone(
    conn: AsyncConnection,
    numbers: Sequence[int],
    rulebook: Rulebook,
    trained: Trained,
    now: datetime,
    *,
    exercise: bool,
    failing: set[int],
) -> Round:
    """After a round that failed: one transaction each. A series that fails has no forecast until its next reading."""
    foreseen = events = 0
    for number in numbers:
        try:
            async with conn.transaction():
                await foresight.unmark(conn, number)
                one = await _round(conn, [number], rulebook, trained, now, exercise=exercise)
        except FAULTS as fault:
            if number not in failing:
                _log.error("series %d cannot be foreseen: %s: %s", number, type(fault).__name__, fault)
            failing.add(number)
            async with conn.transaction():
                await foresight.unmark(conn, number)
        else:
            foreseen, events = foreseen + one.foreseen, events + one.events
            failing.discard(number)
    return Round(len(numbers), foreseen, events)


async def _round(
    conn: AsyncConnection,
    claimed: Sequence[int],
    rulebook: Rulebook,
    trained: Trained,
    now: datetime,
    *,
    exercise: bool,
) -> Round:
    """Foresee the claimed series; the caller's transaction is the round."""
    passing("foresee.claimed")
    if not claimed:
        return Round()
    loaded = await load(conn, claimed, rulebook, trained, now)
    passing("foresee.read")
    outcomes = _fold(loaded.work)
    passing("foresee.assessed")
    await foresight.mark(conn, loaded.unfinished)
    models = {work.series.series_id: trained.model(_odds(), work.series.station_id) for work in loaded.work}
    events = await _write(conn, outcomes, models, now, exercise=exercise)
    passing("foresee.before_commit")
    return Round(len(claimed), sum(one.due.size for one in loaded.work), events)


def _odds() -> str:
    return forecast_odds.generic().version


def _fold(works: Sequence[Work]) -> list[_Outcome]:
    """Foresee all series together, then tell of each what changed."""
    some = [work for work in works if work.due.size]
    seen = fold(forecast_odds.generic(), [_case(work) for work in some])
    by_number = {work.series.series_id: one for work, one in zip(some, seen, strict=True)}
    return [_live(work, by_number.get(work.series.series_id)) for work in works]


def _case(work: Work) -> Case:
    since = np.array(work.begin.since, dtype=np.float64)  # null is NaN
    since = since if since.size else np.full((len(DEGREES), len(HORIZONS_MIN)), np.nan)
    reached = [_reached(work.reached, moment(at))[0] for at in work.due.tolist()]
    local = None if work.taught is None else work.taught.local
    return Case(work.ruled.rules, work.own, work.above, work.due, reached, since, local, work.rain)


def _live(work: Work, seen: Seen | None) -> _Outcome:
    """Live through the new readings of a series; one that was lived through before is not a second time."""
    told, turns, lived = work.memory.told, list[Turn](), work.memory.lived
    rows = {} if seen is None else {at: row for row, at in enumerate(work.due.tolist())}
    moments = work.moments.tolist()
    for at in moments:
        row = rows.get(at)
        lively = seen is not None and row is not None and bool(seen.warned[row].any())
        again = lived is not None and at <= lived
        if (told is None and not lively) or (again and not (lively and at == moments[-1] == lived)):
            continue
        degree, chain = _reached(work.reached, moment(at))
        warned = warned_of(seen, row, degree) if seen is not None and row is not None else []
        here = Moment(moment(at), degree, chain, warned, due=row is not None)
        told, turn = (step_late if again else step)(
            told, here, f"{judge.chain(work.series.station_id, here.at)}-expected"
        )
        turns += [turn] if turn is not None else []
    return _Outcome(
        work, seen, told, tuple(turns), max([*moments[-1:], *([] if lived is None else [lived])], default=None)
    )


def _reached(changes: Sequence[ReachedRow], at: datetime) -> tuple[int, str]:
    """The degree reached at `at` and its chain."""
    last = next((row for row in reversed(changes) if row.at <= at), None)
    return (0, "") if last is None or last.degree == Degree.NONE else (last.degree, last.chain)


async def _write(
    conn: AsyncConnection, outcomes: Sequence[_Outcome], models: Mapping[int, str], now: datetime, *, exercise: bool
) -> int:
    """Everything that follows from the outcomes; returns how many events are new.

    `models` says by what each series is foreseen.
    """
    await foresight.save(conn, [_row(one, models[one.work.series.series_id], now) for one in outcomes])
    by_key = {
        event.key: (turn, event)
        for one in outcomes
        for turn in one.turns
        for event in [_event(one.work, turn, exercise=exercise)]
    }
    events = sorted((event for _, event in by_key.values()), key=lambda event: event.at)
    stored = await judging.save_events(conn, events)
    if stored:
        turns = [(number, event, by_key[event.key][0]) for number, event in stored]
        await foresight.save_expectations(
            conn, [_expectation(number, turn, models[event.series_id]) for number, event, turn in turns]
        )
        await judging.announce(conn, [a for number, event, turn in turns for a in _announcements(number, event, turn)])
        await judging.notify(conn, EVENT, CHANGE)
        # Last, because it holds the book until the commit, and the engine may want to write in it.
        await book.append(
            conn, [_entry(number, event, turn, models[event.series_id]) for number, event, turn in turns], now
        )
    return len(stored)


def _row(one: _Outcome, model: str, now: datetime) -> ForesightRow:
    work, seen = one.work, one.seen
    since, starts = work.begin.since, work.begin.starts
    if seen is not None:
        since, starts = matrix(seen.since), added(starts, work.due, seen.before, work.until)
    return ForesightRow(
        series_id=work.series.series_id,
        foreseen_until=work.until,
        foreseen_delivery=work.begin.delivery,
        issued_at=work.series.issued_at if seen is None else moment(work.due[-1]),
        model=model,
        memory=foresight.encode(Memory(since, one.told, starts, one.lived, work.begin.seen)),
        outlook=work.series.outlook if seen is None else foresight.encode(outlook(seen)),
        degree=None if one.told is None else one.told.degree,
        updated_at=now,
    )


def _event(work: Work, turn: Turn, *, exercise: bool) -> NewEvent:
    rules, past = work.ruled.rules, work.own
    newest = int(np.searchsorted(past.past.at, turn.at.timestamp(), side="right"))
    window = max(rules.trend_window, 3 * rules.interval).total_seconds()
    first = int(np.searchsorted(past.past.at, turn.at.timestamp() - window))
    shown = list(zip(past.past.at[first:newest].tolist(), past.value[first:newest].tolist(), strict=True))
    (slope,) = trend.slopes_of([shown[-trend.POINTS :]])
    value = float(past.value[newest - 1])
    about = turn.to_degree if turn.told is not None else turn.from_degree
    return NewEvent(
        series_id=work.series.series_id,
        station_id=work.series.station_id,
        quantity=work.series.quantity,
        kind=EXPECTED,
        at=turn.at,
        from_degree=turn.from_degree,
        to_degree=turn.to_degree,
        reason=turn.reason,
        value=value,
        unit=work.series.unit,
        limit_value=rules.limits.get(Degree(about)),
        trend=judge.direction(rules, value, slope),
        trend_per_hour=slope,
        chain=turn.chain,
        rule_version=work.ruled.version,
        exercise=exercise,
    )


def _expectation(number: int, turn: Turn, model: str) -> Expectation:
    told = turn.told
    if told is None:
        return Expectation(number, None, None, None, None, None, model)
    return Expectation(
        number, told.probability, told.horizon_min, told.expected_at, told.earliest_at, told.latest_at, model
    )


def _announcements(number: int, event: NewEvent, turn: Turn) -> list[Announcement]:
    """Less urgent than a limit reached; what came true is told by the limit reached."""
    if turn.reason is Reason.FULFILLED:
        return []
    until, priority = event.at + VALIDITY, 0
    if turn.told is not None:
        priority = max(0, event.to_degree - 1)
        until = max(until, min(turn.told.expected_at, event.at + LONGEST_VALIDITY))
    return [Announcement(number, channel, priority, until) for channel in ("sms", "cap")]


def _entry(number: int, event: NewEvent, turn: Turn, model: str) -> book.NewEntry:
    told = turn.told
    return entry(
        number,
        event,
        probability=None if told is None else told.probability,
        within_min=None if told is None else told.horizon_min,
        expected_at=None if told is None else told.expected_at.isoformat(),
        model=model,
    )
