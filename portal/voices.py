"""What others say about the danger, in the reader's words: bulletins of warnings, classes of gauges. Pure.

Their level stays in their own scheme and words and is never turned into an SPA. Six things are told apart: they warn,
they say that there is no warning, their word is too old, they cannot be read, they answered with nothing, and nothing
ever came (ADR 0025). Only the first two are current.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from floodcore.context import Bulletin, Warned
from floodcore.network.model import Station
from floodcore.store.context import MAX_IMPORT, NEVER, TOLD, Doubt, Graded, Standing
from floodcore.words import Language
from portal import districts, terms
from portal.localtime import duration
from portal.plain import plain
from portal.reading import Reader

# The service of the country whose districts we watch is always asked for by name: its absence must be seen.
EXPECTED = ("chmu_cap",)
CLASSED_BY = ("lhp",)
CLASSES = (0, 1, 2, 3, 4)
_SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor")
_EVENT, _TEXT, _CODE, _PROFILE, _NAME = 200, 1500, 20, 300, 80
_ROUNDS = 3
# So many warnings at once are no more read, and a hostile bulletin must not fill a telephone.
MOST_LINES = 40
_MOST_PROFILES = 6
_FALLBACKS = (Language.EN, Language.CS, Language.DE, Language.PL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Foreign words made harmless. `language` is theirs; `note` says so to a reader of another."""

    text: str
    language: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One warning: the source's own event and code, its CAP words, where and when."""

    event: Phrase
    text: Phrase
    code: str
    cap: str
    where: str
    times: str
    profiles: tuple[str, ...]
    flood: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """What one source of warnings says to a reader; `current` False: `lines` are its last word and no news.

    `more` are warnings for the same districts, `elsewhere` those for others, that are only counted.
    """

    source: str
    issuer: str
    state: str
    sentence: str
    current: bool
    lines: tuple[Line, ...]
    more: int = 0
    elsewhere: int = 0


@dataclass(frozen=True, slots=True)
class ClassWords:
    """The class of a gauge in its own scale. `own` are the words the service uses itself."""

    issuer: str
    text: str
    own: Phrase
    times: str
    current: bool


def longest_import(interval_s: float) -> timedelta:
    """How long the source may go unasked before its word is no longer known to be its newest."""
    return max(MAX_IMPORT, _ROUNDS * timedelta(seconds=interval_s))


def voices(
    reader: Reader,
    standings: Iterable[Standing],
    codes: frozenset[str],
    max_import: Mapping[str, timedelta],
    about: Station | None = None,
) -> list[Voice]:
    """What every source of warnings says for the districts `codes`, the expected ones also when they say nothing.

    `about` keeps of the source's lines on single gauges only those that name this one.
    """
    found = {each.source: each for each in standings}
    sources = [*EXPECTED, *sorted(found.keys() - set(EXPECTED))]
    return [_voice(reader, source, found.get(source), codes, max_import, about) for source in sources]


def _voice(
    reader: Reader,
    source: str,
    standing: Standing | None,
    codes: frozenset[str],
    max_import: Mapping[str, timedelta],
    about: Station | None,
) -> Voice:
    issuer = terms.owner(source, "")
    said = (
        Doubt(NEVER) if standing is None else standing.says(reader.now, max_import=max_import.get(source, MAX_IMPORT))
    )
    last = said.last if isinstance(said, Doubt) else said
    state = said.why if isinstance(said, Doubt) else TOLD
    warnings = () if last is None else last.warnings
    here = [each for each in warnings if not each.areas or codes & set(each.areas)]
    lines = tuple(_line(reader, each, codes, about) for each in sorted(here, key=_rank)[:MOST_LINES])
    words = {
        "sent": reader.moment(None if last is None else last.sent),
        "age": "" if last is None else _age(reader, last),
        "checked": "" if standing is None else duration(reader.now - standing.tried_at),
    }
    key = f"context.{state}"
    if state == TOLD:
        key = "context.told" if lines else "context.told.none"
    elif last is None and state != NEVER:
        key = f"context.{state}.nothing"
    counted = len(here) - len(lines), len(warnings) - len(here)
    return Voice(source, issuer, state, reader.say(key, **words), state == TOLD, lines, *counted)


