"""Freshness: how far a mark may be believed now. Silence is not calm.

Owns the allowed silence. Local warning systems of the Liberec Region report every 20, 10 and 5 minutes
at SPA 1, 2 and 3 (domain.md section 1, https://liberecky.dppcr.cz/web_564443/c_lvvs.htm). A source that
reports less often cannot be held to that, so the allowance is never tighter than what its interval
permits: two intervals and a minute in calm, one interval and a minute once a limit is reached
(reliability goal G7). Pure.
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
) -> Freshness:
    """The freshness at data time `now` of a gauge whose last believable value is of `observed_at`.

    `degree` is the one reached, NONE for a series without limits; `flag` is the verdict on the newest
    sample, which makes a gauge that talks nonsense DOUBTFUL until it falls silent. LATE is a value
    older than one interval and a minute, still within the allowed silence.
    """
    if observed_at is None:
        return Freshness.NEVER if flag is Flag.GOOD else Freshness.DOUBTFUL
    age = now - observed_at
    if age > allowed_silence(degree, interval):
        return Freshness.SILENT
    if flag in {Flag.SUSPECT, Flag.FAIL}:
        return Freshness.DOUBTFUL
    return Freshness.LATE if age > interval + GRACE else Freshness.FRESH
