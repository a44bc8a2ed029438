"""Own rates: what a record teaches, and what a gauge with rates of its own waits for and never loses."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine.judge import Job, Standing, walk
from alerting.engine.rules import Rules
from floodcore.quality.pace import shares
from floodcore.quality.rates import GENERIC, LEAST, MOST, Rates, learn
from floodcore.quality.window import Sample
from floodcore.words import Degree, Flag, Quantity
from tests.quality.gauge import T0

TEN = timedelta(minutes=10)


def times(n: int, step: timedelta = TEN) -> list[datetime]:
    return [T0 + step * i for i in range(n)]


def test_what_was_learnt_says_from_what() -> None:
    share = [0.0] * 1990 + [0.4] * 9 + [0.9, -0.3, -0.3]
    found = learn(times(len(share) + 1), share)
    assert found is not None
    assert (found.rise, found.fall, found.steps) == (0.6, LEAST, 2002)
    assert (found.begin, found.end) == (T0, T0 + TEN * 2002)
    assert found.rates == Rates(0.6, LEAST, found.version)


def test_the_same_record_teaches_the_same_and_another_something_else() -> None:
    share = [0.2, -0.1] * 1000
    one, same, other = learn(times(2001), share), learn(times(2001), share), learn(times(2002), [*share, 0.0])
    assert one == same
    assert one is not None
    assert other is not None
    assert one.version != other.version


def test_shares_are_of_the_ordinary_step() -> None:
    assert shares(times(3), [50.0, 62.5, 37.5], Quantity.LEVEL) == [0.5, -1.0]
    assert shares(times(2), [10.0, 14.5], Quantity.DISCHARGE) == [0.5]


def degrees(values: list[float], rates: Rates) -> list[Degree]:
    rules = Rules(Quantity.LEVEL, TEN, {Degree(1): 80.0, Degree(2): 120.0, Degree(3): 200.0}, rates=rates)
    samples = [Sample(at, value, Flag.GOOD, "") for at, value in zip(times(len(values)), values, strict=True)]
    return [walked.standing.life.degree for walked in walk(Job(rules, Standing(), samples))]


def test_the_fold_of_the_engine_goes_by_the_rates_of_its_rules() -> None:
    values = [50.0, 50.5, 50.0, 72.0, 50.0]
    rules = Rules(Quantity.LEVEL, TEN, rates=Rates(0.5, 0.5, "own"))
    samples = [Sample(at, value, Flag.GOOD, "") for at, value in zip(times(5), values, strict=True)]
    tests = [[v.test for v in walked.verdicts][-1] for walked in walk(Job(rules, Standing(), samples))]
    assert tests[3] == "jump"
    generic = Job(Rules(Quantity.LEVEL, TEN), Standing(), samples)
    assert [walked.verdicts[-1].test for walked in walk(generic)][3] == ""


@given(
    st.floats(min_value=0.2, max_value=17.8),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=LEAST, max_value=MOST),
    st.booleans(),
)
@settings(max_examples=300)
def test_whatever_the_rates_a_true_rise_costs_one_reading_at_most(
    pace: float, start: float, share: float, eases: bool
) -> None:
    own = Rates(share, LEAST, "own")
    steps = int(300.0 / (pace * 10.0)) + 2
    rise = [50.0 + pace * 10.0 * (start + n) for n in range(steps)]
    values = [50.0, 50.4, 50.1, 50.3, *rise, *([rise[-1], rise[-1] + 0.3, rise[-1] + 0.1] if eases else [])]
    for n, (late, prompt) in enumerate(zip(degrees(values, own), degrees(values, GENERIC), strict=True)):
        due = max(d for d, limit in enumerate((0.0, 80.0, 120.0, 200.0)) if limit <= max(values[: n + 1]))
        before = max(d for d, limit in enumerate((0.0, 80.0, 120.0, 200.0)) if limit <= max(values[: max(n, 1)]))
        assert prompt <= due
        assert late >= before
