"""Judge a stored period again and compare: the proof that state is derived and events are what was observed."""

from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import AsyncConnection

from alerting.engine.judge import Standing, decode
from alerting.engine.rules import parse
from alerting.past import judge_again
from alerting.rain import sums
from alerting.tell import PROVED, REACHED, reached
from floodcore.store import judging, rain
from floodcore.store.judging import NewEvent, Series
from floodcore.store.rain import About, SumRow


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the stored samples must have led to, and how the store differs: nowhere, if it is sound.

    `missing` are events the store lacks, `surplus` those it has without reason; `standing` is the
    rebuilt memory of the series, `same_standing` whether the stored one equals it; `same_rain` whether what the events
    of rain are about, and the sums that are shown, are those of the readings.
    """

    events: tuple[NewEvent, ...]
    missing: tuple[NewEvent, ...]
    surplus: tuple[NewEvent, ...]
    standing: Standing
    same_standing: bool
    same_rain: bool = True

    @property
    def sound(self) -> bool:
        """Whether replay and store agree in everything."""
        return not self.missing and not self.surplus and self.same_standing and self.same_rain


async def rebuild(conn: AsyncConnection, series_id: int, start: datetime, end: datetime) -> Rebuilt:
    """Judge a series again from its first stored sample by the rules in use at each; writes nothing.

    The events compared are those of [start, end). Silence events are facts of the evaluation clock and
    stand outside. Take it inside a REPEATABLE READ transaction if the engine is running.

    Raises:
        ValueError: the stored rules are of another engine.
    """
    (series,) = await judging.load(conn, [series_id])
    standing, events, about, shown = await _judge_again(conn, series)
    wanted = [event for event in events if start <= event.at < end]
    found = [replace(e, exercise=False) for e in await judging.events(conn, series_id, (REACHED, PROVED), start, end)]
    return Rebuilt(
        events=tuple(wanted),
        missing=tuple(event for event in wanted if event not in found),
        surplus=tuple(event for event in found if event not in wanted),
        standing=standing,
        same_rain=[one for one in about if start <= one.at < end] == await rain.of_events(conn, series_id, start, end)
        and shown == await rain.of_series(conn, series_id),
        same_standing=standing == (Standing() if series.standing is None else decode(series.standing)),
    )


async def _judge_again(
    conn: AsyncConnection, series: Series
) -> tuple[Standing, list[NewEvent], list[About], list[SumRow]]:
    """The standing, the events, what those of rain are about, and the sums that are shown."""
    standing, events, about, shown = Standing(), list[NewEvent](), list[About](), list[SumRow]()
    rules = {use.rule_version: parse(use.rules) for use in await judging.uses(conn, series.series_id)}
    for version, judgement in await judge_again(conn, series):
        standing, ruled = judgement.standing, rules[version]
        told = [(reached(series, version, change, exercise=False), change) for change in judgement.changes]
        events += [event for event, _ in told]
        about += [
            About(event.at, event.kind, event.to_degree, change.rain.minutes, change.rain.saturated, ruled.scheme)
            for event, change in told
            if change.rain is not None
        ]
        if ruled.rain is not None:
            shown = sorted(sums(series.series_id, ruled, standing), key=_window)
    return standing, events, about, shown


def _window(row: SumRow) -> int:
    return row.window_min
