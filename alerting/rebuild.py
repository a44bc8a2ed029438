"""Judge a stored period again and compare: the proof that state is derived and events are what was observed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from psycopg import AsyncConnection

from alerting.engine.judge import Standing, decode
from alerting.engine.replay import Use, replay
from alerting.engine.rules import parse
from alerting.evaluate import REACHED, event_of, sample
from floodcore.store import judging
from floodcore.store.judging import NewEvent, Series

_BEFORE_ALL = datetime(1000, 1, 1, tzinfo=UTC)
_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the stored samples must have led to, and how the store differs: nowhere, if it is sound.

    `missing` are events the store lacks, `surplus` those it has without reason; `standing` is the
    rebuilt memory of the series, `same_standing` whether the stored one equals it.
    """

    events: tuple[NewEvent, ...]
    missing: tuple[NewEvent, ...]
    surplus: tuple[NewEvent, ...]
    standing: Standing
    same_standing: bool

    @property
    def sound(self) -> bool:
        """Whether replay and store agree in everything."""
        return not self.missing and not self.surplus and self.same_standing


async def rebuild(conn: AsyncConnection, series_id: int, start: datetime, end: datetime) -> Rebuilt:
    """Judge a series again from its first stored sample by the rules in use at each; writes nothing.

    The events compared are those of [start, end). Silence events are facts of the evaluation clock and
    stand outside. Take it inside a REPEATABLE READ transaction if the engine is running.

    Raises:
        ValueError: the stored rules are of another engine.
    """
    (series,) = await judging.load(conn, [series_id])
    standing, events = await _judge_again(conn, series)
    wanted = [event for event in events if start <= event.at < end]
    found = [replace(e, exercise=False) for e in await judging.events(conn, series_id, REACHED, start, end)]
    return Rebuilt(
        events=tuple(wanted),
        missing=tuple(event for event in wanted if event not in found),
        surplus=tuple(event for event in found if event not in wanted),
        standing=standing,
        same_standing=standing == (Standing() if series.standing is None else decode(series.standing)),
    )


async def _judge_again(conn: AsyncConnection, series: Series) -> tuple[Standing, list[NewEvent]]:
    until = series.judged_until
    if until is None:
        return Standing(), []
    uses = [Use(use.since, parse(use.rules), use.rule_version) for use in await judging.uses(conn, series.series_id)]
    rows = (await judging.samples(conn, {series.series_id: _BEFORE_ALL}, _ALL))[series.series_id]
    standing, events = Standing(), list[NewEvent]()
    for version, judgement in replay(uses, [sample(row) for row in rows if row.observed_at <= until]):
        standing = judgement.standing
        events += [event_of(series, version, change, exercise=False) for change in judgement.changes]
    return standing, events
