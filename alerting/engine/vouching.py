"""Others answer for a rise that is not proved: people who know the place, a gauge beside it, the rain. Pure (ADR 0020).

A vouch is an input like a sample: it has its place in the order of arrival, so that a replay of the stored record tells
residents at the same moment. All leaps up to then are proved by it, those a late sample shows afterwards too.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from alerting.engine.judge import Standing, Turn, turn
from alerting.engine.lifecycle import Reason, Told, Transition
from alerting.engine.proof import Known
from alerting.engine.rules import Rules


class Vouch(Struct, frozen=True, gc=False):
    """As of the sample of `at` in the batch `delivery` somebody answers for the gauge."""

    delivery: int
    at: datetime
    reason: Reason

    @property
    def place(self) -> tuple[int, datetime]:
        """Where it stands in the order of arrival: after this sample."""
        return self.delivery, self.at


def vouched(standing: Standing, vouch: Vouch, rules: Rules) -> tuple[Standing, tuple[Turn, ...]]:
    """The standing with all leaps so far proved, and what that tells residents."""
    told, life, good = standing.told, standing.life, standing.memory.good
    if told is not None:
        told = None if (told.degree, told.since) == (life.degree, life.since) else Told(told.degree, told.since)
    after = replace(standing, proof=None, vouched=vouch.at, told=told)
    known, degree = standing.firm, standing.degree
    if known >= degree or good is None:
        return after, ()
    since = vouch.at if standing.since is None else standing.since
    proved = Known(Transition(vouch.at, known, degree, vouch.reason, since), known, degree)
    return after, (turn(proved, good.value, rules, standing.points, None),)
