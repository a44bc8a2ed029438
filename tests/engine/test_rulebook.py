"""The rules of each series: which limits bind, how they are written down, and from which sample on new ones hold."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.engine import rules as engine_rules
from alerting.engine.rain_sums import RainRules
from alerting.engine.rain_sums import Window as RainWindow
from alerting.engine.rulebook import EVER, NOBODY_SAID, Rulebook, Why
from alerting.engine.rules import Rules, canonical, of_rain, parse, rules_of, version
from floodcore.network.model import Change, Limits, Names, Network, Station
from floodcore.network.rain import RainDegrees, RainLimit
from floodcore.quality.rates import GENERIC, Learnt, Rates
from floodcore.quality.window import Sample
from floodcore.words import Degree, Flag, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)
MONDAY, FRIDAY = T0 + timedelta(days=7), T0 + timedelta(days=11)
LEVEL, DISCHARGE = Quantity.LEVEL, Quantity.DISCHARGE


def limits(first: float, quantity: Quantity = LEVEL, source: str = "a table", scheme: str = "spa") -> Limits:
    return Limits(quantity, {Degree(1): first, Degree(2): first + 20.0}, source, None, scheme)


def station(*known: Limits, changes: tuple[Change, ...] = (), name: str = "S") -> Station:
    return Station(name, Names(name), None, "CZ", "t", (LEVEL, DISCHARGE), TEN, limits=known, changes=changes)


LOWERED = Change(limits(80.0, source="anew"), MONDAY, "M. Vzorová", "the weir was lowered")
AGAIN = Change(limits(70.0, source="again"), FRIDAY, "J. Vzorový", "and again")
DATED = station(limits(100.0), changes=(LOWERED, AGAIN))


def book(*stations: Station) -> Rulebook:
    return Rulebook(Network(stations={one.id: one for one in stations}))


def sample(at: datetime, delivery: int = 1) -> Sample:
    return Sample(at, 50.0, Flag.GOOD, "", delivery)


def first_limit(rules: Rules) -> float | None:
    return rules.limits.get(Degree(1))


# which limits


def test_the_level_binds_and_a_discharge_is_judged_only_without_it() -> None:
    both = Network(stations={"S": station(limits(30.0, DISCHARGE), limits(100.0))})
    assert first_limit(rules_of(both, "S", LEVEL)) == 100.0
    assert not rules_of(both, "S", DISCHARGE).has_degrees
    alone = Network(stations={"S": station(limits(30.0, DISCHARGE))})
    assert first_limit(rules_of(alone, "S", DISCHARGE)) == 30.0
    assert not rules_of(alone, "S", LEVEL).has_degrees
    assert not rules_of(alone, "S", Quantity.RAIN).has_degrees


def test_an_unknown_station_is_recorded_every_ten_minutes_without_limits() -> None:
    assert rules_of(Network(), "?", LEVEL) == Rules(LEVEL, TEN)
    assert rules_of(Network(), "?", DISCHARGE) == Rules(DISCHARGE, TEN)


def test_the_interval_the_scheme_and_the_rates_are_the_stations_own() -> None:
    learnt = Learnt(0.5, 0.6, 3000, T0, MONDAY)
    slow = replace(station(limits(100.0, scheme="alarmstufe")), interval=timedelta(hours=1), rates={LEVEL: learnt})
    rules = rules_of(Network(stations={"S": slow}), "S", LEVEL)
    assert (rules.interval, rules.scheme, rules.rates) == (timedelta(hours=1), "alarmstufe", learnt.rates)
    assert not rules.told, "stages of Saxony are theirs to announce"
    bare = rules_of(Network(stations={"S": replace(slow, limits=())}), "S", LEVEL)
    assert (bare.interval, bare.rates, bare.has_degrees) == (timedelta(hours=1), learnt.rates, False)
    assert rules_of(Network(stations={"S": replace(slow, rates={})}), "S", LEVEL).rates == GENERIC


@given(st.lists(st.floats(1.0, 900.0), min_size=4, max_size=4))
def test_no_limit_lies_below_that_of_a_lower_degree_and_none_is_lowered(values: list[float]) -> None:
    asked = {Degree(n): value for n, value in enumerate(values, start=1)}
    network = Network(stations={"S": station(Limits(LEVEL, asked, "", None))})
    found = rules_of(network, "S", LEVEL).limits
    assert [found[Degree(n)] for n in (1, 2, 3, 4)] == [max(values[:n]) for n in (1, 2, 3, 4)]


def test_rain_is_calm_after_an_hour_and_told_where_it_has_limits() -> None:
    limit = RainLimit(timedelta(hours=24), {Degree(1): 60.0}, {}, "a plan")
    wet = replace(station(limits(100.0)), rain_degrees=RainDegrees((limit,)))
    rules = rules_of(Network(stations={"S": wet}), "S", Quantity.RAIN)
    assert (rules.calm, rules.scheme, rules.told, rules.interval) == (timedelta(minutes=60), "rain", True, TEN)
    assert rules.quantity is Quantity.RAIN
    assert rules == of_rain(RainRules((RainWindow(1440, {Degree(1): 60.0}, {}),)), TEN)
    assert not of_rain(RainRules(()), TEN, "alarmstufe").told


# the numbers of docs/engine.md


def test_the_numbers_are_those_of_the_table() -> None:
    level = Rules(LEVEL, TEN, {Degree(1): 80.0})
    assert level.ladder == ((Degree(1), 80.0, 75.0),)
    assert (level.calm, level.gap) == (timedelta(minutes=30), timedelta(minutes=21))
    assert (level.trend_dead_cm, level.trend_dead_share) == (3.0, 0.03)
    assert Rules(DISCHARGE, TEN, {Degree(1): 80.0}).ladder == ((Degree(1), 80.0, 76.0),)
    assert Rules(DISCHARGE, TEN, {Degree(1): -80.0}).ladder == ((Degree(1), -80.0, -84.0),)
    assert Rules(LEVEL, timedelta(minutes=5)).gap == timedelta(minutes=20)
    assert Rules(LEVEL, timedelta(hours=1)).gap == timedelta(minutes=121)


@pytest.mark.parametrize(("minutes", "window"), [(1, 3600.0), (20, 3600.0), (21, 3780.0), (60, 10800.0)])
def test_the_trend_window_is_an_hour_or_three_intervals(minutes: int, window: float) -> None:
    assert Rules(LEVEL, timedelta(minutes=minutes)).window_s == window


def test_the_ladder_rises_whatever_the_order_of_the_limits() -> None:
    shuffled = Rules(LEVEL, TEN, {Degree(3): 120.0, Degree(1): 80.0, Degree(2): 100.0})
    assert [degree for degree, _, _ in shuffled.ladder] == [1, 2, 3]


# versions

WET = RainRules((RainWindow(60, {Degree(2): 30.0, Degree(1): 20.0}, {Degree(1): 15.0}),), (50.0, 10, 25.0, 5))
ANY = Rules(LEVEL, TEN, {Degree(1): 80.0, Degree(2): 100.0}, rates=Rates(0.5, 0.6, "abc"))
OTHERS = [
    replace(ANY, quantity=DISCHARGE),
    replace(ANY, interval=timedelta(minutes=5)),
    replace(ANY, limits={Degree(1): 80.0}),
    replace(ANY, limits={Degree(1): 80.0, Degree(3): 100.0}),
    replace(ANY, scheme="imgw"),
    replace(ANY, hysteresis_cm=4.0),
    replace(ANY, hysteresis_share=0.04),
    replace(ANY, calm=timedelta(minutes=29)),
    replace(ANY, trend_window=timedelta(minutes=61)),
    replace(ANY, trend_dead_cm=2.0),
    replace(ANY, trend_dead_share=0.02),
    replace(ANY, rates=Rates(0.4, 0.6, "abc")),
    replace(ANY, rates=Rates(0.5, 0.7, "abc")),
    replace(ANY, rates=Rates(0.5, 0.6, "abd")),
    replace(ANY, rates=GENERIC),
    replace(ANY, rain=WET),
    replace(ANY, rain=replace(WET, hysteresis_share=0.2)),
    replace(ANY, rain=replace(WET, ground=None)),
]


def test_every_number_that_can_change_a_judgement_is_part_of_the_version() -> None:
    assert len({version(each) for each in [ANY, *OTHERS]}) == 1 + len(OTHERS)


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_rules_come_back_from_what_is_stored(number: int) -> None:
    assert parse(canonical(OTHERS[number])) == OTHERS[number]


def test_the_canonical_form_is_written_one_way_and_the_version_is_its_hash() -> None:
    text = canonical(ANY)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert version(ANY) == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert {"rates", "rain"} & json.loads(canonical(Rules(LEVEL, TEN))).keys() == set(), "the older versions stay"
    assert json.loads(text)["engine"] == engine_rules.ENGINE
    assert json.loads(text)["limits"] == {"1": 80.0, "2": 100.0}


def test_rules_of_another_engine_are_refused() -> None:
    document = json.loads(canonical(ANY)) | {"engine": engine_rules.ENGINE + 1}
    with pytest.raises(ValueError, match=f"engine {engine_rules.ENGINE + 1}, this is engine {engine_rules.ENGINE}"):
        parse(json.dumps(document))


# by time


def test_limits_hold_from_the_moment_their_change_names() -> None:
    rulebook, instant = book(DATED), timedelta.resolution
    for at, first in ((T0, 100.0), (MONDAY - instant, 100.0), (MONDAY, 80.0), (FRIDAY - instant, 80.0), (FRIDAY, 70.0)):
        ruled = rulebook.of("S", LEVEL, at)
        assert first_limit(ruled.rules) == first
        assert (ruled.version, ruled.canonical) == (version(ruled.rules), canonical(ruled.rules))
    assert rulebook.of("S", LEVEL, MONDAY) is rulebook.of("S", LEVEL, FRIDAY - instant), "worked out once"
    assert rulebook.of("S", DISCHARGE, MONDAY).rules == Rules(DISCHARGE, TEN)
    assert rulebook.of("?", LEVEL, MONDAY).rules == Rules(LEVEL, TEN)


def test_until_is_the_last_moment_of_the_rules() -> None:
    rulebook, instant = book(DATED), timedelta.resolution
    assert rulebook.until("S", LEVEL, T0) == (rulebook.of("S", LEVEL, T0), MONDAY - instant)
    assert rulebook.until("S", LEVEL, MONDAY) == (rulebook.of("S", LEVEL, MONDAY), FRIDAY - instant)
    assert rulebook.until("S", LEVEL, FRIDAY) == (rulebook.of("S", LEVEL, FRIDAY), EVER)
    assert rulebook.until("?", LEVEL, T0) == (rulebook.of("?", LEVEL, T0), EVER)
    assert EVER.tzinfo is UTC


def test_who_changed_the_limits_and_why_is_kept_beside_them() -> None:
    rulebook = book(DATED)
    assert rulebook.of("S", LEVEL, T0).why == Why(source="a table")
    assert rulebook.of("S", LEVEL, MONDAY).why == Why(MONDAY, "anew", "M. Vzorová", "the weir was lowered")
    assert rulebook.of("S", LEVEL, FRIDAY).why == Why(FRIDAY, "again", "J. Vzorový", "and again")
    assert rulebook.of("S", DISCHARGE, FRIDAY).why == NOBODY_SAID
    assert rulebook.of("?", LEVEL, FRIDAY).why == NOBODY_SAID
    assert Why() == Why(None, "", "", "")
    # a change of the one quantity says nothing of the other
    flow = Change(limits(30.0, DISCHARGE, "flows"), FRIDAY, "P. Vzor", "rated anew")
    assert book(station(limits(100.0), changes=(LOWERED, flow))).of("S", LEVEL, FRIDAY).why.author == "M. Vzorová"


def test_the_same_limits_set_twice_are_of_the_last_who_set_them() -> None:
    kept = Change(LOWERED.limits, FRIDAY, "J. Vzorový", "confirmed")
    assert book(station(limits(100.0), changes=(LOWERED, kept))).of("S", LEVEL, FRIDAY).why.author == "J. Vzorový"


def test_the_limits_of_rain_name_their_source_too() -> None:
    sums = tuple(
        RainLimit(timedelta(hours=hours), {Degree(1): 30.0}, {}, source)
        for hours, source in ((1, "a"), (3, "b"), (6, "a"))
    )
    gauge = replace(station(), quantities=(Quantity.RAIN,), rain_degrees=RainDegrees(sums))
    assert Rulebook(Network(stations={"S": gauge})).of("S", Quantity.RAIN, T0).why == Why(source="a, b")


def test_people_are_told_of_no_spare_gauge_and_residents_of_no_rain_unless_it_is_said() -> None:
    limit = RainLimit(timedelta(hours=24), {Degree(1): 60.0}, {}, "a plan")
    main, spare = station(limits(100.0)), replace(station(limits(100.0), name="T"), spare_for="S")
    wet = replace(station(name="R"), rain_degrees=RainDegrees((limit,)))
    loud = replace(station(name="L"), rain_degrees=RainDegrees((limit,), residents=True))
    rulebook = book(main, spare, wet, loud)
    found = {
        name: (ruled.told, ruled.residents)
        for name, quantity in (("S", LEVEL), ("T", LEVEL), ("R", Quantity.RAIN), ("L", Quantity.RAIN), ("?", LEVEL))
        for ruled in [rulebook.of(name, quantity, T0)]
    }
    assert found == {"S": (True, True), "T": (False, True), "R": (True, False), "L": (True, True), "?": (True, True)}
    assert not book(station(limits(9.0, scheme="imgw"))).of("S", LEVEL, T0).told


# the first samples of new rules


def test_without_changes_every_sample_is_judged_by_the_same_rules() -> None:
    rulebook, every = book(station(limits(100.0))), [sample(T0), sample(MONDAY)]
    assert rulebook.next("S", LEVEL, None, every) == (rulebook.of("S", LEVEL, T0), every)
    assert rulebook.next("?", LEVEL, T0, every) == (rulebook.of("?", LEVEL, T0), every)
    assert book(DATED).next("S", LEVEL, MONDAY, [])[0].rules.limits[Degree(1)] == 80.0
    assert book(DATED).next("S", LEVEL, None, [])[0].rules.limits[Degree(1)] == 70.0


def test_samples_before_the_change_go_first_and_those_behind_it_wait() -> None:
    before, on, after = sample(MONDAY - TEN), sample(MONDAY), sample(MONDAY + TEN)
    ruled, due = book(DATED).next("S", LEVEL, None, [before, on, after])
    assert (first_limit(ruled.rules), due) == (100.0, [before])
    ruled, due = book(DATED).next("S", LEVEL, before.at, [on, after])
    assert (first_limit(ruled.rules), due) == (80.0, [on, after])
    ruled, due = book(DATED).next("S", LEVEL, on.at, [after, sample(FRIDAY)])
    assert (first_limit(ruled.rules), due) == (80.0, [after])


def test_what_arrived_before_the_first_sample_behind_the_change_is_judged_by_the_old_rules() -> None:
    early, late = sample(MONDAY - 2 * TEN, 1), sample(MONDAY - TEN, 3)
    behind = sample(MONDAY + TEN, 2)
    _, due = book(DATED).next("S", LEVEL, None, [early, late, behind])
    assert due == [early], "a late sample from before the change is for the record only"
    same = [sample(MONDAY - TEN, 2), behind]
    assert book(DATED).next("S", LEVEL, None, same)[1] == same[:1]


def test_what_was_judged_by_later_rules_stays_so() -> None:
    ruled, due = book(DATED).next("S", LEVEL, MONDAY, [sample(T0, 2), sample(MONDAY + TEN, 2)])
    assert (first_limit(ruled.rules), len(due)) == (80.0, 2)
