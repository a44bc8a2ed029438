"""Laws of rises believed with reservation (alerting/engine/proof.py), and the cases they stand for."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine.judge import Job, Standing, decode, encode, judge, walk
from alerting.engine.lifecycle import PROVED, Reason
from alerting.engine.order import Late, fold_late
from alerting.engine.proof import Doubt, Known
from alerting.engine.replay import Use, replay
from alerting.engine.rules import Rules, version
from alerting.engine.vouching import Vouch, vouched
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
RULES = Rules(Quantity.LEVEL, STEP, {Degree(1): 100.0, Degree(2): 150.0, Degree(3): 200.0})
CALM = [50.0 + (n * 7 % 3) * 0.5 for n in range(18)]
Told = list[tuple[int, int, int, str]]


def samples(values: list[float], start: datetime = T0, delivery: int = 1) -> list[Sample]:
    return [Sample(start + n * STEP, v, *of_value(Quantity.LEVEL, v), delivery) for n, v in enumerate(values)]


def both(values: list[float]) -> tuple[list[tuple[int, int, int]], Told]:
    """Changes of the degree; and what residents knew and know, with the reason."""
    (judged,) = judge([Job(RULES, Standing(), samples(values))])
    degrees, residents = [], []
    for each in judged.changes:
        one, number = each.known, (each.transition.at - T0) // STEP
        if one.transition.reason not in PROVED:
            degrees.append((number, int(one.transition.from_degree), int(one.transition.to_degree)))
        if one.firm_from != one.firm_to:
            residents.append((number, int(one.firm_from), int(one.firm_to), str(one.transition.reason)))
    return degrees, residents


def last(values: list[float]) -> Standing:
    (judged,) = judge([Job(RULES, Standing(), samples(values))])
    return judged.standing


waves = st.lists(st.floats(-20.0, 24.0), min_size=1, max_size=30)
gauges = st.lists(
    st.one_of(st.floats(-25.0, 25.0), st.sampled_from([-300.0, -80.0, 80.0, 150.0, 300.0, 600.0])),
    min_size=1,
    max_size=40,
)


def course(changes: list[float], start: float = 50.0) -> list[float]:
    values = [start]
    for change in changes:
        values.append(round(values[-1] + change, 1))
    return values


@given(waves)
def test_a_rise_by_ordinary_steps_is_proved_at_once(changes: list[float]) -> None:
    values = [*CALM, *course(changes, CALM[-1])]
    degrees, residents = both(values)
    assert [(n, a, b) for n, a, b, _ in residents] == degrees


@settings(max_examples=300)
@given(gauges)
def test_residents_never_know_more_than_the_degree_and_hear_each_thing_once(changes: list[float]) -> None:
    standing, degree, firm = Standing(), 0, 0
    for walked in walk(Job(RULES, standing, samples([*CALM, *course(changes, CALM[-1])]))):
        for turn in walked.turns:
            assert turn.known.firm_from == firm, "what residents knew goes on from where it was"
            firm = int(turn.known.firm_to)
            if turn.transition.reason in PROVED:
                assert (turn.transition.from_degree, turn.transition.to_degree) == (
                    turn.known.firm_from,
                    turn.known.firm_to,
                )
                assert turn.known.firm_from < turn.known.firm_to
            else:
                degree = int(turn.transition.to_degree)
            assert bool(turn.known.doubt) == (
                turn.transition.to_degree > max(turn.transition.from_degree, turn.known.firm_to)
            )
        assert firm <= degree == walked.standing.life.degree
        assert walked.standing.firm == firm
        assert decode(encode(walked.standing)) == walked.standing


@given(st.integers(60, 700), st.lists(st.sampled_from([-0.5, 0.0, 0.5]), min_size=2, max_size=60))
def test_a_zero_that_moved_tells_no_resident_however_long(by: int, noise: list[float]) -> None:
    level = course(noise, CALM[-1])
    held = [CALM[-1], CALM[-1] + 0.5, *(value for value in level if abs(value - CALM[-1]) <= 2.0)]
    degrees, residents = both([*CALM, *(value + by for value in held)])
    assert degrees or 7.5 <= (CALM[-1] + by) / CALM[-1] <= 12.5  # a tenfold is held for longer
    assert residents == []


@given(st.floats(100.0, 500.0), st.floats(0.05, 0.4))
def test_a_wall_of_water_that_goes_on_is_told_with_its_second_sample_or_the_next(by: float, share: float) -> None:
    values = [*CALM, 50.0 + by, 50.0 + by * (1.0 + share), 50.0 + by * (1.0 + 2.0 * share)]
    degrees, residents = both(values)
    reached = degrees[-1][2]
    assert residents[-1][2] == reached
    # at ten times the level before, one later
    assert residents[0][0] - degrees[0][0] <= (0 if not 7.5 <= (50.0 + by) / CALM[-1] <= 12.5 else 1)


@given(gauges, st.integers(0, 60), st.sets(st.integers(1, 57), max_size=6))
@settings(max_examples=150)
def test_live_in_any_batches_with_a_vouch_is_the_replay(changes: list[float], when: int, cuts: set[int]) -> None:
    values = [*CALM, *course(changes, CALM[-1])]
    every = samples(values)
    when = min(when, len(every) - 1)
    vouch = Vouch(1, every[when].at, Reason.CONFIRMED)
    standing = Standing()
    told: list[Known] = []
    edges = sorted({0, when + 1, len(every), *(cut for cut in cuts if cut < len(every))})
    for first, end in pairwise(edges):
        (judged,) = judge([Job(RULES, standing, every[first:end])])
        standing, told = judged.standing, told + [change.known for change in judged.changes]
        if end == when + 1:
            standing, turns = vouched(standing, vouch, RULES)
            told += [turn.known for turn in turns]
    ((_, again),) = list(replay([Use(1, T0, RULES, version(RULES))], every, [vouch]))
    assert encode(again.standing) == encode(standing)
    assert [change.known for change in again.changes] == told


@given(gauges, st.integers(18, 40), st.integers(1, 20))
@settings(max_examples=150)
def test_a_late_sample_ends_in_the_state_of_the_samples_in_order(changes: list[float], place: int, later: int) -> None:
    values = [*CALM, *course(changes, CALM[-1])]
    every = samples(values)
    place = min(place, len(every) - 2)
    late = every.pop(place)
    rest, after = every[: place + later], every[place + later :]
    first = fold_late(Late(RULES, Standing(), None, None, [], [], rest))
    vouch = Vouch(1, rest[-1].at, Reason.RAIN)
    standing, _ = vouched(first.standing, vouch, RULES)
    second = [Sample(late.at, late.value, late.flag, late.test, 2)]
    third = [Sample(s.at, s.value, s.flag, s.test, 3) for s in after]
    folded = fold_late(Late(RULES, standing, rest[-1].at, first.latest, first.checkpoints, rest, [*second, *third]))
    ((_, again),) = list(
        replay([Use(1, T0, RULES, "v")], sorted([*rest, *second, *third], key=lambda s: s.at), [vouch])
    )
    assert encode(again.standing) == encode(folded.standing)
    assert folded.standing.firm <= folded.standing.degree


def test_a_leap_at_rest_is_told_to_officers_alone_and_its_end_too() -> None:
    values = [*CALM, *(210.0 + n % 2 for n in range(6)), *(50.0 + n % 2 for n in range(8))]
    degrees, residents = both(values)
    assert [(a, b) for _, a, b in degrees] == [(0, 3), (3, 0)]
    assert residents == []
    assert last(values).proof is None


def test_what_was_proved_before_stays_told_and_ends() -> None:
    rise = [50.0 + 8.0 * n for n in range(1, 8)]
    values = [*CALM, *rise, *(rise[-1] + 110.0 + n % 2 for n in range(6)), *(rise[-1] - 10.0 * n for n in range(14))]
    degrees, residents = both(values)
    assert [(a, b) for _, a, b in degrees][:2] == [(0, 1), (1, 3)]
    assert [(a, b) for _, a, b, _ in residents] == [(0, 1), (1, 0)]


def test_a_leap_that_rests_and_then_rises_is_proved_then() -> None:
    values = [*CALM, *(160.0 + n % 2 for n in range(12)), 168.0, 178.0, 189.0]
    degrees, residents = both(values)
    assert [(a, b) for _, a, b in degrees] == [(0, 2)]
    ((number, was, to, reason),) = residents
    assert (was, to, reason) == (0, 2, "moved")
    assert number > degrees[0][0] + 10


def test_a_further_limit_proves_a_leap_at_rest() -> None:
    rests = [160.0 + (n % 2) * 0.5 for n in range(8)]
    climbs = [164.0 + 3.0 * n for n in range(20)]
    _, residents = both([*CALM, *rests, *climbs])
    assert residents[-1][2] == 3 or residents[0][2] == 2
    assert residents


@pytest.mark.parametrize("base", [12.0, 18.0, 40.0])
def test_ten_times_the_level_tells_no_resident(base: float) -> None:
    calm = [base + (n * 7 % 3) * 0.2 for n in range(18)]
    _, residents = both([*calm, *(10.0 * value for value in calm * 4)])
    assert residents == []


def test_a_wreck_that_wanders_high_tells_no_resident() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    high = [310.0, 316.0, 305.0, 322.0, 318.0, 309.0, 300.0, 312.0, 330.0, 321.0, 315.0, 326.0] * 3
    degrees, residents = both([*CALM, *dead, *high])
    assert degrees
    assert residents == []


def test_water_that_rises_out_of_a_wreck_is_proved_by_going_on() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    _, residents = both([*CALM, *dead, *(110.0 + 14.0 * n + n % 3 for n in range(40))])
    assert residents[-1][2] == 3


def test_a_gauge_silent_for_hours_is_believed_where_the_river_could_have_come() -> None:
    before = samples(CALM)
    after = samples([210.0, 211.0, 212.0], before[-1].at + timedelta(hours=4))
    (judged,) = judge([Job(RULES, Standing(), [*before, *after])])
    assert [(int(c.known.firm_from), int(c.known.firm_to)) for c in judged.changes] == [(0, 3)]


def test_a_vouch_tells_once_and_holds_for_what_a_late_sample_shows() -> None:
    standing = last([*CALM, 210.0, 210.5, 210.0])
    assert (standing.degree, standing.firm) == (3, 0)
    vouch = Vouch(1, T0 + 20 * STEP, Reason.CONFIRMED)
    after, (turn,) = vouched(standing, vouch, RULES)
    assert (turn.known.firm_from, turn.known.firm_to, turn.transition.reason) == (0, 3, Reason.CONFIRMED)
    assert (after.firm, after.proof, after.vouched) == (3, None, vouch.at)
    assert vouched(after, vouch, RULES) == (after, ())


def test_a_gauge_that_lay_dead_for_two_readings_is_a_wreck() -> None:
    high = [310.0, 326.0, 322.0, 315.0, 309.0, 300.0, 312.0, 305.0, 299.0, 306.0] * 2
    degrees, residents = both([*CALM, -200.0, -202.0, *high])
    assert degrees
    assert residents == []


def test_a_gauge_whose_dying_was_believed_is_a_wreck() -> None:
    dead = [-20.0, -22.0, -21.0, -20.0, -22.0, -21.0]
    degrees, residents = both([*CALM, *dead, 210.0, 222.0, 215.0, 208.0, 203.0, 211.0, 207.0, 214.0])
    assert degrees
    assert residents == []


def test_a_slow_climb_to_a_further_limit_proves_a_leap_at_rest() -> None:
    climb = [160.0 + 0.7 * n for n in range(60)]
    _, residents = both([*CALM, 160.0, 160.5, *climb])
    reached = len(CALM) + 2 + next(n for n, level in enumerate(climb) if level >= 200.0)
    assert residents == [(reached, 0, 3, "reached")]


def test_a_leap_that_raised_nothing_is_forgotten_after_three_hours() -> None:
    rests = [90.0 + n % 2 for n in range(26)]
    assert last([*CALM, *rests[:10]]).proof is not None
    assert last([*CALM, *rests]).proof is None


HIGHER = Rules(Quantity.LEVEL, STEP, {Degree(1): 170.0, Degree(2): 220.0, Degree(3): 270.0})


def flood_after(odd: list[float], resting: int, per_step: float, noise: list[float]) -> dict[int, tuple[int, int]]:
    """When each degree was reached and residents told, in a flood by ordinary steps from 120 cm on, after `odd`."""
    trembling = [noise[n % len(noise)] for n in range(200)]
    calm = [120.0 + each for each in trembling]
    rise = [120.0 + per_step * (n + 1) + trembling[n] for n in range(int(170.0 / per_step) + 1)]
    values = [round(value, 1) for value in [*calm[:18], *odd, *calm[:resting], *rise]]
    found: dict[int, tuple[int, int]] = {}
    for number, walked in enumerate(walk(Job(HIGHER, Standing(), samples(values)))):
        for degree in range(1, int(walked.standing.degree) + 1):
            reached, told = found.get(degree, (number, 0))
            found[degree] = (reached, told or (number if walked.standing.firm >= degree else 0))
    return found


trembles = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=7)


@given(st.floats(55.0, 300.0), st.integers(1, 12), st.integers(12, 66), st.floats(2.0, 10.0), trembles)
def test_a_flood_after_a_gauge_was_cleaned_is_told_with_each_degree(
    depth: float, low: int, resting: int, per_step: float, noise: list[float]
) -> None:
    found = flood_after([120.0 - depth + n % 2 for n in range(low)], resting, per_step, noise)
    assert set(found) == {1, 2, 3}
    assert all(told == reached for reached, told in found.values())


@settings(max_examples=200)
@given(st.lists(st.floats(-300.0, 160.0), min_size=1, max_size=12), st.integers(3, 66), st.floats(2.0, 8.0), trembles)
def test_a_flood_by_ordinary_steps_after_any_nonsense_is_told_by_a_further_limit(
    odd: list[float], resting: int, per_step: float, noise: list[float]
) -> None:
    found = flood_after(odd, resting, per_step, noise)
    (reached, told) = found[3]
    assert 0 < told <= reached + 1
    assert all(0 < told <= reached + 13 for reached, told in found.values())


def test_a_wreck_that_climbs_by_ordinary_steps_for_two_hours_is_water() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    rests = [80.0 + n % 2 for n in range(18)]
    climbs = [81.0 + 3.0 * n for n in range(1, 41)]
    _, residents = both([*CALM, *dead, *rests, *climbs])
    assert [(was, to) for _, was, to, _ in residents] == [(0, 1), (1, 2), (2, 3)]
    assert residents[0][0] <= len([*CALM, *dead, *rests]) + 12
    stairs = [81.0 + 30.0 * (n // 6) + (n % 2) for n in range(36)]
    assert both([*CALM, *dead, *rests, *stairs])[1] == [], "leaps and rests are no climb"


def test_a_gauge_that_fell_and_leapt_above_where_it_fell_from_is_a_wreck() -> None:
    calm = [120.0 + n % 2 for n in range(18)]
    back = [120.0, 121.0, 120.0]
    for first in ([], back):
        values = [*calm, 20.0, 21.0, 20.0, 21.0, *first, *(220.0 + n % 3 for n in range(24))]
        standing = last(values)
        assert (standing.degree, standing.firm) == (3, 1)
        assert standing.proof is not None
        assert standing.proof.why is Doubt.WRECK


def test_a_wreck_that_goes_to_and_fro_on_its_way_up_tells_no_resident() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    degrees, residents = both([*CALM, *dead, *(90.0 + 2.0 * n + 12.0 * (n % 2) for n in range(60))])
    assert degrees
    assert residents == []


def test_what_was_answered_for_is_not_held_again_by_a_late_sample() -> None:
    wreck = [*CALM, -30.0, -31.0, -30.0, -31.0, -29.0, -30.0, *(120.0 + n % 2 for n in range(30))]
    every = samples(wreck)
    late = every.pop(-2)
    first = fold_late(Late(RULES, Standing(), None, None, [], [], every))
    assert first.standing.firm < first.standing.degree
    vouch = Vouch(1, every[-1].at, Reason.CONFIRMED)
    standing, _ = vouched(first.standing, vouch, RULES)
    rise = [Sample(s.at, s.value, s.flag, s.test, 3) for s in samples([131.0, 142.0, 153.0], every[-1].at + STEP)]
    after = [Sample(late.at, late.value, late.flag, late.test, 2), *rise]
    folded = fold_late(Late(RULES, standing, every[-1].at, first.latest, first.checkpoints, every, after))
    assert folded.standing.proof is None
    assert (folded.standing.degree, folded.standing.firm) == (2, 2)


def test_a_slow_rise_of_a_rough_gauge_out_of_a_wreck_is_told_by_a_further_limit() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    rough = [0.0, 3.0, 1.0, 3.0, 0.0, 2.0]
    _, residents = both([*CALM, *dead, *(80.0 + 0.8 * n + rough[n % 6] for n in range(160))])
    assert [(was, to) for _, was, to, _ in residents][-1] == (2, 3)


def test_a_flood_that_began_under_a_gauge_that_lay_low_is_told_by_two_steps_alike() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    degrees, residents = both([*CALM, *dead, 160.0, 210.0, 250.0, 270.0, 280.0])
    assert degrees[0][0] == len(CALM) + len(dead) + 1, "with the second sample"
    assert [(n - degrees[-1][0], to) for n, _, to, _ in residents] == [(1, 3)]


def test_a_crest_that_came_under_a_gauge_that_lay_low_is_told_by_four_steps_in_one_line() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    degrees, residents = both([*CALM, *dead, *(310.0 - 6.0 * n for n in range(12))])
    assert [(a, b) for _, a, b in degrees] == [(0, 3)]
    assert [(was, to) for _, was, to, _ in residents] == [(0, 3)]
    assert residents[0][0] <= degrees[0][0] + 3


@pytest.mark.parametrize("by", [160.0, 310.0])
def test_a_gauge_that_was_lifted_and_set_back_higher_tells_no_resident(by: float) -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    _, residents = both([*CALM, *dead, *(level + by for level in CALM * 4)])
    assert residents == []


def test_once_water_is_proved_out_of_a_lapse_its_further_limits_are_told_with_the_degree() -> None:
    dead = [-200.0, -202.0, -199.0, -201.0, -200.0]
    degrees, residents = both([*CALM, *dead, 105.0, 125.0, 145.0, *(150.0 + 8.0 * n for n in range(12))])
    assert [n for n, _, to in degrees if to > 1] == [n for n, _, to, _ in residents if to > 1]
