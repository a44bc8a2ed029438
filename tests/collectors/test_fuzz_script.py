"""The table of damaged inputs: how a trial that died is told, and which earlier results count."""

import json
import subprocess
from pathlib import Path

import pytest

from scripts import fuzz


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("kill -9 $$", "ended with return code -9"),
        ("echo begun >&2; kill -9 $$", "ended with return code -9"),
        ("exit 3", "ended with return code 3"),
        ("echo Traceback >&2; echo ValueError: x >&2; exit 1", "ValueError: x"),
    ],
)
def test_a_trial_that_died_says_how(command: str, why: str) -> None:
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert fuzz._why(done) == why


def test_only_results_of_the_same_commit_with_as_many_inputs_are_kept(tmp_path: Path) -> None:
    lines = [
        {"decoder": "old", "inputs": 100, "commit": "aaaaaaa"},
        {"decoder": "few", "inputs": 10, "asked": 10, "commit": "bbbbbbb"},
        {"decoder": "same", "inputs": 100, "asked": 100, "commit": "bbbbbbb"},
        {"decoder": "died", "inputs": 0, "asked": 100, "commit": "bbbbbbb"},
    ]
    notes = tmp_path / "notes.jsonl"
    notes.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert set(fuzz._kept(notes, 100, "bbbbbbb")) == {"same", "died"}
    assert set(fuzz._kept(notes, 100, "aaaaaaa")) == {"old"}
