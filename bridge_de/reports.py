"""What people report about a gauge, as a message tells it (pure)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from floodcore.store.notes import Note
from floodcore.texts import Texts
from floodcore.words import Cause, Language

# What our own check takes for markup would cost the whole message its full form.
_PLAIN = str.maketrans({"<": "‹", ">": "›", "&": "+"})


@dataclass(frozen=True, slots=True)
class Report:
    """The cause in our words, and what a person wrote."""

    cause: Cause
    text: str
    author: str


def reports_of(notes: Iterable[Note], language: Language) -> tuple[Report, ...]:
    """The reports of the notes, each in `language` or in one there is."""
    known = (note for note in notes if note.cause in set(Cause))
    return tuple(
        Report(Cause(note.cause), note.text(language)[0].translate(_PLAIN), note.author.translate(_PLAIN))
        for note in known
    )


def said(texts: Texts, language: Language, reports: Iterable[Report]) -> Iterator[str]:
    """Two sentences for each report: what it is, and the words of whoever reports it."""
    for report in reports:
        kind = "cause" if report.cause.tags_degree else "note"
        yield texts.say(language, f"cap.text.{kind}", cause=texts.say(language, f"cause.{report.cause}"))
        yield texts.say(language, "cap.text.said", text=report.text, author=report.author)
