"""Assess and step: from the standing of a series and its new samples to the next standing and its changes. Pure.

The one function live evaluation, replay and hindcast share. Each sample is folded in, in order of
observation time: quality, then threshold, then lifecycle. Trends do not decide a degree, so they are
computed afterwards for all series of a batch together.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

import msgspec

from alerting.engine import lifecycle, proof, rain_sums, thresholds, trend
from alerting.engine.calm import go_on
from alerting.engine.lifecycle import Evidence, Transition
from alerting.engine.proof import Known
from alerting.engine.rules import Rules
from alerting.engine.standing import Checkpoint, Standing, Window, decode, encode, kept
from floodcore.quality.window import CHECKED, Checked, Point, Sample, Verdict, check
from floodcore.words import Degree, Flag, Quantity, Trend

__all__ = ["Checkpoint", "Job", "Judgement", "Standing", "Window", "decode", "encode", "fold", "judge", "walk"]


# Jobs worked on together: they stay in the cache.
_BLOCK = 500
# Looked up once: a word of an enumeration takes longer than most of what is asked about it.
_GOOD, _LEVEL, _STEADY = Flag.GOOD, Quantity.LEVEL, Trend.STEADY


class Job(msgspec.Struct, frozen=True, gc=False):
    """A series to judge: its rules, its standing, and its samples newer than the standing, in time order."""

    rules: Rules
    standing: Standing
    samples: Sequence[Sample]


class Change(msgspec.Struct, frozen=True, gc=False):
    """A change with the value that caused it. `limit` is the one reached, or on a fall the one left.

    None if the station has none any more. Of rain the value is the sum that `rain` is about.
    """

    known: Known
    value: float
    limit: float | None
    trend: Trend
    per_hour: float | None
    rain: rain_sums.Finding | None = None

    @property
    def transition(self) -> Transition:
        """What changed, or what was proved."""
        return self.known.transition


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What became of a job. `verdicts` holds the samples whose verdict is not simply that of the door.

    `checkpoints` are those to keep; with `rewritten` they and the verdicts replace all from that time on.
    """

    standing: Standing
    changes: tuple[Change, ...]
    verdicts: tuple[Verdict, ...]
    latest: Verdict
    trend: Trend
    per_hour: float | None
    checkpoints: tuple[Checkpoint, ...] = ()
    rewritten: datetime | None = None


class Turn(msgspec.Struct, frozen=True, gc=False):
    """A change whose trend is still to be computed."""

    known: Known
    value: float
    limit: float | None
    window: Window
    rain: rain_sums.Finding | None = None

    @property
    def transition(self) -> Transition:
        """What changed, or what was proved."""
        return self.known.transition


class Folded(msgspec.Struct, frozen=True, gc=False):
    """A job folded, without the trends."""

    rules: Rules
    standing: Standing
    turns: tuple[Turn, ...]
    verdicts: tuple[Verdict, ...]
    latest: Verdict
    checkpoints: tuple[Checkpoint, ...]
    rewritten: datetime | None = None


def judge(jobs: Iterable[Job]) -> list[Judgement]:
    """Judge each job, none of which may be without samples; the results are in the same order."""
    waiting = iter(jobs)
    judged: list[Judgement] = []
    while block := [fold(job) for job in islice(waiting, _BLOCK)]:
        judged += with_trends(block)
    return judged


def with_trends(folded: Sequence[Folded]) -> list[Judgement]:
    """The judgements of what was folded, in the same order."""
    now = trend.slopes_of(
        [
            points
            if len(points := one.standing.points) > 1 and points[-1][0] - points[0][0] >= one.rules.least_s
            else ()
            for one in folded
        ]
    )
    turns = iter(trend.slopes_of([_wide(turn.window, one.rules) for one in folded for turn in one.turns]))
    return [_finish(one, turns, slope) for one, slope in zip(folded, now, strict=True)]


def _wide(window: Window, rules: Rules) -> Window:
    """The window if it is wide enough for a trend, else nothing."""
    return window if spans(window, rules) else ()


