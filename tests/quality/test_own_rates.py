"""Own rates: what a record teaches, and what a gauge with rates of its own waits for and never loses."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine.judge import Job, Standing, walk
from alerting.engine.rulebook import Rulebook
from alerting.engine.rules import Rules, rules_of, version
from alerting.evaluate import evaluate
from alerting.rebuild import rebuild
from floodcore.network.model import Network
from floodcore.quality.pace import shares
from floodcore.quality.rates import GENERIC, LEAST, MOST, Learnt, Rates, learn
from floodcore.quality.window import Sample
from floodcore.store.connect import Pool
from floodcore.words import Degree, Flag, Quantity
from tests.engine import test_rebuild
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


async def test_a_store_judged_with_own_rates_is_judged_again_bit_for_bit(pool: Pool) -> None:
    """The rates come into use half way, as a new version of the rules; live in rounds, and rebuilt at once."""
    rng = random.Random(20260602)
    readings = test_rebuild.story(rng, 400)
    network = test_rebuild.network(80, 100, 120)
    learnt = Learnt(0.25, 0.25, 2000, T0, T0 + TEN * 2000)
    station = replace(network.stations["A"], rates={Quantity.LEVEL: learnt})
    first, second = Rulebook(network), Rulebook(Network(stations={"A": station}))
    async with pool.connection() as conn:
        for done in range(0, len(readings), 5):
            await test_rebuild.bring(conn, readings[done : done + 5])
            if rng.random() < 0.7:
                rulebook = first if done < len(readings) // 2 else second
                await evaluate(conn, rulebook, test_rebuild.END, exercise=False)
        await evaluate(conn, second, test_rebuild.END, exercise=False)
        found = await (await conn.execute("SELECT series_id FROM series")).fetchone()
        assert found is not None
        rebuilt = await rebuild(conn, found[0], test_rebuild.T0, test_rebuild.END)
        kept = await (
            await conn.execute("SELECT count(*) FROM rule_version WHERE rules::text LIKE '%rates%'")
        ).fetchone()
    assert rebuilt.sound
    assert kept == (1,)
    assert len(rebuilt.events) >= 5
    versions = {event.rule_version for event in rebuilt.events}
    assert version(rules_of(second.network, "A", Quantity.LEVEL)) in versions
