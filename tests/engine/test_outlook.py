"""What the page is given of a forecast, and when the level beside the chances is left out (docs/expected.md)."""

from datetime import timedelta

import numpy as np
import pytest

from alerting.engine.forecast import Foresight
from alerting.engine.forecast_past import Past
from alerting.engine.rules import Rules
from alerting.foresee_fold import Case, Points, Seen, outlook
from floodcore.store.foresight import Outlook
from floodcore.words import Degree, Quantity

NOW = 600_000.0
RULES = Rules(Quantity.LEVEL, timedelta(minutes=10), {Degree(1): 40.0, Degree(2): 100.0, Degree(3): 150.0})
UNSEEN = np.full((4, 4), np.nan)


def told(chance: float, middle: float, highest: float, *, value: float = 50.0) -> Outlook:
    """The newest of two forecasts: the chance of 100 cm within each reach, and the level at each horizon."""
    at = np.array([NOW - 600.0, NOW])
    own = Points(Past(at, np.array([49.0, value]), at), np.array([49.0, value]))
    case = Case(RULES, own, (), at, [0, 0], UNSEEN)
    chances = np.zeros((2, 4, 4))
    chances[1, 1] = chance
    level = np.zeros((2, 4, 3))
    level[1] = middle, middle - 10.0, highest
    found = Foresight(chances, chances, np.zeros((2, 4)), level, np.array([False, True]))
    warned = np.zeros((2, 4, 4), dtype=np.bool_)
    warned[1, 1, 0] = True
    return outlook(Seen(case, found, warned, UNSEEN, np.full((2, 4, 4), np.nan)))


def test_it_is_that_of_the_newest_reading_and_of_the_limits_above_it() -> None:
    found = told(0.3, 80.0, 90.0)
    assert [(limit.degree, limit.limit, limit.warned) for limit in found.limits] == [
        (2, 100.0, True),
        (3, 150.0, False),
    ]
    assert found.limits[0].probability == (0.3,) * 5
    assert found.level == ((80.0, 70.0, 90.0),) * 4
    assert found.rising
    assert [limit.degree for limit in told(0.3, 80.0, 90.0, value=100.0).limits] == [3], "what is reached has no chance"


@pytest.mark.parametrize(
    ("chance", "middle", "highest", "shown"),
    [
        (0.5, 80.0, 99.9, False),  # more likely than not, and nine tenths of the band stay below
        (0.5, 80.0, 100.0, True),
        (0.499, 80.0, 99.9, True),
        (0.85, 99.9, 120.0, False),  # at 0.85, and its middle stays below
        (0.85, 100.0, 120.0, True),
        (0.849, 99.9, 120.0, True),
        (0.3, float("nan"), 90.0, False),
        (0.3, 80.0, float("inf"), False),
    ],
)
def test_a_level_that_contradicts_the_chances_is_left_out(
    chance: float, middle: float, highest: float, *, shown: bool
) -> None:
    assert bool(told(chance, middle, highest).level) == shown
