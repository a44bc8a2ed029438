"""The budgets of the house that no linter knows: lengths, names, the clock, the one broad except."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("hladina", "collectors", "alerting", "bridge_de", "portal", "simulators", "floodcore")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
FORBIDDEN_NAMES = ("util", "utils", "helper", "helpers", "manager")
BROAD_EXCEPT_HOME = "floodcore/supervision.py"
# The roof makes the clock of a demo, the simulators are the world outside.
CLOCK_HOMES = ("floodcore/clock.py", "hladina/", "simulators/")


def faults(path: Path, name: str) -> Iterator[str]:
    """The faults of one file, each as `file:line: what`."""
    text = path.read_text("utf-8")
    if (lines := text.count("\n")) > LONGEST_FILE:
        yield f"{name}:1: {lines} lines, at most {LONGEST_FILE}"
    if path.stem in FORBIDDEN_NAMES:
        yield f"{name}:1: name the thing it owns, not {path.stem}"
    for node in ast.walk(ast.parse(text)):
        yield from (f"{name}:{line}: {what}" for line, what in _node_faults(node, name))


def _node_faults(node: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.end_lineno is not None:
            if (length := node.end_lineno - node.lineno + 1) > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines, at most {LONGEST_FUNCTION}"
        case ast.ClassDef() if node.name.endswith("Manager") or node.name.startswith("Base"):
            yield node.lineno, f"class {node.name}: say what it is"
        case ast.ExceptHandler() if name != BROAD_EXCEPT_HOME and _is_broad(node):
            yield node.lineno, f"broad except; only {BROAD_EXCEPT_HOME} may"
        case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today")) if not name.startswith(CLOCK_HOMES):
            if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in {"datetime", "date"}:
                yield node.lineno, "reads the wall clock; take now as an argument or use the house's clock"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names)


def main() -> int:
    """Print every fault; 0 when there is none."""
    root = Path(__file__).resolve().parents[1]
    found = [
        fault
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        for fault in faults(path, path.relative_to(root).as_posix())
    ]
    print("\n".join(found) if found else "house rules: all good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
