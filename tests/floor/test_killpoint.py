"""Kill points: each name is passed somewhere, and an armed one kills at the right passing."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from floodcore import killpoint

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("collectors", "alerting", "bridge_de", "portal", "floodcore", "hladina")


def test_each_name_is_passed_in_the_code_and_each_passing_has_a_name() -> None:
    passed = {
        name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r"""passing\(\s*["']([a-z_.]+)["']\s*\)""", path.read_text("utf-8"))
    }
    assert passed == set(killpoint.KILL_POINTS)
    assert len(killpoint.KILL_POINTS) >= 20


def test_the_nth_passing_kills() -> None:
    code = (
        "from floodcore import killpoint as k; k.arm('engine.read:3')\n"
        "for n in range(1, 9): print(n, flush=True); k.passing('engine.claimed'); k.passing('engine.read')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["1", "2", "3"]


@pytest.mark.parametrize("wrong", ["engine.read", "engine.read:0", "engine.read:x", "nowhere:1", ":1"])
def test_a_wrong_name_or_count_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="HLADINA_KILL_AT"):
        killpoint.arm(wrong)
