"""The human texts of one message in one language.

Reached is never declared nor expected, SPA never an Alarmstufe.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bridge_de.reports import Report, said
from floodcore.texts import Texts
from floodcore.words import Language

# Google's public profile asks for less than 140 characters.
HEADLINE_LIMIT = 139
_ZONE = "Europe/Prague"
_DECIMALS = {"cm": 1, "mm": 1}
_OTHER_DECIMALS = 2


class Phase(StrEnum):
    """What a message says about its gauge."""

    RISE = "rise"
    FALL = "fall"
    HOLD = "hold"
    CLEAR = "clear"
    EXPECT = "expect"
    WITHDRAWN = "withdrawn"
    """No longer expected, and no limit is reached."""
    ONLY = "only"
    """No longer expected, but a lower limit is reached."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: `value` in `unit` at `at`; names, limits and places downstream in the language wanted.

    `limits` and `downstream` may be empty and are then left out; `old_minutes` is None while the value is
    as new as can be expected. `reports` are what people say of the gauge, the newest first.
    """

    station: str
    river: str
    value: float | None
    unit: str
    at: datetime
    trend: str
    limits: str
    downstream: str
    old_minutes: int | None = None
    reports: tuple[Report, ...] = ()
    valid: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is or was expected: `degree`; when and how probable while it is; `held` the degree reached meanwhile."""

    degree: int
    held: int
    probability: float | None = None
    horizon_min: int | None = None
    expected_at: datetime | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """The human texts of one info block."""

    event: str
    headline: str
    description: str
    instruction: str


def wording(
    texts: Texts,
    language: Language,
    phase: Phase,
    degree: int,
    measured: Measured,
    *,
    exercise: bool,
    ahead: Ahead | None = None,
    further: tuple[int, datetime] | None = None,
    proof: str = "",
) -> Wording:
    """Write the texts of one message in one language.

    `ahead` where the message is about what is or was expected; `further` a higher degree expected beside it, and when;
    `proof` the key of the sentence about a rise that is not proved, or has been.
    """
    value = amount(texts, language, measured.value, measured.unit)
    about = degree if ahead is None else ahead.degree
    headline = texts.say(
        language,
        f"cap.headline.{phase}",
        limit=texts.say(language, f"cap.{'soon' if phase is Phase.EXPECT else 'short'}.{about}"),
        station=measured.station,
        river=measured.river,
        value=value,
        at="" if ahead is None or ahead.expected_at is None else clock(ahead.expected_at),
    )
    sentences = [
        texts.say(language, "cap.text.exercise") if exercise else "",
        *_statement(texts, language, phase, degree, ahead),
        texts.say(language, proof) if proof else "",
        texts.say(
            language,
            "cap.text.measured",
            station=measured.station,
            river=measured.river,
            value=value,
            time=moment(language, measured.at),
            trend=texts.say(language, f"trend.{measured.trend}"),
        ),
        "" if measured.old_minutes is None else texts.say(language, "cap.text.old", minutes=measured.old_minutes),
        "" if further is None else _further(texts, language, *further),
        *said(texts, language, measured.reports),
        texts.say(language, "cap.text.limits", limits=measured.limits) if measured.limits else "",
        texts.say(language, "cap.text.valid", where=measured.valid) if measured.valid else "",
        texts.say(language, "cap.text.downstream", places=measured.downstream) if measured.downstream else "",
        texts.say(language, "cap.text.not_reached" if phase is Phase.EXPECT else "cap.text.not_declared"),
    ]
    name = {Phase.EXPECT: f"expected.{about}", Phase.WITHDRAWN: "withdrawn"}.get(phase, str(degree))
    return Wording(
        event=texts.say(language, f"cap.event.{name}"),
        headline=titled(texts, headline[:1].upper() + headline[1:], exercise=exercise),
        description=" ".join(sentence for sentence in sentences if sentence),
        instruction=texts.say(language, f"cap.instruction.{name}"),
    )


def _statement(texts: Texts, language: Language, phase: Phase, degree: int, ahead: Ahead | None) -> list[str]:
    """What is the case: a limit reached, left or lasting, or expected, or no longer so."""
    limit = texts.say(language, f"cap.limit.{degree}")
    if ahead is None:
        return [texts.say(language, f"cap.text.{phase}", limit=limit)]
    held = [texts.say(language, "cap.text.held", limit=texts.say(language, f"cap.limit.{ahead.held}"))]
    wanted = texts.say(language, f"cap.limit.{ahead.degree}")
    if ahead.expected_at is None or ahead.earliest_at is None or ahead.latest_at is None:
        return [texts.say(language, "cap.text.withdrawn", limit=wanted), *(held if ahead.held else [])]
    told = texts.say(
        language,
        "cap.text.expect",
        limit=wanted,
        time=moment(language, ahead.expected_at),
        early=clock(ahead.earliest_at),
        late=clock(ahead.latest_at),
        chance=percent(ahead.probability),
        hours=figure((ahead.horizon_min or 0) / 60, "h"),
    )
    return [told, *(held if ahead.held else [])]


def _further(texts: Texts, language: Language, degree: int, at: datetime) -> str:
    limit = texts.say(language, f"cap.limit.{degree}")
    return texts.say(language, "cap.text.further", limit=limit, time=moment(language, at))


def percent(probability: float | None) -> str:
    """A probability in whole per cent; never certain, never impossible: it is a forecast."""
    return "?" if probability is None else f"{min(99, max(1, round(100 * probability)))}"


def titled(texts: Texts, headline: str, *, exercise: bool) -> str:
    """`headline` with the exercise mark in both languages, cut to the limit."""
    full = f"{exercise_mark(texts)}: {headline}" if exercise else headline
    return full if len(full) <= HEADLINE_LIMIT else full[: HEADLINE_LIMIT - 1].rstrip() + "…"


def exercise_mark(texts: Texts) -> str:
    """CVIČENÍ / ÜBUNG: whoever reads only one of the languages must see it."""
    return f"{texts.say(Language.CS, 'exercise.label')} / {texts.say(Language.DE, 'exercise.label')}"


def amount(texts: Texts, language: Language, value: float | None, unit: str) -> str:
    """A measured value for people, with the decimal sign of the language; missing is said, never 0."""
    if value is None:
        return texts.say(language, "cap.value.unknown")
    number = figure(value, unit)
    shown = number if language is Language.EN else number.replace(".", ",")
    return f"{shown} {unit.replace('m3/s', 'm³/s')}"


def figure(value: float, unit: str) -> str:
    """A measured value for machines: point, no exponent, no needless zeros."""
    text = f"{value:.{_DECIMALS.get(unit, _OTHER_DECIMALS)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(language: Language, at: datetime) -> str:
    """Local time of Czechia and Saxony as people write it."""
    local = at.astimezone(ZoneInfo(_ZONE))
    if language is Language.CS:
        return f"{local.day}. {local.month}. {local.year} {local:%H:%M}"
    return f"{local:%d.%m.%Y %H:%M}"


def clock(at: datetime) -> str:
    """The local time of day."""
    return f"{at.astimezone(ZoneInfo(_ZONE)):%H:%M}"
