"""From what was read of a series to what is stored and told of it: decided, lived through, written down. Pure.

Shared by the live stage (`alerting.foresee`) and by judging forecasts again (`alerting.foresee_again`), so that both
tell the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from alerting.engine import forecast_odds, judge, trend
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.foresee_fold import DEGREES, Case, Seen, fold, moment, outlook, warned_of
from alerting.foresee_late import added, matrix
from alerting.foresee_life import Moment, Turn, step, step_late
from alerting.foresee_load import Work
from floodcore.store import foresight, looks
from floodcore.store.foresight import Expectation, ForesightRow, Memory, ReachedRow, Told
from floodcore.store.judging import NewEvent
from floodcore.store.looks import Look
from floodcore.words import Degree

EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a series."""

    work: Work
    seen: Seen | None
    told: Told | None
    turns: tuple[Turn, ...]
    lived: float | None


def odds() -> str:
    """The version of the forecast that holds for any gauge."""
    return forecast_odds.generic().version


def looks_of(works: Sequence[Work]) -> list[Look]:
    """What has to be kept so that the rounds on these can be gone through again."""
    found = list[Look]()
    for work in works:
        until, begin = work.series.foreseen_until, work.begin
        if until is None:
            continue
        before = (work.series.series_id, until, work.series.foreseen_delivery, looks.written(work.memory.seen))
        if work.made_by != work.series.made_by:
            found.append(Look(*before, memory=foresight.encode(work.memory)))
        if begin.again:
            found.append(Look(*before, work.until, begin.delivery, looks.written(begin.seen)))
    return found


def decide(works: Sequence[Work]) -> list[Outcome]:
    """Foresee all series together, then tell of each what changed."""
    some = [work for work in works if work.due.size]
    seen = fold(forecast_odds.generic(), [_case(work) for work in some])
    by_number = {work.series.series_id: one for work, one in zip(some, seen, strict=True)}
    return [_live(work, by_number.get(work.series.series_id)) for work in works]


def _case(work: Work) -> Case:
    since = np.array(work.begin.since, dtype=np.float64)  # null is NaN
    since = since if since.size else np.full((len(DEGREES), len(HORIZONS_MIN)), np.nan)
    reached = [_reached(work.degrees, moment(at))[0] for at in work.due.tolist()]
    local = None if work.taught is None else work.taught.local
    return Case(work.ruled.rules, work.own, work.above, work.due, reached, since, local, work.rain)


def _live(work: Work, seen: Seen | None) -> Outcome:
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
    return Outcome(
        work, seen, told, tuple(turns), max([*moments[-1:], *([] if lived is None else [lived])], default=None)
    )


def _reached(changes: Sequence[ReachedRow], at: datetime) -> tuple[int, str]:
    """The degree reached at `at` and its chain."""
    last = next((row for row in reversed(changes) if row.at <= at), None)
    return (0, "") if last is None or last.degree == Degree.NONE else (last.degree, last.chain)


def row_of(one: Outcome, model: str, now: datetime) -> ForesightRow:
    """The forecast of a series as it is stored."""
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
        made_by=work.made_by,
        updated_at=now,
    )


def event_of(work: Work, turn: Turn, *, exercise: bool) -> NewEvent:
    """The event of a change of what people are told to expect."""
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


def expectation_of(number: int, turn: Turn, model: str) -> Expectation:
    """What the event of that number says beside its degrees."""
    told = turn.told
    if told is None:
        return Expectation(number, None, None, None, None, None, model)
    return Expectation(
        number, told.probability, told.horizon_min, told.expected_at, told.earliest_at, told.latest_at, model
    )
