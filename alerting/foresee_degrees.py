"""The degrees that the readings in order reached, for the decision to warn.

What people were told is in the events. A sample that came late is told as of the newest one, so between the two the
events say another degree than the readings in order do; there the engine's fold is gone through again, from the
standing it keeps before the window. Decisions made anew look at these, and so are those of a hindcast (ADR 0029).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace
from psycopg import AsyncConnection

from alerting.engine.judge import Job, Standing, decode, walk
from alerting.engine.rules import Rules
from alerting.past import ALL
from floodcore.freshness import TOO_LATE
from floodcore.quality.window import Sample
from floodcore.store import believed, judging
from floodcore.store.foresight import ReachedRow


@dataclass(frozen=True, slots=True)
class Span:
    """A series to foresee after `after` up to `until`, with what had come by `delivery`."""

    series_id: int
    rules: Rules
    after: datetime
    until: datetime
    delivery: int


def course(series_id: int, rules: Rules, standing: Standing, samples: Sequence[Sample]) -> list[ReachedRow]:
    """The degree of each time the readings in order change it; `samples` in time order, after `standing`."""
    found, degree = list[ReachedRow](), standing.life.degree
    for sample, walked in zip(samples, walk(Job(rules, replace(standing, told=None), samples)), strict=True):
        if walked.standing.life.degree != degree:
            degree = walked.standing.life.degree
            found.append(ReachedRow(series_id, sample.at, int(degree), ""))
    return found


async def in_order(
    conn: AsyncConnection, spans: Sequence[Span], told: dict[int, list[ReachedRow]]
) -> dict[int, list[ReachedRow]]:
    """The degrees of each span; those `told`, but where something came late those of the readings in order."""
    late = await believed.disturbed(conn, [(one.series_id, one.after - TOO_LATE, one.until) for one in spans])
    found = dict(told)
    for one in spans:
        if one.series_id in late:
            found[one.series_id] = await _again(conn, one, told[one.series_id])
    return found


async def _again(conn: AsyncConnection, span: Span, told: Sequence[ReachedRow]) -> list[ReachedRow]:
    """Before the oldest standing that is kept, as after a change of rules, what people were told."""
    start = await believed.start_of(conn, span.series_id, span.after)
    if start is None:
        return list(told)
    before, standing = start[0], decode(start[1])
    samples = (await judging.samples(conn, {span.series_id: before - timedelta.resolution}, ALL))[span.series_id]
    known = [each for each in samples if each.at <= span.until and each.delivery <= span.delivery]
    begin = ReachedRow(span.series_id, before, int(standing.life.degree), "")
    older = [row for row in told if row.at < before]
    return [*older, begin, *course(span.series_id, span.rules, standing, known)]
