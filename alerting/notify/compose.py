"""The text of an SMS. Pure: event, station and moment in, GSM-7 text out.

Order: exercise label, what limit, where, when, how high, what to do; the token comes last and is
added by the store. The wording is "limit reached" or "expected, not yet reached", never "declared": SPA 2
and 3 are declared by the flood authority, a gauge only reaches a limit (Act 254/2001, section 70). The
limits of each country keep their own names, which are not translated into one another. A kind of event that
has no words of its own here is not told in those of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerting.notify.incident_words import KIND as INCIDENT
from alerting.notify.incident_words import incident_text
from alerting.notify.rain_words import Rain, rain_text
from alerting.notify.segments import count, fold
from floodcore.network.model import Station
from floodcore.texts import Texts
from floodcore.words import Cause, Degree, Language, Quantity, Trend

LOCAL = ZoneInfo("Europe/Prague")

# Which degrees each scheme of limits knows; anything else is told as a plain limit.
_SCHEMES = {"spa": range(1, 5), "alarmstufe": range(1, 5), "imgw": range(1, 3), "rain": range(1, 4)}
_VALUES = {Quantity.LEVEL: 0, Quantity.DISCHARGE: 1, Quantity.RAIN: 0}
_NAME_LIMIT = 40
# A text costs two SMS at most, with a token as long as the first 268 million.
_MOST = 2
_TOKEN = "#0000000"  # noqa: S105  # a place, not a secret
# How sure, in plain words: the least probability of each. The words are ours; CAP knows only likely and possible.
_SURE = ((0.9, "certain"), (0.7, "likely"), (0.5, "rather"), (0.0, "possible"))
_STANDING = {"expected": "expected", "changed": "expected.changed", "lowered": "expected.lowered"}


class UntellableError(ValueError):
    """There are no words for this kind of event."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected: the probability of reaching the limit, and when (median, middle four fifths)."""

    probability: float
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """What is told: an event of one gauge, its value in the canonical unit of `quantity`.

    A silence is told of a gauge lost at a degree or while rising: `at` is when the silence it is
    allowed ran out, `value` the last one heard, `from_degree` and `to_degree` the degree it keeps.
    An expectation is told with its `forecast` and `reason`, its end without a forecast. A rise that is not proved,
    and the reminder of it, with the `doubt`; only officers read that.
    """

    kind: str
    quantity: Quantity
    at: datetime
    from_degree: int
    to_degree: int
    value: float | None
    trend: Trend
    reason: str = ""
    forecast: Forecast | None = None
    rain: Rain | None = None
    doubt: str = ""


def compose(
    texts: Texts,
    happening: Happening,
    station: Station,
    river: str,
    language: Language,
    *,
    exercise: bool,
    delayed: bool,
    report: Cause | None = None,
) -> str:
    """The text in `language`, without its token. `river` is the river's name in `language`, or empty.

    `report` is what people say lies behind the figures of the gauge, or is wrong with it; left out where the
    text would cost a third SMS.

    `delayed` says that the house was unable to tell in time, so that nobody takes an hour for a minute.

    Raises:
        UntellableError: there are no words for this kind of event.
    """
    label = texts.say(language, "sms.exercise") + " " if exercise else ""
    late = texts.say(language, "sms.delayed") + " " if delayed else ""
    if happening.kind == INCIDENT:
        return fold(f"{label}{late}{_incident(texts, happening, station, language)}", umlauts=language is Language.DE)
    where = _where(station, river, language)
    if happening.rain is not None and happening.kind == "reached":
        degrees, clock = (happening.from_degree, happening.to_degree), _clock(happening.at)
        fell, advised = rain_text(texts, happening.rain, degrees, happening.value, where, clock, language)
        return _fitting([f"{label}{late}{fell} {advised}", f"{label}{late}{fell}"], language)
    now = _now(texts, happening, language)
    level = _level(texts, happening, station, happening.to_degree, language)
    old = _level(texts, happening, station, happening.from_degree, language)
    when = _when(texts, happening.forecast, language)
    doubt = texts.say(language, f"sms.doubt.{happening.doubt}") if happening.doubt else ""
    words = {"level": level, "old": old, "where": where, "now": now, "doubt": doubt, **when}
    text = texts.say(language, f"sms.{_kind(happening)}", **words)
    said = _said(texts, report, language)
    advice = texts.say(language, f"sms.advice.{_advice(happening)}")
    # The limit goes before the advice, and the advice before what people report: with the longest names there is
    # no room for all.
    return _fitting([f"{label}{late}{text}{rest}" for rest in (f"{said} {advice}", f" {advice}", "")], language)


