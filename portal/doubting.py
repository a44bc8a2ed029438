"""Doubts between series in the reader's words: the numbers for its page, the log and the list of all. Pure.

A doubt changes no degree and says so; a test newer than the texts is told as the log tells it (ADR 0012).
"""

from collections.abc import Iterable

from floodcore.quality import beside, rain
from floodcore.store.doubts import DoubtView
from floodcore.words import Quantity
from portal.localtime import number
from portal.marks import Mark
from portal.reading import Reader

# A rise that is not proved is shown like a doubt, and is none of those between series (ADR 0020).
UNPROVED = ("unproved_leap", "unproved_unit", "unproved_wreck")
TESTS = (beside.DRIFT, beside.STEP, beside.STILL, beside.ALONE, rain.CLOGGED, rain.DOUBLE)
# The figures of the texts: in what they are told, so that cm are whole and mm have a decimal.
_FIGURES = {
    "cm": Quantity.LEVEL,
    "beside_cm": Quantity.LEVEL,
    "hours": Quantity.LEVEL,
    "gauges": Quantity.LEVEL,
    "mm": Quantity.RAIN,
    "beside_mm": Quantity.RAIN,
    "rain_mm": Quantity.RAIN,
    "times": Quantity.RAIN,
}
_DASH = "–"
# Where the figure may go either way, up is told as such.
_SIGNED = frozenset({beside.DRIFT, beside.STEP})


def sentence(reader: Reader, doubt: DoubtView) -> str:
    """The doubt with its numbers; a figure that was not kept is a dash."""
    if doubt.test in UNPROVED:
        return reader.say(doubt.key)
    if doubt.test not in TESTS:
        return doubt.text
    numbers = doubt.numbers
    figures = {name: number(numbers[name], kind, reader.language) for name, kind in _FIGURES.items() if name in numbers}
    if doubt.test in _SIGNED and numbers.get("cm", 0.0) > 0:
        figures["cm"] = f"+{figures['cm']}"
    return reader.say(doubt.key, **(dict.fromkeys(_FIGURES, _DASH) | figures))


def row(reader: Reader, doubt: DoubtView) -> dict[str, str]:
    """An open doubt for a page: what is doubted, why, since when and how long it holds."""
    return {
        "quantity": reader.say(f"quantity.{doubt.quantity}"),
        "text": sentence(reader, doubt),
        "since": reader.say("doubt.since", at=reader.moment(doubt.since)),
        "until": reader.say("doubt.until.proved")
        if doubt.test in UNPROVED
        else reader.say("doubt.until", at=reader.moment(doubt.until)),
    }


def listed(reader: Reader, marks: Iterable[Mark]) -> list[dict[str, str]]:
    """All open doubts with their stations, the newest first."""
    found = [(doubt, mark) for mark in marks for doubt in mark.doubts]
    found.sort(key=lambda pair: (-pair[0].since.timestamp(), pair[1].station.id, pair[0].test))
    return [row(reader, doubt) | {"id": mark.station.id, "name": reader.place(mark)} for doubt, mark in found]


def log_line(reader: Reader, doubt: DoubtView) -> dict[str, str]:
    """A doubt in the log of its station, past or still open."""
    key = "page.log.between" if doubt.until <= reader.now else "page.log.between.open"
    quantity = reader.say(f"quantity.{doubt.quantity}")
    text = reader.say(key, until=reader.moment(doubt.until), quantity=quantity, text=sentence(reader, doubt))
    return {"iso": doubt.since.isoformat(), "at": reader.moment(doubt.since), "kind": "between", "text": text}
