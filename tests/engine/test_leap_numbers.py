"""When a rise is a leap, a wreck or neither, and what is remembered: each number from both sides (ADR 0020)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alerting.engine.lifecycle import Reason, State, Told, Transition
from alerting.engine.proof import Doubt, Known, Proof, Seen, follow, settle, tell
from floodcore.quality.memory import Memory, Point
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE
MINUTE = timedelta(minutes=1)
NONE = Degree.NONE


def at(minute: float, value: float) -> Point:
    return Point(T0 + minute * MINUTE, value)


def seen(
    memory: Memory,
    *believed: Point,
    lowest: float | None = None,
    was: int = 0,
    degree: int = 2,
    reached: int | None = None,
    quantity: Quantity = LEVEL,
    vouched: datetime | None = None,
) -> Seen:
    """What was just believed; `lowest` is the lowest value of the hour before."""
    good = memory.good
    window = [] if good is None else [(good.at.timestamp() - 600.0, good.value if lowest is None else lowest)]
    window += [] if good is None else [(good.at.timestamp(), good.value)]
    points = [*window, *((point.at.timestamp(), point.value) for point in believed)]
    up = degree if reached is None else reached
    return Seen(memory, window, points, believed, quantity, Degree(was), Degree(degree), Degree(up), vouched)


def doubting(good: float, first: float, minute: float = 0.0, since: float = -10.0) -> Memory:
    """The memory in which `first` waits since `minute`; `good` was believed at minute `since`."""
    waits = at(minute, first)
    return Memory(at(since, good), last=waits, doubted=1, agreeing=1, agreeing_from=waits, trouble=1.0)


def leapt(
    good: float,
    first: float,
    lowest: float | None = None,
    proof: Proof | None = None,
    since: float = -10.0,
    **more: float | Point,
) -> Proof | None:
    """What is unproved after `first` was corroborated by a value that hardly moved."""
    return follow(
        proof,
        seen(replace(doubting(good, first, since=since), **more), at(0, first), at(10, first + 0.5), lowest=lowest),
    )


def why(proof: Proof | None) -> Doubt | None:
    return None if proof is None else proof.why


# a leap


def test_a_leap_is_held_back_with_what_it_came_from_and_to() -> None:
    assert leapt(50.0, 160.0) == Proof(NONE, Doubt.LEAP, T0, 50.0, 160.0, Degree(2))


def test_no_more_than_twice_the_rise_of_the_hour_goes_on_with_it() -> None:
    assert leapt(90.0, 170.0, lowest=50.0) is None
    assert why(leapt(90.0, 170.1, lowest=50.0)) is Doubt.LEAP
    assert why(leapt(90.0, 170.0, lowest=100.0)) is Doubt.LEAP, "a river that fell did not rise"


def test_over_a_gap_the_river_could_have_come_there() -> None:
    assert leapt(50.0, 150.0, since=-60.0) is None  # 10 + 1.5 * 60
    assert why(leapt(50.0, 150.1, since=-60.0)) is Doubt.LEAP
    assert why(leapt(50.0, 150.0, since=-60.0, doubted=2)) is Doubt.LEAP, "it was heard meanwhile"
    for first, doubt in ((44.0, None), (44.1, Doubt.LEAP)):  # 1 + 10 * (0.3 + 0.05 * 60) = 34
        memory = doubting(10.0, first, since=-60.0)
        assert why(follow(None, seen(memory, at(0, first), at(10, first), quantity=DISCHARGE))) is doubt


def test_an_ordinary_step_is_none() -> None:
    calm = Memory(at(-10, 50.0))
    assert follow(None, seen(calm, at(0, 75.0))) is None
    assert follow(None, seen(replace(calm, last=at(-5, 60.0), doubted=0), at(0, 175.0))) is None, "by pace"
    lone = doubting(50.0, 60.0, minute=-5)
    assert follow(None, seen(lone, at(0, 75.0))) is None
    assert why(follow(None, seen(lone, at(0, 75.1)))) is Doubt.LEAP


def test_what_others_answered_for_is_no_leap() -> None:
    memory, points = doubting(50.0, 160.0), (at(0, 160.0), at(10, 160.5))
    assert follow(None, seen(memory, *points, vouched=points[-1].at)) is None
    assert follow(None, seen(memory, *points, vouched=points[-1].at - MINUTE)) is not None


def test_what_residents_knew_they_know() -> None:
    memory, points = doubting(120.0, 260.0), (at(0, 260.0), at(10, 260.5))
    found = follow(None, seen(memory, *points, was=1, degree=3))
    assert found is not None
    assert (found.firm, found.made) == (1, 3)


def test_what_was_held_back_for_long_counts_from_its_beginning() -> None:
    begun = at(-20, 169.0)
    held = leapt(50.0, 170.0, since=-30.0, doubted=3, agreeing=3, agreeing_from=begun)
    assert held is not None
    assert (held.first, held.since) == (169.0, begun.at)
    assert leapt(50.0, 170.0, since=-30.0, doubted=3, agreeing=3, agreeing_from=at(-20, 150.0)) is None, (
        "it moved meanwhile"
    )
    wreck = leapt(50.0, 170.0, doubted=6, agreeing=3, agreeing_from=begun)
    assert wreck is not None
    assert (wreck.first, wreck.since) == (170.0, T0)
    below = leapt(50.0, 170.0, doubted=3, agreeing=3, agreeing_from=at(-20, 50.0))
    assert below is not None
    assert below.first == 170.0
    one = leapt(50.0, 170.0, doubted=1, agreeing=1, agreeing_from=begun)
    assert one is not None
    assert one.first == 170.0


# units


def test_ten_times_the_level_has_ten_times_the_habits() -> None:
    still = leapt(20.0, 200.0)
    assert still is not None
    assert (still.why, still.rough, still.doubt) == (Doubt.UNIT, 4.0, Doubt.UNIT)  # any gauge trembles by 0.4 cm
    flow = follow(None, seen(doubting(20.0, 200.0), at(0, 200.0), at(10, 200.5), quantity=DISCHARGE))
    assert why(flow) is Doubt.LEAP, "a discharge has no unit to slip by"


def test_habits_are_those_of_the_hour_before() -> None:
    memory = doubting(50.0, 160.0)
    rough = [(-3000.0, 50.0), (-2400.0, 53.0), (-1800.0, 50.0), (-1200.0, 53.0), (-600.0, 50.0)]
    window = [(T0.timestamp() + second, value) for second, value in rough]
    found = follow(None, replace(seen(memory, at(0, 160.0), at(10, 160.5)), window=window))
    assert found is not None
    assert found.rough == pytest.approx(3.0)
    unit = follow(None, replace(seen(doubting(50.0, 500.0), at(0, 500.0), at(10, 500.5)), window=window))
    assert unit is not None
    assert unit.rough == pytest.approx(30.0)


# again


LEAP = Proof(NONE, Doubt.LEAP, T0, 50.0, 160.0, Degree(2))


def again(minute: float, proof: Proof = LEAP) -> Proof | None:
    """After a second leap at `minute`, from 160 to 300, by the same reserve."""
    memory = Memory(
        at(minute - 10, 160.0),
        last=at(minute, 300.0),
        doubted=1,
        agreeing=1,
        agreeing_from=at(minute, 300.0),
        trouble=2.0,
    )
    after = seen(memory, at(minute, 300.0), at(minute + 10, 300.1), was=2, degree=3)
    return follow(proof, replace(after, points=after.points[-1:]))


def test_leaps_within_an_hour_are_one() -> None:
    one, two = again(60), again(61)
    assert one is not None or two is not None
    assert two is not None
    assert (two.since, two.first, two.base, two.firm) == (T0 + 61 * MINUTE, 300.0, 50.0, NONE)
    assert one is None or one.since == T0


def test_what_follows_on_an_undone_leap_begins_anew() -> None:
    found = again(61, replace(LEAP, why=Doubt.UNDONE))
    assert found is not None
    assert found.base == 160.0


# undone and forgotten


def after_rest(minute: float, value: float, *, degree: int = 2, reached: int | None = None) -> Proof | None:
    """After a plain reading at `minute`."""
    memory = Memory(at(minute - 10, 160.0))
    resting = seen(memory, at(minute, value), was=degree, degree=degree, reached=reached)
    return follow(LEAP, replace(resting, points=[(at(minute, value).at.timestamp(), value)]))


def test_back_where_it_began_it_is_undone_until_its_degree_ends() -> None:
    assert why(after_rest(20, 72.0, reached=0)) is Doubt.UNDONE
    assert after_rest(20, 72.0) is None, "what the value reaches now is proved"
    assert why(after_rest(20, 72.1)) is Doubt.LEAP
    assert after_rest(20, 72.0, degree=0) is None


def test_a_leap_that_raised_nothing_is_remembered_for_three_hours() -> None:
    assert after_rest(180, 160.0, degree=0) == LEAP
    assert after_rest(180.1, 160.0, degree=0) is None
    assert after_rest(1000, 160.0) == LEAP, "one that raised a degree is not proved by time"


# wrecks


def test_more_than_two_readings_of_nonsense_are_a_wreck() -> None:
    assert why(leapt(50.0, 160.0, doubted=4, agreeing=1)) is Doubt.WRECK
    assert why(leapt(50.0, 160.0, doubted=3, agreeing=1, trouble=3.0)) is Doubt.LEAP


def test_a_gauge_that_babbles_is_a_wreck() -> None:
    assert why(leapt(50.0, 160.0, trouble=8.0)) is Doubt.WRECK
    assert why(leapt(50.0, 160.0, trouble=7.9)) is Doubt.LEAP


def from_below(low: float, *, doubted: int = 3, trouble: float = 2.0, minutes: float = 10.0) -> Doubt | None:
    """A gauge at 200 that lay at `low`, then said 320, and `minutes` later as much."""
    step = (320.0 - low) / max(minutes, 5.0)
    memory = replace(doubting(200.0, 320.0), doubted=doubted, step=step, trouble=trouble)
    return why(follow(None, seen(memory, at(0, 320.0), at(minutes, 320.5))))


def test_a_gauge_that_lay_lower_by_a_floods_worth_for_two_readings_is_a_wreck() -> None:
    assert from_below(139.9) is Doubt.WRECK
    assert from_below(140.1) is Doubt.LEAP
    assert from_below(139.9, doubted=2) is Doubt.LEAP, "one reading is a spike"
    assert from_below(139.9, trouble=2.5) is Doubt.WRECK
    assert from_below(139.9, trouble=2.51) is Doubt.LEAP, "they did not agree with one another"
    assert from_below(139.9, minutes=2.0) is Doubt.WRECK, "steps count as five minutes at least"


def fallen(to: float, degree: int = 0, quantity: Quantity = LEVEL, **more: int) -> Proof | None:
    """After a fall from 200 that was believed."""
    memory = replace(Memory(at(-10, 200.0), last=at(-5, to), doubted=1, agreeing=1), **more)
    return follow(None, seen(memory, at(0, to), was=degree, degree=degree, quantity=quantity))


def test_a_fall_of_sixty_centimetres_that_had_to_prove_itself_is_remembered() -> None:
    assert fallen(140.0) == Proof(NONE, Doubt.FALLEN, T0, 140.0, 200.0, NONE)
    assert fallen(140.1) is None
    assert fallen(100.0, quantity=DISCHARGE) is None
    held = fallen(140.0, degree=2)
    assert held is not None
    assert held.firm == 2, "it holds nothing back"


def test_after_more_than_three_doubted_readings_too() -> None:
    assert why(fallen(199.0, doubted=4, agreeing=4)) is Doubt.FALLEN
    assert fallen(199.0, doubted=3, agreeing=3) is None
    nonsense = fallen(199.0, doubted=4, agreeing=1)
    assert nonsense is not None
    assert (nonsense.base, nonsense.first) == (199.0, 199.0), "where nonsense lay before is no level"


FALLEN = Proof(NONE, Doubt.FALLEN, T0 - 600 * MINUTE, 20.0, 120.0, NONE)


def test_a_leap_after_it_is_a_wrecks_for_half_a_day() -> None:
    assert why(leapt(20.0, 160.0, proof=FALLEN)) is Doubt.WRECK
    quiet = Memory(at(-10, 20.0))
    later = replace(FALLEN, since=T0 - 720 * MINUTE)
    assert follow(later, seen(quiet, at(0, 21.0), degree=0)) == later
    assert follow(replace(later, since=later.since - MINUTE), seen(quiet, at(0, 21.0), degree=0)) is None


def test_back_to_where_it_fell_from_it_was_cleaned() -> None:
    assert why(leapt(20.0, 144.5, proof=FALLEN)) is Doubt.FALLEN  # 120 and an ordinary step of 25
    assert why(leapt(20.0, 144.6, proof=FALLEN)) is Doubt.WRECK
    assert why(leapt(20.0, 144.5, proof=FALLEN, doubted=4, agreeing=1)) is Doubt.WRECK


# what is told


def rise(to: int, before: int = 0, reason: Reason = Reason.SKIPPED) -> Transition:
    return Transition(T0, Degree(before), Degree(to), reason, T0 - MINUTE)


def fall(to: int, before: int) -> Transition:
    return Transition(T0, Degree(before), Degree(to), Reason.CALM, T0 - MINUTE)


def test_a_rise_is_told_whole_or_not_at_all() -> None:
    up = rise(3, 1)
    assert settle(Degree(1), [up], Degree(3), "", T0, None) == (Known(up, Degree(1), Degree(3)),)
    assert settle(Degree(1), [up], Degree(1), "leap", T0, None) == (Known(up, Degree(1), Degree(1), "leap"),)
    partly = settle(Degree(1), [up], Degree(2), "leap", T0, T0 - MINUTE)
    proved = Transition(T0, Degree(1), Degree(2), Reason.MOVED, T0 - MINUTE)
    assert partly == (Known(up, Degree(1), Degree(1), "leap"), Known(proved, Degree(1), Degree(2)))


def test_residents_hear_of_no_end_of_what_they_did_not_know() -> None:
    down = fall(1, 3)
    assert settle(NONE, [down], NONE, "leap", T0, None) == (Known(down, NONE, NONE),)
    assert settle(Degree(2), [down], Degree(1), "leap", T0, None) == (Known(down, Degree(2), Degree(1)),)
    assert settle(Degree(1), [down], Degree(1), "", T0, None) == (Known(down, Degree(1), Degree(1)),)


def test_a_proof_alone_says_since_when() -> None:
    (one,) = settle(NONE, (), Degree(2), "", T0, None)
    assert one == Known(Transition(T0, NONE, Degree(2), Reason.MOVED, T0), NONE, Degree(2))
    assert settle(Degree(2), (), Degree(2), "", T0, None) == settle(Degree(3), (), Degree(2), "", T0, None) == ()


LIFE = State(Degree(3), T0 - MINUTE, evidence_at=T0)


def test_in_order_people_are_told_what_the_samples_say() -> None:
    up = rise(3)
    assert tell(None, NONE, LIFE, None, T0, [up]) == (None, (Known(up, NONE, Degree(3)),))
    held = replace(LEAP, firm=NONE)
    assert tell(None, NONE, LIFE, held, T0, [up]) == (None, (Known(up, NONE, NONE, "leap"),))
    moved = Known(Transition(T0, NONE, Degree(3), Reason.MOVED, LIFE.since or T0), NONE, Degree(3))
    assert tell(None, NONE, LIFE, None, T0, ()) == (None, (moved,))


def test_beside_the_order_what_people_know_is_kept_while_it_differs() -> None:
    earlier = T0 - 90 * MINUTE
    higher = Told(Degree(3), earlier)
    low = State(Degree(1), T0 - MINUTE, evidence_at=T0)
    assert tell(higher, Degree(3), low, None, T0, (), may_fall=False) == (higher, ())
    beside, (down,) = tell(higher, Degree(3), low, None, T0, ())
    assert beside == Told(Degree(1), earlier)
    assert (down.firm_from, down.firm_to) == (3, 1)
    held = replace(LEAP, firm=Degree(1))
    beside, (up,) = tell(Told(Degree(1), earlier), Degree(1), LIFE, held, T0, ())
    assert beside == Told(Degree(3), earlier, Degree(1))
    assert (up.firm_from, up.firm_to, up.doubt) == (1, 1, "leap")
    same = State(Degree(3), earlier, evidence_at=T0)
    assert tell(Told(Degree(1), earlier), Degree(1), same, None, T0, ())[0] is None
    firm = replace(LEAP, firm=Degree(2))
    assert tell(Told(Degree(3), earlier, Degree(2)), Degree(2), same, firm, T0, ()) == (None, ())
    more = tell(Told(Degree(3), earlier, Degree(2)), Degree(2), same, None, T0, ())
    assert more[0] is None
    assert [(one.firm_from, one.firm_to) for one in more[1]] == [(2, 3)]
