"""Laws of the invented weather and water."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodcore.network.model import Limits, Names, Network, Station
from floodcore.words import Degree, Quantity
from simulators.rivers import base_cm, discharge, hydrographs, top_cm
from simulators.weather import Storm, distance_km, exposure, intensity, rain

START = datetime(2030, 7, 1, 12, tzinfo=UTC)
STORM = Storm(START, timedelta(hours=2), 50.83, 15.17, 20.0, 60.0)


def station(key: str, lat: float, *upstream: str, area: float = 50.0) -> Station:
    limits = Limits(
        Quantity.LEVEL,
        {Degree.VIGILANCE: 80.0, Degree.READINESS: 110.0, Degree.EMERGENCY: 140.0, Degree.EXTREME: 300.0},
        "invented",
        None,
    )
    return Station(
        key, Names(key), None, "CZ", "test", (Quantity.LEVEL,), timedelta(minutes=10), lat=lat, lon=15.17,
        catchment_km2=area, limits=(limits,), upstream=upstream,
    )  # fmt: skip


CHAIN = Network(
    stations={
        "top": station("top", 50.85, area=30.0),
        "middle": station("middle", 50.90, "top", area=90.0),
        "low": station("low", 51.00, "middle", area=250.0),
    }
)
storms = st.builds(
    Storm,
    st.just(START),
    st.integers(20, 3000).map(lambda minutes: timedelta(minutes=minutes)),
    st.floats(50.5, 51.1),
    st.floats(14.8, 15.6),
    st.floats(2.0, 80.0),
    st.floats(0.0, 150.0),
    st.floats(-20.0, 20.0),
    st.floats(-20.0, 20.0),
)


@given(storms, st.floats(50.0, 51.5), st.floats(14.0, 16.0), st.integers(-600, 6000), st.integers(1, 60))
def test_rain_is_never_negative_and_never_above_the_peak(
    storm: Storm, lat: float, lon: float, after: int, minutes: int
) -> None:
    begin = START + timedelta(minutes=after)
    fallen = rain([storm], lat, lon, begin, begin + timedelta(minutes=minutes))
    assert 0.0 <= fallen <= storm.peak_mm_per_h * minutes / 60.0 + 1e-9


@given(storms, st.floats(50.0, 51.5), st.floats(14.0, 16.0))
def test_no_rain_outside_the_life_of_a_storm(storm: Storm, lat: float, lon: float) -> None:
    assert intensity(storm, lat, lon, storm.start - timedelta(seconds=1)) == 0.0
    assert intensity(storm, lat, lon, storm.end + timedelta(seconds=1)) == 0.0
    assert 0.0 <= exposure(storm, lat, lon) <= 1.0


def test_it_rains_hardest_in_the_middle() -> None:
    middle = START + timedelta(hours=1)
    assert intensity(STORM, 50.83, 15.17, middle) == pytest.approx(60.0)
    assert intensity(STORM, 51.2, 15.17, middle) < 20.0
    assert distance_km(50.0, 15.0, 51.0, 15.0) == pytest.approx(111.2)


@given(st.integers(0, 2**32), st.floats(0.2, 3.0))
@settings(max_examples=25)
def test_a_gauge_downstream_rises_later(seed: int, severity: float) -> None:
    waters = hydrographs(CHAIN, [STORM], severity, seed)
    crests = [waters[key].rises[0].crest_at for key in ("top", "middle", "low")]
    assert crests[0] < crests[1] < crests[2]
    for share in (0.1, 0.5, 0.9):
        passed = [
            next(i for i, value in enumerate(waters[key].rises[0].shape) if value >= share)
            for key in ("top", "middle", "low")
        ]
        assert passed[0] < passed[1] < passed[2]


@given(st.integers(0, 2**32), st.integers(-600, 5000))
@settings(max_examples=50)
def test_the_same_seed_says_the_same_whatever_was_asked_before(seed: int, after: int) -> None:
    moment = START + timedelta(minutes=after)
    first, second = (hydrographs(CHAIN, [STORM], 1.5, seed)["low"] for _ in range(2))
    for minutes in range(0, 300, 10):
        first.level(START + timedelta(minutes=minutes))
    assert first.level(moment) == second.level(moment)


def test_another_seed_says_something_else() -> None:
    moments = [START + timedelta(minutes=10 * index) for index in range(30)]
    first, second = (hydrographs(CHAIN, [STORM], 1.5, seed)["low"] for seed in (1, 2))
    assert [first.level(m) for m in moments] != [second.level(m) for m in moments]


def test_low_water_before_and_long_after_the_storm() -> None:
    low = hydrographs(CHAIN, [STORM], 2.0, 1)["low"]
    base = base_cm(CHAIN.stations["low"])
    for moment in (START - timedelta(hours=5), START + timedelta(days=5)):
        assert abs(low.level(moment) - base) < 3.5


def test_severity_one_touches_the_highest_ordinary_limit_in_the_middle_of_the_storm() -> None:
    waters = hydrographs(CHAIN, [STORM], 1.0, 3)
    top = waters["top"]
    peak = max(top.level(START + timedelta(minutes=5 * index)) for index in range(100))
    assert top_cm(CHAIN.stations["top"]) == 140.0
    assert 120.0 < peak < 155.0


def test_without_limits_or_place_a_gauge_stays_plausible() -> None:
    bare = Station("bare", Names("bare"), None, "DE", "test", (Quantity.LEVEL,), timedelta(minutes=15))
    network = Network(stations={"bare": bare})
    waters = hydrographs(network, [STORM], 2.0, 1)
    assert 30.0 < waters["bare"].level(START + timedelta(hours=2)) < 50.0


def test_discharge_follows_the_limits_known_in_both_units_and_never_falls_below_zero() -> None:
    flow = Limits(Quantity.DISCHARGE, {Degree.VIGILANCE: 10.0, Degree.READINESS: 20.0}, "invented", None)
    plain = station("x", 50.8)
    both = Station(
        "x", Names("x"), None, "CZ", "test", (Quantity.LEVEL, Quantity.DISCHARGE), timedelta(minutes=10),
        limits=(*plain.limits, flow),
    )  # fmt: skip
    assert discharge(both, 80.0) == 10.0
    assert discharge(both, 95.0) == 15.0
    assert discharge(both, 140.0) == 30.0
    assert discharge(both, -20.0) == 0.0
    assert discharge(plain, 50.0) == 5.0
