"""An expectation that could not be told in time: told with what is true now, or waited with, or given up. Pure.

What was decided is an event of its reading and stays as it is; what is told is a matter of now (ADR 0023). After an
outage the readings are caught up with, and what they led to is decided as if the house had been there. If the
expectation that is left still stands and its time lies ahead, people are told once, with the value, the time and the
probability of now, and not as delayed: nothing of it is old. Until the forecast is of now it is waited with.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting.notify.policy import LONGEST_DELAY
from floodcore.freshness import allowed_silence
from floodcore.store.expecting import Expecting
from floodcore.store.foresight import LimitOutlook, Said
from floodcore.store.telling import Announced
from floodcore.words import Degree

# How long is waited before looking again, by the clock of the data.
AGAIN = timedelta(minutes=1)
# As long as a text of an expectation is of use that is told in time (alerting.foresee).
LONGEST_VALIDITY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Present:
    """What is told in place of the event as it was: `announced` with the value of now, `said` the forecast of now."""

    announced: Announced
    said: Said
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: whether it still stands is not known now."""

    until: datetime


def present(
    announced: Announced, said: Said, expecting: Expecting | None, interval: timedelta, now: datetime
) -> Present | Wait | None:
    """What to do at `now` with the newest expectation of a series that is past its validity; None to give it up.

    `interval` is the gauge's: a forecast older than two intervals and a minute (20 min at least) is not of now.
    """
    if expecting is None or expecting.told is None or expecting.told.degree != announced.to_degree:
        return None
    limit = _limit(expecting, announced.to_degree)
    latest = expecting.told.latest_at if limit is None else max(expecting.told.latest_at, limit.latest_at)
    if said.overtaken or latest <= now or now - announced.at > LONGEST_DELAY:
        return None
    issued = expecting.issued_at
    current = issued is not None and now - issued <= allowed_silence(Degree.NONE, interval)
    if not current or limit is None or not limit.warned or limit.expected_at <= now or expecting.observed_at is None:
        return Wait(now + AGAIN)
    return Present(
        replace(announced, at=expecting.observed_at, value=expecting.value, trend=expecting.trend),
        replace(
            said,
            probability=limit.probability[-1],
            expected_at=limit.expected_at,
            earliest_at=limit.earliest_at,
            latest_at=limit.latest_at,
        ),
        min(limit.expected_at, now + LONGEST_VALIDITY),
    )


def _limit(expecting: Expecting, degree: int) -> LimitOutlook | None:
    limits = () if expecting.outlook is None else expecting.outlook.limits
    return next((limit for limit in limits if limit.degree == degree), None)
