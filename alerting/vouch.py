"""Rises that are not proved: who answers for them tells the residents, and officers are reminded of the others.

A look is one transaction: series claimed as the engine claims them, the standing proved, the vouch kept as an input,
the event, its announcements, its line in the flood book. Dying anywhere before the commit leaves all as it was, and the
next look finds the same; dying after it leaves everything. A rise that water itself proves is the engine's (ADR 0020).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting.answering import AROUND, RAIN_BEFORE, answers, reminder
from alerting.aside import FAULTS, put_aside
from alerting.engine.judge import Folded, Standing, chain, direction, encode, with_trends
from alerting.engine.lifecycle import Reason
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.trend import slopes_of
from alerting.engine.vouching import Vouch, vouched
from alerting.past import standing_of
from alerting.tell import UNPROVED, reached, tell
from floodcore.killpoint import passing
from floodcore.quality.window import Verdict
from floodcore.store import doubts, judging, notes, vouches
from floodcore.store.judging import NewEvent, Series
from floodcore.store.listen import CHANGE
from floodcore.store.vouches import NewVouch
from floodcore.words import Flag, Quantity

# A reminder that could not be written for so long is left to the next.
_STILL_OF_USE = timedelta(minutes=30)
_HEARD_BY = timedelta(hours=1)

_log = logging.getLogger("hladina.engine")


async def look(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> int:
    """Look at every series with an unproved rise at data time `now`; returns how many events are new.

    Raises:
        psycopg.Error: nothing of the look happened.
    """
    faults: list[tuple[int, Exception]] = []
    new = 0
    async with conn.transaction():
        numbers = await vouches.unproved(conn)
        if not numbers:
            return 0
        held = await vouches.held(conn)
        for series in await judging.load(conn, numbers):
            try:
                async with conn.transaction():
                    new += await _one(conn, rulebook, series, held, now, exercise=exercise)
            except FAULTS as fault:
                faults.append((series.series_id, fault))
        passing("vouch.before_commit")
    passing("vouch.after_commit")
    for number, why in faults:
        await put_aside(conn, number, why)
    return new


async def _one(
    conn: AsyncConnection,
    rulebook: Rulebook,
    series: Series,
    held: frozenset[str],
    now: datetime,
    *,
    exercise: bool,
) -> int:
    standing = standing_of(series)
    proof = standing.proof
    if proof is None or series.judged_until is None or series.judged_delivery is None:
        return 0
    ruled = rulebook.of(series.station_id, Quantity(series.quantity), series.judged_until)
    noted = await notes.in_force(conn, now, series.station_id)
    around = (proof.since - RAIN_BEFORE, min(now, proof.since + AROUND))
    # What was said around the leap is known when it is an hour past; then only people answer.
    heard = now <= around[1] + _HEARD_BY
    words = await doubts.recent(conn, (Quantity.LEVEL, Quantity.RAIN), *around) if heard else []
    found = answers(rulebook.network, series.station_id, proof, noted, words, held)
    if found is None:
        events = _reminder(series, standing, ruled, now, exercise=exercise)
        channels: tuple[str, ...] = ("sms",)
    else:
        events = await _prove(conn, series, standing, ruled, found, now, exercise=exercise)
        channels = ("sms", "cap")
    stored = await judging.save_events(conn, events)
    await tell(conn, stored, [ruled.told for _ in stored], now, channels)
    if stored:
        await judging.notify(conn, CHANGE)
    passing("vouch.written")
    return len(stored)


async def _prove(
    conn: AsyncConnection,
    series: Series,
    standing: Standing,
    ruled: Versioned,
    found: tuple[Reason, str],
    now: datetime,
    *,
    exercise: bool,
) -> Sequence[NewEvent]:
    until, delivery = series.judged_until, series.judged_delivery
    if until is None or delivery is None:
        return []
    reason, author = found
    after, turns = vouched(standing, Vouch(delivery, until, reason), ruled.rules)
    await vouches.save(conn, NewVouch(series.series_id, delivery, until, reason, author), encode(after), now)
    latest = Verdict(until, Flag(series.flag or 0), series.test or "")
    (judgement,) = with_trends([Folded(ruled.rules, after, turns, (), latest, ())])
    _log.warning("the rise at %s is proved: %s %s", series.station_id, reason, author)
    return [reached(series, ruled.version, change, exercise=exercise) for change in judgement.changes]


def _reminder(
    series: Series, standing: Standing, ruled: Versioned, now: datetime, *, exercise: bool
) -> Sequence[NewEvent]:
    """The reminder that is due, if there is one; told once, for its time is its name."""
    good, proof = standing.memory.good, standing.proof
    due = None if proof is None else reminder(proof, now)
    if due is None or proof is None or good is None or now - due > _STILL_OF_USE:
        return []
    (per_hour,) = slopes_of([standing.points])
    return [
        NewEvent(
            series_id=series.series_id,
            station_id=series.station_id,
            quantity=series.quantity,
            kind=UNPROVED,
            at=due,
            from_degree=int(standing.degree),
            to_degree=int(standing.degree),
            reason=UNPROVED,
            value=good.value,
            unit=series.unit,
            limit_value=None,
            trend=direction(ruled.rules, good.value, per_hour),
            trend_per_hour=per_hour,
            chain=chain(series.station_id, standing.since or due),
            rule_version=ruled.version,
            exercise=exercise,
            doubt=proof.doubt,
        )
    ]
