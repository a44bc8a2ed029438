"""The fold of a live house and that of a hindcast warn of the same at every moment, for every limit and horizon."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerting.engine import forecast_odds
from alerting.engine.rules import Rules
from alerting.foresee_fold import DEGREES, Case, Points, due, fold, points
from floodcore.words import Degree, Quantity
from hladina import foresight, judged
from hladina.records import Record
from hladina.station_list import Recorded

T0 = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = {Degree.VIGILANCE: 90.0, Degree.READINESS: 130.0, Degree.EMERGENCY: 160.0}
ODDS = forecast_odds.generic()


def story(seed: int, *, quantity: Quantity = Quantity.LEVEL) -> list[float | None]:
    """Still water, rises that turn before and after limits, a leap that the next value proves, gaps, a held degree."""
    rng, level, pace, values = random.Random(seed), 45.0, 0.0, list[float | None]()
    for number in range(260):
        if number in {40, 120, 190}:
            pace = rng.uniform(9.0, 16.0)
        if number == 70:
            level += 42.0  # steeper than a river may at once: believed with the next value
        pace = pace * 0.9 - (0.6 if level > 60.0 else 0.0)
        level = max(40.0, level + pace + rng.choice((-0.5, 0.0, 0.0, 0.5)))
        if 140 < number < 165:
            level = 87.0 + number % 2  # held above the hysteresis, below the limit
        values.append(None if rng.random() < 0.04 else round(level if quantity is Quantity.LEVEL else level / 9.0, 1))
    return values


def heard(name: str, values: list[float | None], rules: Rules, upstream: tuple[str, ...] = ()) -> judged.Outcome:
    record = Record()
    for number, value in enumerate(values):
        record.add(T0 + timedelta(minutes=10 * number), value)
    return judged.judge(station(name, rules, upstream), record, rules)


def station(name: str, rules: Rules, upstream: tuple[str, ...] = ()) -> Recorded:
    unit = "cm" if rules.quantity is Quantity.LEVEL else "m3/s"
    return Recorded(name, rules.quantity, unit, dict(rules.limits), None, upstream)


def believed(outcome: judged.Outcome, rules: Rules) -> Points:
    known = outcome.heard
    pending = [late > at for at, late in zip(known.at, known.known, strict=True)]
    found = points(rules, known.at, known.value, pending)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("quantity", [Quantity.LEVEL, Quantity.DISCHARGE])
def test_the_same_warnings_as_a_hindcast(seed: int, quantity: Quantity) -> None:
    scale = 1.0 if quantity is Quantity.LEVEL else 1 / 9.0
    limits = {degree: round(limit * scale, 1) for degree, limit in LIMITS.items()}
    rules = Rules(quantity, timedelta(minutes=10), limits)
    upper = story(seed + 50, quantity=quantity)
    upper[118:138] = [None] * 20  # silent in the second rise
    outcomes = {
        "A": heard("A", story(seed, quantity=quantity), rules, ("U",)),
        "U": heard("U", upper, rules),
    }
    stations = {"A": station("A", rules, ("U",)), "U": station("U", rules)}
    said = foresight.told(stations["A"], outcomes, stations, ODDS)
    assert said is not None
    own, above = (believed(outcomes[name], rules) for name in ("A", "U"))
    moments = own.moments[due(rules, own, own.moments)]
    assert moments.tolist() == said.now.tolist()
    calm = np.full((len(DEGREES), 4), np.nan)
    reached = outcomes["A"].heard.reached
    whole = fold(ODDS, [Case(rules, own, (above,), moments, reached, calm)])[0]
    rows = [int(degree) - 1 for degree in said.degrees]
    assert np.array_equal(whole.warned[:, rows], said.warn)
    assert np.allclose(whole.foresight.probability[:, rows][said.open], said.probability[said.open])
    assert said.warn.any()
    assert max(reached) > 0
    parts, since = [], calm
    for start in range(0, moments.size, 37):  # a round at a time, the memory in between
        some = slice(start, start + 37)
        part = fold(ODDS, [Case(rules, own, (above,), moments[some], reached[some], since)])[0]
        parts.append(part.warned)
        since = part.since
    assert np.array_equal(np.concatenate(parts), whole.warned)


def test_a_series_is_folded_by_itself_whatever_its_company() -> None:
    rules = Rules(Quantity.LEVEL, timedelta(minutes=10), LIMITS)
    calm = np.full((len(DEGREES), 4), np.nan)
    cases = []
    for seed in range(5):
        outcome = heard("A", story(seed), rules)
        own = believed(outcome, rules)
        cut = 50 * seed
        moments = np.array(outcome.heard.due)[cut:]
        cases.append(Case(rules, own, (), moments, outcome.heard.reached[cut:], calm))
    empty = cases[0]
    none = Case(rules, empty.own, (), np.array([]), [], calm)
    together = fold(ODDS, [none, *cases, none])
    assert together[0].warned.size == 0
    for case, seen in zip(cases, together[1:-1], strict=True):
        (alone,) = fold(ODDS, [case])
        assert np.array_equal(alone.warned, seen.warned)
        assert np.array_equal(alone.since, seen.since, equal_nan=True)
