"""What can be said about a folder of station files: faults, notices, and facts not yet known."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from floodcore.network.model import Network

_LONGEST = 400
# Each comparison costs; a country of gauges with every reference wrong must not take minutes.
_COMPARED = 1000


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake and what to do about it; `file` within the folder, `line` from 1, or 0 for the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return _printable(f"{self.file}:{self.line}: {self.message}")


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not known about some stations. Allowed, but said."""

    fact: str
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check. `network` is None as soon as there is one fault, but for those of what was learnt.

    Of rates with a fault none is in the network.
    `notices` are oddities that the files themselves declare, such as a documented anomaly of a source.
    """

    network: Network | None
    faults: tuple[Fault, ...] = ()
    missing: tuple[Missing, ...] = ()
    notices: tuple[Fault, ...] = ()


class ConfigurationError(ValueError):
    """The station files hold faults; `faults` has all of them, in order of file and line."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'smeda'?` for the known word nearest to `word`, else an empty string."""
    candidates = sorted(known)
    if len(candidates) > _COMPARED:
        return ""
    bare = {_bare(candidate): candidate for candidate in candidates}
    nearest = get_close_matches(_bare(word), bare, n=1)
    return f"; did you mean {bare[nearest[0]]!r}?" if nearest else ""


def _printable(text: str) -> str:
    """One line without control characters: file names and values come from outside."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:_LONGEST])


@lru_cache(maxsize=4096)
def _bare(word: str) -> str:
    """`word` in small letters without accents: people write Smědá where the id is smeda."""
    letters = unicodedata.normalize("NFKD", word.casefold()[:100])
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
