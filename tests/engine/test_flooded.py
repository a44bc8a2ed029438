"""A gauge that stands still is stuck sooner while a limit is reached: the fold says so to the checks."""

from datetime import UTC, datetime, timedelta

from alerting.engine.judge import Job, Standing, closely, fold, walk
from alerting.engine.rules import Rules
from floodcore.quality.door import of_value
from floodcore.quality.window import STUCK, Sample
from floodcore.words import Degree, Flag, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
# Steeply, and at last hardly any more.
RISE = [*(50.0 + 9.5 * n for n in range(8)), 117.0]
STANDS = [RISE[-1]] * 12
EVERY = [Sample(T0 + n * STEP, v, *of_value(Quantity.LEVEL, v)) for n, v in enumerate([*RISE, *STANDS])]


def stuck(limit: float) -> list[int]:
    """The minutes after the last change at which the gauge is called stuck."""
    rules = Rules(Quantity.LEVEL, STEP, {Degree(1): limit})
    folded = fold(Job(rules, Standing(), EVERY))
    last = EVERY[len(RISE) - 1].at
    found = [each for each in folded.verdicts if (each.flag, each.test) == (Flag.SUSPECT, STUCK)]
    assert found == [
        verdict
        for walked in walk(Job(rules, Standing(), EVERY))
        for verdict in walked.verdicts
        if verdict.test == STUCK
    ]
    standing, slow = Standing(), []
    for sample in EVERY:
        walked = closely(standing, sample, rules, sample.at.timestamp())
        standing = walked.standing
        slow += [verdict for verdict in walked.verdicts if verdict.test == STUCK]
    assert slow == found, "the short way and the long one agree"
    return [int((each.at - last) / timedelta(minutes=1)) for each in found]


def test_in_flood_after_an_hour_and_until_it_moves_below_the_limits_not_at_a_crest() -> None:
    assert stuck(100.0) == [60, 70, 80, 90, 100, 110, 120]
    assert stuck(500.0) == []
