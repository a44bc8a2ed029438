"""What JSON Schema finds wrong with a tree, in words and with lines. Pure.

The schema is the only description of structure: which keys there are, of what type and range. This
module only retells its errors so that the person at the file knows what to write instead.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from floodcore.network.faults import Fault, suggestion
from floodcore.network.tree import Json, Node

Schema = Mapping[str, Json]

_TYPES = {
    "string": "text in quotes",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys and values",
}
_SIZES = {
    "minItems": "has too few values; at least {}",
    "minProperties": "is empty; at least {}",
    "minLength": "is empty",
    "maxItems": "has too many values; at most {}",
    "maxLength": "is too long; at most {} characters",
    "uniqueItems": "names the same thing twice",
}
_SHOWN = 60


def structure_faults(root: Node, schema: Schema, file: str) -> list[Fault]:
    """Every deviation of `root` from `schema`, each once, with its line."""
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
    found = {fault for error in validator.iter_errors(root.plain()) for fault in _retold(error, root, file)}
    return sorted(found)


def _retold(error: ValidationError, root: Node, file: str) -> Iterator[Fault]:
    node, line, owner = _located(root, error.absolute_path)
    where = f"{owner}: " if owner else ""
    if error.validator == "additionalProperties":
        for key, message in _unknown_keys(error, node):
            yield Fault(file, node.keys[key], f"{where}{message}")
        return
    last = error.absolute_path[-1] if error.absolute_path else ""
    name = f"{last} " if isinstance(last, str) and last else ""
    for message in _lacking(error, node) or [_wrong(error)]:
        yield Fault(file, line, f"{where}{name}{message}")


def _unknown_keys(error: ValidationError, node: Node) -> Iterator[tuple[str, str]]:
    known = list(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
    for key in node.keys:
        if key not in known:
            yield key, f"unknown key {key!r}{suggestion(key, known)}"


def _lacking(error: ValidationError, node: Node) -> list[str]:
    """The keys that should stand beside those that do; empty for every other kind of error."""
    demanded: Any = error.validator_value
    if error.validator == "required":
        return [f"lacks the key {key!r}" for key in demanded if node.get(key) is None]
    if error.validator == "dependentRequired":
        pairs = [(key, other) for key, others in demanded.items() for other in others]
        return [f"has {key!r} without {other!r}" for key, other in pairs if node.get(key) and not node.get(other)]
    return []


def _located(root: Node, path: Iterable[str | int]) -> tuple[Node, int, str]:
    """The node at `path`, the line to show, and the id of the entry it belongs to."""
    node, line, owner = root, root.line, ""
    for step in path:
        if isinstance(step, int) and isinstance(node.value, tuple):
            node = node.value[step]
            line = node.line
        elif isinstance(step, str) and isinstance(node.value, dict):
            line = node.keys[step]
            node = node.value[step]
        owner = node.text("id") or owner
    return node, line, owner


def _wrong(error: ValidationError) -> str:
    """What is wrong with one value and what would be right."""
    limit: Any = error.validator_value
    shown = repr(error.instance)[:_SHOWN]
    if error.validator == "type":
        return f"must be {_TYPES.get(limit, limit)}, not {_kind(error.instance)}"
    if error.validator == "enum":
        return f"{shown} is none of {', '.join(limit)}{suggestion(str(error.instance), limit)}"
    if error.validator in {"format", "pattern"}:
        return f"{shown} is not {_described(error)}"
    if error.validator in {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}:
        return f"{shown} is out of range; {_allowed(error)}"
    return _SIZES.get(str(error.validator), "does not fit the schema").format(limit)


def _kind(instance: object) -> str:
    """The instance as the file shows it: a mapping or list is only named."""
    if instance is None:
        return "empty"
    if isinstance(instance, dict):
        return "a mapping"
    return "a list" if isinstance(instance, list) else repr(instance)[:_SHOWN]


def _allowed(error: ValidationError) -> str:
    """The range of the schema in words."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "more than"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "less than"),
        )
        if key in schema
    ]
    return " and ".join(bounds)


def _described(error: ValidationError) -> str:
    """The description of the schema at this place, written as `a date, as 2026-02-06`."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    return str(schema.get("description", f"of the form {error.validator_value}"))
