"""YAML text into a tree that remembers its lines. Pure: text in, words out.

Only the plain part of YAML is read, so that a file means the same in every editor: scalars by the
YAML 1.2 core schema (`no` is a word and 010 is ten), no anchors, aliases or tags (a few aliases can
unfold into gigabytes), one document, no key twice, bounded depth. A date stays text.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from floodcore.network.faults import Fault

Scalar = bool | int | float | str | None
Json = Scalar | list["Json"] | dict[str, "Json"]

MAX_DEPTH = 12
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# libyaml where it is built in: ten times as fast, and the same events.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its line (from 1). `keys` holds the line of each key of a mapping.

    The accessors never raise, so that rules can be asked of a tree whose shape is still wrong.
    """

    line: int
    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"
    keys: Mapping[str, int] = field(default_factory=dict)

    def get(self, key: str) -> "Node | None":
        """The value under `key`, None when there is none or this is no mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self, key: str) -> "tuple[Node, ...]":
        """The items of the list under `key`; empty when there is no such list."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, tuple) else ()

    def text(self, key: str) -> str | None:
        """The text under `key`, None when there is none."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else None

    def number(self, key: str) -> float | None:
        """The number under `key`, None when there is none."""
        found = self.get(key)
        return None if found is None else found.as_number()

    def is_true(self, key: str) -> bool:
        """Whether `true` stands under `key`."""
        found = self.get(key)
        return found is not None and found.value is True

    def as_number(self) -> float | None:
        """This value as a number, None when it is none."""
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return float(self.value) if number else None  # type: ignore[arg-type]

    def plain(self) -> Json:
        """The tree without lines, as JSON Schema sees it."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value  # type: ignore[return-value]


def parse(text: str, file: str) -> tuple[Node | None, list[Fault]]:
    """Read one file's text. The tree is None when the text is no YAML at all."""
    control = _CONTROL.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        return None, [Fault(file, line, f"holds the control character {control.group()!r}; this is no text file")]
    builder = _Builder(file)
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
        return None, [*builder.faults, Fault(file, line, _explained(error, text, line))]
    except _TooDeepError as error:
        return None, [*builder.faults, Fault(file, error.line, f"is nested deeper than {MAX_DEPTH} levels")]
    return root, builder.faults


def _explained(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    hint = "; indent with spaces, not with a tab" if "\t" in here else ""
    return f"is not valid YAML: {error.problem or error.context}{hint}"


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Builder:
    """Turns the parser's events into nodes and collects what is refused on the way."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.faults: list[Fault] = []

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._refuse(event, "a second document begins here; write one document per file")
            root = self._node(next(events), events, 0)
        if root is None:
            self.faults.append(Fault(self._file, 0, "is empty"))
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            raise _TooDeepError(line)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"the alias *{event.anchor} is not allowed; write the value out")
            return Node(line, None)
        if getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors (&name) are not allowed; write the value out")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "tags (!name) are not allowed; write the plain value")
        match event:
            case yaml.ScalarEvent():
                return Node(line, _scalar(event.value) if event.implicit[0] else event.value)
            case yaml.SequenceStartEvent():
                return Node(line, tuple(self._items(events, depth)))
            case _:
                return self._mapping(line, events, depth)

    def _items(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events, depth + 1)

    def _mapping(self, line: int, events: Iterator[yaml.Event], depth: int) -> Node:
        value: dict[str, Node] = {}
        keys: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key must be a single word")
                self._node(event, events, depth + 1)
            if key in keys:
                self._refuse(event, f"the key {key!r} stands here a second time; it is first in line {keys[key]}")
            keys.setdefault(key, _line(event))
            value[key] = self._node(next(events), events, depth + 1)
        return Node(line, value, keys)

    def _refuse(self, event: yaml.Event, message: str) -> None:
        self.faults.append(Fault(self._file, _line(event), message))


def _line(event: yaml.Event) -> int:
    return 0 if event.start_mark is None else event.start_mark.line + 1


def _scalar(word: str) -> Scalar:
    """An unquoted word by the YAML 1.2 core schema. Infinite numbers stay words: no fact of ours is infinite."""
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word) and math.isfinite(float(word)):
        return float(word)
    return word