class Walked(msgspec.Struct, frozen=True, gc=False):
    """What one sample led to. `believed` tells that the standing has new evidence."""

    standing: Standing
    verdicts: tuple[Verdict, ...]
    believed: bool
    turns: tuple[Turn, ...] = ()
    checkpoint: Checkpoint | None = None


def walk(job: Job) -> Iterator[Walked]:
    """Fold the samples of `job` in one by one; trends are left to the caller."""
    standing, rules = job.standing, job.rules
    for sample in job.samples:
        seconds = sample.at.timestamp()
        after = go_on(standing, sample, rules, seconds)
        if after is None:
            walked = closely(standing, sample, rules, seconds)
        else:
            checkpoint = Checkpoint(sample.at, standing) if after.hour > standing.hour else None
            walked = Walked(after, (Verdict(sample.at, _GOOD, ""),), True, (), checkpoint)  # noqa: FBT003
        yield walked
        standing = walked.standing


def closely(standing: Standing, sample: Sample, rules: Rules, seconds: float) -> Walked:
    """What `sample`, of `seconds` since 1970, leads to, whatever it is: the long way, and the reference."""
    hour = int(seconds) // 3600
    checkpoint = Checkpoint(sample.at, standing) if hour > standing.hour else None
    flooded = standing.life.degree > Degree.NONE
    checked = check(standing.memory, sample, rules.quantity, flooded=flooded, rates=rules.rates)
    turns: tuple[Turn, ...] = ()
    if checked.believed:
        standing, turns = _step(standing, checked, rules, hour)
    else:
        standing = Standing(
            checked.memory,
            standing.life,
            standing.points,
            hour,
            standing.told,
            standing.proof,
            standing.vouched,
            standing.rain,
        )
    return Walked(standing, checked.verdicts, bool(checked.believed), turns, checkpoint)


def fold(job: Job) -> Folded:
    """All samples of `job`, in order.

    Raises:
        ValueError: there are none.
    """
    if len(job.samples) == 1 and (calm := _lone(job)) is not None:
        return calm
    standing, rules, latest = job.standing, job.rules, None
    turns: list[Turn] = []
    verdicts: list[Verdict] = []
    checkpoints: list[Checkpoint] = []
    for sample in job.samples:
        before, seconds = standing, sample.at.timestamp()
        after = go_on(before, sample, rules, seconds)
        if after is not None:
            standing, latest = after, Verdict(sample.at, _GOOD, "")
            if standing.hour > before.hour:
                checkpoints.append(Checkpoint(sample.at, before))
            continue
        walked = closely(before, sample, rules, seconds)
        standing, latest = walked.standing, walked.verdicts[-1]
        turns += walked.turns
        verdicts += (v for v in walked.verdicts if v.at != sample.at or v.test != sample.test)
        if walked.checkpoint is not None:
            checkpoints.append(walked.checkpoint)
    if latest is None:
        message = "a job without samples"
        raise ValueError(message)
    return Folded(rules, standing, tuple(turns), tuple(verdicts), latest, tuple(checkpoints))


def _lone(job: Job) -> Folded | None:
    """As `fold` of one sample on which nothing happens; None if something may."""
    (sample,), before = job.samples, job.standing
    after = go_on(before, sample, job.rules, sample.at.timestamp())
    if after is None:
        return None
    begun = (Checkpoint(sample.at, before),) if after.hour > before.hour else ()
    return Folded(job.rules, after, (), (), Verdict(sample.at, _GOOD, ""), begun)


def _step(standing: Standing, checked: Checked, rules: Rules, hour: int) -> tuple[Standing, tuple[Turn, ...]]:
    """One lifecycle step on what was just believed.

    A doubted point believed late counts with the sample that decided, at that sample's time: what was
    not known then must not look known (no look-ahead in a replay).
    """
    points, believed = standing.points, checked.believed
    if rules.quantity in CHECKED:
        for point in believed:
            points = keep(points, point, rules)
    held, vouched, rain = standing.proof, standing.vouched, standing.rain
    if rules.rain is not None:
        decisive = believed[-1]
        rain, evidence = rain_sums.heard(rain, believed, rules.rain, rules.interval, rules.gap)
    elif rules.limits:
        decisive, evidence = _evidence(believed, rules.ladder)
    else:
        return Standing(checked.memory, standing.life, points, hour, standing.told, held, vouched), ()
    life, transitions = lifecycle.step(standing.life, evidence, rules.calm, rules.gap)
    if held is not None or standing.memory.last is not None:
        degrees = (standing.life.degree, life.degree, thresholds.reached(rules.ladder, believed[-1].value))
        held = proof.follow(
            held, proof.Seen(standing.memory, standing.points, points, believed, rules.quantity, *degrees, vouched)
        )
    told, known = standing.told, proof.NOTHING
    if transitions or told is not None or held is not None or standing.proof is not None:
        told, known = proof.tell(told, standing.firm, life, held, evidence.at, transitions)
    turns = tuple(turn(one, decisive.value, rules, points, rain) for one in known)
    return Standing(checked.memory, life, points, hour, told, held, vouched, rain), turns


