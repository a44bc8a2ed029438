"""The laws of rain sums, written before the code; then what each rule is for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine import rain_sums
from alerting.engine.lifecycle import Evidence
from alerting.engine.rain_sums import Memory, RainRules, Window
from alerting.engine.rules import Rules, canonical, parse, rules_of, version
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.network.rain import RainDegrees, RainLimit, Saturation
from floodcore.quality.window import Point
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)
GAP = timedelta(minutes=21)
ONE, TWO, THREE = Degree(1), Degree(2), Degree(3)
DAY = Window(1440, {ONE: 35.0, TWO: 40.0}, {ONE: 25.0, TWO: 30.0})
RULES = RainRules((Window(10, {ONE: 10.0}, {}), Window(60, {ONE: 20.0, TWO: 30.0}, {}), DAY), (50.0, 10, 25.0, 5))
DRY_RULES = RainRules((DAY,))

# Minutes since the reading before and rain in tenths of a millimetre.
Story = list[tuple[int, int]]
stories: st.SearchStrategy[Story] = st.lists(
    st.tuples(st.sampled_from([10] * 8 + [20, 60, 400]), st.integers(0, 60)), max_size=60
)
wild: st.SearchStrategy[Story] = st.lists(st.tuples(st.integers(1, 300), st.integers(0, 60)), max_size=80)


def play(story: Story, rules: RainRules = RULES) -> list[tuple[Memory, Evidence]]:
    memory: Memory | None = None
    now, steps = T0, []
    for minutes, tenths in story:
        now += timedelta(minutes=minutes)
        memory, said = rain_sums.heard(memory, [Point(now, tenths / 10)], rules, TEN, GAP)
        steps.append((memory, said))
    return steps


def ends(story: Story) -> list[datetime]:
    now, found = T0, []
    for minutes, _ in story:
        now += timedelta(minutes=minutes)
        found.append(now)
    return found


@given(stories)
@settings(max_examples=100)
def test_law_1_a_sum_is_what_was_heard_within_the_window_and_no_more(story: Story) -> None:
    steps, at = play(story), ends(story)
    for index, (memory, _) in enumerate(steps):
        for minutes in (10, 60, 1440):
            begin = at[index] - timedelta(minutes=minutes)
            within = [tenths for end, (_, tenths) in zip(at, story[: index + 1], strict=False) if end > begin]
            # Readings stand ten minutes apart and more, all on the grid: no edge cuts one.
            assert rain_sums.sum_of(memory, minutes).heard == sum(within) / 10


@given(wild, st.data())
@settings(max_examples=100)
def test_law_1_a_reading_lost_never_raises_a_sum_and_never_calms(story: Story, data: st.DataObject) -> None:
    if not story:
        return
    lost = data.draw(st.sets(st.integers(0, len(story) - 1)))
    whole, kept, waited = play(story), Story(), 0
    for index, (minutes, tenths) in enumerate(story):
        waited += minutes
        if index not in lost:
            kept.append((waited, tenths))
            waited = 0
    heard = [step for index, step in enumerate(whole) if index not in lost]
    for (full, complete), (memory, said) in zip(heard, play(kept), strict=True):
        for minutes in (60, 1440):
            assert rain_sums.sum_of(memory, minutes).heard <= rain_sums.sum_of(full, minutes).heard + 6.0
        assert said.at == complete.at


@given(wild)
@settings(max_examples=100)
def test_law_2_what_is_reached_is_held_and_what_is_unknown_is_not_left(story: Story) -> None:
    for memory, said in play(story):
        assert said.reached <= said.held
        total = rain_sums.sum_of(memory, 1440)
        if total.most is None:
            assert said.held == TWO
        else:
            assert total.heard <= total.most


@given(wild, st.integers(0, 79), st.integers(1, 300))
@settings(max_examples=100)
def test_law_3_more_rain_never_lowers_anything(story: Story, where: int, more: int) -> None:
    if not story:
        return
    index = where % len(story)
    wetter = [(minutes, tenths + more * (number == index)) for number, (minutes, tenths) in enumerate(story)]
    for (before, said), (after, wet) in zip(play(story), play(wetter), strict=True):
        assert wet.reached >= said.reached
        assert wet.held >= said.held
        if rain_sums.saturated(before, RULES):
            assert rain_sums.saturated(after, RULES)
        if rain_sums.saturated(before, RULES) is None:
            assert rain_sums.saturated(after, RULES) is not False


def test_law_4_what_is_remembered_is_bounded() -> None:
    """A bucket that sends each tip, six seconds apart, for weeks, with an hour lost now and then."""
    memory, now, most = Memory(), T0, 0
    for number in range(15_000):
        now += timedelta(seconds=6 if number % 100 else 3600)
        memory = rain_sums.add(memory, Point(now, 0.1 * (number % 3)), RULES, timedelta(seconds=6), GAP)
        most = max(most, len(memory.spans))
    assert most <= 3 * (70 + 150 + 240)
    assert memory.spans[0][1] > memory.spans[-1][1] - 11 * 86_400
    assert all(first[1] == second[0] for first, second in zip(memory.spans, memory.spans[1:], strict=False))


def test_a_dry_gauge_is_remembered_in_one_span() -> None:
    assert len(play([(10, 0)] * 2000)[-1][0].spans) == 1


def test_tips_add_up_to_the_limit_and_reach_it() -> None:
    """350 tips of 0.1 mm are 35 mm, not 34.99999."""
    memory, said = play([(4, 1)] * 350, DRY_RULES)[-1]
    assert rain_sums.sum_of(memory, 1440).heard == 35.0
    assert said.reached == ONE
    assert play([(4, 1)] * 349, DRY_RULES)[-1][1].reached == Degree.NONE


def test_the_highest_degree_of_any_window_is_reached_and_named() -> None:
    memory, said = play([(10, 0)] * 6 + [(10, 100), (10, 60), (10, 150)])[-1]
    assert said.reached == TWO
    assert rain_sums.finding(memory, RULES, TWO) == rain_sums.Finding(60, 31.0, 30.0, saturated=False)


def test_an_increment_of_long_is_no_cloudburst() -> None:
    """An hour lost and then one reading: it counts as rain of its own interval, all between is unknown."""
    memory, said = play([(10, 0)] * 200 + [(60, 30)])[-1]
    assert rain_sums.sum_of(memory, 10) == rain_sums.Sum(3.0, 3.0)
    assert rain_sums.sum_of(memory, 60) == rain_sums.Sum(3.0, None)
    assert said.held == TWO


def test_a_single_reading_lost_is_reckoned_at_the_wetter_side_for_the_calm_alone() -> None:
    memory, _ = play([(10, 0)] * 200 + [(10, 20), (20, 5)])[-1]
    assert rain_sums.sum_of(memory, 60) == rain_sums.Sum(2.5, 4.5)


def test_a_gauge_that_loses_every_third_reading_comes_to_calm() -> None:
    story = [(10, 60)] * 7 + [(10, 0), (20, 0)] * 100
    steps = play(story)
    assert steps[6][1].reached == TWO
    assert steps[-1][1].held == Degree.NONE


def test_the_ground_is_saturated_by_the_days_before_and_then_less_is_enough() -> None:
    wet = [(10, 0)] * 144 * 6 + [(10, 10)] * 60 + [(10, 0)] * 144
    memory, said = play(wet)[-1]
    assert rain_sums.saturated(memory, RULES)
    assert said.reached == Degree.NONE
    memory, said = play([*wet, *[(10, 5)] * 50])[-1]
    assert said.reached == ONE
    assert rain_sums.finding(memory, RULES, ONE) == rain_sums.Finding(1440, 25.0, 25.0, saturated=True)
    assert play([*[(10, 0)] * len(wet), *[(10, 5)] * 50])[-1][1].reached == Degree.NONE


def test_rain_of_the_last_day_does_not_saturate_the_ground_for_itself() -> None:
    """Else 51 mm on dry ground would lower the limits of that very rain."""
    memory, _ = play([(10, 0)] * 1700 + [(10, 6)] * 100)[-1]
    assert rain_sums.sum_of(memory, 1440).heard == 60.0
    assert rain_sums.saturated(memory, RULES) is False


def test_old_rain_does_not_saturate() -> None:
    """60 mm, but eight days ago: most of it must have fallen in the last five days."""
    memory, _ = play([(10, 10)] * 60 + [(10, 0)] * 144 * 9)[-1]
    assert not rain_sums.saturated(memory, RULES)


def test_unknown_ground_raises_by_the_ordinary_limits_and_calms_by_those_of_saturated_ground() -> None:
    memory, said = play([(10, 0)] * 288 + [(10, 10)] * 26)[-1]
    assert rain_sums.saturated(memory, RULES) is None
    assert said == Evidence(said.at, Degree.NONE, ONE)


def test_rules_of_the_configuration() -> None:
    limit = RainLimit(timedelta(hours=24), {ONE: 60.0}, {ONE: 40.0}, "a plan")
    found = rain_sums.rules_of(RainDegrees((limit,), Saturation(50.0, 10, 25.0, 5, "a plan")))
    assert found == RainRules((Window(1440, {ONE: 60.0}, {ONE: 40.0}),), (50.0, 10, 25.0, 5))
    assert found.reach_s == 11 * 86_400
    assert rain_sums.rules_of(RainDegrees((limit,))).reach_s == 86_400


def test_rules_have_a_version_of_their_own_and_come_back_from_it() -> None:
    rules = Rules(Quantity.RAIN, TEN, scheme="rain", calm=timedelta(minutes=60), rain=RULES)
    assert parse(canonical(rules)) == rules
    wetter = Rules(Quantity.RAIN, TEN, scheme="rain", calm=timedelta(minutes=60), rain=DRY_RULES)
    assert version(rules) != version(wetter)
    assert parse(canonical(wetter)) == wetter
    assert '"rain"' not in canonical(Rules(Quantity.LEVEL, TEN, {ONE: 80.0}))
    assert rules.told
    assert rules.has_degrees
    assert not Rules(Quantity.RAIN, TEN).has_degrees


def test_a_station_with_limits_of_sums_is_judged_by_them_and_its_level_by_its_own() -> None:
    limit = RainLimit(timedelta(hours=24), {ONE: 60.0}, {}, "a plan")
    station = Station(
        "S",
        Names("S"),
        None,
        "CZ",
        "",
        (Quantity.LEVEL, Quantity.RAIN),
        TEN,
        limits=(Limits(Quantity.LEVEL, {ONE: 80.0}, "", None),),
        rain_degrees=RainDegrees((limit,), scheme="spa"),
    )
    network = Network(stations={"S": station})
    rain, level = rules_of(network, "S", Quantity.RAIN), rules_of(network, "S", Quantity.LEVEL)
    assert (rain.scheme, rain.rain, dict(rain.limits)) == ("spa", rain_sums.rules_of(RainDegrees((limit,))), {})
    assert (level.rain, dict(level.limits)) == (None, {ONE: 80.0})


def at(minute: float, mm: float) -> Point:
    return Point(T0 + timedelta(minutes=minute), mm)


def remembered(*points: Point, rules: RainRules = RULES, interval: timedelta = TEN) -> Memory:
    memory = Memory()
    for point in points:
        memory = rain_sums.add(memory, point, rules, interval, GAP)
    return memory


def test_a_reading_a_little_early_covers_all_since_the_one_before_it_and_no_more() -> None:
    assert remembered(at(0, 0.0), at(9, 1.0)).spans[-1][:2] == (int(T0.timestamp()), int(T0.timestamp()) + 540)
    assert len(remembered(at(0, 1.0), at(15, 1.0)).spans) == 2
    assert len(remembered(at(0, 1.0), at(15.1, 1.0)).spans) == 3


def test_two_readings_of_one_second_are_one_and_a_gap_after_them_does_no_harm() -> None:
    memory = remembered(at(0, 1.0), at(10, 1.0), at(10.001, 0.5), at(60, 0.0))
    assert rain_sums.sum_of(memory, 60) == rain_sums.Sum(1.5, None)


def test_a_gap_is_short_up_to_two_intervals_and_a_minute() -> None:
    assert remembered(at(0, 1.0), at(21, 0.0)).spans[1][3] == 1100
    assert remembered(at(0, 1.0), at(21.1, 0.0)).spans[1][3] == rain_sums.UNKNOWN


def test_unknown_time_is_one_span_and_stays_unknown_when_it_is_joined_with_rain() -> None:
    """A gauge of a minute that stammers: by the hour a day later, and nobody knows all of that hour."""
    minute = timedelta(minutes=1)
    points = [at(i, 0.1) for i in range(0, 61, 30)] + [at(i, 0.0) for i in range(62, 62 + 26 * 60)]
    memory = remembered(*points, interval=minute)
    joined = next(span for span in memory.spans if span[2] and span[1] - span[0] > 60)
    assert joined[3] == rain_sums.UNKNOWN
    assert rain_sums._between(memory.spans, joined[0], memory.spans[-1][1]).most is None


def test_what_is_older_than_the_reach_is_forgotten() -> None:
    memory = play([(10, 1)] * 144 * 13)[-1][0]
    assert 10 * 86_400 < memory.spans[-1][1] - memory.spans[0][1] <= 11 * 86_400 + 3600
    dry = play([(10, 1)] * 144 * 3, DRY_RULES)[-1][0]
    assert dry.spans[-1][1] - dry.spans[0][1] <= 86_400 + 3600


def test_the_last_hour_is_kept_to_the_minute_and_the_day_to_ten() -> None:
    minute = timedelta(minutes=1)
    memory = remembered(*(at(i, 0.2 if i % 2 else 0.1) for i in range(60 * 30)), interval=minute)
    ages = [(memory.spans[-1][1] - end, end - begin) for begin, end, *_ in memory.spans]
    assert {length for age, length in ages if age < 3600} == {60}
    assert {length for age, length in ages if 3 * 3600 < age < 86_400} == {600}
    assert max(length for _, length in ages) == 3600
    assert rain_sums.sum_of(memory, 10).heard == 1.5


def test_an_hourly_sum_is_not_joined_with_its_neighbour() -> None:
    memory = remembered(*(at(60 * i, 1.0) for i in range(72)), interval=timedelta(hours=1))
    assert {end - begin for begin, end, *_ in memory.spans} == {3600}
    assert rain_sums.sum_of(memory, 90).heard == 1.5


def ground(before: float, recent: float) -> bool | None:
    """`before` mm eight days ago, `recent` mm two days ago, dry since and in between."""
    story = [(10, 0)] * 144 + [(10, round(before * 10))] + [(10, 0)] * (144 * 6 - 1)
    story += [(10, round(recent * 10))] + [(10, 0)] * (144 * 2 - 1) + [(10, 0)] * 144 * 2
    return rain_sums.saturated(play(story)[-1][0], RULES)


def test_saturated_is_more_than_the_figures_of_the_source() -> None:
    assert ground(25.0, 25.0) is False
    assert ground(25.0, 25.1) is True
    assert ground(24.8, 25.1) is False
    assert ground(24.9, 25.1) is False
    assert ground(40.0, 25.0) is False


def test_a_limit_is_left_below_it_by_a_tenth() -> None:
    dry = [(10, 0)] * 150
    assert play([*dry, (10, 350)], DRY_RULES)[-1][1].held == ONE
    assert play([*dry, (10, 316)], RainRules((Window(1440, {ONE: 35.0}, {}),)))[-1][1].held == ONE
    assert play([*dry, (10, 315)], RainRules((Window(1440, {ONE: 35.0}, {}),)))[-1][1].held == ONE
    assert play([*dry, (10, 314)], RainRules((Window(1440, {ONE: 35.0}, {}),)))[-1][1].held == Degree.NONE


def test_rain_is_counted_in_whole_micrometres() -> None:
    """2.01 mm are 2009.9999 µm to a computer."""
    assert remembered(at(0, 2.01)).spans[0][2] == 2010


def test_a_dry_day_is_not_joined_with_the_rain_at_its_end() -> None:
    """Else the rain of a minute would be spread over all of it, and the sum of an hour would lose it."""
    minute = timedelta(minutes=1)
    points = [at(i, 3.0 if i == 1202 else 0.0) for i in range(1202 + 170)]
    memory = remembered(*points, interval=minute)
    assert rain_sums.sum_of(memory, 180) == rain_sums.Sum(3.0, 3.0)
    (wet,) = [span for span in memory.spans if span[2]]
    assert wet[1] - wet[0] <= 600
