"""Rules, thresholds and the fold that live evaluation, replay and hindcast share."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine import thresholds
from alerting.engine.judge import Change, Job, Standing, chain, decode, direction, encode, judge, keep
from alerting.engine.lifecycle import PROVED, Reason
from alerting.engine.replay import changes
from alerting.engine.rules import ENGINE, Rules, canonical, parse, rules_of, version
from alerting.engine.silence import Silence, shortest_allowed, silence
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.quality.door import of_value
from floodcore.quality.window import Point, Sample
from floodcore.words import Degree, Quantity, Trend

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIMITS = {Degree.VIGILANCE: 80.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 120.0, Degree.EXTREME: 252.0}
RULES = Rules(Quantity.LEVEL, STEP, LIMITS)  # Bílý Potok on the Smědá


def samples(values: list[float | None], every: timedelta = STEP) -> list[Sample]:
    return [Sample(T0 + i * every, v, *of_value(Quantity.LEVEL, v)) for i, v in enumerate(values)]


def told(values: list[float | None], rules: Rules = RULES) -> list[tuple[int, int, int]]:
    return [
        ((c.transition.at - T0) // STEP, int(c.transition.from_degree), int(c.transition.to_degree))
        for c in changes(rules, samples(values))
        if c.transition.reason not in PROVED
    ]


def test_a_limit_is_reached_at_its_value_and_left_five_centimetres_below() -> None:
    ladder = RULES.ladder
    assert [thresholds.reached(ladder, v) for v in (79.9, 80.0, 99.9, 100.0, 251.9, 252.0)] == [0, 1, 1, 2, 3, 4]
    assert [thresholds.held(ladder, v) for v in (74.9, 75.0, 94.9, 95.0, 246.9, 247.0)] == [0, 1, 1, 2, 3, 4]


def test_missing_degrees_are_skipped_and_zero_is_a_limit() -> None:
    ladder = Rules(Quantity.LEVEL, STEP, {Degree.EMERGENCY: 0.0}).ladder
    assert thresholds.reached(ladder, -0.1) is Degree.NONE
    assert thresholds.reached(ladder, 0.0) is Degree.EMERGENCY
    assert thresholds.held(ladder, -5.0) is Degree.EMERGENCY


def test_discharge_is_left_five_percent_below() -> None:
    ladder = Rules(Quantity.DISCHARGE, STEP, {Degree.VIGILANCE: 40.0}).ladder
    assert ladder == ((Degree.VIGILANCE, 40.0, 38.0),)


def test_rise_and_fall() -> None:
    values: list[float | None] = [60, 70, 85, 105, 90, 85, 76, 74, 73, 72, 71, 70]
    assert told(values) == [(2, 0, 1), (3, 1, 2), (7, 2, 1), (10, 1, 0)]


def test_degrees_are_skipped_when_the_water_skips_them() -> None:
    values: list[float | None] = [60, 62, 200, 250, 300]
    first = changes(RULES, samples(values))[0]
    assert (first.transition.reason, first.transition.to_degree) == (Reason.SKIPPED, Degree.EMERGENCY)
    assert told(values) == [(3, 0, 3), (4, 3, 4)]


def test_a_doubted_rise_counts_at_the_time_of_the_sample_that_decided() -> None:
    (change,) = changes(RULES, samples([60, 62, 110, 98, 97]))
    assert change.transition.at == T0 + 3 * STEP
    assert (change.transition.to_degree, change.value, change.limit) == (Degree.READINESS, 110.0, 100.0)


def test_a_bad_sample_changes_no_degree_up_or_down() -> None:
    for bad in (500.0, -300.0, 0.0, None, float("nan"), 9999.0):
        assert told([60, 62, bad, 61, 60]) == []
        assert told([60, 70, 85, bad, 86, 85]) == [(2, 0, 1)]
        assert told([60, 70, 85, *[bad] * 6])[1:] == ([(4, 1, 4)] if bad == 500.0 else [])


def test_a_false_value_said_again_raises_the_degree_for_officers_alone() -> None:
    raised = changes(RULES, samples([60, 70, 85, *[500.0] * 6]))[-1]
    assert (raised.transition.to_degree, raised.known.firm_to) == (Degree.EXTREME, Degree.VIGILANCE)
    assert told([60, 70, 85, 500.0, 500.0, 86, 85, 86, 85])[-1] == (8, 4, 1)


@given(st.lists(st.floats(20, 300), min_size=4, max_size=40), st.data())
@settings(max_examples=100)
def test_however_samples_are_batched_the_outcome_is_the_same(levels: list[float], data: st.DataObject) -> None:
    every = samples(list(levels))
    (whole,) = judge([Job(RULES, Standing(), every)])
    standing, found, done = Standing(), list[Change](), 0
    while done < len(every):
        size = data.draw(st.integers(1, 6))
        company = Job(RULES, Standing(), samples([1.0, 2.0, 3.0, 4.0]))
        part, _ = judge([Job(RULES, decode(encode(standing)), every[done : done + size]), company])
        standing, done = part.standing, done + size
        found += part.changes
    assert standing == whole.standing
    assert tuple(found) == whole.changes
    assert (part.trend, part.per_hour, part.latest) == (whole.trend, whole.per_hour, whole.latest)


@given(st.floats(1.0, 17.8), st.floats(0.0, 1.0))
@settings(max_examples=100)
def test_a_true_rise_reaches_every_limit_at_most_one_sample_late(pace: float, start: float) -> None:
    levels: list[float | None] = [50.0, 51.0, 50.0]
    while levels[-1] is not None and levels[-1] < 300.0:
        levels.append(50.0 + pace * 10.0 * (start + len(levels) - 3))
    levels += [levels[-1], levels[-1]]
    for degree, limit in LIMITS.items():
        due = next(i for i, level in enumerate(levels) if level is not None and level >= limit)
        raised = next(at for at, _, to in told(levels) if to >= degree)
        assert due <= raised <= due + 1


def test_trend_window_is_an_hour_thinned_with_the_newest_always_in() -> None:
    window: tuple[tuple[float, float], ...] = ()
    for second in range(0, 7200, 5):
        window = keep(window, Point(T0 + timedelta(seconds=second), float(second)), RULES)
        assert window[-1][1] == second
        assert len(window) <= 38
    assert 3500 <= window[-1][0] - window[0][0] <= 3600


def test_trend_has_a_dead_band_and_needs_a_third_of_its_window() -> None:
    assert direction(RULES, 50.0, None) is Trend.UNKNOWN
    assert [direction(RULES, 50.0, slope) for slope in (3.0, 3.1, -3.0, -3.1)] == [
        Trend.STEADY,
        Trend.RISING,
        Trend.STEADY,
        Trend.FALLING,
    ]
    (short,) = judge([Job(RULES, Standing(), samples([50, 55, 60], timedelta(minutes=9)))])
    assert short.trend is Trend.UNKNOWN
    (enough,) = judge([Job(RULES, Standing(), samples([50, 55, 60], STEP))])
    assert (enough.trend, enough.per_hour) == (Trend.RISING, 30.0)
    hourly = replace(RULES, interval=timedelta(hours=1))
    (slow,) = judge([Job(hourly, Standing(), samples([50, 55, 60], timedelta(hours=1)))])
    assert (slow.trend, slow.per_hour) == (Trend.RISING, 5.0)


def test_hourly_gauges_fall_too() -> None:
    hourly = replace(RULES, interval=timedelta(hours=1))
    found = changes(hourly, samples([60, 85, 70, 65, 60], timedelta(hours=1)))
    assert [int(c.transition.to_degree) for c in found] == [1, 0]


def station(*limits: Limits) -> Network:
    quantities = (Quantity.LEVEL, Quantity.DISCHARGE)
    one = Station("A", Names("A"), None, "CZ", "t", quantities, STEP, limits=limits)
    return Network(stations={"A": one})


def test_the_level_binds_and_the_discharge_is_auxiliary() -> None:
    level = Limits(Quantity.LEVEL, LIMITS, "s", date(2026, 2, 6))
    flow = Limits(Quantity.DISCHARGE, {Degree.VIGILANCE: 22.0}, "s", None)
    both = station(flow, level)
    assert rules_of(both, "A", Quantity.LEVEL).limits == LIMITS
    assert rules_of(both, "A", Quantity.DISCHARGE).limits == {}
    assert rules_of(station(flow), "A", Quantity.DISCHARGE).limits == {Degree.VIGILANCE: 22.0}
    assert rules_of(both, "elsewhere", Quantity.LEVEL).limits == {}


def test_only_the_czech_scheme_is_told() -> None:
    schemes = [Limits(Quantity.LEVEL, LIMITS, "s", None, scheme) for scheme in ("spa", "alarmstufe", "imgw")]
    assert [rules_of(station(limits), "A", Quantity.LEVEL).told for limits in schemes] == [True, False, False]


def test_a_version_names_everything_that_can_change_a_judgement() -> None:
    others = [
        replace(RULES, limits={**LIMITS, Degree.VIGILANCE: 80.5}),
        replace(RULES, interval=timedelta(minutes=5)),
        replace(RULES, quantity=Quantity.DISCHARGE),
        replace(RULES, scheme="imgw"),
        replace(RULES, hysteresis_cm=4.0),
        replace(RULES, hysteresis_share=0.1),
        replace(RULES, calm=timedelta(minutes=20)),
        replace(RULES, trend_window=timedelta(minutes=30)),
        replace(RULES, trend_dead_cm=1.0),
        replace(RULES, trend_dead_share=0.1),
    ]
    assert len({version(rules) for rules in [RULES, *others]}) == len(others) + 1
    assert all(parse(canonical(rules)) == rules for rules in [RULES, *others])
    assert version(replace(RULES, limits=dict(reversed(LIMITS.items())))) == version(RULES)
    with pytest.raises(ValueError, match="engine 99"):
        parse(canonical(RULES).replace(f'"engine":{ENGINE}', '"engine":99'))


def after(values: list[float | None]) -> Standing:
    return judge([Job(RULES, Standing(), samples(values))])[0].standing


def test_silence_matters_at_a_degree_and_on_the_way_to_one() -> None:
    later = T0 + timedelta(hours=9)
    in_flood = silence(RULES, after([60, 70, 85, 85, 84, 85]), later)
    assert in_flood is not None
    assert (in_flood.degree, in_flood.at) == (Degree.VIGILANCE, T0 + 5 * STEP + timedelta(minutes=20))
    rising = silence(RULES, after([40, 45, 50, 55, 60]), later)
    assert rising is not None
    assert (rising.degree, rising.reason, rising.trend) == (Degree.NONE, Reason.LOST_RISING, Trend.RISING)
    assert silence(RULES, after([10, 11, 12, 13, 14]), later) is None  # far from the limit
    assert silence(RULES, after([60, 60, 60, 61, 60]), later) is None
    assert silence(RULES, Standing(), later) is None
    assert silence(RULES, after([60, 70, 85, 85]), T0 + 3 * STEP + timedelta(minutes=20)) is None


def test_a_loss_is_told_with_all_that_was_known() -> None:
    later = T0 + timedelta(hours=9)
    standing = after([60, 70, 85, 85, 84, 85])
    lost = silence(RULES, standing, later)
    reached_at = T0 + 2 * STEP
    at, slope = T0 + 5 * STEP + timedelta(minutes=20), 28.0  # 14 cm in half an hour is the median of the 15
    assert lost == Silence(at, reached_at, Degree.VIGILANCE, Reason.LOST_RISING, 85.0, Trend.RISING, slope)
    still = silence(RULES, after([60, 70, 85, 84, 85, 85, 84, 85, 84, 85]), later)
    assert still is not None
    assert (still.reason, still.trend, still.since) == (Reason.LOST_IN_FLOOD, Trend.STEADY, reached_at)
    rising = silence(RULES, after([40, 45, 50, 55, 60]), later)
    assert rising is not None
    assert (rising.since, rising.per_hour) == (T0 + 4 * STEP, 30.0)


def test_a_rise_that_just_meets_the_limit_in_three_hours_matters() -> None:
    later = T0 + timedelta(hours=9)
    rules = replace(RULES, limits={Degree.VIGILANCE: 60.0 + 3 * 30.0})
    assert silence(rules, after([40, 45, 50, 55, 60]), later) is not None
    beyond = replace(RULES, limits={Degree.VIGILANCE: 60.5 + 3 * 30.0})
    assert silence(beyond, after([40, 45, 50, 55, 60]), later) is None


def test_of_a_discharge_the_dead_band_is_a_share_of_the_value() -> None:
    rules = replace(RULES, quantity=Quantity.DISCHARGE, limits={Degree.VIGILANCE: 80.0})
    values = [
        Sample(T0 + i * STEP, v, *of_value(Quantity.DISCHARGE, v)) for i, v in enumerate([90.0, 90.3, 90.6, 90.9])
    ]
    lost = silence(rules, judge([Job(rules, Standing(), values)])[0].standing, T0 + timedelta(hours=9))
    assert lost is not None
    assert (lost.reason, lost.trend) == (Reason.LOST_IN_FLOOD, Trend.STEADY)  # 1.8 an hour, 3 % of 90.9 are 2.7


def test_a_gauge_silent_in_calm_matters_when_a_flood_comes_down() -> None:
    later, calm = T0 + timedelta(hours=9), after([10, 11, 10, 11, 10])
    assert silence(RULES, calm, later) is None
    lost = silence(RULES, calm, later, flood_above=True)
    assert lost is not None
    assert (lost.reason, lost.degree, lost.since) == (Reason.LOST_BELOW_FLOOD, Degree.NONE, T0 + 4 * STEP)
    slow = silence(RULES, after([10, 11, 12, 13, 14]), later, flood_above=True)
    assert slow is not None
    assert slow.reason == Reason.LOST_BELOW_FLOOD  # it rose, but far from its limit
    flooded = silence(RULES, after([60, 70, 85, 84, 85, 85, 84, 85, 84, 85]), later, flood_above=True)
    assert flooded is not None
    assert flooded.reason == Reason.LOST_IN_FLOOD


def test_no_gauge_is_silent_within_five_minutes() -> None:
    assert shortest_allowed() == timedelta(minutes=5)


def test_a_gauge_that_dies_at_the_crest_and_sends_zeros_is_lost() -> None:
    standing = after([60, 70, 85, 105, 115, *[0.0] * 12])
    lost = silence(RULES, standing, T0 + 16 * STEP)
    assert lost is not None
    assert (lost.degree, lost.value, lost.reason) == (Degree.READINESS, 115.0, Reason.LOST_RISING)


def test_a_source_that_is_always_late_is_not_lost_for_that() -> None:
    standing = after([60, 70, 85, 105, 115])
    lag = timedelta(minutes=4)
    allowed = timedelta(minutes=11)
    assert silence(RULES, standing, T0 + 4 * STEP + allowed + lag, lag) is None
    lost = silence(RULES, standing, T0 + 4 * STEP + allowed + lag + timedelta(seconds=1), lag)
    assert lost is not None
    assert lost.at == T0 + 4 * STEP + allowed + lag


def test_an_extreme_below_spa_3_waits_for_it() -> None:
    values = {Degree.VIGILANCE: 235.0, Degree.READINESS: 300.0, Degree.EMERGENCY: 360.0, Degree.EXTREME: 356.0}
    limits = (Limits(Quantity.LEVEL, values, "invented", None),)
    station = Station("A", Names("A"), None, "CZ", "nobody", (Quantity.LEVEL,), STEP, limits=limits)
    rules = rules_of(Network(stations={"A": station}), "A", Quantity.LEVEL)
    assert rules.limits == values | {Degree.EXTREME: 360.0}


def test_a_chain_names_station_and_start() -> None:
    assert chain("322000", T0) == "CZ-LK-322000-20260601T000000Z"


def test_the_calm_begins_after_the_doubted_crest_that_was_corroborated() -> None:
    values: list[float | None] = [60, 62, 130, 112, 111, 110, 111, 110]
    assert told(values) == [(3, 0, 3), (7, 3, 2)]
