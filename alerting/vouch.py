"""Rises that are not proved: who answers for them tells the residents, and officers are reminded of the others.

A look reads first and locks nothing: a gauge that leapt goes on being judged meanwhile. Then each series of which there
is something to say is one transaction: claimed as the engine claims it, still as it was read, the standing proved, the
vouch kept as an input, the event, its announcements, its line in the flood book. Dying anywhere before the commit
leaves the series as it was, and the next look finds the same; dying after it leaves everything. A rise that water
itself proves is the engine's (ADR 0020).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from alerting.answering import AROUND, RAIN_BEFORE, answers, asked, looked_at, reminder
from alerting.aside import FAULTS, put_aside
from alerting.engine.judge import Folded, Standing, chain, direction, encode, with_trends
from alerting.engine.lifecycle import Reason
from alerting.engine.proof import Proof
from alerting.engine.rulebook import Rulebook, Versioned
from alerting.engine.rules import parse
from alerting.engine.trend import slopes_of
from alerting.engine.vouching import Vouch, vouched
from alerting.past import standing_of
from alerting.tell import UNPROVED, reached, tell
from floodcore.killpoint import passing
from floodcore.quality.window import Verdict
from floodcore.store import doubts, judging, notes, vouches
from floodcore.store.doubts import Word
from floodcore.store.judging import NewEvent, Series
from floodcore.store.listen import CHANGE
from floodcore.store.notes import Note
from floodcore.store.vouches import NewVouch
from floodcore.words import Flag, Quantity

# A reminder that could not be written for so long is left to the next.
_STILL_OF_USE = timedelta(minutes=30)
_HEARD_BY = timedelta(hours=1)

_log = logging.getLogger("hladina.engine")


@dataclass(frozen=True, slots=True)
class _Rise:
    """A series at a degree that is not proved, as it was read; judged `until` then by the rules `ruled`."""

    series: Series
    ruled: Versioned
    standing: Standing
    proof: Proof
    until: datetime

    @property
    def around(self) -> tuple[datetime, datetime]:
        """The time from which there may be words for it."""
        return self.proof.since - RAIN_BEFORE, self.proof.since + AROUND


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was read for all rises of a look: notes and words by station, whose words each asks for, who is unproved."""

    notes: Mapping[str, Sequence[Note]]
    words: Mapping[str, Sequence[Word]]
    asked: Mapping[str, frozenset[str]]
    held: frozenset[str]


async def look(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> int:
    """Look at every series with an unproved rise at data time `now`; returns how many events are new.

    Raises:
        psycopg.Error: what was written of other series by then stands, the next look finds the rest.
    """
    faults: list[tuple[int, Exception]] = []
    async with conn.transaction():
        rises = await _rises(conn, rulebook, faults)
        heard = await _hear(conn, rulebook, rises, now)
    new = 0
    for rise in rises:
        try:
            new += await _one(conn, rulebook, rise, heard, now, exercise=exercise)
        except FAULTS as fault:
            faults.append((rise.series.series_id, fault))
    for number, why in faults:
        await put_aside(conn, number, why)
    return new


async def _rises(conn: AsyncConnection, rulebook: Rulebook, faults: list[tuple[int, Exception]]) -> list[_Rise]:
    """The unproved rises; series whose standing cannot be read are put to `faults`."""
    found = []
    for series in await judging.load(conn, await vouches.unproved(conn)):
        try:
            standing = standing_of(series)
        except FAULTS as fault:
            faults.append((series.series_id, fault))
            continue
        if standing.proof is not None and series.judged_until is not None:
            ruled = await _in_use(conn, rulebook, series, series.judged_until)
            found.append(_Rise(series, ruled, standing, standing.proof, series.judged_until))
    return found


async def _in_use(conn: AsyncConnection, rulebook: Rulebook, series: Series, until: datetime) -> Versioned:
    """The rules the series was judged by, as a rebuild finds them; the files may say otherwise by now.

    Of another engine they cannot be read: then those of the files.
    """
    ruled = rulebook.of(series.station_id, Quantity(series.quantity), until)
    if series.rule_version == ruled.version:
        return ruled
    used = [use for use in await judging.uses(conn, series.series_id) if use.rule_version == series.rule_version]
    try:
        return replace(ruled, rules=parse(used[-1].rules), version=used[-1].rule_version, canonical=used[-1].rules)
    except (KeyError, ValueError, IndexError):
        return ruled


async def _hear(conn: AsyncConnection, rulebook: Rulebook, rises: Sequence[_Rise], now: datetime) -> _Heard:
    """Read once what all the rises need."""
    if not rises:
        return _Heard({}, {}, {}, frozenset())
    noted: dict[str, list[Note]] = {}
    for note in await notes.in_force(conn, now):
        noted.setdefault(note.station_id, []).append(note)
    # What was said around the leap is known when it is an hour past; then only people answer.
    fresh = [rise for rise in rises if now <= rise.around[1] + _HEARD_BY]
    heard: dict[str, frozenset[str]] = {}
    words: dict[str, list[Word]] = {}
    if fresh:
        heard = asked(rulebook.network, {rise.series.station_id for rise in fresh})
        since, until = min(rise.around[0] for rise in fresh), min(now, max(rise.around[1] for rise in fresh))
        names = sorted(set().union(*heard.values()))
        for word in await doubts.recent_of(conn, names, (Quantity.LEVEL, Quantity.RAIN), since, until):
            words.setdefault(word.station_id, []).append(word)
    return _Heard(noted, words, heard, await vouches.held(conn))


async def _one(
    conn: AsyncConnection, rulebook: Rulebook, rise: _Rise, heard: _Heard, now: datetime, *, exercise: bool
) -> int:
    series, station = rise.series, rise.series.station_id
    ruled = rise.ruled
    words = [word for name in heard.asked.get(station, ()) for word in heard.words.get(name, ())]
    noted = heard.notes.get(station, ())
    found = answers(rulebook.network, station, rise.proof, noted, words, heard.held)
    quiet = found is not None or looked_at(rise.proof, noted)
    reminders = () if quiet else _reminder(series, rise.standing, ruled, now, exercise=exercise)
    if found is None and not reminders:
        return 0
    channels = ("sms",) if found is None else ("sms", "cap")
    async with conn.transaction():
        if not await _as_read(conn, series) or await _unsure(conn, found):
            return 0
        events = reminders
        if found is not None:
            events = await _prove(conn, series, rise.standing, ruled, found, now, exercise=exercise)
        stored = await judging.save_events(conn, events)
        await tell(conn, rulebook, stored, [ruled.told for _ in stored], now, channels)
        if stored:
            await judging.notify(conn, CHANGE)
        passing("vouch.written")
        passing("vouch.before_commit")
    passing("vouch.after_commit")
    return len(stored)


async def _as_read(conn: AsyncConnection, series: Series) -> bool:
    """Whether the series is the caller's and as it was read; one that was judged since is the next look's."""
    return await vouches.claim(conn, series.series_id) and await judging.load(conn, [series.series_id]) == [series]


async def _unsure(conn: AsyncConnection, found: tuple[Reason, str] | None) -> bool:
    """Whether the gauge that answers turned out to be unproved itself since it was read."""
    return found is not None and found[0] is Reason.NEIGHBOUR and found[1] in await vouches.held(conn)


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
