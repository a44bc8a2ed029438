"""docs/faults.md, made from the tests themselves: `python -m tests.catalogue.table` writes it.

A row is a test function `test_<number>_…` of this folder; its docstring says what is injected and what is expected.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DOC = HERE.parents[1] / "docs" / "faults.md"
MODULES = ("test_http.py", "test_data.py", "test_time.py")
# Numbers and words of the fault catalogue, groups Network/HTTP sources, Data and Time.
CATALOGUE = {
    39: "DNS failure", 40: "connect hang", 41: "slow-loris body", 42: "reset mid-body", 43: "500/503", 44: "429",
    45: "200 with HTML error page", 46: "empty body", 47: "truncated JSON", 48: "changed schema/units",
    49: "changed station id", 50: "redirect", 51: "bad certificate", 52: "gzip bomb",
    53: "stale cache (same data for hours)", 54: "spike", 55: "stuck", 56: "drift", 57: "step/datum",
    58: "NaN/inf/-9999", 59: "unit x10/x100", 60: "duplicate", 61: "out of order", 62: "24 h late", 63: "future stamp",
    64: "gauge swept away at crest", 65: "10 % of gauges silent at once", 66: "8 m rise in 45 min (genuine)",
    67: "DST forward", 68: "DST back", 69: "clock +/-1 day", 70: "1970/2038",
}  # fmt: skip
_NAME = re.compile(r"test_(\d+|our)_")
_TOLD = re.compile(r"Injected: (.+?)\. Expected: (.+?)\.")
HEAD = """# Faults of sources, of data and of time

Each fault of the catalogue is injected by the simulators into the real collectors over HTTP (60 also over MQTT), with a
real database and the engine behind them, while an invented river rises. Every test asserts, beside what its row says,
that the degrees people were told of are those of the water and that nothing acknowledged or shown is lost. Made from
the tests (`python -m tests.catalogue.table`); a test keeps it true.

| # | fault | injected | expected | test |
|--:|---|---|---|---|
"""
FOOT = """
What one gauge alone cannot decide, said openly: a drift (56) is seen beside the neighbours, not in its own record. A
datum that steps *up* and goes on living (57) raises its degree after one more sample, because that is what a wall of
water does and a true rise must not be suppressed: officers and partners are told at once that it is not verified,
residents when it moves as water does or somebody answers for it (ADR 0020). A polled file in which a logger's wrong
stamps (63) stay for hours offers them again when their time has come, because our own clock could have been the slow
one: the first value for a time stands.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; number 0 is the clock of the house, which the catalogue does not name."""

    number: int
    injected: str
    expected: str
    test: str


def rows() -> list[Row]:
    """The tests of this folder as rows.

    Raises:
        ValueError: a test has a number and does not say what it injects and expects.
    """
    found = []
    for module in MODULES:
        for node in ast.parse((HERE / module).read_text("utf-8")).body:
            name = node.name if isinstance(node, ast.AsyncFunctionDef) else ""
            number = _NAME.match(name)
            if number is None or not isinstance(node, ast.AsyncFunctionDef):
                continue
            told = _TOLD.search(" ".join((ast.get_docstring(node) or "").split()))
            if told is None:
                raise ValueError(name)
            which = 0 if number[1] == "our" else int(number[1])
            found.append(Row(which, told[1], told[2], f"{module}::{name}"))
    return sorted(found, key=lambda row: (row.number == 0, row.number))


def text() -> str:
    """The document."""
    lines = [
        f"| {row.number or '–'} | {CATALOGUE.get(row.number, 'our own clock wrong')} |"
        f" {row.injected} | {row.expected} | `{row.test}` |"
        for row in rows()
    ]
    return HEAD + "\n".join(lines) + "\n" + FOOT


if __name__ == "__main__":
    DOC.write_text(text(), "utf-8")
