"""Replay: the live judgement over any recorded or stored period. Pure.

The same fold as in operation, so the events are the same bit for bit, however the samples were
batched then; a test holds that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.engine.judge import Change, Job, Judgement, Standing, judge
from alerting.engine.rules import Rules
from floodcore.quality.window import Sample


@dataclass(frozen=True, slots=True)
class Use:
    """From the sample of `since` on a series was judged by `rules`."""

    since: datetime
    rules: Rules
    version: str


def replay(uses: Sequence[Use], samples: Sequence[Sample]) -> Iterator[tuple[str, Judgement]]:
    """Judge `samples`, in time order from the first ever, by the rules in use at each; by rule version.

    `uses` are in time order, the first not later than the first sample.
    """
    standing = Standing()
    for use, until in zip(uses, [*(later.since for later in uses[1:]), None], strict=True):
        due = [s for s in samples if s.at >= use.since and (until is None or s.at < until)]
        if due:
            (judgement,) = judge([Job(use.rules, standing, due)])
            standing = judgement.standing
            yield use.version, judgement


def changes(rules: Rules, samples: Sequence[Sample]) -> tuple[Change, ...]:
    """The changes of degree of a series judged by one set of rules from its first sample."""
    if not samples:
        return ()
    (judgement,) = judge([Job(rules, Standing(), samples)])
    return judgement.changes
