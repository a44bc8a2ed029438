"""Limits of rain sums and rules that only a person can judge, as immutable words.

Sums are mm within the window. The degrees of rain are no degrees of the river: `scheme` is "rain" unless the
source itself says that the rain limit is a SPA of that work, as at the Mšeno dam (then "spa").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from floodcore.words import Degree, Language

# The windows there are, by their name in the files. No default limit is official for the short ones: a methodology
# for 10 min, 1 h and 3 h was not found (domain.md section 2), so each limit names its source.
WINDOWS: Mapping[str, timedelta] = {
    "10min": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "3h": timedelta(hours=3),
    "24h": timedelta(hours=24),
}
SCHEMES = ("rain", "spa")


@dataclass(frozen=True, slots=True)
class RainLimit:
    """The limits of the sum over one window. `saturated` holds those of saturated ground, where they are lower."""

    window: timedelta
    values: Mapping[Degree, float]
    saturated: Mapping[Degree, float]
    source: str
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Saturation:
    """When the ground is saturated: before the last 24 hours more than `mm` fell in `days`.

    And of it more than `recent_mm` in the last `recent_days` of them.
    """

    mm: float
    days: int
    recent_mm: float
    recent_days: int
    source: str


@dataclass(frozen=True, slots=True)
class RainDegrees:
    """By which sums a station's rain has degrees. `residents`: they are told too, not only officers and partners."""

    sums: tuple[RainLimit, ...]
    saturation: Saturation | None = None
    scheme: str = "rain"
    residents: bool = False


@dataclass(frozen=True, slots=True)
class PersonRule:
    """A rule of the flood plan that no gauge of ours can judge: shown with its source, left to people."""

    degree: Degree
    texts: Mapping[Language, str]
    source: str

    def text(self, language: Language) -> str:
        """The rule in `language`, else in Czech."""
        return self.texts.get(language, self.texts[Language.CS])
