"""Assess and step: from the standing of a series and its new samples to the next standing and its changes. Pure.

The one function live evaluation, replay and hindcast share. Each sample is folded in, in order of
observation time: quality, then threshold, then lifecycle. Trends do not decide a degree, so they are
computed afterwards for all series of a batch together.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from alerting.engine import lifecycle, proof, rain_sums, thresholds, trend
from alerting.engine.lifecycle import Evidence, Told, Transition
from alerting.engine.proof import Known, Proof
from alerting.engine.rules import Rules
from floodcore.quality.window import CHECKED, Checked, Memory, Point, Sample, Verdict, check
from floodcore.words import Degree, Quantity, Trend

Window = tuple[tuple[float, float], ...]


class Standing(msgspec.Struct, frozen=True, gc=False):
    """All that is remembered of a series between samples; with the rules and the next samples it decides all.

    `points` is the trend window, newest last: (seconds since 1970, value), thinned. `hour` is that of the
    newest sample, in hours since 1970. `told` is what people know, where it is not `life`. `proof` is what holds a
    rise back from residents, `vouched` until when others answer for the gauge (ADR 0020).
    `rain` are the sums of a series judged by them (ADR 0022).
    """

    memory: Memory = Memory()
    life: lifecycle.State = lifecycle.State()
    points: Window = ()
    hour: int = 0
    told: Told | None = None
    proof: Proof | None = None
    vouched: datetime | None = None
    rain: rain_sums.Memory | None = None

    @property
    def degree(self) -> Degree:
        """The degree people were told of."""
        return self.life.degree if self.told is None else self.told.degree

    @property
    def since(self) -> datetime | None:
        """The beginning of the episode people were told of."""
        return self.life.since if self.told is None else self.told.since

    @property
    def firm(self) -> Degree:
        """The degree residents were told of: what is proved of the other."""
        if self.told is not None:
            return self.told.degree if self.told.firm is None else self.told.firm
        return self.life.degree if self.proof is None else self.proof.firm


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """The standing before the first sample of an hour, that of `before`: where to start again for late samples."""

    before: datetime
    standing: Standing


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
    return with_trends([fold(job) for job in jobs])


def with_trends(folded: Sequence[Folded]) -> list[Judgement]:
    """The judgements of what was folded, in the same order."""
    windows = [window for one in folded for window in (*(t.window for t in one.turns), one.standing.points)]
    wide = [
        window if spans(window, one.rules) else ()
        for window, one in zip(windows, (one for one in folded for _ in range(len(one.turns) + 1)), strict=True)
    ]
    slopes = iter(trend.slopes_of(wide))
    return [_finish(one, [next(slopes) for _ in one.turns], next(slopes)) for one in folded]


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
        hour = int(sample.at.timestamp()) // 3600
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
        yield Walked(standing, checked.verdicts, bool(checked.believed), turns, checkpoint)


def fold(job: Job) -> Folded:
    """All samples of `job`, in order.

    Raises:
        ValueError: there are none.
    """
    standing, latest = job.standing, None
    turns: list[Turn] = []
    verdicts: list[Verdict] = []
    checkpoints: list[Checkpoint] = []
    for sample, walked in zip(job.samples, walk(job), strict=True):
        standing, latest = walked.standing, walked.verdicts[-1]
        turns += walked.turns
        verdicts += (v for v in walked.verdicts if v.at != sample.at or v.test != sample.test)
        if walked.checkpoint is not None:
            checkpoints.append(walked.checkpoint)
    if latest is None:
        message = "a job without samples"
        raise ValueError(message)
    return Folded(job.rules, standing, tuple(turns), tuple(verdicts), latest, tuple(checkpoints))


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
    """The trend window with `point` as its newest, without what has become too old, thinned.

    The newest point is always kept; the one before it gives way if it stands too near its predecessor.
    """
    seconds = point.at.timestamp()
    oldest, start, end = seconds - rules.window_s, 0, len(points)
    while start < end and points[start][0] < oldest:
        start += 1
    if end - start > 1 and points[-1][0] - points[-2][0] < rules.window_s / trend.POINTS:
        end -= 1
    return (*points[start:end], (seconds, point.value))


def spans(window: Window, rules: Rules) -> bool:
    """Whether the window is long enough for a trend: a third of its full length."""
    return len(window) > 1 and window[-1][0] - window[0][0] >= trend.LEAST_SHARE * rules.window_s


def _finish(one: Folded, at_turns: list[float | None], now: float | None) -> Judgement:
    rules = one.rules
    changes = tuple(
        Change(turn.known, turn.value, turn.limit, direction(rules, turn.value, slope), slope, turn.rain)
        for turn, slope in zip(one.turns, at_turns, strict=True)
    )
    good = one.standing.memory.good
    heading = direction(rules, good.value, now) if good is not None else Trend.UNKNOWN
    return Judgement(one.standing, changes, one.verdicts, one.latest, heading, now, one.checkpoints, one.rewritten)


def direction(rules: Rules, value: float, per_hour: float | None) -> Trend:
    """The trend of a slope in units per hour: steady inside the dead band of the rules.

    The band is 3 cm/h (a gauge that resolves 1 cm shows up to 2 cm/h in still water), or 3 % of a
    discharge per hour.
    """
    if per_hour is None:
        return Trend.UNKNOWN
    level = rules.quantity is Quantity.LEVEL
    dead = rules.trend_dead_cm if level else rules.trend_dead_share * abs(value)
    if abs(per_hour) <= dead:
        return Trend.STEADY
    return Trend.RISING if per_hour > 0.0 else Trend.FALLING


def chain(station_id: str, since: datetime) -> str:
    """The name of one flood episode of a station; CAP messages refer to one another along it."""
    return f"CZ-LK-{station_id}-{since:%Y%m%dT%H%M%SZ}"


def encode(standing: Standing) -> str:
    """The standing as JSON."""
    return msgspec.json.encode(standing).decode()


def decode(text: str) -> Standing:
    """The standing back from its JSON.

    Raises:
        msgspec.ValidationError: the text is not a standing.
    """
    return _DECODER.decode(text)


_DECODER = msgspec.json.Decoder(Standing)
