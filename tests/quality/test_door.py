"""The checks at the door: what one reading says by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.quality.door import AHEAD, GROSS_RANGE, OLDEST, REFUSED, at_the_door, of_value
from floodcore.words import Flag, Quantity, Reading

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def reading(value: float | None, at: datetime = NOW, quantity: Quantity = Quantity.LEVEL) -> Reading:
    return Reading("LBC", quantity, at, value, value, "cm")


def verdict(value: float | None, at: datetime = NOW, quantity: Quantity = Quantity.LEVEL) -> tuple[Flag, str]:
    (observation,) = at_the_door([reading(value, at, quantity)], NOW)
    return observation.flag, observation.test


@pytest.mark.parametrize("value", [0.0, -0.0, -500.0, 2000.0, -224.0, 1294.0])
def test_legal_levels_pass_zero_and_negative_among_them(value: float) -> None:
    assert verdict(value) == (Flag.GOOD, "")


@pytest.mark.parametrize("value", [-500.1, 2000.1, -9999.0, -999.0, 9999.0, 65535.0])
def test_error_codes_and_tenfold_levels_fail(value: float) -> None:
    assert verdict(value) == (Flag.FAIL, "gross_range")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_fails(value: float) -> None:
    assert verdict(value) == (Flag.FAIL, "not_finite")


def test_missing_is_missing_and_not_zero() -> None:
    assert verdict(None) == (Flag.MISSING, "missing")


def test_negative_rain_fails() -> None:
    assert verdict(-0.1, quantity=Quantity.RAIN) == (Flag.FAIL, "gross_range")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW + AHEAD, (Flag.GOOD, "")),
        (NOW + AHEAD + timedelta(microseconds=1), (Flag.FAIL, "future")),
        (NOW - OLDEST, (Flag.GOOD, "")),
        (NOW - OLDEST - timedelta(microseconds=1), (Flag.FAIL, "old")),
        (datetime(1970, 1, 1, tzinfo=UTC), (Flag.FAIL, "old")),
        (datetime(2000, 1, 1, tzinfo=UTC), (Flag.FAIL, "old")),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), (Flag.FAIL, "future")),
    ],
)
def test_stamps(at: datetime, expected: tuple[Flag, str]) -> None:
    assert verdict(100.0, at) == expected


@pytest.mark.parametrize("at", [NOW, NOW + timedelta(days=1), NOW - OLDEST - timedelta(days=1)])
@pytest.mark.parametrize("value", [100.0, None, 1e9])
def test_the_reading_itself_is_handed_on_whatever_is_thought_of_it(at: datetime, value: float | None) -> None:
    one = reading(value, at)
    assert [observation.reading for observation in at_the_door([one], NOW)] == [one]


def test_a_wrong_stamp_outranks_a_wrong_value_because_it_decides_over_storing() -> None:
    for value in (None, float("nan"), 1e9):
        assert verdict(value, NOW + timedelta(days=1)) == (Flag.FAIL, "future")
    assert {"future", "old"} == REFUSED


def test_every_quantity_has_a_range() -> None:
    assert set(GROSS_RANGE) == set(Quantity)


@given(st.lists(st.tuples(st.sampled_from(Quantity), st.none() | st.floats()), max_size=30))
def test_a_batch_is_judged_as_its_readings_alone_in_order(batch: list[tuple[Quantity, float | None]]) -> None:
    readings = [reading(value, quantity=quantity) for quantity, value in batch]
    together = at_the_door(readings, NOW)
    assert [o.reading for o in together] == readings
    assert [(o.flag, o.test) for o in together] == [verdict(value, quantity=quantity) for quantity, value in batch]
    for observation in together:
        good = observation.flag is Flag.GOOD
        assert good == (observation.test == "")


def test_the_bounds_belong_to_what_is_believed_by_every_way_in() -> None:
    assert verdict(None, NOW + AHEAD) == (Flag.MISSING, "missing")
    assert verdict(None, NOW - OLDEST) == (Flag.MISSING, "missing")
    for quantity, (low, high) in GROSS_RANGE.items():
        assert of_value(quantity, low) == of_value(quantity, high) == (Flag.GOOD, "")


@pytest.mark.parametrize(
    ("quantity", "low", "high"),
    [
        (Quantity.LEVEL, -500.0, 2000.0),
        (Quantity.DISCHARGE, -100.0, 20000.0),
        (Quantity.RAIN, 0.0, 310.0),
        (Quantity.WATER_TEMPERATURE, -5.0, 45.0),
        (Quantity.BATTERY, 0.0, 60.0),
    ],
)
def test_what_no_river_and_no_sky_can_do(quantity: Quantity, low: float, high: float) -> None:
    for value, inside in ((low, True), (low - 0.1, False), (high, True), (high + 0.1, False)):
        assert of_value(quantity, value) == ((Flag.GOOD, "") if inside else (Flag.FAIL, "gross_range"))
