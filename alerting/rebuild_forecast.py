"""Forecasts judged again from the record and compared: what stands, and what was told, are what was read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
from psycopg import AsyncConnection

from alerting.engine.forecast_trained import Trained
from alerting.engine.lifecycle import Reason
from alerting.engine.replay import Use
from alerting.engine.rulebook import Rulebook
from alerting.engine.rules import parse
from alerting.engine.vouching import Vouch
from alerting.foresee_again import Course, History, House, go, start
from alerting.foresee_course import EXPECTED
from alerting.foresee_who import looked_at, made_by
from alerting.past import ALL, BEFORE_ALL
from floodcore.store import foresight, judging, looks, vouches
from floodcore.store.foresight import Expectation, Memory, Outlook, Series
from floodcore.store.judging import NewEvent

_END = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How a stored forecast differs from the one the record leads to: nowhere, if it is sound.

    `since` is from where on it was judged again (None: from its first reading). Not `comparable`: what stands was made
    by other rules or another forecast than those of today, and nothing was compared. `events` were judged again.
    """

    comparable: bool
    since: datetime | None = None
    events: int = 0
    missing: tuple[NewEvent, ...] = ()
    surplus: tuple[NewEvent, ...] = ()
    same_words: bool = True
    same_state: bool = True

    @property
    def sound(self) -> bool:
        """Whether record and store agree in everything that was compared."""
        return not self.missing and not self.surplus and self.same_words and self.same_state


async def foreseen_again(
    conn: AsyncConnection, rulebook: Rulebook, trained: Trained, series_id: int
) -> Foreseen | None:
    """Go through a forecast again; None if the series was never foreseen. Writes nothing.

    Take it inside a REPEATABLE READ transaction if the house is running.

    Raises:
        KeyError, ValueError: the stored rules are of another engine.
    """
    stored = await looks.stored(conn, series_id)
    if stored is None:
        return None
    wanted = (await looked_at(conn, [stored], rulebook.network.stations, trained))[series_id]
    name = made_by(rulebook, trained, stored, wanted)
    kept = await looks.of_series(conn, series_id)
    if name != stored.made_by:
        return Foreseen(comparable=False)
    numbers = [series_id, *(gauge.number for gauge in wanted if gauge.number is not None)]
    histories = {number: await _history(conn, number) for number in dict.fromkeys(numbers)}
    course, rest = start(stored, kept)
    since = course.series.foreseen_until
    go(House(rulebook, trained, wanted, name, histories), course, stored, rest)
    return await _compared(conn, course, stored, since)


async def _history(conn: AsyncConnection, number: int) -> History:
    (series,) = await judging.load(conn, [number])
    used = await judging.uses(conn, number)
    uses = [Use(use.delivery, use.since, parse(use.rules), use.rule_version) for use in used]
    samples = (await judging.samples(conn, {number: BEFORE_ALL}, ALL))[number]
    given = [Vouch(row.delivery, row.at, Reason(row.reason)) for row in await vouches.of_series(conn, number)]
    return History(series, uses, samples, given)


async def _compared(conn: AsyncConnection, course: Course, stored: Series, since: datetime | None) -> Foreseen:
    after = BEFORE_ALL if since is None else since
    found = await judging.events(conn, stored.series_id, (EXPECTED,), after, _END)
    found = [replace(event, exercise=False) for event in found if event.at > after]
    wanted = [event for event, _ in course.events.values() if event.at > after]
    said = await looks.expectations(conn, stored.series_id, after)
    words = [said_of for event, said_of in sorted(course.events.values(), key=_place) if event.at > after]
    return Foreseen(
        comparable=True,
        since=since,
        events=len(wanted),
        missing=tuple(event for event in wanted if event not in found),
        surplus=tuple(event for event in found if event not in wanted),
        same_words=sorted(map(_plain, said), key=repr) == sorted(map(_plain, words), key=repr),
        same_state=_state(course.series) == _state(stored if course.series.outlook else replace(stored, outlook=None)),
    )


def _place(pair: tuple[NewEvent, Expectation]) -> datetime:
    return pair[0].at


def _plain(said: Expectation) -> Expectation:
    """Without the number, and by whatever model: that is part of what it was made by."""
    return replace(said, event_id=0, model="")


def _state(series: Series) -> Sequence[object]:
    """All that is derived, as it is written; a forecast none was made of since is left out."""
    outlook = None if series.outlook is None else msgspec.json.decode(series.outlook, type=Outlook)
    memory = foresight.remembered(series.memory)
    words: tuple[Memory | Outlook, ...] = (memory,) if outlook is None else (memory, outlook)
    return (series.foreseen_until, series.foreseen_delivery, series.issued_at, *map(foresight.encode, words))
