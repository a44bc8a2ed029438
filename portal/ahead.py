"""What the forecast says of a mark, in the reader's words: what is expected, how probable each limit, how high. Pure.

Always named as the machine's forecast, with its age. A forecast too old, or of a gauge that is silent or in
doubt, is not shown as current; an expectation people were told of stays and says that it can no longer be
borne out, because silence is not calm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from floodcore.words import Language
from portal.localtime import clock, duration, number
from portal.marks import Expectation, Mark
from portal.reading import Reader

# The same words as in the SMS; the least probability of each.
SURE = ((0.9, "certain"), (0.7, "likely"), (0.5, "rather"), (0.2, "possible"), (0.05, "unlikely"), (0.0, "hardly"))
_LEAST, _MOST = 0.01, 0.99


@dataclass(frozen=True, slots=True)
class Chance:
    """The probability of one limit within one horizon: figure and word."""

    figure: str
    word: str


@dataclass(frozen=True, slots=True)
class LimitAhead:
    """A limit not reached: its name, short and long, the probability within each reach, when it is warned of."""

    name: str
    title: str
    chances: list[Chance]
    when: str
    warned: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """The forecast of a gauge for its page. `reaches` name the rows; `level` are the cells of the value, maybe fewer.

    A forecast that is not current has no rows, only its `note`.
    """

    note: str
    reaches: list[str]
    limits: list[LimitAhead]
    level: list[str]


def sure(probability: float) -> str:
    """The name of the word for a probability."""
    return next(name for least, name in SURE if probability >= least)


def percent(probability: float) -> str:
    """Whole per cent; a forecast is never certain and nothing impossible."""
    if probability < _LEAST:
        return "<\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}%"
    if probability > _MOST:
        return ">\N{NO-BREAK SPACE}99\N{NO-BREAK SPACE}%"
    return f"{100 * probability:.0f}\N{NO-BREAK SPACE}%"


def sentence(reader: Reader, mark: Mark) -> str:
    """What is expected, in one sentence; the mark's own, for lists, table and page."""
    found = mark.expectation(reader.now)
    if found is not None:
        words = reader.say(
            f"page.ahead.{'fading' if found.fading else 'told'}",
            degree=reader.degree(found.degree, mark.scheme),
            at=clock(found.expected_at),
            early=clock(found.earliest_at),
            late=clock(found.latest_at),
            sure=reader.say(f"page.sure.{sure(found.probability)}"),
            chance=percent(found.probability),
            within=duration(timedelta(minutes=found.horizon_min)),
            since=reader.moment(found.at),
        )
        words = f"{words} {reader.say('page.ahead.unproved')}" if mark.expected_unproved else words
        return words if found.current else f"{words} {reader.say('page.ahead.unsupported')}"
    if not mark.foresees_at(reader.now):
        return reader.say("page.expected.none")
    return reader.say("page.ahead.above" if _above_all(mark) else "page.ahead.calm")


def short(reader: Reader, mark: Mark) -> str:
    """The same for a table: the degree and when, or a dash."""
    found = mark.expectation(reader.now)
    if found is None and mark.foresees_at(reader.now):
        return reader.say("page.ahead.above.short" if _above_all(mark) else "page.ahead.calm.short")
    if found is None:
        return "–"
    return _brief(reader, mark, found, reader.say(f"degree.short.{found.degree}"))


def spoken(reader: Reader, mark: Mark) -> str:
    """The same in full words, for those who hear it; empty if nothing is expected."""
    found = mark.expectation(reader.now)
    return "" if found is None else _brief(reader, mark, found, reader.degree(found.degree, mark.scheme))


def _brief(reader: Reader, mark: Mark, found: Expectation, degree: str) -> str:
    if not found.current:
        return f"{degree} – {reader.say('page.ahead.unsupported.short')}"
    if found.fading:
        return f"{degree} – {reader.say('page.ahead.fading.short')}"
    words = reader.say("page.ahead.short", degree=degree, at=clock(found.expected_at))
    return f"{words}, {reader.say('page.ahead.unproved.short')}" if mark.expected_unproved else words


def _above_all(mark: Mark) -> bool:
    """Whether no known limit is left above the water: then nothing can be expected, which is not calm."""
    outlook = mark.foresight.outlook if mark.foresight is not None else None
    return outlook is not None and not outlook.limits


def ahead(reader: Reader, mark: Mark) -> Ahead | None:
    """The newest forecast for the page of the gauge; None if there never was one."""
    foresight = mark.foresight
    if foresight is None or foresight.outlook is None or foresight.issued_at is None:
        return None
    issued, outlook = foresight.issued_at, foresight.outlook
    if not mark.foresees_at(reader.now):
        in_doubt = bool(mark.doubted_by(reader.now))
        why = (
            reader.say("page.ahead.unsupported") if in_doubt else reader.say("page.ahead.old", at=reader.moment(issued))
        )
        return Ahead(why, [], [], [])
    note = reader.say("page.ahead.note", at=reader.moment(issued), age=duration(reader.now - issued))
    reaches = [duration(timedelta(minutes=minutes)) for minutes in outlook.reaches_min]
    limits = [
        LimitAhead(
            reader.say(f"degree.short.{limit.degree}"),
            reader.degree(limit.degree, mark.scheme),
            [Chance(percent(p), reader.say(f"page.sure.{sure(p)}")) for p in limit.probability],
            f"{clock(limit.expected_at)} ({clock(limit.earliest_at)}–{clock(limit.latest_at)})"
            if limit.warned
            else "–",
            limit.warned,
        )
        for limit in outlook.limits
    ]
    return Ahead(note, reaches, limits, [_level(reader, mark, each) for each in outlook.level])


def _level(reader: Reader, mark: Mark, quantiles: Sequence[float]) -> str:
    median, low, high = (number(each, mark.quantity, reader.language) for each in quantiles)
    return f"{median} ({low}–{high})"


def band(mark: Mark, now: datetime) -> list[tuple[datetime, float, float, float]]:
    """Moments with median, 10 % and 90 % of the value, beginning with the reading itself; empty if not current."""
    foresight = mark.foresight
    if foresight is None or foresight.outlook is None or foresight.issued_at is None or mark.value is None:
        return []
    outlook, issued = foresight.outlook, foresight.issued_at
    if not outlook.level or not mark.foresees_at(now):
        return []
    ends = [issued + timedelta(minutes=minutes) for minutes in outlook.horizons_min]
    return [
        (issued, mark.value, mark.value, mark.value),
        *((at, *quantiles) for at, quantiles in zip(ends, outlook.level, strict=True)),
    ]


def told_in_figures(
    band_: Sequence[tuple[datetime, float, float, float]], mark: Mark, language: Language
) -> dict[str, str]:
    """The end of the band, for the words beside the picture."""
    at, median, low, high = band_[-1]
    figures = {
        name: number(each, mark.quantity, language) for name, each in (("median", median), ("low", low), ("high", high))
    }
    return figures | {"at": clock(at)}
