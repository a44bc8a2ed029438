"""The words for an incident: what failed for many at once, how many, since when, what to do. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from floodcore.texts import Texts
from floodcore.words import Language

KIND = "incident"
_LOCAL = ZoneInfo("Europe/Prague")
_NAME_LIMIT = 30
_SCOPES = frozenset({"all", "operator", "transport"})
_CLOCKS = frozenset({"slow", "fast"})


def incident_text(
    texts: Texts, station: str, reason: str, at: datetime, value: float | None, worst: int, language: Language
) -> str:
    """The text of an incident's event, with advice. `station` is `scope:name`, `value` how many gauges or minutes.

    Raises:
        ValueError: there are no words for it.
    """
    scope, _, name = station.partition(":")
    local = at.astimezone(_LOCAL)
    figures: dict[str, object] = {
        "count": f"{value or 0:.0f}",
        "name": name[:_NAME_LIMIT],
        "at": f"{local.day}.{local.month}. {local:%H:%M}",
    }
    if scope == "clock" and name in _CLOCKS:
        key, advice = f"sms.incident.clock.{name}", "sms.advice.incident.clock"
    elif scope in _SCOPES:
        key, advice = f"sms.incident.{scope}", f"sms.advice.incident.{'degree' if worst > 0 else 'calm'}"
    else:
        message = f"no words for an incident of {station[:40]!r}"
        raise ValueError(message)
    if reason == "ended":
        return texts.say(language, f"{key}.over", **figures)
    return f"{texts.say(language, key, **figures)} {texts.say(language, advice, degree=worst)}"
