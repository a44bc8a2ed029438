"""What people read, in four languages, from gettext catalogues shared by SMS, CAP and pages.

A catalogue is `locale/<language>/LC_MESSAGES/<domain>.po`. Message ids are dotted names, message
texts hold `{named}` places. Loading fails unless every language has every key with the same places,
so that a text missing in Polish is found at start and not at night.
"""

import string
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO

from babel.messages.pofile import PoFileError, read_po

from floodcore.words import Language

_LOCALE = "locale"


class TextsError(ValueError):
    """The catalogues do not fit together; `faults` holds a line for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults[:20]))


class Texts:
    """Loaded catalogues, immutable. `say` is the only way to a text."""

    def __init__(self, messages: Mapping[Language, Mapping[str, str]]) -> None:
        self._messages = messages

    def say(self, language: Language, key: str, **values: object) -> str:
        """The text of `key` in `language` with its places filled.

        Raises:
            KeyError: no such key, or a place has no value: a fault of the caller, found by tests.
        """
        text = self._messages[language][key]
        return text.format_map(values) if values else text

    @property
    def known(self) -> frozenset[str]:
        """All keys; the same in every language."""
        return frozenset(self._messages[Language.CS])


def load() -> Texts:
    """Read the catalogues that come with the package.

    Raises:
        TextsError: a key or a place is missing in a language, or a file is not a catalogue.
    """
    root = resources.files(__name__) / _LOCALE
    return build({language: _read(root / language / "LC_MESSAGES") for language in Language})


def build(messages: Mapping[Language, Mapping[str, str]]) -> Texts:
    """Check that the languages agree and return the texts.

    Raises:
        TextsError: they do not.
    """
    keys = set().union(*(catalogue.keys() for catalogue in messages.values()))
    faults = [
        f"{language}: {key} is missing" for language in Language for key in sorted(keys - messages[language].keys())
    ]
    if not faults:
        faults = [f"{key}: the languages differ in their places" for key in sorted(keys) if _differ(messages, key)]
    if faults:
        raise TextsError(faults)
    return Texts(messages)


def _read(folder: Traversable) -> dict[str, str]:
    messages: dict[str, str] = {}
    for file in folder.iterdir():
        if not file.name.endswith(".po"):
            continue
        try:
            catalogue = read_po(BytesIO(file.read_bytes()), charset="utf-8", abort_invalid=True)
        except PoFileError as error:
            raise TextsError([f"{file.name}: {error}"]) from error
        for message in catalogue:
            if message.id and message.string:
                messages[str(message.id)] = str(message.string)
    return messages


def _differ(messages: Mapping[Language, Mapping[str, str]], key: str) -> bool:
    return len({_places(catalogue[key]) for catalogue in messages.values()}) > 1


def _places(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
