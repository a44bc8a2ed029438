"""Words and units: what may never happen to a number on its way in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore.units import UnknownUnitError, to_canonical
from floodcore.words import Quantity, Reading, aware_utc


@given(st.integers(-500, 2000))
def test_a_level_is_the_same_in_every_unit(centimetres: int) -> None:
    assert to_canonical(Quantity.LEVEL, float(centimetres), "cm") == centimetres
    assert to_canonical(Quantity.LEVEL, centimetres * 10.0, "mm") == centimetres
    assert to_canonical(Quantity.LEVEL, centimetres / 100, "m") == centimetres
    assert to_canonical(Quantity.LEVEL, centimetres / 30.48, "ft") == centimetres


@given(st.floats(-1000, 5000, allow_nan=False))
def test_conversion_keeps_a_ten_thousandth(value: float) -> None:
    assert abs(to_canonical(Quantity.LEVEL, value, "cm") - value) <= 0.00005 + 1e-9


@pytest.mark.parametrize("unit", ["", "yd", "cM", "mm ", "m3/s"])
def test_an_unknown_unit_is_refused_and_the_known_ones_are_named(unit: str) -> None:
    with pytest.raises(UnknownUnitError, match="known: CM, cm, ft, m, mm"):
        to_canonical(Quantity.LEVEL, 1.0, unit)


def test_only_aware_utc_enters() -> None:
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert aware_utc(moment) is moment
    for wrong in (moment.replace(tzinfo=None), moment.astimezone(timezone(timedelta(hours=1)))):
        with pytest.raises(ValueError, match="aware UTC"):
            Reading("s", Quantity.LEVEL, wrong, 1.0, 1.0, "cm")
