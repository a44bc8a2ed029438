"""Late samples, case by case: what is held back, what was answered for, what is left out (ADR 0016, 0020)."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerting.engine.judge import Checkpoint, Folded, Job, Standing, encode, fold
from alerting.engine.lifecycle import Reason
from alerting.engine.order import Late, fold_late, in_order, kept, start_again
from alerting.engine.proof import Doubt
from alerting.engine.rain_sums import RainRules
from alerting.engine.rain_sums import Window as RainWindow
from alerting.engine.rules import Rules, of_rain
from alerting.engine.vouching import Vouch, vouched
from floodcore.freshness import TOO_LATE
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample, Verdict
from floodcore.words import Degree, Quantity
from tests.engine import test_order

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
INSTANT = timedelta.resolution
RULES = Rules(Quantity.LEVEL, STEP, {Degree(1): 100.0, Degree(2): 150.0, Degree(3): 200.0})
CALM = [50.0 + (n * 7 % 3) * 0.5 for n in range(18)]
REST = [210.0, 210.5, 210.0, 210.5]


def samples(
    values: Sequence[float], first: int = 0, delivery: int = 1, quantity: Quantity = Quantity.LEVEL
) -> list[Sample]:
    return [Sample(T0 + (first + n) * STEP, v, *of_value(quantity, v), delivery) for n, v in enumerate(values)]


def later(folded: Folded, known: Sequence[Sample], new: Sequence[Sample], vouches: Sequence[Vouch] = ()) -> Folded:
    """What becomes of `new` after what was judged."""
    until = max(each.at for each in known)
    late = Late(folded.rules, folded.standing, until, folded.latest, folded.checkpoints, known, new, vouches)
    return fold_late(late)


def changes(folded: Folded) -> list[tuple[int, int, int, int]]:
    """From and to of the degree, and of what residents know."""
    return [
        (int(t.transition.from_degree), int(t.transition.to_degree), int(t.known.firm_from), int(t.known.firm_to))
        for t in folded.turns
    ]


def test_a_leap_that_late_samples_show_is_told_to_officers_alone() -> None:
    newest = samples(REST[-1:], 21, 2)
    first = fold(Job(RULES, Standing(), [*samples(CALM), *newest]))
    assert first.standing.degree == 0, "one sample waits for another"
    folded = later(first, [*samples(CALM), *newest], samples(REST[:-1], 18, 3))
    assert changes(folded) == [(0, 3, 0, 0)]
    (turn,) = folded.turns
    assert (turn.known.doubt, turn.value, turn.limit) == (Doubt.LEAP, 210.5, 200.0)
    assert turn.transition.at == newest[0].at, "as of the newest sample: not known then, not told then"
    assert turn.window == folded.standing.points
    assert (folded.standing.degree, folded.standing.firm) == (3, 0)


def answered() -> tuple[Folded, list[Sample]]:
    """A leap at rest of which one sample is still on its way, and somebody answered for it."""
    every = [*samples([*CALM, *REST]), *samples(REST, 22)]
    missing = every.pop(23)
    folded = fold(Job(RULES, Standing(), every))
    standing, turns = vouched(folded.standing, Vouch(1, every[-1].at, Reason.CONFIRMED), RULES)
    assert len(turns) == 1
    return replace(folded, standing=standing), [*every, replace(missing, delivery=2)]


def test_what_was_answered_for_stays_answered_for_when_something_comes_late() -> None:
    folded, every = answered()
    known, missing = every[:-1], every[-1:]
    again = later(folded, known, missing)
    assert again.turns == ()
    assert (again.standing.firm, again.standing.proof) == (3, None)
    assert again.standing.vouched == known[-1].at
    after = later(again, sorted(every, key=lambda each: each.at), samples([210.0, 210.5], 26, 3))
    assert (after.turns, after.standing.firm) == ((), 3)


@pytest.mark.parametrize(("since", "held"), [(-STEP, False), (timedelta(0), False), (INSTANT, True)])
def test_a_leap_is_answered_for_up_to_the_sample_that_was_named(since: timedelta, held: bool) -> None:
    every = samples([*CALM, *REST])
    folded = fold(Job(RULES, Standing(), every))
    proof = folded.standing.proof
    assert proof is not None
    named = every[-2].at
    base = replace(folded.standing, proof=replace(proof, since=named + since))
    start = Checkpoint(every[-1].at, base)
    standing = replace(folded.standing, proof=None, vouched=named)
    late = Late(RULES, standing, every[-1].at, folded.latest, [start], [], samples([210.0], 22, 2))
    in_place = replace(late.new[0], at=every[-1].at)
    again = fold_late(Late(RULES, standing, every[-1].at, folded.latest, [start], [], [in_place]))
    assert (again.standing.proof is not None) == held
    assert again.standing.vouched == named


def test_a_start_is_just_behind_what_was_judged() -> None:
    standing = fold(Job(RULES, Standing(), samples(CALM))).standing
    assert start_again(standing, T0) == Checkpoint(T0 + INSTANT, standing)


def test_the_newest_start_that_any_sample_which_counts_can_need_is_the_oldest_kept() -> None:
    until = T0 + timedelta(hours=20)
    starts = [Checkpoint(until - TOO_LATE + shift, Standing()) for shift in (-STEP, timedelta(0), STEP)]
    assert kept(starts, until) == tuple(starts[1:])
    assert kept(starts, until - INSTANT) == tuple(starts)
    assert kept([], until) == ()


def test_of_a_delivery_only_what_lies_behind_the_oldest_start_counts() -> None:
    every = samples([*CALM, *(52.0 + n % 2 for n in range(18))])
    whole = fold(Job(RULES, Standing(), every[12:]))
    starts = [each for each in whole.checkpoints if each.standing != Standing()][:2]
    assert len(starts) == 2
    known = [each for each in every[12:] if each.at >= starts[0].before and each is not every[20]]
    new = [replace(each, delivery=2) for each in (every[3], every[20])]
    folded = fold_late(Late(RULES, whole.standing, every[-1].at, whole.latest, starts, known, new))
    assert folded.rewritten == starts[0].before
    assert encode(folded.standing) == encode(whole.standing), "the older one is for the record only"
    assert every[3].at not in {verdict.at for verdict in folded.verdicts}


def test_a_sample_of_the_very_time_of_the_oldest_start_counts() -> None:
    every = samples([*CALM, 60.0, 70.0, 80.0])
    whole = fold(Job(RULES, Standing(), every))
    start = next(each for each in whole.checkpoints if each.before == every[18].at)
    known = every[19:]
    new = [replace(each, delivery=2) for each in (every[3], every[18])]
    short = fold(Job(RULES, start.standing, known))
    folded = fold_late(Late(RULES, short.standing, every[-1].at, short.latest, [start], known, new))
    assert encode(folded.standing) == encode(whole.standing)


RAIN = of_rain(RainRules((RainWindow(60, {Degree(1): 20.0}, {}),)), STEP)


def test_rain_that_comes_late_is_told_with_its_sum() -> None:
    every = samples([0.0] * 8 + [6.0, 7.0, 8.0, 0.5], quantity=Quantity.RAIN)
    missing = replace(every.pop(9), delivery=2)
    first = fold(Job(RAIN, Standing(), every))
    assert first.standing.degree == 0
    (turn,) = later(first, every, [missing]).turns
    assert (turn.value, turn.limit) == (21.5, 20.0)
    assert turn.rain is not None
    assert (turn.rain.minutes, turn.rain.mm) == (60, 21.5)


def test_deliveries_are_judged_in_the_order_of_their_arrival() -> None:
    assert in_order([], T0)
    one = samples([50.0], 5)
    assert not in_order(one, one[0].at), "the same time again is not behind it"
    assert in_order(one, one[0].at - INSTANT)
    two, three = samples([50.0], 5, 2), samples([50.0], 6, 1)
    assert not in_order([*two, *three], None)
    assert in_order([*samples([50.0], 5, 2), *samples([50.0], 6, 2)], None)


def test_nothing_to_judge_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="a series without samples"):
        fold_late(Late(RULES, Standing(), None, None, [], [], []))


def test_a_round_says_from_where_on_it_judged_anew_and_of_each_sample_once() -> None:
    every = samples([*CALM, 90.0, 52.0, 51.0, *(52.0 + n % 2 for n in range(9)), 90.0, 52.0])
    first = fold(Job(RULES, Standing(), [each for n, each in enumerate(every[:-2]) if n not in {8, 14}]))
    known = [each for n, each in enumerate(every[:-2]) if n not in {8, 14}]
    new = [
        *(replace(each, delivery=2) for each in every[-2:]),
        replace(every[8], delivery=3),
        replace(every[14], delivery=4),
    ]
    folded = later(first, known, sorted(new, key=lambda each: each.at))
    whole = fold(Job(RULES, Standing(), every))
    start = max(each.before for each in whole.checkpoints if each.before <= max(every[8].at - timedelta(hours=2), T0))
    assert folded.rewritten == start
    assert len({verdict.at for verdict in folded.verdicts}) == len(folded.verdicts)
    inside = {verdict.at: verdict for verdict in whole.verdicts if verdict.at >= start}
    assert {verdict.at: verdict for verdict in folded.verdicts} == inside
    far = [*new[:2], replace(every[14], delivery=3), replace(every[8], delivery=4)]
    assert later(first, known, far).rewritten == folded.rewritten, "whichever of them came first"


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_any_order_of_arrival_ends_with_the_verdicts_of_the_samples_in_order(seed: int) -> None:
    """As they are stored: what is judged anew is forgotten, what is said is written over what was said before.

    But for what a sample behind the start said of one before it, within the three hours in which one may (about one
    order in 4,000).
    """
    rng = random.Random(seed)
    every = test_order.samples(test_order.walk_of(rng, 30))
    engine, found, starts = test_order.Engine(), dict[datetime, Verdict](), list[datetime]()
    for delivery in test_order.shuffled(every, rng, reach=rng.choice([2, 6, 20])):
        folded = engine.round(delivery)
        if folded.rewritten is not None:
            starts.append(folded.rewritten)
            found = {at: verdict for at, verdict in found.items() if at < starts[-1]}
        found |= {verdict.at: verdict for verdict in folded.verdicts}
    whole = {verdict.at: verdict for verdict in fold(Job(test_order.RULES, Standing(), every)).verdicts}
    other = [at for at in found.keys() | whole.keys() if found.get(at) != whole.get(at)]
    assert len(other) <= 1
    assert all(any(at < start <= at + timedelta(hours=3) for start in starts) for at in other)


def test_what_each_delivery_says_is_kept() -> None:
    known = samples(CALM)
    first = fold(Job(RULES, Standing(), known))
    folded = later(
        first, known, [*samples([90.0, 52.0], 18, 2), *samples([90.0, 52.0], 20, 3), *samples([53.0], 22, 4)]
    )
    spikes = [verdict.at for verdict in folded.verdicts if verdict.test == "spike"]
    assert spikes == [T0 + 18 * STEP, T0 + 20 * STEP]
