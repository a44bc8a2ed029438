"""The words and facts of an event of rain: what fell in how long, which limit (pure).

A limit of rain is no degree of the river. It is called a SPA, and coded CZ-SPA, only where the flood plan itself
says so (scheme "spa", as at the Mšeno dam); any other is coded CZ-RAIN.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge_de.reports import Report, said
from bridge_de.wording import Phase, Wording, amount, figure, moment, titled
from floodcore.network.rain import RainDegrees
from floodcore.store.warnings import ToldEvent
from floodcore.texts import Texts
from floodcore.words import Degree, Language

SPA = "spa"
CODE = "CZ-RAIN"
# Meteoalarm's awareness types 10 (rain) and 12 (flooding).
AWARENESS_TYPE = "10; Rain"
_HOUR_MIN = 60


@dataclass(frozen=True, slots=True)
class Fell:
    """A sum of rain in mm up to `at`: over how long, against which limit. Names in the language wanted."""

    station: str
    river: str
    mm: float | None
    at: datetime
    window_min: int
    limit_mm: float | None
    saturated: bool
    scheme: str
    old_minutes: int | None = None
    valid: str = ""
    downstream: str = ""
    reports: tuple[Report, ...] = ()


def fell(event: ToldEvent, station: str, river: str) -> Fell | None:
    """What the event itself says; None if it is none of rain sums."""
    if event.window_min is None:
        return None
    sums = (event.value, event.at, event.window_min, event.limit_value)
    return Fell(station, river, *sums, event.saturated, event.rain_scheme)


def window(minutes: int) -> str:
    """`10 min`, `24 h`."""
    return f"{minutes} min" if minutes < _HOUR_MIN else f"{minutes // _HOUR_MIN} h"


def codes(scheme: str, degree: int) -> tuple[tuple[str, str], ...]:
    """The event code: a SPA only where the plan says so."""
    return (("CZ-SPA" if scheme == SPA else CODE, str(min(degree, Degree.EMERGENCY.value))),)


def rain_wording(texts: Texts, language: Language, phase: Phase, degree: int, rain: Fell, *, exercise: bool) -> Wording:
    """Write the texts of one message of rain in one language."""
    family = "cap" if rain.scheme == SPA else "cap.rain"
    limit = texts.say(language, f"{family}.limit.{degree}")
    mm = amount(texts, language, rain.mm, "mm")
    long = window(rain.window_min)
    headline = texts.say(language, f"cap.rain.headline.{phase}", limit=limit, mm=mm, window=long, station=rain.station)
    sentences = [
        texts.say(language, "cap.text.exercise") if exercise else "",
        texts.say(language, f"cap.rain.text.{phase}", limit=limit),
        texts.say(
            language,
            "cap.rain.text.measured",
            station=rain.station,
            river=rain.river,
            mm=mm,
            window=long,
            time=moment(language, rain.at),
            limit=amount(texts, language, rain.limit_mm, "mm"),
            ground=texts.say(language, "cap.rain.ground") if rain.saturated else "",
        ),
        "" if rain.old_minutes is None else texts.say(language, "cap.text.old", minutes=rain.old_minutes),
        *said(texts, language, rain.reports),
        texts.say(language, "cap.text.valid", where=rain.valid) if rain.valid else "",
        texts.say(language, "cap.text.downstream", places=rain.downstream) if rain.downstream else "",
        texts.say(language, "cap.text.not_declared" if rain.scheme == SPA else "cap.rain.text.no_spa"),
    ]
    return Wording(
        event=texts.say(language, f"{family}.event.{degree}"),
        headline=titled(texts, headline[:1].upper() + headline[1:], exercise=exercise),
        description=" ".join(sentence for sentence in sentences if sentence),
        instruction=texts.say(language, f"cap.rain.instruction.{degree}"),
    )


def parameters(event: ToldEvent, degrees: RainDegrees | None) -> tuple[tuple[str, str], ...]:
    """What a machine is told beside the sum; empty for any other event."""
    if event.window_min is None:
        return ()
    length, sums = timedelta(minutes=event.window_min), () if degrees is None else degrees.sums
    limits = next(
        (one.saturated if event.saturated and one.saturated else one.values for one in sums if one.window == length), {}
    )
    steps = "/".join(figure(limit, "mm") for _, limit in sorted(limits.items()))
    pairs = (
        ("rainWindow", window(event.window_min)),
        ("rainLimit", "" if event.limit_value is None else f"{figure(event.limit_value, 'mm')} mm"),
        ("rainThresholds", f"{steps} mm" if steps else ""),
        ("ground", "saturated" if event.saturated else "ordinary"),
    )
    return tuple((name, text) for name, text in pairs if text)
