"""Replay: the live judgement over any recorded or stored period. Pure.

The same fold as in operation, so the events are the same bit for bit, however the samples were
batched then; a test holds that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.engine.judge import Change, Checkpoint, Job, Judgement, Standing, judge, with_trends
from alerting.engine.order import Late, fold_late, in_order, start_again
from alerting.engine.rules import Rules
from alerting.engine.vouching import Vouch
from floodcore.quality.window import Sample


@dataclass(frozen=True, slots=True)
class Use:
    """From the sample of `since` in the batch `delivery` on a series was judged by `rules`."""

    delivery: int
    since: datetime
    rules: Rules
    version: str


def replay(
    uses: Sequence[Use], samples: Sequence[Sample], vouches: Sequence[Vouch] = ()
) -> Iterator[tuple[str, Judgement]]:
    """Judge `samples`, in time order from the first ever, by the rules in use at each; by rule version.

    `uses` are in the order they began, the first not later than the first sample. Samples that came late
    are judged when they came (`alerting.engine.order`). `vouches` are in the order they came.
    """
    standing, until, latest = Standing(), None, None
    for use, later in zip(uses, [*uses[1:], None], strict=True):
        end = None if later is None else (later.delivery, later.since)
        due = [s for s in samples if _within(s, (use.delivery, use.since), end)]
        if not due:
            continue
        before: list[Checkpoint] = [] if until is None else [start_again(standing, until)]
        start = (use.delivery, use.since)
        among = [v for v in vouches if v.place >= start and (end is None or v.place < end)]
        judgement = _judge(Late(use.rules, standing, until, latest, before, [], due, among))
        standing, latest = judgement.standing, judgement.latest
        until = max(due[-1].at, until) if until is not None else due[-1].at
        yield use.version, judgement


def _within(sample: Sample, start: tuple[int, datetime], end: tuple[int, datetime] | None) -> bool:
    """Whether a sample lies in [start, end) in the order of arrival."""
    place = (sample.delivery, sample.at)
    return place >= start and (end is None or place < end)


def _judge(late: Late) -> Judgement:
    if in_order(late.new, late.until) and not late.vouches:
        (judgement,) = judge([Job(late.rules, late.standing, late.new)])
    else:
        (judgement,) = with_trends([fold_late(late)])
    return judgement


def changes(rules: Rules, samples: Sequence[Sample]) -> tuple[Change, ...]:
    """The changes of degree of a series judged by one set of rules from its first sample."""
    if not samples:
        return ()
    (judgement,) = judge([Job(rules, Standing(), samples)])
    return judgement.changes
