"""The words the browser needs to speak of a mark, in one language. Pure."""

from floodcore.texts import Texts
from floodcore.units import CANONICAL
from floodcore.words import Cause, Degree, Freshness, Language, Quantity, Trend
from portal.ahead import SURE
from portal.doubting import TESTS, UNPROVED
from portal.reading import ARROWS
from portal.shapes import BADGES, LETTERS
from portal.voices import CLASSES


def words(texts: Texts, language: Language) -> dict[str, object]:
    """Texts by their use in `map.js`; places such as {since} are filled there."""

    def say(key: str) -> str:
        return texts.say(language, key)

    return {
        "language": language.value,
        "degrees": [say(f"degree.{degree.value}") for degree in Degree],
        "schemes": {
            name: {"long": say(f"page.scheme.{name}.long"), "none": say(f"page.scheme.{name}.none")} for name in LETTERS
        },
        "letters": LETTERS,
        "badges": {freshness.value: sign for freshness, sign in BADGES.items()},
        "arrows": {trend.value: ARROWS[trend] for trend in Trend},
        "freshness": {freshness.value: say(f"page.fresh.{freshness.value}") for freshness in Freshness},
        "doubted": say("page.fresh.doubted"),
        "doubts": {test: say(f"doubt.short.{test}") for test in (*TESTS, *UNPROVED, "other")},
        "units": {CANONICAL[quantity]: say(f"unit.{CANONICAL[quantity]}") for quantity in Quantity},
        "unknown": say("page.degree.unknown"),
        "reached": say("page.reached"),
        "declared": say("page.declared"),
        "expected": say("page.expected"),
        "ahead": say("page.ahead.short"),
        "unsupported": say("page.ahead.unsupported"),
        "fading": say("page.ahead.fading.short"),
        "ahead_unproved": say("page.ahead.unproved.short"),
        "sure": {name: say(f"page.sure.{name}") for _, name in SURE},
        "lost": say("page.banner.lost"),
        "open": say("page.open"),
        "synthetic": say("synthetic.label"),
        "pairs": {name: say(f"page.pair.{name}").rstrip(":") for name in ("lost", "idle", "instead")},
        "reported": say("page.notes.word"),
        "causes": {cause.value: say(f"cause.{cause.value}") for cause in Cause},
        "source": say("terms.popup"),
        "classes": [say(f"context.class.{grade}") for grade in CLASSES],
        "classed": {name: say(f"context.class.{name}") for name in ("now", "old", "nodata", "note")},
    }