def turn(known: Known, value: float, rules: Rules, window: Window, rain: rain_sums.Memory | None) -> Turn:
    """The change with what was known then."""
    if rain is not None and rules.rain is not None:
        about = rain_sums.finding(rain, rules.rain, max(known.transition.from_degree, known.transition.to_degree))
        return Turn(known, about.mm, about.limit, window, about)
    return Turn(known, value, _limit(rules, known.transition), window)


def _evidence(believed: Sequence[Point], ladder: thresholds.Ladder) -> tuple[Point, Evidence]:
    """The point that decides, of those just believed, and what all of them say together."""
    newest = believed[-1]
    if len(believed) == 1:
        value = newest.value
        return newest, Evidence(newest.at, thresholds.reached(ladder, value), thresholds.held(ladder, value))
    decisive = max(believed, key=lambda point: (thresholds.reached(ladder, point.value), point.at))
    held = max(thresholds.held(ladder, point.value) for point in believed)
    return decisive, Evidence(newest.at, thresholds.reached(ladder, decisive.value), held)


def _limit(rules: Rules, transition: Transition) -> float | None:
    """The limit the change is about; a lower degree stands in when limits changed since the degree was reached.

    None if there are none any more: what is held then may still be answered for.
    """
    if not rules.limits:
        return None
    about = max(transition.from_degree, transition.to_degree)
    known = [degree for degree in rules.limits if degree <= about]
    return rules.limits[max(known, default=min(rules.limits))]


def keep(points: Window, point: Point, rules: Rules) -> Window:
    """The trend window with `point` as its newest, as `standing.kept` has it."""
    return kept(points, point.at.timestamp(), point.value, rules)


def spans(window: Window, rules: Rules) -> bool:
    """Whether the window is long enough for a trend: a third of its full length."""
    return len(window) > 1 and window[-1][0] - window[0][0] >= rules.least_s


def _finish(one: Folded, at_turns: Iterator[float | None], now: float | None) -> Judgement:
    rules, good = one.rules, one.standing.memory.good
    changes = tuple([_change(turn, rules, next(at_turns)) for turn in one.turns]) if one.turns else ()
    heading = direction(rules, good.value, now) if good is not None else Trend.UNKNOWN
    return Judgement(one.standing, changes, one.verdicts, one.latest, heading, now, one.checkpoints, one.rewritten)


def _change(turn: Turn, rules: Rules, slope: float | None) -> Change:
    return Change(turn.known, turn.value, turn.limit, direction(rules, turn.value, slope), slope, turn.rain)


def direction(rules: Rules, value: float, per_hour: float | None) -> Trend:
    """The trend of a slope in units per hour: steady inside the dead band of the rules.

    The band is 3 cm/h (a gauge that resolves 1 cm shows up to 2 cm/h in still water), or 3 % of a
    discharge per hour.
    """
    if per_hour is None:
        return Trend.UNKNOWN
    dead = rules.trend_dead_cm if rules.quantity is _LEVEL else rules.trend_dead_share * abs(value)
    if -dead <= per_hour <= dead:
        return _STEADY
    return Trend.RISING if per_hour > 0.0 else Trend.FALLING


def chain(station_id: str, since: datetime) -> str:
    """The name of one flood episode of a station; CAP messages refer to one another along it."""
    return f"CZ-LK-{station_id}-{since:%Y%m%dT%H%M%SZ}"
