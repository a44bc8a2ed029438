"""Freshness: how far a mark may be believed now. Silence is not calm.

Owns the allowed silence. Local warning systems of the Liberec Region report every 20, 10 and 5 minutes
at SPA 1, 2 and 3 (domain.md section 1, https://liberecky.dppcr.cz/web_564443/c_lvvs.htm). A source that
reports less often cannot be held to that, so the allowance is never tighter than what its interval
permits: two intervals and a minute in calm, one interval and a minute once a limit is reached
(reliability goal G7).

A source that publishes minutes after measuring is not silent for that: its lag, which is how long after
its own time the newest reading reached us, is added, up to a quarter of an hour. The open data of ČHMÚ
carry one value in ten minutes and come some minutes later; without the allowance a gauge in flood would
be called lost at each of them. Pure.
"""

from datetime import datetime, timedelta

from floodcore.words import Degree, Flag, Freshness

_BY_DEGREE = {
    Degree.NONE: timedelta(minutes=20),
    Degree.VIGILANCE: timedelta(minutes=20),
    Degree.READINESS: timedelta(minutes=10),
    Degree.EMERGENCY: timedelta(minutes=5),
    Degree.EXTREME: timedelta(minutes=5),
}
GRACE = timedelta(minutes=1)
# How far behind the newest sample of its series one may lie and still count for the degrees. Six hours are
# what loggers save up between two calls, and as far as a forecast looks back; a judgement.
TOO_LATE = timedelta(hours=6)
# A source that is later than this may not hide behind being late; a judgement, between the few minutes
# of open data and the degree's own allowance.
LONGEST_LAG = timedelta(minutes=15)


def lag(newest_at: datetime, judged_at: datetime) -> timedelta:
    """How long after its own time `newest_at` a reading was here, at `judged_at`; 0 to LONGEST_LAG."""
    return min(max(judged_at - newest_at, timedelta(0)), LONGEST_LAG)


def allowed_silence(degree: Degree, interval: timedelta) -> timedelta:
    """How long a gauge reporting every `interval` may say nothing at `degree` before it is silent."""
    intervals = 2 if degree is Degree.NONE else 1
    return max(_BY_DEGREE[degree], intervals * interval + GRACE)


def freshness(
    observed_at: datetime | None,
    interval: timedelta,
    degree: Degree,
    now: datetime,
    flag: Flag = Flag.GOOD,
    lag: timedelta = timedelta(0),
) -> Freshness:
    """The freshness at data time `now` of a gauge whose last believable value is of `observed_at`.

    `degree` is the one reached, NONE for a series without limits; `flag` is the verdict on the newest
    sample, which makes a gauge that talks nonsense DOUBTFUL until it falls silent. LATE is a value
    older than one interval and a minute, still within the allowed silence. `lag` is that of the source.
    """
    if observed_at is None:
        return Freshness.NEVER if flag is Flag.GOOD else Freshness.DOUBTFUL
    age = now - observed_at - lag
    if age > allowed_silence(degree, interval):
        return Freshness.SILENT
    if flag in {Flag.SUSPECT, Flag.FAIL}:
        return Freshness.DOUBTFUL
    return Freshness.LATE if age > interval + GRACE else Freshness.FRESH
