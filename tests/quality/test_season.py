"""Ice and weed are advice, by the thermometer where there is one."""

from datetime import UTC, datetime

import pytest

from floodcore.quality import beside, rain
from floodcore.quality.season import season
from floodcore.texts import Texts
from floodcore.words import Quantity


@pytest.mark.parametrize(
    ("month", "water", "expected"),
    [
        (1, None, "ice"),
        (1, 0.1, "ice"),
        (1, 3.0, ""),
        (4, 0.2, "ice"),
        (4, 0.3, "ice"),
        (4, 0.31, ""),
        (4, None, ""),
        (7, None, "weed"),
        (7, 18.0, "weed"),
        (10, None, ""),
    ],
)
def test_season_of_a_level(month: int, water: float | None, expected: str) -> None:
    assert season(datetime(2026, month, 5, tzinfo=UTC), Quantity.LEVEL, water) == expected


def test_without_a_thermometer_ice_is_of_december_to_february_and_weed_of_june_to_september() -> None:
    said = [season(datetime(2026, month, 28, tzinfo=UTC), Quantity.LEVEL) for month in range(1, 13)]
    assert said == ["ice"] * 2 + [""] * 3 + ["weed"] * 4 + [""] * 2 + ["ice"]


def test_rain_knows_neither() -> None:
    assert season(datetime(2026, 1, 5, tzinfo=UTC), Quantity.RAIN) == ""


def test_every_doubt_and_season_can_be_said(texts: Texts) -> None:
    tests = (beside.DRIFT, beside.STEP, beside.STILL, beside.ALONE, rain.CLOGGED, rain.DOUBLE)
    assert {f"doubt.{test}" for test in tests} <= texts.known
    assert {"season.ice", "season.weed", "page.test.sentinel", "page.test.unit", "page.test.step"} <= texts.known
