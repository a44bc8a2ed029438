"""The short way of a sample on which nothing happens: to the byte what the long way makes of it, or no answer.

Records of every kind of trouble, by every kind of rules; each sample goes both ways from the same standing.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from alerting.engine import lifecycle
from alerting.engine.calm import go_on
from alerting.engine.judge import Folded, Job, Standing, closely, decode, encode, fold, judge, walk
from alerting.engine.lifecycle import Told
from alerting.engine.proof import Doubt, Proof
from alerting.engine.rules import Rules, of_rain
from floodcore.quality.codes import CODES
from floodcore.quality.door import of_value
from floodcore.quality.rates import Rates
from floodcore.quality.window import Point, Sample, Verdict
from floodcore.words import Degree, Flag, Quantity
from tests.engine.test_rain_sums import RULES as RAIN

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0, Degree.EXTREME: 252.0}
LEVEL = Rules(Quantity.LEVEL, STEP, LIMITS)
RULES = [
    LEVEL,
    replace(LEVEL, limits={Degree.READINESS: 75.0}),
    replace(LEVEL, limits={}),
    replace(LEVEL, limits={Degree.VIGILANCE: 1.0, Degree.READINESS: 300.0}, hysteresis_cm=0.0),
    replace(LEVEL, rates=Rates(0.25, 1.5, "own"), trend_window=timedelta(hours=6)),
    replace(LEVEL, interval=timedelta(hours=1), calm=timedelta(hours=2), rates=Rates(1.5, 0.25, "own")),
    Rules(Quantity.DISCHARGE, STEP, LIMITS),
    Rules(Quantity.DISCHARGE, STEP, {Degree.VIGILANCE: 300.0}),
    Rules(Quantity.WATER_TEMPERATURE, STEP),
    of_rain(RAIN, STEP),
]
# What a gauge says next, as (how far from the last, or the value itself, for how many samples).
Move = tuple[str, float, int]
MOVES = st.tuples(
    st.sampled_from(
        [
            "step",
            "step",
            "step",
            "same",
            "same",
            "spike",
            "rise",
            "jump",
            "times",
            "value",
            "code",
            "odd",
            "gap",
            "back",
        ]
    ),
    st.floats(-40.0, 40.0).map(lambda x: round(x, 1)),
    st.integers(1, 14),
)
APART = [timedelta(seconds=s) for s in (30.0, 60.0, 300.0, 600.0, 600.0, 600.5, 900.000001, 3600.0)]


def record(moves: Sequence[Move], apart: timedelta, quantity: Quantity) -> list[Sample]:
    """The samples of a gauge that begins at 70 and does what it is told."""
    made: list[Sample] = []
    at, level = T0, 70.0
    for kind, size, times in moves:
        for turn in range(times):
            at += apart
            value, flag, test = _said(kind, size, level, turn)
            if kind == "gap":
                at += timedelta(hours=abs(size))
            if kind in {"step", "rise", "jump"}:
                level = level if value is None else value
            door = of_value(quantity, value)
            made.append(Sample(at, value, *((flag, test) if flag is not Flag.GOOD or test else door)))
    return made


def _said(kind: str, size: float, level: float, turn: int) -> tuple[float | None, Flag, str]:
    said: dict[str, float | None] = {
        "step": round(level + size / 20.0 * (-1) ** turn, 1),
        "same": level,
        "spike": level + (size if turn % 3 == 1 else 0.0),
        "rise": level + size / 4.0,
        "jump": level + (5.0 * size if turn == 0 else size / 10.0),
        "times": level * (10.0 if size > 0 else 0.1),
        "value": [0.0, None, float("nan"), float("inf"), -0.0, 9999.0][int(abs(size)) % 6],
        "code": sorted(CODES)[int(abs(size)) % len(CODES)],
        "odd": level,
        "gap": level + size / 8.0,
        "back": 70.0,
    }
    odd = kind == "odd" and turn == 0
    return said[kind], Flag.SUSPECT if odd and size > 0 else Flag.GOOD, "named" if odd else ""


def both(standing: Standing, sample: Sample, rules: Rules) -> tuple[Standing, bool]:
    """The standing after `sample` the long way, and whether the short way knew it."""
    seconds = sample.at.timestamp()
    long, short = closely(standing, sample, rules, seconds), go_on(standing, sample, rules, seconds)
    if short is not None:
        assert encode(short) == encode(long.standing)
        assert short == long.standing
        assert (long.verdicts, long.turns, long.believed) == ((Verdict(sample.at, Flag.GOOD, ""),), (), True)
        assert sample.flag is Flag.GOOD
        assert sample.test == ""
        assert type(short.life.degree) is Degree
    return long.standing, short is not None


def by_the_long_way(job: Job) -> Folded:
    """As `fold`, asking the long way only."""
    standing, found = job.standing, []
    for sample in job.samples:
        found.append(closely(standing, sample, job.rules, sample.at.timestamp()))
        standing = found[-1].standing
    said = [(s, v) for s, walked in zip(job.samples, found, strict=True) for v in walked.verdicts]
    return Folded(
        job.rules,
        standing,
        tuple(turn for walked in found for turn in walked.turns),
        tuple(v for s, v in said if v.at != s.at or v.test != s.test),
        found[-1].verdicts[-1],
        tuple(walked.checkpoint for walked in found if walked.checkpoint is not None),
    )


@given(st.lists(MOVES, min_size=2, max_size=14), st.sampled_from(RULES), st.sampled_from(APART))
@settings(max_examples=250)
def test_the_short_way_is_the_long_way(moves: list[Move], rules: Rules, apart: timedelta) -> None:
    standing = Standing()
    for sample in record(moves, apart, rules.quantity):
        standing, _ = both(decode(encode(standing)), sample, rules)


@given(st.lists(MOVES, min_size=1, max_size=8), st.sampled_from(RULES), st.sampled_from(APART))
@settings(max_examples=100)
def test_a_fold_is_that_of_the_long_way_whole_and_one_by_one(moves: list[Move], rules: Rules, apart: timedelta) -> None:
    samples = record(moves, apart, rules.quantity)
    assert fold(Job(rules, Standing(), samples)) == by_the_long_way(Job(rules, Standing(), samples))
    standing = Standing()
    for sample in samples:
        job = Job(rules, standing, [sample])
        assert fold(job) == by_the_long_way(job)
        standing = fold(job).standing
    walked = list(walk(Job(rules, Standing(), samples)))
    assert [each.standing for each in walked][-1:] == [standing]


@given(st.integers(0, 2**32 - 1), st.sampled_from(RULES), st.sampled_from(RULES))
@settings(max_examples=60)
def test_with_rules_that_change_on_the_way(seed: int, before: Rules, after: Rules) -> None:
    rng = random.Random(seed)
    levels = [70.0]
    for _ in range(60):
        levels.append(round(levels[-1] + rng.gauss(1.0, 6.0), 1))
    standing, quantity = Standing(), before.quantity
    rules = before if before.quantity is after.quantity else replace(before, hysteresis_cm=9.0, hysteresis_share=0.2)
    for turn, level in enumerate(levels):
        sample = Sample(T0 + turn * STEP, level, *of_value(quantity, level))
        standing, _ = both(standing, sample, before if turn < 30 else after if quantity is after.quantity else rules)


def calm_levels(count: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [round(60.0 + rng.gauss(0.0, 1.0)) for _ in range(count)]


def shares(levels: Sequence[float], rules: Rules = LEVEL) -> float:
    """How many of the samples the short way knew."""
    standing, known = Standing(), 0
    for turn, level in enumerate(levels):
        standing, short = both(standing, Sample(T0 + turn * STEP, level, Flag.GOOD, ""), rules)
        known += short
    return known / len(levels)


def test_calm_water_takes_the_short_way() -> None:
    assert shares(calm_levels(300)) > 0.98
    assert shares([60.0] * 300) > 0.98
    assert shares([60.0 + 0.1 * i for i in range(150)]) > 0.98  # up to 75


def test_a_flood_that_stays_takes_it_too() -> None:
    assert shares([60.0 + 2.0 * i for i in range(15)] + [90.0 + 0.1 * (i % 7) for i in range(300)]) > 0.97


SAMPLE = Sample(T0 + STEP, 71.0, Flag.GOOD, "")


def quiet() -> Standing:
    (found,) = judge([Job(LEVEL, Standing(), [Sample(T0 - i * STEP, 70.0 + i, Flag.GOOD, "") for i in (3, 2, 1, 0)])])
    return found.standing


def test_a_quiet_gauge_is_known() -> None:
    assert both(quiet(), SAMPLE, LEVEL)[1]
    assert both(quiet(), changed(SAMPLE, at=T0 + STEP + timedelta(microseconds=1)), LEVEL)[1]


@pytest.mark.parametrize(
    "sample",
    [
        changed(SAMPLE, value=None, flag=Flag.MISSING, test="missing"),
        changed(SAMPLE, value=None),
        changed(SAMPLE, flag=Flag.SUSPECT),
        changed(SAMPLE, test="named"),
        changed(SAMPLE, value=float("nan")),
        changed(SAMPLE, value=0.0),
        changed(SAMPLE, value=80.0),
        changed(SAMPLE, value=120.0),
        changed(SAMPLE, value=20.0),
    ],
    ids=["missing", "nothing", "suspect", "named", "nan", "zero", "limit", "jump", "drop"],
)
def test_what_is_not_plain_goes_the_long_way(sample: Sample) -> None:
    assert go_on(quiet(), sample, LEVEL, sample.at.timestamp()) is None


@pytest.mark.parametrize(
    "standing",
    [
        Standing(),
        changed(quiet(), told=Told(Degree.VIGILANCE, T0)),
        changed(quiet(), proof=Proof(Degree.NONE, Doubt.FALLEN, T0, 70.0, 130.0, Degree.NONE)),
        changed(quiet(), memory=changed(quiet().memory, trouble=1.0)),
        changed(quiet(), memory=changed(quiet().memory, before=Point(T0, 60.0))),
        changed(quiet(), memory=changed(quiet().memory, last=Point(T0, 60.0), doubted=1)),
    ],
    ids=["new", "told", "proof", "trouble", "leapt", "doubted"],
)
def test_who_is_not_plain_goes_the_long_way(standing: Standing) -> None:
    assert go_on(standing, SAMPLE, LEVEL, SAMPLE.at.timestamp()) is None


def test_what_is_carried_on_is_carried_on() -> None:
    vouched = changed(quiet(), vouched=T0)
    assert both(vouched, SAMPLE, LEVEL)[1]
    jumped = changed(quiet(), memory=changed(quiet().memory, jumped=Point(T0, 60.0)))
    assert both(jumped, SAMPLE, LEVEL)[1]
    heard = changed(quiet(), life=changed(quiet().life, evidence_at=SAMPLE.at + STEP))
    assert both(heard, SAMPLE, LEVEL)[1]


@pytest.mark.parametrize(("rise", "short"), [(99.9, True), (100.1, False), (101.4, False)])
def test_a_rise_after_a_long_silence_is_measured_against_an_hour(rise: float, short: bool) -> None:
    high = replace(LEVEL, limits={Degree.EXTREME: 500.0})
    after = Sample(T0 + timedelta(hours=2), quiet().points[-1][1] + rise, Flag.GOOD, "")
    assert both(quiet(), after, high)[1] is short


@pytest.mark.parametrize("rates", [Rates(0.25, 1.5, "own"), Rates(1.5, 0.25, "own")], ids=["up", "down"])
@pytest.mark.parametrize("step", [-12.0, 12.0])
def test_up_and_down_have_rates_of_their_own(rates: Rates, step: float) -> None:
    high = replace(LEVEL, limits={Degree.EXTREME: 500.0}, rates=rates)
    after = Sample(T0 + STEP, quiet().points[-1][1] + step, Flag.GOOD, "")
    assert both(quiet(), after, high)[1] is ((rates.rise if step > 0.0 else rates.fall) > 1.0)


def test_a_spike_of_a_brook_is_seen_afterwards() -> None:
    brook = Rules(Quantity.DISCHARGE, STEP)
    standing, known = Standing(), []
    for turn, flow in enumerate([2.0, 2.1, 2.0, 2.1, 2.0, 3.4, 2.0]):
        standing, short = both(standing, Sample(T0 + turn * STEP, flow, Flag.GOOD, ""), brook)
        known.append(short)
    assert known[-3:] == [True, True, False]


def test_a_fall_is_told_by_the_long_way() -> None:
    rise = [70.0, 85.0, 85.0, 85.0, 74.0, 73.0, 73.0]
    standing = Standing()
    for turn, level in enumerate(rise):
        standing, _ = both(standing, Sample(T0 + turn * STEP, level, Flag.GOOD, ""), LEVEL)
    last = Sample(T0 + len(rise) * STEP, 73.0, Flag.GOOD, "")
    after, short = both(standing, last, LEVEL)
    assert (standing.degree, after.degree, short) == (Degree.VIGILANCE, Degree.NONE, False)
    assert after.life == lifecycle.State(Degree.NONE, None, after.life.below, last.at)
