"""The stored past of a series judged again: to compare it with the store, or to stand in for a lost standing."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from psycopg import AsyncConnection

from alerting.engine.judge import Checkpoint, Judgement, Standing, decode
from alerting.engine.lifecycle import Reason
from alerting.engine.replay import Use, replay
from alerting.engine.rulebook import Versioned
from alerting.engine.rules import parse
from alerting.engine.vouching import Vouch
from floodcore.store import judging, vouches
from floodcore.store.judging import Series
from floodcore.words import Degree

BEFORE_ALL = datetime(1000, 1, 1, tzinfo=UTC)
ALL = 2**31 - 1
# The longest memory of the engine is a week (a gauge stuck in calm); with a month the rebuilt standing is
# the lost one in all but a flood of more than a month, and a gauge of 10 minutes costs 0.1 s.
_ENOUGH = timedelta(days=30)


def standing_of(series: Series) -> Standing:
    """The stored standing.

    Raises:
        msgspec.MsgspecError, ValueError: it is none, or knows nothing of the degree people were told of.
    """
    standing = Standing() if series.standing is None else decode(series.standing)
    if series.degree is not None and standing.degree != series.degree:
        message = f"a standing at degree {int(standing.degree)} of a series at degree {series.degree}"
        raise ValueError(message)
    return standing


async def judge_again(
    conn: AsyncConnection, series: Series, after: datetime = BEFORE_ALL, instead: Versioned | None = None
) -> list[tuple[str, Judgement]]:
    """Judge what is stored after `after` up to `judged_until` by the rules in use at each sample; by rule version.

    With `instead` by those rules throughout.

    Raises:
        KeyError, ValueError: the stored rules are of another engine.
    """
    until = series.judged_until
    if until is None:
        return []
    if instead is None:
        used = await judging.uses(conn, series.series_id)
        uses = [Use(use.delivery, use.since, parse(use.rules), use.rule_version) for use in used]
    else:
        uses = [Use(0, BEFORE_ALL, instead.rules, instead.version)]
    rows = (await judging.samples(conn, {series.series_id: after}, ALL))[series.series_id]
    given = await vouches.of_series(conn, series.series_id)
    answered = [Vouch(row.delivery, row.at, Reason(row.reason)) for row in given]
    judged = 0 if series.judged_delivery is None else series.judged_delivery
    # What has come and waits to be judged is no part of what stands, wherever it lies.
    return list(replay(uses, [each for each in rows if each.at <= until and each.delivery <= judged], answered))


async def beginning(conn: AsyncConnection, series: Series) -> list[Checkpoint]:
    """Where to start again in a series that has no checkpoints: judged before there were any, or they are lost.

    A month back, if the same rules held throughout; else nowhere: what lies before a change of rules is not judged
    by the new ones.
    """
    used = {use.rule_version for use in await judging.uses(conn, series.series_id)}
    if series.judged_until is None or used != {series.rule_version}:
        return []
    return [Checkpoint(series.judged_until - _ENOUGH, Standing())]


async def standing_again(conn: AsyncConnection, series: Series, ruled: Versioned) -> Standing:
    """The standing of a series from its record of the last month, in place of one that cannot be read.

    By the rules of the time, or by `ruled` if those are of another engine. The degree is that of the
    stored state, because that is the one people were told of.
    """
    if series.judged_until is None:
        return Standing()
    after = series.judged_until - _ENOUGH
    try:
        judged = await judge_again(conn, series, after)
    except (KeyError, ValueError):
        judged = await judge_again(conn, series, after, ruled)
    standing = judged[-1][1].standing if judged else Standing()
    degree = Degree.NONE if series.degree is None else Degree(series.degree)
    if standing.life.degree == degree:
        return standing
    since = None if degree is Degree.NONE else standing.life.since or series.judged_until
    return replace(standing, life=replace(standing.life, degree=degree, since=since))
