"""The text of an event of rain: what fell in how long, where, which limit. Pure.

A limit of rain is no SPA of the river: only where the plan itself calls it a SPA (scheme "spa", as at the Mšeno
dam) the text does. Rain runs ahead of the water, so the end of a rain limit is no end of danger.
"""

from dataclasses import dataclass

from floodcore.texts import Texts
from floodcore.words import Language

_HOUR_MIN = 60


@dataclass(frozen=True, slots=True)
class Rain:
    """What an event of rain is about: the sum's window, its limit in mm, whether that of saturated ground."""

    window_min: int
    limit: float | None
    saturated: bool
    scheme: str


def window(minutes: int) -> str:
    """`10 min`, `24 h`."""
    return f"{minutes} min" if minutes < _HOUR_MIN else f"{minutes // _HOUR_MIN} h"


def millimetres(value: float, language: Language) -> str:
    """A sum to the tenth, without a needless zero, with the decimal sign of the language."""
    text = f"{value:.1f}".removesuffix(".0")
    return text if language is Language.EN else text.replace(".", ",")


def level(texts: Texts, scheme: str, degree: int, language: Language) -> str:
    """The name of a degree of rain."""
    known = scheme if scheme == "spa" else "rain"
    return texts.say(language, f"sms.level.{known}.{degree}") if degree else ""


def rain_text(
    texts: Texts, rain: Rain, change: tuple[int, int], value: float | None, where: str, when: str, language: Language
) -> tuple[str, str]:
    """The text in `language` and the advice after it; `change` are the degrees from and to, `value` the sum in mm."""
    old, new = change
    kind = "raised" if new > old else "lowered" if new else "allclear"
    text = texts.say(
        language,
        f"sms.rain.{kind}",
        level=level(texts, rain.scheme, new, language),
        old=level(texts, rain.scheme, old, language),
        mm="?" if value is None else millimetres(value, language),
        window=window(rain.window_min),
        limit="?" if rain.limit is None else millimetres(rain.limit, language),
        ground=texts.say(language, "sms.rain.saturated") if rain.saturated else "",
        where=where,
        at=when,
    )
    return text, texts.say(language, f"sms.advice.rain.{'raised' if new > old else 'ended'}")
