"""The text of an SMS. Pure: event, station and moment in, GSM-7 text out.

Order: exercise label, what limit, where, when, how high, what to do; the token comes last and is
added by the store. The wording is "limit reached", never "declared": SPA 2 and 3 are declared by the
flood authority, a gauge only reaches a limit (Act 254/2001, section 70). The limits of each country
keep their own names, which are not translated into one another.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerting.notify.segments import fold
from floodcore.network.model import Station
from floodcore.texts import Texts
from floodcore.words import Degree, Language, Quantity, Trend

LOCAL = ZoneInfo("Europe/Prague")

# Which degrees each scheme of limits knows; anything else is told as a plain limit.
_SCHEMES = {"spa": range(1, 5), "alarmstufe": range(1, 5), "imgw": range(1, 3)}
_VALUES = {Quantity.LEVEL: 0, Quantity.DISCHARGE: 1, Quantity.RAIN: 0}
_NAME_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Happening:
    """What is told: an event of one gauge, its value in the canonical unit of `quantity`.

    A silence is told of a gauge lost at a degree or while rising: `at` is when the silence it is
    allowed ran out, `value` the last one heard, `from_degree` and `to_degree` the degree it keeps.
    """

    kind: str
    quantity: Quantity
    at: datetime
    from_degree: int
    to_degree: int
    value: float | None
    trend: Trend


def compose(
    texts: Texts,
    happening: Happening,
    station: Station,
    river: str,
    language: Language,
    *,
    exercise: bool,
    delayed: bool,
) -> str:
    """The text in `language`, without its token. `river` is the river's name in `language`, or empty.

    `delayed` says that the house was unable to tell in time, so that nobody takes an hour for a minute.
    """
    label = texts.say(language, "sms.exercise") + " " if exercise else ""
    late = texts.say(language, "sms.delayed") + " " if delayed else ""
    where = _where(station, river, language)
    now = _now(texts, happening, language)
    level = _level(texts, happening, station, happening.to_degree, language)
    old = _level(texts, happening, station, happening.from_degree, language)
    text = texts.say(language, f"sms.{_kind(happening)}", level=level, old=old, where=where, now=now)
    advice = texts.say(language, f"sms.advice.{_advice(happening)}")
    return fold(f"{label}{late}{text} {advice}", umlauts=language is Language.DE)


def _kind(happening: Happening) -> str:
    if happening.kind == "silence":
        rising = happening.trend is Trend.RISING or happening.to_degree == 0
        return "silence.rising" if rising else "silence"
    if happening.to_degree > happening.from_degree:
        return "raised"
    return "allclear" if happening.to_degree == 0 else "lowered"


def _advice(happening: Happening) -> str:
    kind = _kind(happening)
    return f"raised.{min(max(happening.to_degree, 1), Degree.EXTREME)}" if kind == "raised" else kind


def _where(station: Station, river: str, language: Language) -> str:
    name = station.names.of(language)[:_NAME_LIMIT]
    return f"{name} ({river[:_NAME_LIMIT]})" if river else name


def _now(texts: Texts, happening: Happening, language: Language) -> str:
    local = happening.at.astimezone(LOCAL)
    parts = [f"{local.day}.{local.month}. {local:%H:%M}"]
    if happening.value is not None:
        value = _value(texts, happening.quantity, happening.value, language)
        parts.append(texts.say(language, "sms.last", value=value) if happening.kind == "silence" else value)
    if happening.trend is not Trend.UNKNOWN and happening.kind != "silence":
        parts.append(texts.say(language, f"trend.{happening.trend}"))
    return ", ".join(parts)


def _value(texts: Texts, quantity: Quantity, value: float, language: Language) -> str:
    number = f"{value:.{_VALUES.get(quantity, 1)}f}"
    number = number if language is Language.EN else number.replace(".", ",")
    return texts.say(language, f"sms.value.{quantity if quantity in _VALUES else 'other'}", value=number)


def _level(texts: Texts, happening: Happening, station: Station, degree: int, language: Language) -> str:
    limits = station.limits_of(happening.quantity)
    scheme = "spa" if limits is None else limits.scheme
    if degree not in _SCHEMES.get(scheme, ()):
        return texts.say(language, "sms.level.other", degree=degree)
    return texts.say(language, f"sms.level.{scheme}.{degree}")
