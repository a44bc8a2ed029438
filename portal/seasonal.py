"""Ice and weed as advice to whoever reads a level (`floodcore.quality.season`): no flag, no degree. Pure."""

from datetime import timedelta

from floodcore.quality.season import ICE, season
from floodcore.words import Cause, Freshness, Language, Quantity
from portal.marks import Mark
from portal.reading import Reader

# The temperature of a river moves slowly; an older one is that of another day (a judgement).
_OLDEST_WATER = timedelta(hours=6)
# A thermometer at zero in these months is broken and no sign of ice (general knowledge).
_NO_ICE = frozenset({5, 6, 7, 8, 9, 10})


def advice(reader: Reader, mark: Mark) -> str:
    """What may make the shown level misleading now, in a sentence; empty when nothing does or people have said it.

    A gauge that has no level to be misled by, and one that is silent, gets no advice.
    """
    state = mark.freshness_at(reader.now)
    reported = {Cause.ICE, Cause.WEED} & {note.cause for note in mark.notes}
    if mark.quantity is not Quantity.LEVEL or state in {Freshness.SILENT, Freshness.NEVER} or reported:
        return ""
    water = mark.water
    if water is not None and not timedelta(0) <= reader.now - water.at <= _OLDEST_WATER:
        water = None
    word = season(reader.now, Quantity.LEVEL, None if water is None else water.celsius)
    if word == ICE and reader.now.month in _NO_ICE:
        water, word = None, season(reader.now, Quantity.LEVEL)
    if not word:
        return ""
    if word == ICE and water is not None:
        return reader.say(
            "season.ice.water", water=_celsius(water.celsius, reader.language), at=reader.moment(water.at)
        )
    return reader.say(f"season.{word}")


def _celsius(value: float, language: Language) -> str:
    text = f"{value + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "\N{MINUS SIGN}")
    return text if language is Language.EN else text.replace(".", ",")
