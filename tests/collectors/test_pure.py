"""What calls itself pure is held to it by the import contract, so that the next decoder cannot be forgotten there."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_of_the_room_that_says_it_is_pure_is_held_to_it() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (held,) = [contract["source_modules"] for contract in contracts if "forbidden_modules" in contract]
    loose = []
    for path in sorted((ROOT / "collectors").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if "Pure" in said and not any(name == each or name.startswith(f"{each}.") for each in held):
            loose.append(name)
    assert loose == []
