"""Samples out of order end in the state of the samples in order, and never lower what people were told.

Laws, for any series, cut into deliveries that come in any order and in any rounds of the engine (what comes twice
the store refuses: tests/engine/test_late.py):
1. Memory, life, trend window and hour are those of the samples in order, to the byte.
2. What people were told is a chain of changes, each from the degree before; it is the degree of the samples
   in order as soon as the newest sample has come last and is believed.
3. A late delivery never lowers it.
4. Rounds do not matter: all deliveries judged at once tell the same as one by one.
5. The verdicts on the record are those of the samples in order.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerting.engine.judge import Checkpoint, Folded, Job, Standing, decode, encode, fold
from alerting.engine.lifecycle import PROVED
from alerting.engine.order import Late, fold_late, in_order, kept, start_again
from alerting.engine.rules import Rules
from floodcore.freshness import TOO_LATE
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample, Verdict
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0, Degree.EXTREME: 252.0}
RULES = Rules(Quantity.LEVEL, STEP, LIMITS)


def samples(values: Sequence[float | None]) -> list[Sample]:
    return [Sample(T0 + i * STEP, v, *of_value(Quantity.LEVEL, v)) for i, v in enumerate(values)]


class Engine:
    """A series as the store holds it between rounds: everything passes through what is stored."""

    def __init__(self) -> None:
        self.firm: list[tuple[int, int]] = []
        self.standing = Standing()
        self.until: datetime | None = None
        self.latest: Verdict | None = None
        self.checkpoints: tuple[Checkpoint, ...] = ()
        self.judged: list[Sample] = []
        self.told: list[tuple[datetime, int, int]] = []
        self.names: list[datetime] = []

    def round(self, new: Sequence[Sample]) -> Folded:
        """Judge `new` as a round does; what is stored already is not offered twice."""
        new = sorted(new, key=lambda each: each.at)
        if in_order(new, self.until):
            folded = fold(Job(RULES, self.standing, new))
            self.checkpoints += folded.checkpoints
        else:
            start = self.checkpoints[0].before if self.checkpoints else T0
            known = [each for each in self.judged if each.at >= start]
            folded = fold_late(Late(RULES, self.standing, self.until, self.latest, self.checkpoints, known, new))
            self.checkpoints = folded.checkpoints
        self._keep(folded, new)
        return folded

    def _keep(self, folded: Folded, new: Sequence[Sample]) -> None:
        self.judged = sorted([*self.judged, *new], key=lambda sample: sample.at)
        self.until, self.latest = self.judged[-1].at, folded.latest
        self.standing = decode(encode(folded.standing))
        self.checkpoints = kept(self.checkpoints, self.until)
        for each in folded.turns:
            self.firm.append((int(each.known.firm_from), int(each.known.firm_to)))
            if each.transition.reason in PROVED:
                continue
            self.told.append((each.transition.at, int(each.transition.from_degree), int(each.transition.to_degree)))
            self.names.append(each.transition.since)


def shuffled(every: Sequence[Sample], rng: random.Random, reach: int) -> list[list[Sample]]:
    """Deliveries of one to four samples, each delayed by up to `reach` steps."""
    order = sorted(range(len(every)), key=lambda i: i + rng.uniform(0, reach))
    out: list[list[Sample]] = []
    while order:
        size = rng.randint(1, 4)
        out.append([replace(every[i], delivery=len(out) + 1) for i in order[:size]])
        order = order[size:]
    return out


def rounds(arriving: Sequence[Sequence[Sample]], rng: random.Random) -> list[list[Sample]]:
    """The deliveries as the engine finds them: one or several in a round."""
    out: list[list[Sample]] = []
    left = list(arriving)
    while left:
        size = rng.choice([1, 1, 2, 5])
        out.append([each for delivery in left[:size] for each in delivery])
        left = left[size:]
    return out


def walk_of(rng: random.Random, length: int) -> list[float | None]:
    """A river that crosses its limits to and fro, with a spike and a gap now and then."""
    level, values = 60.0, list[float | None]()
    for _ in range(length):
        level = min(max(level + rng.uniform(-14, 15), 30.0), 280.0)
        strange = rng.random()
        values.append(None if strange < 0.03 else level + 200.0 if strange < 0.06 else round(level, 1))
    return values


def plain(standing: Standing) -> Standing:
    return replace(standing, told=None)


def check_laws(seed: int, length: int = 30) -> None:
    rng = random.Random(seed)
    every = samples(walk_of(rng, length))
    whole = fold(Job(RULES, Standing(), every))
    arriving = shuffled(every, rng, reach=rng.choice([2, 6, 20]))
    one, many = Engine(), Engine()
    for delivery in arriving:
        before_it, until = one.standing.degree, one.until
        one.round(delivery)
        if until is not None and max(each.at for each in delivery) < until:
            assert one.standing.degree >= before_it  # law 3
    for group in rounds(arriving, rng):
        many.round(group)
    assert encode(plain(one.standing)) == encode(plain(whole.standing))  # law 1
    assert (one.standing, one.told) == (many.standing, many.told)  # law 4
    good = whole.standing.memory.good
    if arriving[-1][-1].at == every[-1].at and good is not None and good.at == every[-1].at:
        assert one.standing.degree == whole.standing.life.degree
    degree, name = 0, None
    for (_, before, after), since in zip(one.told, one.names, strict=True):  # law 2
        assert before == degree
        assert after != before
        assert before == 0 or since == name  # an episode keeps the name it was told by
        degree, name = after, since
    assert degree == one.standing.degree
    firm = 0
    for before, after in one.firm:  # what residents know goes on from what they knew
        assert before == firm
        firm = after
    assert firm == one.standing.firm <= degree
    assert one.firm == many.firm


def rough_walk(rng: random.Random, length: int) -> list[float | None]:
    """A gauge with many spikes, single, said again and small: samples that change what was thought of others."""
    level, values = 60.0, list[float | None]()
    while len(values) < length:
        level = min(max(level + rng.uniform(-6, 7), 30.0), 280.0)
        strange = rng.random()
        if strange < 0.06:
            values.append(round(level + 200.0, 1))
        elif strange < 0.12:
            values += [round(level + 150.0, 1)] * 2
        elif strange < 0.18:
            values.append(round(level + rng.choice([-1, 1]) * rng.uniform(9, 24), 1))
        else:
            values.append(None if strange < 0.2 else round(level, 1))
    return values[:length]


# In the first five a late sample comes just behind a place to start again from, and changes what a later one said of
# one before that place.
@pytest.mark.parametrize("seed", [452, 511, 825, 1343, 2656, *range(20)])
def test_the_verdicts_on_the_record_are_those_of_the_samples_in_order(seed: int) -> None:
    rng = random.Random(seed)
    every = samples(rough_walk(rng, 60))
    record: dict[datetime, Verdict] = {}
    engine = Engine()
    for delivery in shuffled(every, rng, rng.choice([2, 6, 20])):
        folded = engine.round(delivery)
        if folded.rewritten is not None:
            record = {at: verdict for at, verdict in record.items() if at < folded.rewritten}
        record |= {verdict.at: verdict for verdict in folded.verdicts}
    assert record == {verdict.at: verdict for verdict in fold(Job(RULES, Standing(), every)).verdicts}


@given(st.integers(0, 2**32))
@settings(max_examples=150)
def test_any_order_of_arrival_ends_in_the_state_of_the_samples_in_order(seed: int) -> None:
    check_laws(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_permutations_duplications_and_delays() -> None:
    for seed in range(10_000):
        check_laws(seed)


def test_a_memory_emptied_newest_first_raises_the_alarm() -> None:
    every = samples([60, 62, 75, 90, 104, 95, 85, 78])
    engine = Engine()
    for number, sample in enumerate([*every[:2], *reversed(every[2:])], start=1):
        engine.round([replace(sample, delivery=number)])
    assert engine.standing.degree == Degree.READINESS
    assert [(before, after) for _, before, after in engine.told] == [(0, 1), (1, 2)]


def test_a_late_peak_raises_with_the_newest_sample_and_falls_with_a_later_one() -> None:
    every = samples([60, 70, 85, 76, 70, 70, 70, 70, 70])
    engine = Engine()
    for number, i in enumerate((0, 1, 3, 4, 2), start=1):
        engine.round([replace(every[i], delivery=number)])
    assert engine.told == [(every[4].at, 0, 1)]
    for number, sample in enumerate(every[5:], start=6):
        engine.round([replace(sample, delivery=number)])
    assert [(before, after) for _, before, after in engine.told] == [(0, 1), (1, 0)]
    assert engine.standing.told is None


def test_late_calm_never_lowers_by_itself() -> None:
    every = samples([60, 70, 85, 70, 70, 70, 70, 85, 70, 70])
    engine = Engine()
    for number, i in enumerate((0, 1, 2, 7), start=1):
        engine.round([replace(every[i], delivery=number)])
    for number, i in enumerate((3, 4, 5, 6), start=5):
        engine.round([replace(every[i], delivery=number)])
        assert engine.standing.degree == Degree.VIGILANCE
    assert engine.told == [(every[2].at, 0, 1)]
    assert engine.standing.since == every[2].at  # the episode keeps its name, though the water fell in between


def test_where_nothing_is_believed_any_more_nothing_is_seen_to_fall() -> None:
    every = samples([73.8, 266.3, 60.1, 248.5, 36.2])
    engine = Engine()
    for number, group in enumerate(((0, 1), (3,), (2, 4)), start=1):
        engine.round([replace(every[i], delivery=number) for i in group])
    assert engine.standing.memory.good is None
    assert (engine.standing.degree, len(engine.told)) == (Degree.EXTREME, 1)


def test_what_is_older_than_every_checkpoint_is_left_out() -> None:
    every = samples([60, 70, 75, 76])
    folded = fold(Job(RULES, Standing(), every[1:]))
    after = start_again(folded.standing, every[3].at)
    late = Late(RULES, folded.standing, every[3].at, folded.latest, [after], [], [replace(every[0], delivery=2)])
    again = fold_late(late)
    assert (again.standing, again.latest, again.turns, again.verdicts) == (folded.standing, folded.latest, (), ())


def test_checkpoints_are_kept_as_long_as_a_sample_may_need_them() -> None:
    every = samples([60.0 + i % 7 for i in range(100)])
    folded = fold(Job(RULES, Standing(), every))
    newest = every[-1].at
    few = kept(folded.checkpoints, newest)
    assert len(few) <= TOO_LATE / timedelta(hours=1) + 2
    assert few[0].before <= newest - TOO_LATE < few[1].before
