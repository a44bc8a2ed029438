"""Schema and loader agree, whatever is done to a file, and no file whatever brings a traceback."""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from floodcore.network.build import network_of
from floodcore.network.load import KINDS, schema
from floodcore.network.rules import entries_of, rule_faults
from floodcore.network.structure import structure_faults
from floodcore.network.tree import Node, parse

GOOD = Path(__file__).with_name("examples") / "good"
TEXTS = {path.relative_to(GOOD).as_posix(): path.read_text(encoding="utf-8") for path in GOOD.rglob("*.yaml")}


def kind_of(file: str) -> str:
    return "stations" if file.startswith("stations/") else file.removesuffix(".yaml")


def tree_of(text: str, file: str) -> Node:
    node, faults = parse(text, file)
    assert node is not None
    assert faults == []
    return node


PLAIN = {file: tree_of(text, file).plain() for file, text in TEXTS.items()}

# Unprintable letters and line separators are the business of the damage test below.
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"]), max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    words,
    st.sampled_from(["above", "town", "level", "spa", "CZ", "chmu", "tts", "2026-02-30", "B-2\n", "000001", "de"]),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, Any]:
    """One file of the good example with one to three places changed, removed, added or doubled."""
    file = draw(st.sampled_from(sorted(PLAIN)))
    root = copy.deepcopy(PLAIN[file])
    for _ in range(draw(st.integers(1, 3))):
        root = mutated(draw, root)
    return file, root


def mutated(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one change somewhere inside."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)) > 0:
        key = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 5)):
            case 0:
                del value[key]
            case 1:
                value[draw(st.sampled_from([f"{key}x", "names", "limits", "into", "anomaly"]))] = draw(values)
            case _:
                value[key] = mutated(draw, value[key])
        return value
    if isinstance(value, list) and value and draw(st.integers(0, 5)) > 0:
        place = draw(st.integers(0, len(value) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                del value[place]
            case 1:
                value.append(copy.deepcopy(value[place]))
            case _:
                value[place] = mutated(draw, value[place])
        return value
    return draw(values)


def written(plain: Any) -> str:
    """As YAML: JSON is a part of it, and json is not the reader under test."""
    return json.dumps(plain, ensure_ascii=False, indent=1)


def accepted(kind: str, plain: Any) -> bool:
    """The verdict of the published schema alone, as an editor gives it."""
    return Draft202012Validator(schema(kind), format_checker=FormatChecker(["date"])).is_valid(plain)


@given(mutations())
@settings(max_examples=400, deadline=None)
def test_schema_and_loader_agree_on_every_mutation(mutation: tuple[str, Any]) -> None:
    file, plain = mutation
    node, faults = parse(written(plain), file)
    assert node is not None
    assert faults == []
    assert node.plain() == plain
    found = structure_faults(node, schema(kind_of(file)), file)
    assert (found == []) == accepted(kind_of(file), plain)
    trees = {other: tree_of(text, other) for other, text in TEXTS.items()} | {file: node}
    entries = entries_of(trees)
    if not rule_faults(entries) and not found:
        network_of(entries, trees)
    assert all(0 <= fault.line <= written(plain).count("\n") + 1 for fault in found)


@given(st.sampled_from(sorted(TEXTS)), st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_brings_faults_and_never_a_traceback(file: str, data: st.DataObject) -> None:
    text = TEXTS[file]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    noise = data.draw(st.text(alphabet=st.sampled_from("\t\n :-[]{}&*!|>'\"%@`#?,\0a1~\u2028\ud7ff"), max_size=12))
    damaged = text[:start] + noise + text[end:]
    node, faults = parse(damaged, file)
    assert node is not None or faults
    if node is None:
        return
    trees = {other: tree_of(whole, other) for other, whole in TEXTS.items()} | {file: node}
    entries = entries_of(trees)
    found = [*faults, *structure_faults(node, schema(kind_of(file)), file), *rule_faults(entries)]
    if not found:
        network_of(entries, trees)
    assert "\n" not in "".join(str(fault) for fault in found)


def test_every_schema_is_a_valid_draft_2020_12_schema_and_closed() -> None:
    for kind in KINDS:
        Draft202012Validator.check_schema(schema(kind))
        assert schema(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert not open_objects(schema(kind)), kind


def test_shared_definitions_are_the_same_in_every_schema() -> None:
    shared: dict[str, object] = {}
    for kind in KINDS:
        definitions = schema(kind)["$defs"]
        assert isinstance(definitions, dict)
        for name, definition in definitions.items():
            assert shared.setdefault(name, definition) == definition, f"{kind}: {name}"


def open_objects(part: object) -> list[object]:
    """The objects of a schema that would let an unknown key pass."""
    if isinstance(part, list):
        return [one for item in part for one in open_objects(item)]
    if not isinstance(part, dict):
        return []
    inside = [one for item in part.values() for one in open_objects(item)]
    is_open = part.get("type") == "object" and part.get("additionalProperties") is not False
    return [*inside, part] if is_open else inside
