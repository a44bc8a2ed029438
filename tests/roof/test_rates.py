"""`hladina rates` and own rates in a hindcast: the same record teaches the same, and the engine goes by it."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from floodcore.network.load import read
from floodcore.words import Quantity
from hladina import cli, hindcast
from hladina.commands import rates

ROOT = Path(__file__).resolve().parents[2]
T0 = datetime(2025, 5, 1, tzinfo=UTC)
LIST = """- {id: "322000", quantity: level, unit: cm, thresholds: {1: 70, 2: 120}}
- {id: X, quantity: rain, unit: mm}
- {id: "317000", quantity: level, unit: cm}
"""
SPAN = 'from: "2025-05-01T00:00:00+00:00", to: "2025-05-02T00:00:00+00:00"'
BUMP = [50.0, 50.3, 50.1, 50.4, 72.0, 50.2, 50.1, 50.3]


def calm(steps: int) -> list[float]:
    """A slow river: steps of half a centimetre, and one of two in 500."""
    rng = random.Random(7)
    return [50.0 + (2.0 if n % 500 == 0 else rng.choice((0.0, 0.5))) for n in range(steps + 1)]


def record(path: Path, values: Sequence[float]) -> Path:
    rows = (f"322000,{(T0 + timedelta(minutes=10 * n)).isoformat()},{value},cm" for n, value in enumerate(values))
    path.write_text("station_id,timestamp,value,unit\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(LIST, encoding="utf-8")
    record(tmp_path / "past.csv", calm(2100))
    record(tmp_path / "now.csv", BUMP)
    return tmp_path


def learn(folder: Path, past: str = "past.csv", out: str = "rates.yaml") -> int:
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / past)]
    return rates.main([*files, "--out", str(folder / out)])


def judged(folder: Path, out: str, *more: str) -> tuple[list[str], str]:
    """The tests of the readings, and the rates they were judged by."""
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / "now.csv"), "--out", str(folder / out)]
    assert hindcast.main([*files, *more]) == 0
    rows = (folder / out / "quality.csv").read_text(encoding="utf-8").splitlines()[1:]
    summary = json.loads((folder / out / "summary.json").read_text(encoding="utf-8"))
    return [row.split(",")[3] for row in rows], summary["stations"]["322000"]["rates"]


def test_what_the_command_learns_the_hindcast_learns_and_the_engine_goes_by_it(folder: Path) -> None:
    assert learn(folder) == 0
    plain, generic = judged(folder, "plain")
    trained, own = judged(folder, "trained", "--train", str(folder / "past.csv"))
    given, same = judged(folder, "given", "--rates", str(folder / "rates.yaml"))
    assert (folder / "trained" / "rates.yaml").read_bytes() == (folder / "rates.yaml").read_bytes()
    assert not (folder / "given" / "rates.yaml").exists()
    assert generic == "generic"
    assert own == same != generic
    assert plain[4] == "spike"  # known when it was over, and told as a degree before
    assert (folder / "plain" / "degrees.csv").read_text(encoding="utf-8").count("reached") == 1
    assert trained == given
    assert trained[4] == "spike"
    assert "reached" not in (folder / "trained" / "degrees.csv").read_text(encoding="utf-8")


def test_learning_twice_is_the_same_and_the_live_house_reads_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = Path(shutil.copytree(ROOT / "station_configs", folder / "net"))
    assert learn(folder, out="net/rates.yaml") == learn(folder) == 0
    assert (configs / "rates.yaml").read_bytes() == (folder / "rates.yaml").read_bytes()
    said = capsys.readouterr().out
    assert "322000 level: up 0.25, down 0.25 of the ordinary step (2100 steps)" in said
    assert "the generic rates stand: 317000" in said
    assert read(configs).stations["322000"].rates[Quantity.LEVEL].steps == 2100
    assert cli.main(["check", str(configs)]) == 0
    text = (configs / "rates.yaml").read_text(encoding="utf-8")
    (configs / "rates.yaml").write_text(text.replace("rise: 0.2500", "rise: 0.3000"), encoding="utf-8")
    assert cli.main(["check", str(configs)]) != 0
    assert "learn them again with `hladina rates`" in capsys.readouterr().out


def test_too_little_to_learn_from_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(folder / "short.csv", calm(1999))
    assert learn(folder, "short.csv") == 1
    assert not (folder / "rates.yaml").exists()
    assert "nothing to learn from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rates: [", "rates.yaml:"),
        ("rates: {}", "rates.yaml:"),
        ('rates:\n  - {id: "322000"}\n', "rates.yaml:2"),
        (
            f'rates:\n  - {{id: "1", quantity: level, rise: 1, fall: 1, steps: 9, {SPAN}, version: "000000000000"}}\n',
            "there is no station '1'",
        ),
    ],
)
def test_rates_that_cannot_be_used_are_named_and_stop_the_hindcast(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    (folder / "rates.yaml").write_text(text, encoding="utf-8")
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / "now.csv"), "--out", str(folder / "o")]
    assert hindcast.main([*files, "--rates", str(folder / "rates.yaml")]) == 1
    assert fault in capsys.readouterr().err


def test_misuse_is_misuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rates.main([]) == 2
    missing = ["--stations", str(folder / "none.yaml"), "--readings", str(folder / "past.csv")]
    assert rates.main([*missing, "--out", str(folder / "rates.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(folder: Path) -> None:
    assert learn(folder) == 0
    before = (folder / "rates.yaml").read_bytes()
    record(folder / "more.csv", [*calm(2100), *calm(300)])
    files = "--stations s.yaml --readings more.csv --out rates.yaml"
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 0; exec {sys.executable} -m hladina rates {files}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "rates.yaml: File too large\n")
    assert (folder / "rates.yaml").read_bytes() == before
    assert [path.name for path in folder.iterdir() if path.name.endswith(".new")] == []
    assert learn(folder, "more.csv") == 0
    assert (folder / "rates.yaml").read_bytes() != before