def _fitting(wishes: Sequence[str], language: Language) -> str:
    """The first of `wishes` that costs two SMS at most, else the last."""
    whole = [fold(one, umlauts=language is Language.DE) for one in wishes]
    return next((one for one in whole if count(f"{one} {_TOKEN}") <= _MOST), whole[-1])


def _incident(texts: Texts, happening: Happening, station: Station, language: Language) -> str:
    try:
        return incident_text(
            texts, station.id, happening.reason, happening.at, happening.value, happening.to_degree, language
        )
    except ValueError as error:
        raise UntellableError(str(error)) from None


def _said(texts: Texts, report: Cause | None, language: Language) -> str:
    if report is None:
        return ""
    kind = "cause" if report.tags_degree else "note"
    return " " + texts.say(language, f"sms.{kind}", cause=texts.say(language, f"cause.{report}"))


def _kind(happening: Happening) -> str:
    if happening.kind == "silence" and happening.reason == "lost_below_flood":
        return "silence.below"
    if happening.kind == "silence":
        rising = happening.trend is Trend.RISING or happening.to_degree == 0
        return "silence.rising" if rising else "silence"
    if happening.kind == "expected":
        return _expected(happening)
    if happening.kind == "unproved":
        return "unverified.still"
    if happening.kind not in {"reached", "proved"}:
        message = f"no words for an event of kind {happening.kind!r}"
        raise UntellableError(message)
    if happening.to_degree > happening.from_degree:
        return "unverified" if happening.doubt else "raised"
    return "allclear" if happening.to_degree == 0 else "lowered"


def _expected(happening: Happening) -> str:
    if happening.reason == "withdrawn":
        return "expected.withdrawn" if happening.to_degree == 0 else "expected.withdrawn.held"
    if happening.forecast is None or happening.reason not in _STANDING:
        message = f"no words for an expectation {happening.reason!r} with forecast {happening.forecast}"
        raise UntellableError(message)
    return _STANDING[happening.reason]


def _advice(happening: Happening) -> str:
    kind = _kind(happening)
    degree = min(max(happening.to_degree, 1), Degree.EXTREME)
    if kind == "raised":
        return f"raised.{degree}"
    if kind.startswith("unverified"):
        return "unverified"
    if happening.kind == "expected":
        return f"expected.{degree}" if happening.forecast is not None else "expected.withdrawn"
    return kind


def _when(texts: Texts, forecast: Forecast | None, language: Language) -> dict[str, str]:
    """When something is expected, and how sure that is."""
    if forecast is None:
        return {"at": "", "early": "", "late": "", "sure": ""}
    sure = next(name for least, name in _SURE if forecast.probability >= least)
    clocks = (forecast.expected_at, forecast.earliest_at, forecast.latest_at)
    at, early, late = (f"{clock.astimezone(LOCAL):%H:%M}" for clock in clocks)
    return {"at": at, "early": early, "late": late, "sure": texts.say(language, f"sms.sure.{sure}")}


def _where(station: Station, river: str, language: Language) -> str:
    name = station.names.of(language)[:_NAME_LIMIT]
    return f"{name} ({river[:_NAME_LIMIT]})" if river else name


def _now(texts: Texts, happening: Happening, language: Language) -> str:
    parts = [_clock(happening.at)]
    if happening.value is not None:
        value = _value(texts, happening.quantity, happening.value, language)
        parts.append(texts.say(language, "sms.last", value=value) if happening.kind == "silence" else value)
    if happening.trend is not Trend.UNKNOWN and happening.kind != "silence":
        parts.append(texts.say(language, f"trend.{happening.trend}"))
    return ", ".join(parts)


def _clock(at: datetime) -> str:
    local = at.astimezone(LOCAL)
    return f"{local.day}.{local.month}. {local:%H:%M}"


def _value(texts: Texts, quantity: Quantity, value: float, language: Language) -> str:
    number = f"{value:.{_VALUES.get(quantity, 1)}f}"
    number = number if language is Language.EN else number.replace(".", ",")
    return texts.say(language, f"sms.value.{quantity if quantity in _VALUES else 'other'}", value=number)


def _level(texts: Texts, happening: Happening, station: Station, degree: int, language: Language) -> str:
    limits = station.at(happening.at).limits_of(happening.quantity)
    scheme = "spa" if limits is None else limits.scheme
    if happening.quantity is Quantity.RAIN:
        scheme = "rain" if station.rain_degrees is None else station.rain_degrees.scheme
    if degree not in _SCHEMES.get(scheme, ()):
        return texts.say(language, "sms.level.other", degree=degree)
    return texts.say(language, f"sms.level.{scheme}.{degree}")
