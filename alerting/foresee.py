"""Foresee: where the forecast's decisions meet the store. Apart from `evaluate`, which never waits for it.

One transaction per round: claim marks, load the believed points, fold each new one in, compose, commit. Dying
anywhere before the commit leaves the marks and what was remembered, so the round is done again with
the same outcome. Every believed reading is folded in once, in the order of its time.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting.aside import FAULTS
from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from alerting.foresee_course import Outcome, decide, event_of, expectation_of, looks_of, odds, row_of
from alerting.foresee_life import Reason, Turn
from alerting.foresee_load import load
from alerting.foresee_who import measured
from alerting.tell import VALIDITY, entry
from floodcore.killpoint import passing
from floodcore.store import beside, book, foresight, judging, looks
from floodcore.store.judging import Announcement, NewEvent
from floodcore.store.listen import CHANGE, EVENT
from floodcore.words import Quantity

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
    outcomes = decide(loaded.work)
    passing("foresee.assessed")
    await foresight.mark(conn, [*loaded.unfinished, *await _moved(conn, claimed, rulebook, trained)])
    models = {work.series.series_id: trained.model(odds(), work.series.station_id) for work in loaded.work}
    events = await _write(conn, outcomes, models, now, exercise=exercise)
    passing("foresee.before_commit")
    return Round(len(claimed), sum(one.due.size for one in loaded.work), events)


async def _moved(conn: AsyncConnection, claimed: Sequence[int], rulebook: Rulebook, trained: Trained) -> list[int]:
    """The series that looked at the claimed ones before something of them came late: they are foreseen again."""
    stations, looks = rulebook.network.stations, list[tuple[int, str]]()
    for number, name, quantity in await beside.names(conn, claimed):
        if quantity == Quantity.RAIN:
            looks += ((number, each) for each, taught in trained.stations.items() if name in taught.rain_gauges)
        elif name in stations and quantity == measured(stations[name]):
            looks += ((number, each) for each in rulebook.below(name))
    return [number for number in await beside.behind(conn, looks) if number not in claimed]


async def _write(
    conn: AsyncConnection, outcomes: Sequence[Outcome], models: Mapping[int, str], now: datetime, *, exercise: bool
) -> int:
    """Everything that follows from the outcomes; returns how many events are new.

    `models` says by what each series is foreseen.
    """
    await looks.save(conn, looks_of([one.work for one in outcomes]))
    await foresight.save(conn, [row_of(one, models[one.work.series.series_id], now) for one in outcomes])
    passing("foresee.state_written")
    by_key = {
        event.key: (turn, event)
        for one in outcomes
        for turn in one.turns
        for event in [event_of(one.work, turn, exercise=exercise)]
    }
    events = sorted((event for _, event in by_key.values()), key=lambda event: event.at)
    stored = await judging.save_events(conn, events)
    if stored:
        turns = [(number, event, by_key[event.key][0]) for number, event in stored]
        await foresight.save_expectations(
            conn, [expectation_of(number, turn, models[event.series_id]) for number, event, turn in turns]
        )
        await judging.announce(conn, [a for number, event, turn in turns for a in _announcements(number, event, turn)])
        await judging.notify(conn, EVENT, CHANGE)
        # Last, because it holds the book until the commit, and the engine may want to write in it.
        await book.append(
            conn, [_entry(number, event, turn, models[event.series_id]) for number, event, turn in turns], now
        )
    return len(stored)


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
