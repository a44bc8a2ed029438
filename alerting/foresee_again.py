"""A forecast gone through again from what is stored: readings, rules, and what was seen when (`foresight_look`). Pure.

The live stage's own functions, over the readings that had come by each look. So its state and its events must come out
to the byte; where they do not, state and record differ (ADR 0029).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from alerting.engine.forecast_trained import Trained
from alerting.engine.judge import Job, Standing, walk
from alerting.engine.order import in_order
from alerting.engine.replay import Use, replay
from alerting.engine.rulebook import Rulebook
from alerting.engine.vouching import Vouch
from alerting.foresee_course import Outcome, decide, event_of, expectation_of, row_of
from alerting.foresee_fold import due, moment
from alerting.foresee_load import Above, Beside, Work, begin_of, first_of, measured_points
from alerting.foresee_who import Wanted
from alerting.past import BEFORE_ALL
from alerting.tell import REACHED, reached
from floodcore.freshness import TOO_LATE
from floodcore.quality.window import Sample
from floodcore.store import foresight, looks
from floodcore.store.believed import Believed, Looked, Since
from floodcore.store.foresight import Expectation, ForesightRow, Memory, ReachedRow, Series
from floodcore.store.judging import NewEvent
from floodcore.store.judging import Series as Judged
from floodcore.store.looks import Deliveries, Look
from floodcore.words import Flag, Quantity

_LATE = 2 * TOO_LATE
# What was believed at first counts, also what was found to be a spike or a step later (floodcore.store.believed).
_BELIEVED_ONCE = frozenset({"spike", "step"})
_PENDING = frozenset({"corroborated", "step"})


@dataclass(frozen=True, slots=True)
class History:
    """All that is stored of a series: the rules it was judged by, its samples in time order, who answered for it."""

    series: Judged
    uses: Sequence[Use]
    samples: Sequence[Sample]
    vouches: Sequence[Vouch] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """A series as it was judged by what had come: what was believed, the degrees told, and those in order."""

    believed: Believed
    told: Sequence[ReachedRow]
    degrees: Sequence[ReachedRow]


@dataclass(frozen=True, slots=True)
class House:
    """What a forecast is made by and of: its own history and those beside, by number.

    Of each series only what was judged by the delivery asked for last is kept: looks go on from one to the next.
    """

    rulebook: Rulebook
    trained: Trained
    wanted: Sequence[Wanted]
    made_by: str
    histories: Mapping[int, History]
    _then: dict[int, tuple[int, Then | None]] = field(default_factory=dict)

    def then(self, number: int | None, delivery: int | None) -> Then | None:
        """A series by what had come of it up to `delivery`; None if there was nothing."""
        if number is None or delivery is None or number not in self.histories:
            return None
        kept = self._then.get(number)
        if kept is None or kept[0] != delivery:
            kept = self._then[number] = (delivery, judged(self.histories[number], delivery))
        return kept[1]


@dataclass(slots=True)
class Course:
    """A forecast on its way: how it stands, and what was told."""

    series: Series
    events: dict[tuple[str, str, str, datetime, int], tuple[NewEvent, Expectation]] = field(default_factory=dict)


def judged(history: History, delivery: int) -> Then | None:
    """The series as judged by what had come up to `delivery`."""
    samples = [sample for sample in history.samples if sample.delivery <= delivery]
    if not samples:
        return None
    vouches = [vouch for vouch in history.vouches if vouch.delivery <= delivery]
    number, told = history.series.series_id, list[ReachedRow]()
    verdicts = {each.at: (each.flag, each.test) for each in samples}
    for version, judgement in replay(history.uses, samples, vouches):
        verdicts |= {verdict.at: (verdict.flag, verdict.test) for verdict in judgement.verdicts}
        for change in judgement.changes:
            event = reached(history.series, version, change, exercise=False)
            if event.kind == REACHED:
                told.append(ReachedRow(number, event.at, event.to_degree, event.chain))
    degrees: Sequence[ReachedRow] = told
    if len(history.uses) > 1 or not in_order(samples, None):
        verdicts, degrees = _in_order(history, samples)
    known = [each for each in samples if each.value is not None and _believed(*verdicts[each.at])]
    if not known:
        return None
    found = Believed(
        number=number,
        judged_until=max(each.at for each in samples),
        at=[each.at.timestamp() for each in known],
        value=[each.value for each in known if each.value is not None],
        pending=[verdicts[each.at][1] in _PENDING for each in known],
        received=[],
        fresh=0,
    )
    return Then(found, told, degrees)


def _believed(flag: Flag, test: str) -> bool:
    return flag is Flag.GOOD or (flag is Flag.SUSPECT and test in _BELIEVED_ONCE)


def _in_order(history: History, samples: Sequence[Sample]) -> tuple[dict[datetime, tuple[Flag, str]], list[ReachedRow]]:
    """The verdict on each sample and the degrees, as of the samples in order; new rules go on from those before."""
    verdicts = {each.at: (each.flag, each.test) for each in samples}
    standing, until, degrees = Standing(), BEFORE_ALL, list[ReachedRow]()
    starts = [*((use.delivery, use.since) for use in history.uses[1:]), None]
    for use, end in zip(history.uses, starts, strict=True):
        place = (use.delivery, use.since)
        some = [
            each
            for each in samples
            if each.at > until and (each.delivery, each.at) >= place and (end is None or (each.delivery, each.at) < end)
        ]
        degree = standing.life.degree
        for sample, walked in zip(some, walk(Job(use.rules, standing, some)), strict=True):
            standing, until = walked.standing, sample.at
            verdicts |= {verdict.at: (verdict.flag, verdict.test) for verdict in walked.verdicts}
            if standing.life.degree != degree:
                degree = standing.life.degree
                degrees.append(ReachedRow(history.series.series_id, sample.at, int(degree), ""))
    return verdicts, degrees


def start(stored: Series, kept: Sequence[Look]) -> tuple[Course, Sequence[Look]]:
    """Where to begin: where the forecast of today took over, else before the first reading; and the looks from there.

    Raises:
        msgspec.MsgspecError: what was kept cannot be read.
    """
    last = max((n for n, look in enumerate(kept) if look.memory is not None), default=None)
    if last is None:
        return Course(replace(stored, foreseen_until=None, foreseen_delivery=0, memory=None, outlook=None)), kept
    at = kept[last]
    return Course(
        replace(stored, foreseen_until=at.until, foreseen_delivery=at.delivery, memory=at.memory, outlook=None)
    ), kept[last + 1 :]


def go(house: House, course: Course, stored: Series, kept: Sequence[Look]) -> None:
    """Go through all looks and up to what is stored."""
    for look in kept:
        go_on(house, course, look.until, look.delivery, looks.read(look.seen))
        if look.again_until is not None and look.again_delivery is not None and look.again_seen is not None:
            go_on(house, course, look.again_until, look.again_delivery, looks.read(look.again_seen), again=True)
    if stored.foreseen_until is not None:
        seen = foresight.remembered(stored.memory).seen
        go_on(house, course, stored.foreseen_until, stored.foreseen_delivery, seen)


def go_on(
    house: House, course: Course, until: datetime, delivery: int, seen: Deliveries, *, again: bool = False
) -> None:
    """On to `until`, with what had come by `delivery` and `seen`; if `again`, from before what had come late."""
    while True:
        before = course.series.foreseen_until
        if before is not None and before >= until and not again:
            # Nothing new here: only what was looked at may be.
            return
        work = _work(house, course.series, until, delivery, seen, again=again)
        if work is None:
            return
        (outcome,) = decide([work])
        _live(course, outcome)
        again = False


def _work(
    house: House, series: Series, until: datetime, delivery: int, seen: Deliveries, *, again: bool
) -> Work | None:
    own, memory = house.then(series.series_id, delivery), foresight.remembered(series.memory)
    if own is None:
        return None
    begin = begin_of(series, memory, _looked(house, series, memory, delivery, seen, again=again))
    first = first_of(begin, own.believed)
    ruled, end = house.rulebook.until(series.station_id, Quantity(series.quantity), first)
    beside, by_number = list[Above | None](), dict(seen)
    for gauge in house.wanted:
        rules, ends = house.rulebook.until(gauge.station_id, gauge.quantity, first)
        then = house.then(gauge.number, None if gauge.number is None else by_number.get(gauge.number))
        beside.append(None if then is None else Above(rules.rules, then.believed))
        end = min(end, ends)
    points, measured = measured_points(ruled.rules, own.believed)
    if points is None:
        return None
    until = min(until, end)
    moments = points.moments[points.moments <= until.timestamp()]
    if begin.after is not None:
        moments = moments[moments > begin.after.timestamp()]
    others = Beside(beside, house.trained.stations.get(series.station_id), end)
    return Work(
        series,
        ruled,
        memory,
        begin,
        points,
        others.above(),
        own.told,
        own.degrees,
        until,
        moments,
        moments[due(ruled.rules, points, moments)] if measured else np.empty(0),
        house.made_by,
        others.taught,
        others.rain(),
    )


def _looked(
    house: House, series: Series, memory: Memory, delivery: int, seen: Deliveries, *, again: bool
) -> list[tuple[Looked, Since | None]]:
    """What was looked at before, and the earliest of what has come late since."""
    until, before = series.foreseen_until or BEFORE_ALL, dict(memory.seen)
    pairs = [(series.series_id, series.foreseen_delivery, delivery), *((n, before.get(n, 0), d) for n, d in seen)]
    found = list[tuple[Looked, Since | None]]()
    for number, since, now in pairs:
        history = house.histories.get(number)
        late = (
            each.at
            for each in ([] if history is None or not again else history.samples)
            if since < each.delivery <= now and until - _LATE <= each.at <= until
        )
        found.append((Looked(number, since, until), Since(number, now, min(late, default=None))))
    return found


def _live(course: Course, outcome: Outcome) -> None:
    work = outcome.work
    row: ForesightRow = row_of(outcome, "", moment(0.0))
    course.series = replace(
        course.series,
        foreseen_until=row.foreseen_until,
        foreseen_delivery=row.foreseen_delivery,
        issued_at=row.issued_at,
        memory=row.memory,
        outlook=row.outlook,
        made_by=row.made_by,
    )
    for turn in outcome.turns:
        event = event_of(work, turn, exercise=False)
        course.events.setdefault(event.key, (event, expectation_of(0, turn, "")))
