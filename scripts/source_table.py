"""Makes docs/sources/README.md: every source of the catalogue, what it offers and what shows that it is handled.

Evidence is looked up, not claimed: the decoder's module and the fixture must be there, a simulator must name the
source, and tests say by `@pytest.mark.shows(WHAT, NAMES…)` what they show of which source (without names: of all).

    scripts/source_table.py            prints the table
    scripts/source_table.py --write    writes the page
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from collectors.catalogue import CATALOGUE  # noqa: E402  # the tree is found only now
from collectors.source import Source  # noqa: E402
from simulators.served import SERVED  # noqa: E402

PAGE = ROOT / "docs" / "sources" / "README.md"
FIXTURES = ROOT / "tests" / "collectors" / "fixtures"
COLUMNS = ("decoder", "fixture", "simulator", "outage test", "DST test", "hostile-input test")
_SHOWN = {"outage test": "outage", "DST test": "dst", "hostile-input test": "hostile"}
_INTRO = """# Sources

Made by `scripts/source_table.py --write`; a test holds that it is true and that no cell of the second table is
empty. Each source has a page here. Nothing was confirmed against a live server: test every address before depending
on it. "To confirm" names what public descriptions leave open or contradict one another in. Damaged inputs:
[fuzzing](fuzzing.md); what decoding costs: [throughput](throughput.md); payloads of sensors: [sensors](sensors.md).
"""

Cells = Mapping[str, str]


def table() -> dict[str, Cells]:
    """The cells of each source by column; an empty cell is what nothing shows."""
    shown = evidence()
    return {name: _cells(source, shown) for name, source in sorted(CATALOGUE.items())}


def _cells(source: Source, shown: Mapping[tuple[str, str], list[str]]) -> Cells:
    fixtures = sorted(
        path.relative_to(ROOT).as_posix() for path in FIXTURES.iterdir() if path.stem.partition("-")[0] == source.name
    )
    decoder = source.module if (ROOT / source.module).is_file() else ""
    simulator = SERVED.get(source.name, "")
    cells = {
        "decoder": decoder,
        "fixture": fixtures[0] if fixtures else "",
        "simulator": simulator if (ROOT / simulator).is_file() else "",
    }
    tests = {column: (shown[what, source.name] or shown[what, ""]) for column, what in _SHOWN.items()}
    return cells | {column: found[0] if found else "" for column, found in tests.items()}


def evidence() -> dict[tuple[str, str], list[str]]:
    """Tests as `file::name` by what they show and of which source; "" stands for every source of the catalogue."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if ".shows(" not in text:
            continue
        for test in ast.walk(ast.parse(text)):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for what, name in _marks(test):
                    found[what, name].append(f"{path.relative_to(ROOT).as_posix()}::{test.name}")
    return found


def _marks(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    for mark in test.decorator_list:
        if not (isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.shows"):
            continue
        what, *names = [
            word.value for word in mark.args if isinstance(word, ast.Constant) and isinstance(word.value, str)
        ]
        if names:
            yield from ((what, name) for name in names)
        elif any("NAMES" in ast.unparse(other) for other in test.decorator_list):  # runs over the whole catalogue
            yield what, ""


def page() -> str:
    """The page as it should be."""
    lines = [_INTRO, "| source | way | offers | time rule | to confirm |", "|---|---|---|---|---|"]
    for name, source in sorted(CATALOGUE.items()):
        offers = "; ".join(
            f"{offer.name}{f' ({offer.unit})' if offer.unit else ''} → {offer.quantity or 'context'}"
            for offer in source.offers
        )
        said = (f"[{name}]({_doc(source)}) {source.title}", source.way, offers, source.time_rule, source.to_confirm)
        lines.append(f"| {' | '.join(word.replace('|', chr(92) + '|') for word in said)} |")
    lines += ["", "## What shows it", "", f"| source | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, cells in table().items():
        lines.append(f"| {name} | {' | '.join(_linked(cells[column]) for column in COLUMNS)} |")
    return "\n".join(lines) + "\n"


def _doc(source: Source) -> str:
    """The page of the source, or of its module where several sources share one."""
    own = PAGE.parent / f"{source.name}.md"
    return own.name if own.is_file() else f"{Path(source.module).stem}.md"


def _linked(cell: str) -> str:
    if not cell:
        return "**nothing**"
    path, _, test = cell.partition("::")
    return f"[{(test or Path(path).name).removeprefix('test_')}](../../{path})"


def main(arguments: list[str]) -> int:
    """Print or write the page; 1 when a cell is empty."""
    if arguments == ["--write"]:
        PAGE.write_text(page(), "utf-8")
    else:
        print(page())
    empty = [f"{name}: {column}" for name, cells in table().items() for column in COLUMNS if not cells[column]]
    print("\n".join(f"nothing shows {each}" for each in empty), file=sys.stderr)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
