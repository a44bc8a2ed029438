"""What went wrong for many at once, by properties and by cases. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.incidents import (
    ALL,
    FAST,
    LEAST,
    OPERATOR,
    SLOW,
    TRANSPORT,
    Known,
    Seen,
    heard_again,
    is_over,
    joining,
    silences,
    wrong_clock,
)
from floodcore.words import Degree

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)
FRESH, GONE = timedelta(minutes=5), timedelta(minutes=40)


def seen(
    name: str, age: timedelta = FRESH, *, operator: str = "", transport: str = "", degree: Degree = Degree.NONE
) -> Seen:
    newest = NOW - age
    received = newest + timedelta(minutes=1)
    return Seen(name, operator or f"of {name}", transport or f"by {name}", newest, received, TEN, degree, degree)


def many(prefix: str, count: int, age: timedelta = FRESH, **more: object) -> list[Seen]:
    return [seen(f"{prefix}{n:03}", age, **more) for n in range(count)]  # type: ignore[arg-type]


stations = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from("ABC"), st.sampled_from("xyz"), st.sampled_from(Degree)),
    max_size=40,
).map(
    lambda rows: [
        seen(f"{n:02}", timedelta(minutes=age), operator=operator, transport=transport, degree=degree)
        for n, (age, operator, transport, degree) in enumerate(rows)
    ]
)


@given(stations)
def test_an_incident_names_overdue_gauges_only_each_once_and_never_few(stations: list[Seen]) -> None:
    by_id = {one.station_id: one for one in stations}
    found = silences(stations, NOW, [])
    assert not found or sum(one.silent_at < NOW for one in stations) >= LEAST
    members = [name for one in found for name in one.members]
    assert len(members) == len(set(members))
    for one in found:
        assert len(one.members) >= LEAST
        silent = [by_id[name] for name in one.members]
        assert all(each.overdue_at < NOW for each in silent)
        assert max(each.overdue_at for each in silent) - min(each.overdue_at for each in silent) <= TEN
        assert one.worst == max(each.spa for each in silent)
        if one.scope == TRANSPORT:
            assert {each.transport for each in silent} == {one.name}
        if one.scope == OPERATOR:
            assert {each.operator for each in silent} == {one.name}


@given(stations)
def test_whom_an_incident_explains_is_explained_once(stations: list[Seen]) -> None:
    found = silences(stations, NOW, [])
    known = [Known(one.scope, one.name, NOW, frozenset(one.members)) for one in found]
    again = silences(stations, NOW, known)
    taken = {name for one in known for name in one.members}
    assert not taken & {name for one in again for name in one.members}
    spent = silences(stations, NOW, [], taken)
    assert not taken & {name for one in spent for name in one.members}


def test_a_tenth_of_the_gauges_at_once_is_one_incident_of_all() -> None:
    (found,) = silences([*many("well", 90), *many("gone", 10, GONE)], NOW, [])
    assert (found.scope, len(found.members), found.gauges) == (ALL, 10, 100)
    assert silences([*many("well", 91), *many("gone", 9, GONE)], NOW, []) == []


def test_two_gauges_are_nobody_s_common_fault() -> None:
    assert silences([*many("well", 3), *many("gone", 2, GONE)], NOW, []) == []


def test_gauges_that_fell_silent_one_after_the_other_are_no_incident() -> None:
    slowly = [seen(f"gone{n}", GONE + n * timedelta(hours=1)) for n in range(20)]
    assert silences([*many("well", 80), *slowly], NOW, []) == []


def test_a_transport_or_an_operator_is_named_even_if_it_is_small() -> None:
    well = many("well", 200)
    (found,) = silences([*well, *many("gone", 4, GONE, transport="tts")], NOW, [])
    assert (found.scope, found.name, len(found.members), found.gauges) == (TRANSPORT, "tts", 4, 4)
    (found,) = silences([*well, *many("gone", 4, GONE, operator="Povodí")], NOW, [])
    assert (found.scope, found.name) == (OPERATOR, "Povodí")


def test_the_wider_explanation_is_the_one_incident() -> None:
    """A transport down takes an operator of three of its gauges with it: that is one incident, not two."""
    gone = [*many("a", 3, GONE, transport="tts", operator="town"), *many("b", 6, GONE, transport="tts")]
    (found,) = silences([*many("well", 200), *gone], NOW, [])
    assert (found.scope, found.name, len(found.members)) == (TRANSPORT, "tts", 9)


def test_everything_silent_is_one_incident_not_one_a_transport() -> None:
    gone = [
        *many("a", 10, GONE, transport="tts"),
        *many("b", 10, GONE, transport="chmu"),
        *many("c", 5, GONE, transport="push"),
    ]
    (found,) = silences(gone, NOW, [])
    assert (found.scope, len(found.members)) == (ALL, 25)


def test_an_operator_in_a_wider_outage_is_no_incident_of_its_own() -> None:
    gone = [*many("a", 7, GONE, operator="town", transport="tts"), *many("b", 42, GONE, transport="chmu")]
    (found,) = silences([*gone, *many("well", 45, transport="chmu")], NOW, [])
    assert (found.scope, len(found.members)) == (ALL, 49)


def test_all_of_the_only_way_is_an_outage_of_that_way() -> None:
    (found,) = silences(many("a", 10, GONE, transport="chmu"), NOW, [])
    assert (found.scope, found.name) == (TRANSPORT, "chmu")


def test_one_gauge_of_a_transport_that_lives_does_not_hide_its_end() -> None:
    (found,) = silences(
        [*many("well", 100), seen("last", transport="tts"), *many("gone", 9, GONE, transport="tts")], NOW, []
    )
    assert (found.scope, found.gauges) == (TRANSPORT, 10)


def test_who_was_heard_last_before_it_joins_who_spoke_since_is_told_alone() -> None:
    known = Known(TRANSPORT, "tts", NOW - timedelta(hours=2), frozenset({"a"}))
    before, since = timedelta(hours=2, minutes=5), GONE
    soon = seen("soon", before, transport="tts")
    seldom = replace(seen("seldom", before, transport="tts"), interval=timedelta(minutes=50))
    late = seen("late", since, transport="tts")
    other = seen("other", before, transport="push")
    assert joining([seen("a", since, transport="tts"), soon, seldom, late, other], NOW, known, ()) == ["soon", "seldom"]
    assert joining([soon], NOW, known, {"soon"}) == []
    assert joining([soon, other], NOW, Known(ALL, "", known.at, frozenset()), ()) == ["soon", "other"]


def test_a_gauge_at_a_degree_joins_at_the_beginning_only() -> None:
    known = Known(TRANSPORT, "tts", NOW - timedelta(hours=2), frozenset())
    flood = replace(seen("flood", timedelta(hours=2, minutes=12), transport="tts", degree=Degree.EMERGENCY))
    assert joining([flood], NOW, known, ()) == ["flood"]
    seldom = replace(flood, interval=timedelta(minutes=30))
    assert joining([seldom], NOW, known, ()) == []


def test_an_incident_is_over_when_half_speak_again() -> None:
    gauges = [*many("back", 6), *many("gone", 5, GONE)]
    back = heard_again(gauges, NOW, {one.station_id for one in gauges})
    assert back == [one.station_id for one in gauges[:6]]
    assert is_over(11, 5)
    assert not is_over(11, 6)
    assert not is_over(3, 2)
    assert is_over(3, 1)
    assert not is_over(1, 1)
    assert is_over(1, 0)


def test_gauges_in_flood_are_silent_first_and_the_overdue_count_with_them() -> None:
    """Six at SPA 3 are silent after eleven minutes; the ninety in calm that hang on the same way are overdue then."""
    age = timedelta(minutes=13)
    flood, calm = many("flood", 6, age, degree=Degree.EMERGENCY), many("calm", 60, age)
    (found,) = silences([*flood, *calm, *many("well", 30)], NOW, [])
    assert (found.scope, found.worst, len(found.members), found.gauges) == (ALL, Degree.EMERGENCY, 66, 96)
    assert silences([*flood[:2], *calm, *many("well", 30)], NOW, []) == [], "two are told one by one"
    assert silences([*calm, *many("well", 30)], NOW, []) == [], "late is not silent"


def delayed(name: str, minutes: float, usual: float, transport: str) -> Seen:
    newest = NOW - timedelta(minutes=minutes + 1)
    received = NOW - timedelta(minutes=1)
    return replace(
        seen(name, transport=transport),
        newest_at=newest,
        received_at=received,
        least_delay_s=minutes * 60,
        usual_delay_s=usual * 60,
    )


def test_a_slow_clock_is_told_by_those_who_are_ahead_of_it() -> None:
    wrong = wrong_clock(many("well", 2), {"a": 3500.0, "b": 3600.0, "c": 3550.0}, NOW)
    assert wrong is not None
    assert (wrong.name, wrong.stations, wrong.heard) == (SLOW, 3, 5)
    assert 59 < wrong.minutes < 60


def test_a_few_loggers_with_wrong_clocks_are_no_wrong_clock_of_ours() -> None:
    assert wrong_clock(many("well", 10), {"a": 3600.0, "b": 3600.0, "c": 3600.0}, NOW) is None
    assert wrong_clock([], {"a": 3600.0, "b": 3600.0}, NOW) is None
    assert wrong_clock([], {"a": 290.0, "b": 290.0, "c": 290.0}, NOW) is None, "within what a clock may be off"
    assert wrong_clock([], {"a": 400.0, "b": 3600.0, "c": 86_400.0, "d": 7200.0}, NOW) is None, "they disagree"


def test_a_fast_clock_is_told_by_delays_of_several_ways_that_grew_alike() -> None:
    shifted = [
        delayed("a", 61, 1, "tts"),
        delayed("b", 60, 0, "tts"),
        delayed("c", 68, 8, "chmu"),
        delayed("d", 66, 7, "chmu"),
    ]
    wrong = wrong_clock(shifted, {}, NOW)
    assert wrong is not None
    assert (wrong.name, wrong.stations, wrong.minutes) == (FAST, 4, 60)


def test_late_data_of_one_way_are_no_fast_clock() -> None:
    late = [delayed(f"c{n}", 45, 8, "chmu") for n in range(20)]
    assert wrong_clock(late, {}, NOW) is None
    assert wrong_clock([*late, *(delayed(f"t{n}", 1, 0.5, "tts") for n in range(6))], {}, NOW) is None


def test_a_gauge_that_always_comes_late_says_nothing_of_the_clock() -> None:
    slow = [delayed(f"{way}{n}", 62, 60, way) for way in ("tts", "chmu") for n in range(5)]
    assert wrong_clock(slow, {}, NOW) is None


def test_old_evidence_says_nothing_of_now() -> None:
    long_ago = [
        replace(delayed(f"{way}{n}", 61, 1, way), received_at=NOW - timedelta(hours=1))
        for way in "xy"
        for n in range(5)
    ]
    assert wrong_clock(long_ago, {}, NOW) is None