def _age(reader: Reader, bulletin: Bulletin) -> str:
    return duration(reader.now - bulletin.sent)


def _rank(warned: Warned) -> tuple[bool, int, str, str]:
    severity = _SEVERITIES.index(warned.severity) if warned.severity in _SEVERITIES else len(_SEVERITIES)
    return (not warned.flood, severity, warned.code, "" if warned.onset is None else warned.onset.isoformat())


def _line(reader: Reader, warned: Warned, codes: frozenset[str], about: Station | None) -> Line:
    event = _phrase(reader, warned.event, _EVENT)
    name = "" if about is None else about.names.local.casefold()
    profiles = [plain(each, _PROFILE) for each in warned.profiles if name in each.casefold()][:_MOST_PROFILES]
    inside = codes & set(warned.areas)
    return Line(
        event=event if event.text else Phrase(reader.say("context.untitled"), reader.language.value),
        text=_phrase(reader, warned.text, _TEXT),
        code=plain(warned.code, _CODE),
        cap=", ".join(part for part in (plain(warned.severity, _CODE), plain(warned.certainty, _CODE)) if part),
        where=districts.named(plain(code, _CODE) for code in inside) or reader.say("context.nowhere"),
        times=_times(reader, warned),
        profiles=tuple(each for each in profiles if each),
        flood=warned.flood,
    )


def _times(reader: Reader, warned: Warned) -> str:
    start = reader.say("context.from.issue") if warned.onset is None else reader.moment(warned.onset)
    if warned.expires is None:
        return reader.say("context.valid.revoked", start=start)
    return reader.say("context.valid", start=start, end=reader.moment(warned.expires))


def _phrase(reader: Reader, texts: Mapping[Language, str], most: int) -> Phrase:
    """The words in the reader's language, else in one there are; empty words are no words."""
    for language in (reader.language, *_FALLBACKS):
        text = plain(texts.get(language, ""), most)
        if text:
            note = "" if language is reader.language else reader.say(f"context.in.{language.value}")
            return Phrase(text, language.value, note)
    return Phrase("")


def gauge_classes(
    reader: Reader, station: Station, graded: Iterable[Graded], faults: Mapping[str, str]
) -> list[ClassWords]:
    """The classes others give a gauge, and that of a service it is linked to which has said nothing yet."""
    found = {each.source: each for each in graded}
    linked = [link.kind for link in station.links if link.kind in CLASSED_BY]
    return [
        _class_words(reader, source, found.get(source), failing=bool(faults.get(source)))
        for source in dict.fromkeys([*linked, *found])
    ]


def _class_words(reader: Reader, source: str, graded: Graded | None, *, failing: bool) -> ClassWords:
    issuer = terms.owner(source, "")
    if graded is None:
        key = "context.class.failed" if failing else "context.class.never"
        return ClassWords(issuer, reader.say(key), Phrase(""), "", current=False)
    current = graded.current(reader.now)
    times = reader.say("context.class.times", at=reader.moment(graded.at), taken=reader.moment(graded.received_at))
    if failing:
        times = f"{times} {reader.say('context.class.failing')}"
    name = plain(graded.name, _NAME)
    if graded.grade is None:
        return ClassWords(issuer, reader.say("context.class.nodata"), Phrase(""), times, current=False)
    words = reader.say(f"context.class.{graded.grade}") if graded.grade in CLASSES else "–"
    key = "context.class.now" if current else "context.class.old"
    own = Phrase("" if name.casefold() == words.casefold() else name, "de")
    return ClassWords(issuer, reader.say(key, grade=graded.grade, words=words), own, times, current)
