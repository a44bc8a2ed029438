"""Samples out of order: judged again from where they belong, so that the state is that of the samples in order. Pure.

Packets overtake one another, and a logger may empty its memory newest first. What is not too late to
count (`floodcore.freshness.TOO_LATE`) is put in its place: the fold starts again at the newest
checkpoint two hours before it, or else the newest before it. The standing that results is, to the byte,
the one of the samples in order. What people were told cannot be taken back, so it follows by
`proof.tell` (ADR 0016).

The unit is one delivery: the samples of a series that were stored together. Their order of arrival is
stored with them, so that a replay of the stored record tells the same at the same time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from msgspec.structs import replace

from alerting.engine.judge import Checkpoint, Folded, Job, Standing, Turn, fold, turn
from alerting.engine.lifecycle import Told
from alerting.engine.proof import tell
from alerting.engine.rules import Rules
from alerting.engine.vouching import Vouch, vouched
from floodcore.freshness import TOO_LATE
from floodcore.quality.window import Sample, Verdict

EMPTY = Standing()
# A sample may change what is thought of those up to an hour before it (floodcore.quality.spikes): the fold starts again
# so far behind a late one that no verdict from after it stands on one from before the start.
_REACHES_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Late:
    """A series some of whose new samples lie before what was judged.

    `until` is the newest sample judged, None if there is none, and `latest` the verdict on it; `known` are
    the samples judged since the oldest of `checkpoints`, in time order, and `new` the others. `vouches` are those
    that came among the new ones, in the order of arrival.
    """

    rules: Rules
    standing: Standing
    until: datetime | None
    latest: Verdict | None
    checkpoints: Sequence[Checkpoint]
    known: Sequence[Sample]
    new: Sequence[Sample]
    vouches: Sequence[Vouch] = ()


def in_order(samples: Sequence[Sample], until: datetime | None) -> bool:
    """Whether the samples, given in time order, came in this order and after what was judged."""
    late = until is not None and bool(samples) and samples[0].at <= until
    return not late and all(a.delivery <= b.delivery for a, b in pairwise(samples))


def start_again(standing: Standing, until: datetime) -> Checkpoint:
    """The checkpoint of a series whose rules have changed: what lies before is not judged by the new ones."""
    return Checkpoint(until + timedelta.resolution, standing)


def kept(checkpoints: Sequence[Checkpoint], until: datetime) -> tuple[Checkpoint, ...]:
    """Those that a sample which still counts may need; `checkpoints` are in time order, `until` the newest sample."""
    older = sum(each.before <= until - TOO_LATE for each in checkpoints)
    return tuple(checkpoints[max(older - 1, 0) :])


def fold_late(late: Late) -> Folded:
    """Fold in each delivery, in its order or, if it is late, by starting again before it.

    A sample older than every checkpoint is left out: it is part of the record only.

    Raises:
        ValueError: there is nothing new, and nothing was known.
    """
    course = _Course(late.rules, late.standing, late.until, list(late.checkpoints), list(late.known), late.latest)
    waiting = list(late.vouches)
    for samples in _deliveries(late.new, late.vouches):
        while waiting and waiting[0].place < (samples[0].delivery, samples[0].at):
            course.vouch(waiting.pop(0))
        if course.until is None or samples[0].at > course.until:
            course.go_on(samples)
        else:
            course.start_again(samples)
    for vouch in waiting:
        course.vouch(vouch)
    return course.folded()


def _deliveries(samples: Iterable[Sample], vouches: Sequence[Vouch]) -> Iterator[list[Sample]]:
    """The samples of each delivery in time order, the deliveries in the order they came; cut where others answered."""
    ordered = sorted(samples, key=lambda each: (each.delivery, each.at))
    places = [vouch.place for vouch in vouches]
    for _, group in groupby(ordered, key=lambda each: (each.delivery, bisect_left(places, (each.delivery, each.at)))):
        yield list(group)


@dataclass(slots=True)
class _Course:
    """A series on its way through its deliveries. From `rewritten` on, verdicts replace those known before."""

    rules: Rules
    standing: Standing
    until: datetime | None
    checkpoints: list[Checkpoint]
    known: list[Sample]
    latest: Verdict | None
    turns: list[Turn] = field(default_factory=list)
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)
    rewritten: datetime | None = None

    def go_on(self, samples: Sequence[Sample]) -> None:
        """Fold samples newer than all that is known."""
        folded = fold(Job(self.rules, self.standing, samples))
        self.checkpoints += folded.checkpoints
        self.known += samples
        self.turns += folded.turns
        self._judged(folded, folded.standing, samples[-1].at)

    def start_again(self, samples: Sequence[Sample]) -> None:
        """Fold again from before the first of `samples`."""
        before = [each for each in self.checkpoints if each.before <= samples[0].at or each.standing == EMPTY]
        if not before:
            samples = [each for each in samples if self.checkpoints and each.at >= self.checkpoints[0].before]
            before = self.checkpoints[:1]
        if not samples:
            return
        settled = [each for each in before if each.before <= samples[0].at - _REACHES_BACK or each.standing == EMPTY]
        base = (settled or before)[-1]
        self.known = sorted([*self.known, *samples], key=lambda sample: sample.at)
        rest = [each for each in self.known if each.at >= base.before or base.standing == EMPTY]
        folded = fold(Job(self.rules, self._answered_for(base.standing), rest))
        still = [each for each in before if each.before <= min(base.before, rest[0].at)]
        self.checkpoints = list({each.before: each for each in (*still, *folded.checkpoints)}.values())
        self.rewritten = rest[0].at if self.rewritten is None else min(self.rewritten, rest[0].at)
        self.verdicts = {at: verdict for at, verdict in self.verdicts.items() if at < rest[0].at}
        self._judged(folded, self._caught_up(folded.standing, rest[-1].at), rest[-1].at)

    def _answered_for(self, base: Standing) -> Standing:
        """The standing to start again from, without what others answered for since."""
        vouched, proof = self.standing.vouched, base.proof
        if proof is not None and vouched is not None and proof.since <= vouched:
            proof = None
        return replace(base, told=None, proof=proof, vouched=vouched)

    def vouch(self, vouch: Vouch) -> None:
        """Others answer for what was judged so far."""
        self.standing, turns = vouched(self.standing, vouch, self.rules)
        self.turns += turns

    def _caught_up(self, standing: Standing, newest: datetime) -> Standing:
        """Tell what the samples in order say beyond what was told."""
        told = Told(self.standing.degree, self.standing.since, self.standing.firm)
        good = standing.memory.good
        # Only what is believed, and newer than all that was judged, is seen to fall.
        may_fall = good is not None and (self.until is None or good.at > self.until)
        beside, known = tell(told, self.standing.firm, standing.life, standing.proof, newest, (), may_fall=may_fall)
        if good is not None:
            self.turns += (turn(each, good.value, self.rules, standing.points, standing.rain) for each in known)
        return replace(standing, told=beside)

    def _judged(self, folded: Folded, standing: Standing, until: datetime) -> None:
        self.standing, self.until, self.latest = standing, until, folded.latest
        self.verdicts |= {verdict.at: verdict for verdict in folded.verdicts}

    def folded(self) -> Folded:
        """What became of it."""
        if self.latest is None:
            message = "a series without samples"
            raise ValueError(message)
        verdicts = tuple(self.verdicts.values())
        checkpoints = tuple(self.checkpoints)
        return Folded(self.rules, self.standing, tuple(self.turns), verdicts, self.latest, checkpoints, self.rewritten)
