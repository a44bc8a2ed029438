"""What others say about the danger, kept beside our own readings and never mixed with them.

A bulletin of warnings and a class of a gauge are context: they are shown with their age, and no degree
follows from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from floodcore.words import Language, aware_utc


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning of a bulletin, in force from `onset` until `expires` (None: until revoked).

    `code` is the source's own word for the hazard (ČHMÚ `XII.2`); `severity` and `certainty` are those of CAP 1.2.
    `areas` are CISORP codes. Texts by language; `profiles` are the source's lines about single gauges.
    """

    code: str
    severity: str
    certainty: str
    onset: datetime | None
    expires: datetime | None
    areas: tuple[str, ...]
    event: Mapping[Language, str]
    text: Mapping[Language, str]
    profiles: tuple[str, ...] = ()
    flood: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended at `now`; one that is still to begin holds."""
        return self.expires is None or self.expires > now


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A complete state of the warnings of one source: what is not in it is not warned of. `sent` is its own time.

    Raises:
        ValueError: `sent` is naive.
    """

    identifier: str
    sent: datetime
    warnings: tuple[Warned, ...]

    def __post_init__(self) -> None:
        aware_utc(self.sent)

    def stale(self, now: datetime, max_age: timedelta) -> bool:
        """Whether it is too old to be believed: a dead source must not look like a quiet one."""
        return now - self.sent > max_age


@dataclass(frozen=True, slots=True)
class GaugeClass:
    """The flood class another service gives a gauge, on its own scale; None when it has no data. Never a level."""

    station_id: str
    at: datetime
    grade: int | None
    name: str

    def __post_init__(self) -> None:
        aware_utc(self.at)
