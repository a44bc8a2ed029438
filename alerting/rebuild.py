"""Judge a stored period again and compare: the proof that state is derived and events are what was observed."""

from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import AsyncConnection

from alerting.engine.judge import Standing, decode
from alerting.past import judge_again
from alerting.tell import PROVED, REACHED, reached
from floodcore.store import judging
from floodcore.store.judging import NewEvent, Series


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
    found = [replace(e, exercise=False) for e in await judging.events(conn, series_id, (REACHED, PROVED), start, end)]
    return Rebuilt(
        events=tuple(wanted),
        missing=tuple(event for event in wanted if event not in found),
        surplus=tuple(event for event in found if event not in wanted),
        standing=standing,
        same_standing=standing == (Standing() if series.standing is None else decode(series.standing)),
    )


async def _judge_again(conn: AsyncConnection, series: Series) -> tuple[Standing, list[NewEvent]]:
    standing, events = Standing(), list[NewEvent]()
    for version, judgement in await judge_again(conn, series):
        standing = judgement.standing
        events += [reached(series, version, change, exercise=False) for change in judgement.changes]
    return standing, events
