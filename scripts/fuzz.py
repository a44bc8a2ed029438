"""Damaged inputs for every decoder, each in a process of its own, one after another; a table of what came of it.

    python scripts/fuzz.py [--inputs N] [--notes FILE] [--write] [NAME …]

N inputs for each decoder (default 1,000,000). A decoder that raises what it does not name ends its process, and the
table says so. Results are kept in FILE, a line each, so that a run of as many inputs and of the same commit goes on
where it was stopped; `--write` makes docs/sources/fuzzing.md of it.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.collectors.hostile import every, resident_kb, survive  # noqa: E402  # the tree is found only now

PAGE = ROOT / "docs" / "sources" / "fuzzing.md"
_WARM_UP = 20_000  # inputs until caches and the allocator have what they keep
_INTRO = """# Fuzzing

Made by `scripts/fuzz.py --write`. {inputs:,} damaged copies of the fixtures for each decoder: bytes changed, dropped,
doubled, cut, or the shape kept and values in it made absurd (`tests/collectors/hostile.py`); the suite tries the first
20,000 of the same. Refused is by the error that the decoder names; any other counts as raised and ends the trial.
Slowest is the processor time of one input; memory is what the process holds at the end more than after {warm:,}
inputs (of HTML, libxml2 keeps the name of every element it ever saw, some 50 bytes each). Run of {day}, commit
{commit}, on 2 cores shared with others.

| decoder | inputs | refused | raised | slowest ms | memory kB |
|---|--:|--:|--:|--:|--:|
"""


def main() -> int:
    """Run, print and perhaps write; 1 when a decoder raised."""
    options = _options()
    if options.one:
        print(json.dumps(_one(options.one, options.inputs)))
        return 0
    names = options.names or list(every())
    kept = {} if not options.notes.exists() else _kept(options.notes, options.inputs, _commit())
    for name in names:
        if name not in kept:
            kept[name] = _apart(name, options.inputs)
            with options.notes.open("a") as notes:
                notes.write(json.dumps({"decoder": name, **kept[name]}) + "\n")
        print(_row(name, kept[name]), flush=True)
    if options.write:
        PAGE.write_text(_page({name: kept[name] for name in sorted(names)}), "utf-8")
    return 1 if any(each["raised"] for each in kept.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="decoders; all when none is named")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--notes", type=Path, default=Path("fuzzing.jsonl"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def _one(name: str, inputs: int) -> dict[str, object]:
    """The trial itself, in a process of its own."""
    decoder = every()[name]
    survive(decoder, name, min(inputs, _WARM_UP))
    before = resident_kb()
    tried = survive(decoder, name, inputs)
    grown = resident_kb() - before
    return {"inputs": inputs, "refused": tried.refused, "longest_s": tried.longest_s, "grown_kb": grown, "raised": ""}


def _apart(name: str, inputs: int) -> dict[str, object]:
    command = [sys.executable, str(Path(__file__)), "--one", name, "--inputs", str(inputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    about = {"at": time.strftime("%Y-%m-%d", time.gmtime()), "commit": _commit(), "asked": inputs}
    if done.returncode == 0:
        found: dict[str, object] = json.loads(done.stdout)
        return found | about
    print(done.stderr, file=sys.stderr)
    return {"inputs": 0, "refused": 0, "longest_s": 0.0, "grown_kb": 0, "raised": _why(done)} | about


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    """Why a trial ended: what was raised, or how the process went where nothing was said."""
    said = done.stderr.splitlines()
    return said[-1] if said and done.returncode > 0 else f"ended with return code {done.returncode}"


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()


def _kept(notes: Path, inputs: int, commit: str) -> dict[str, dict[str, object]]:
    """What was found before of this commit with as many inputs, by decoder."""
    lines = [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
    same = [line for line in lines if (line.get("asked", line["inputs"]), line["commit"]) == (inputs, commit)]
    return {line.pop("decoder"): line for line in same}


def _row(name: str, found: dict[str, object]) -> str:
    slowest = float(str(found["longest_s"])) * 1e3
    raised = found["raised"] or "none"
    return f"| {name} | {found['inputs']:,} | {found['refused']:,} | {raised} | {slowest:.1f} | {found['grown_kb']:,} |"


def _page(found: dict[str, dict[str, object]]) -> str:
    first = next(iter(found.values()))
    days: Sequence[str] = sorted({str(each["at"]) for each in found.values()})
    commits: Sequence[str] = sorted({str(each["commit"]) for each in found.values()})
    intro = _INTRO.format(inputs=first["inputs"], warm=_WARM_UP, day=", ".join(days), commit=", ".join(commits))
    return intro + "\n".join(_row(name, each) for name, each in found.items()) + "\n"


if __name__ == "__main__":
    sys.exit(main())
